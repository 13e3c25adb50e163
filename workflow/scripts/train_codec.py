"""Train one codec with one objective, once for each seed of the block."""

from shiftpress.assembly import build
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.progress import Progress
from shiftpress.core.provenance import producer
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.tensors import with_prefix, write_tensors
from shiftpress.training.codecs import train_codec

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    images, seeds, weights = load_split(i.train).pixels, seeds_of(w.seeds), {}
    progress = Progress(f"codec {w.codec}/{w.objective}", len(seeds) * p.fit["epochs"])
    for seed in seeds:
        state, memory = train_codec(
            build("codecs", p.codec),
            build("objectives", p.objective),
            images,
            **p.fit,
            init_seed=seed_for(seed, "train_codec", "init", w.dataset, w.codec),
            order_seed=seed_for(seed, "train_codec", "order", w.dataset),
            draw_seed=seed_for(seed, "train_codec", "draws", w.dataset),
            progress=progress,
        )
        weights |= with_prefix(f"{seed}/net", state) | with_prefix(f"{seed}/memory", memory)
    write_tensors(snakemake.output.weights, weights, producer(p, i.code, [i.train]))
