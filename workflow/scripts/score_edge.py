"""Score one size's networks for the edge as their files decode: accuracy under every shift, size and latency."""

import torch

from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import all_diverged
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import read_json, write_json
from shiftpress.core.tensors import read_tensors
from shiftpress.evaluation.cells import cells, diverged
from shiftpress.evaluation.edge import networks, of_network
from shiftpress.packing.latency import latency
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    test, shape = load_split(i.test), tuple(read_json(i.card)["shape"])
    files = [read_tensors(path) for path in i.networks]
    shifted = {name: load_shifted(path) for name, path in zip(p.sources, i.shifted, strict=True)}
    made_by = producer(p, i)
    records, times, first = [], {}, seeds_of(w.seeds)[0]
    for seed in seeds_of(w.seeds):
        for network in networks(seed, files):
            shared = {"phase": "edge", "dataset": w.dataset, "model": f"{w.classifier}/{network.name}", "seed": seed}
            shown = test[: p.most], cells(shifted, p.sources, p.most)
            records += of_network(network, *shown, **shared, fingerprint=made_by)
            if seed == first:  # seeds are of one shape, or nearly
                with torch.random.fork_rng(devices=[]):
                    times[shared["model"]] = latency(network.fastest, shape, repeats=p.repeats)
        shared = {"phase": "edge", "dataset": w.dataset, "seed": seed, "fingerprint": made_by}
        for name, step in (pair for tensors in files for pair in all_diverged(seed, tensors).items()):
            records.append(diverged(step, model=f"{w.classifier}/{name}", **shared))
    write_records(snakemake.output.records, records, made_by)
    write_json(snakemake.output.latency, times, made_by, "statistical")
