"""Prune one classifier level by level, once for each seed of the block; a killed job goes on where it was."""

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
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.training.cards import card_of, epochs_of_chain, prune
from shiftpress.training.lessons import Lesson

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    train, val, classes = load_split(i.train), load_split(i.val), len(read_json(i.card)["classes"])
    classifier, augmentation = build("classifiers", p.classifier), build("augmentations", p.augmentation)
    pruner, recipe, seeds, tensors, stores = build("pruners", p.pruner), CardFit(**p.fit), seeds_of(w.seeds), {}, []
    dense = {name: tensor for path in i.dense for name, tensor in read_tensors(path).items()}
    made_by = producer(p, i)
    model = f"{w.classifier}/{w.augmentation}/{w.pruner}"
    progress = Progress(f"cards {model}", len(seeds) * epochs_of_chain(pruner, recipe))
    for seed in seeds:
        lesson = Lesson(w.dataset, w.classifier, classifier, augmentation, recipe, train, val, classes, seed)
        stores.append(Checkpoints(fingerprint(made_by, w.dataset, model, seed)))
        levels = [f"{seed}/{100 * sparsity:g}" for sparsity in pruner.sparsities]
        try:
            begin = card_of(dense, f"{seed}/0") if dense else None
            for sparsity, card in prune(pruner, lesson, begin, stores[-1], progress):
                tensors |= card.tensors(f"{seed}/{100 * sparsity:g}")
                levels.remove(f"{seed}/{100 * sparsity:g}")
        except Diverged as error:
            tensors |= {name: step for level in levels for name, step in marked(level, error.step).items()}
    write_tensors(snakemake.output.weights, tensors, made_by)
    for store in stores:
        store.discard()
