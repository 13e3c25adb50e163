"""Train one size of classifier, prune it and teach its students, for each seed of the block; all as card files."""

import torch

from shiftpress.assembly import build
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import marked
from shiftpress.core.edge import Method
from shiftpress.core.jobs import job
from shiftpress.core.progress import Progress
from shiftpress.core.provenance import producer
from shiftpress.core.recipe import EdgeFit
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import fingerprint, read_json
from shiftpress.core.tensors import write_tensors
from shiftpress.packing.card import pack
from shiftpress.training.edge import Workshop, epochs_of_plan
from shiftpress.training.taught import Taught

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    train, val, card = load_split(i.train), load_split(i.val), read_json(i.card)
    shape, classes = tuple(card["shape"]), len(card["classes"])
    classifier, augmentation = build("classifiers", p.classifier), build("augmentations", p.augmentation)
    pruners = {name: build("filters", entry) for name, entry in p.filters.items()}
    plan = [(Method.of(name, p.filters, []), ratios) for name, ratios in p.plan]
    recipe, seeds, packed, stores = EdgeFit(**p.fit), seeds_of(w.seeds), {}, []
    made_by = producer(p, i)
    progress = Progress(f"edge {w.classifier}", len(seeds) * epochs_of_plan(plan, recipe))
    for seed in seeds:
        stores.append(Checkpoints(fingerprint(made_by, w.dataset, w.classifier, seed)))
        lesson = Taught(w.dataset, w.classifier, classifier, augmentation, recipe, train, val, classes, seed)
        workshop = Workshop(lesson, pruners, stores[-1], progress)
        for made in workshop.networks(plan):
            origin, fields = (
                f"{w.dataset}/{w.classifier}/{made.name}, seed {seed}",
                made.classifier.model_dump(mode="json"),
            )
            data = pack(made.state, p.classifier["kind"], fields, shape, classes, origin=origin)
            packed[f"{seed}/{made.name}"] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        for name, error in workshop.diverged.items():
            packed |= marked(f"{seed}/{name}", error.step)
    write_tensors(snakemake.output.networks, packed, made_by)
    for store in stores:
        store.discard()
