"""Train one codec with one objective, once for each seed of the block; a killed job goes on where it was."""

from shiftpress.assembly import build
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import Diverged, marked
from shiftpress.core.jobs import job
from shiftpress.core.progress import Progress
from shiftpress.core.provenance import producer
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import fingerprint
from shiftpress.core.tensors import with_prefix, write_tensors
from shiftpress.training.codecs import train_codec

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    images, seeds, weights, stores = load_split(i.train).pixels, seeds_of(w.seeds), {}, []
    made_by, model = producer(p, i), f"{w.codec}/{w.objective}"
    progress = Progress(f"codec {model}", len(seeds) * p.fit["epochs"])
    for seed in seeds:
        stores.append(Checkpoints(fingerprint(made_by, w.dataset, model, seed)))
        try:
            state, memory = train_codec(
                build("codecs", p.codec),
                build("objectives", p.objective),
                images,
                **p.fit,
                init_seed=seed_for(seed, "train_codec", "init", w.dataset, w.codec),
                order_seed=seed_for(seed, "train_codec", "order", w.dataset),
                draw_seed=seed_for(seed, "train_codec", "draws", w.dataset),
                store=stores[-1],
                progress=progress,
            )
        except Diverged as error:
            weights |= marked(f"{seed}/net", error.step)
            continue
        weights |= with_prefix(f"{seed}/net", state) | with_prefix(f"{seed}/memory", memory)
    write_tensors(snakemake.output.weights, weights, made_by)
    for store in stores:
        store.discard()
