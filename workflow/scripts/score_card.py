"""Score the cards of one file under every shift, for each level and seed."""

from shiftpress.assembly import build
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seeds_of
from shiftpress.core.storage import read_json
from shiftpress.core.tensors import read_tensors, under_prefix
from shiftpress.datasets.base import load_split
from shiftpress.evaluation.cards import score_card
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    test, card, weights = load_split(i.test), read_json(i.card), read_tensors(i.weights)
    shifted = {name: load_shifted(path) for name, path in zip(p.shifts, i.shifted, strict=True)}
    net = build("classifiers", p.classifier).build(tuple(card["shape"]), len(card["classes"]))
    made_by = producer(p, i.code, [*i.shifted, i.test, i.weights])
    records = []
    for seed in seeds_of(w.seeds):
        for level in p.levels:
            net.load_state_dict(under_prefix(f"{seed}/{100 * level:g}", weights))
            names = [w.classifier, w.pruner, *([f"{100 * level:g}"] if level else [])]
            cell = {"dataset": w.dataset, "model": "/".join(names), "seed": seed}
            records += score_card(net.eval(), test.labels, shifted, cell, made_by)
    write_records(snakemake.output.records, records, made_by)
