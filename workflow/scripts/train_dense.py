"""Train one classifier, once for each seed of the block; a killed job goes on where it was."""

from shiftpress.assembly import build
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import Diverged, marked
from shiftpress.core.jobs import job
from shiftpress.core.progress import Progress
from shiftpress.core.provenance import producer
from shiftpress.core.recipe import CardFit
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import fingerprint, read_json
from shiftpress.core.tensors import write_tensors
from shiftpress.training.cards import train_dense
from shiftpress.training.lessons import Lesson

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    train, val, classes = load_split(i.train), load_split(i.val), len(read_json(i.card)["classes"])
    classifier, augmentation = build("classifiers", p.classifier), build("augmentations", p.augmentation)
    recipe, seeds, tensors, stores = CardFit(**p.fit), seeds_of(w.seeds), {}, []
    made_by = producer(p, i)
    model = f"{w.classifier}/{w.augmentation}"
    progress = Progress(f"classifier {model}", len(seeds) * recipe.epochs)
    for seed in seeds:
        lesson = Lesson(w.dataset, w.classifier, classifier, augmentation, recipe, train, val, classes, seed)
        stores.append(Checkpoints(fingerprint(made_by, w.dataset, model, seed)))
        try:
            tensors |= train_dense(lesson, stores[-1], progress).tensors(f"{seed}/0")
        except Diverged as error:
            tensors |= marked(f"{seed}/0", error.step)
    write_tensors(snakemake.output.weights, tensors, made_by)
    for store in stores:
        store.discard()
