"""Score the cards of one file under every shift, for each level and seed."""

from shiftpress.assembly import build
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import read_json
from shiftpress.core.tensors import read_tensors, under_prefix
from shiftpress.evaluation.cards import loss_of, measure, of_storage
from shiftpress.evaluation.cells import cells, score
from shiftpress.evaluation.frontier import score_frontiers
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    test, card, weights = load_split(i.test), read_json(i.card), read_tensors(i.weights)
    shifted = {name: load_shifted(path) for name, path in zip(p.sources, i.shifted, strict=True)}
    white_box = {name: build("shifts", entry) for name, entry in p.white_box.items()}
    classifier, shape, classes = build("classifiers", p.classifier), tuple(card["shape"]), len(card["classes"])
    net = classifier.build(shape, classes).eval()
    stored = p.classifier["kind"], classifier.model_dump(mode="json"), shape, classes
    made_by = producer(p, i.code, [*i.shifted, i.test, i.weights])
    records = []
    for seed in seeds_of(w.seeds):
        for state, extra in p.cards.items():
            net.load_state_dict(under_prefix(f"{seed}/{state}", weights))
            names = [w.classifier, w.augmentation, w.pruner, *extra]
            shared = {"phase": "cards", "dataset": w.dataset, "model": "/".join(names), "seed": seed}
            shared["fingerprint"] = made_by
            records += score(cells(shifted, p.sources), measure(net), **shared)
            records += of_storage(net, *stored, **shared)
            draws = seed_for(seed, "score_card", w.dataset)
            records += score_frontiers(white_box, test, loss_of(net), measure(net), draws, **shared)
    write_records(snakemake.output.records, records, made_by)
