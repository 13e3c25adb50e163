"""Train one classifier, once for each seed of the block."""

from shiftpress.assembly import build
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.progress import Progress
from shiftpress.core.provenance import producer
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import read_json
from shiftpress.core.tensors import with_prefix, write_tensors
from shiftpress.training.cards import train_dense

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    data, seeds, weights = load_split(i.train), seeds_of(w.seeds), {}
    progress = Progress(f"classifier {w.classifier}", len(seeds) * p.fit["epochs"])
    for seed in seeds:
        state = train_dense(
            build("classifiers", p.classifier),
            data,
            len(read_json(i.card)["classes"]),
            **p.fit,
            init_seed=seed_for(seed, "train_dense", "init", w.dataset, w.classifier),
            order_seed=seed_for(seed, "cards", "order", w.dataset, 0),
            progress=progress,
        )
        weights |= with_prefix(f"{seed}/0", state)
    write_tensors(snakemake.output.weights, weights, producer(p, i.code, [i.train]))
