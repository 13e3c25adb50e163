"""Score one trained codec under every shift, for each seed of the block."""

from shiftpress.assembly import build
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seeds_of
from shiftpress.core.tensors import read_tensors, under_prefix, write_tensors
from shiftpress.evaluation.codecs import examples, score_codec
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input
EXAMPLES = 8

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    shifted = {name: load_shifted(path) for name, path in zip(p.shifts, i.shifted, strict=True)}
    shape = tuple(next(iter(shifted.values())).images.shape[2:])
    weights, net = read_tensors(i.weights), build("codecs", p.codec).build(shape).eval()
    made_by = producer(p, i.code, [*i.shifted, i.weights])
    seeds, records = seeds_of(w.seeds), []
    for seed in seeds:
        net.load_state_dict(under_prefix(seed, weights))
        cell = {"dataset": w.dataset, "model": f"{w.codec}/{w.objective}", "seed": seed}
        records += score_codec(net, shifted, cell, made_by)
    write_records(snakemake.output.records, records, made_by)
    net.load_state_dict(under_prefix(seeds[0], weights))
    write_tensors(snakemake.output.examples, examples(net, shifted, EXAMPLES), made_by)
