"""Compress one classifier at every ratio, once for each seed of the block; a killed job goes on where it was."""

from shiftpress.assembly import build
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import Diverged, marked
from shiftpress.core.jobs import job
from shiftpress.core.progress import Progress
from shiftpress.core.provenance import producer
from shiftpress.core.recipe import AtmcFit
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import fingerprint, read_json
from shiftpress.core.tensors import read_tensors, under_prefix, with_prefix, write_tensors
from shiftpress.training.adversarial import Hardening
from shiftpress.training.compressing import compress, epochs_of_compressor

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    train, val, classes = load_split(i.train), load_split(i.val), len(read_json(i.card)["classes"])
    classifier, augmentation = build("classifiers", p.classifier), build("augmentations", p.augmentation)
    compressor, recipe, tensors, stores = build("compressors", p.compressor), AtmcFit(**p.fit), {}, []
    bases = {name: tensor for path in i.base for name, tensor in read_tensors(path).items()}
    made_by = producer(p, i)
    model, seeds = f"{w.classifier}/{w.compressor}", seeds_of(w.seeds)
    progress = Progress(f"atmc {model}", len(seeds) * epochs_of_compressor(compressor, recipe))
    for seed in seeds:
        lesson = Hardening(w.dataset, w.classifier, classifier, augmentation, recipe, train, val, classes, seed)
        stores.append(Checkpoints(fingerprint(made_by, w.dataset, model, seed)))
        left = [f"{seed}/{100 * ratio:.6g}" for ratio in compressor.ratios]
        try:
            base = under_prefix(seed, bases) if bases else None
            for _, state in compress(compressor, lesson, base, stores[-1], progress):
                tensors |= with_prefix(left.pop(0), state)
        except Diverged as error:
            tensors |= {name: step for place in left for name, step in marked(place, error.step).items()}
    write_tensors(snakemake.output.weights, tensors, made_by)
    for store in stores:
        store.discard()
