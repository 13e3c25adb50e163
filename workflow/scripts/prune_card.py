"""Prune one classifier level by level, once for each seed of the block."""

from shiftpress.assembly import build
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.progress import Progress
from shiftpress.core.provenance import producer
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import read_json
from shiftpress.core.tensors import read_tensors, under_prefix, with_prefix, write_tensors
from shiftpress.training.cards import prune

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    data, dense, seeds, weights = load_split(i.train), read_tensors(i.dense), seeds_of(w.seeds), {}
    pruner = build("pruners", p.pruner)
    rounds = range(1, len(pruner.sparsities) + 1)
    progress = Progress(f"cards {w.classifier}/{w.pruner}", len(seeds) * len(rounds) * p.fit["epochs"])
    for seed in seeds:
        chain = prune(
            pruner,
            build("classifiers", p.classifier),
            under_prefix(f"{seed}/0", dense),
            data,
            len(read_json(i.card)["classes"]),
            **p.fit,
            order_seeds=[seed_for(seed, "cards", "order", w.dataset, r) for r in rounds],
            progress=progress,
        )
        for sparsity, state in chain:
            weights |= with_prefix(f"{seed}/{100 * sparsity:g}", state)
    write_tensors(snakemake.output.weights, weights, producer(p, i.code, [i.train, i.dense]))
