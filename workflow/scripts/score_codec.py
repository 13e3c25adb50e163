"""Score one trained codec under every shift, for each seed of the block."""

from itertools import chain

from shiftpress.assembly import build
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.tensors import read_tensors, under_prefix, write_tensors
from shiftpress.evaluation.cells import cells, white_box_cells
from shiftpress.evaluation.codecs import examples, loss_of, score_codec
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input
EXAMPLES = 8

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    test, weights = load_split(i.test), read_tensors(i.weights)
    net = build("codecs", p.codec).build(tuple(test.images.shape[1:])).eval()
    shifted = {name: load_shifted(path) for name, path in zip(p.sources, i.shifted, strict=True)}
    white_box = {name: build("shifts", entry) for name, entry in p.white_box.items()}
    made_by = producer(p, i.code, [*i.shifted, i.test, i.weights])
    shared = {"dataset": w.dataset, "model": f"{w.codec}/{w.objective}", "fingerprint": made_by}
    seeds, records = seeds_of(w.seeds), []
    for seed in seeds:
        net.load_state_dict(under_prefix(f"{seed}/net", weights))
        worst = white_box_cells(white_box, test, loss_of(net), seed_for(seed, "score_codec", w.dataset))
        found = chain(cells(shifted, p.sources), worst)
        records += score_codec(net, found, seed=seed, **shared)
    write_records(snakemake.output.records, records, made_by)
    net.load_state_dict(under_prefix(f"{seeds[0]}/net", weights))
    shown = examples(net, cells(shifted, p.sources), EXAMPLES)
    write_tensors(snakemake.output.examples, shown, made_by)
