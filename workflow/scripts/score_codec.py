"""Score one trained codec under every shift, for each seed of the block."""

from shiftpress.assembly import build
from shiftpress.core.codecnet import FULL
from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import diverged_at
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.tensors import read_tensors, under_prefix, write_tensors
from shiftpress.evaluation.cells import cells, diverged, score, unshifted
from shiftpress.evaluation.codecs import examples, loss_of, measure, of_training, on_disk
from shiftpress.evaluation.frontier import score_frontiers
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input
EXAMPLES = 8

with job(snakemake.log[0]), on_device(snakemake.threads) as device:
    test, weights = load_split(i.test), read_tensors(i.weights)
    # nobody asks for gradients of weights, which the worst images would pay for
    net = build("codecs", p.codec).build(tuple(test.images.shape[1:])).eval().requires_grad_(False).to(device)
    shifted = {name: load_shifted(path) for name, path in zip(p.sources, i.shifted, strict=True)}
    white_box = {name: build("shifts", entry) for name, entry in p.white_box.items()}
    made_by = producer(p, i)
    shared = {"phase": "codecs", "dataset": w.dataset, "fingerprint": made_by}
    seeds, records = seeds_of(w.seeds), []
    model, sound = f"{w.codec}/{w.objective}", [s for s in seeds if diverged_at(f"{s}/net", weights) is None]
    for seed in sorted(set(seeds) - set(sound)):
        step = diverged_at(f"{seed}/net", weights)
        records.append(diverged(step, **shared | {"seed": seed, "model": model}))
    for seed in sound:
        net.load_state_dict(under_prefix(f"{seed}/net", weights))
        for stage in net.stages:
            shared |= {"seed": seed, "model": model if stage == FULL else f"{model}/{stage}"}
            seen = cells(shifted, p.sources, p.most)
            # an earlier stage is for known images
            records += score(seen if stage == FULL else unshifted(seen), measure(net, stage), **shared)
            records += on_disk(net, p.codec["kind"], cells(shifted, p.sources, p.most), stage, **shared)
            draws = seed_for(seed, "score_codec", w.dataset)
            records += score_frontiers(white_box, test, loss_of(net, stage), measure(net, stage), draws, **shared)
        records += of_training(under_prefix(f"{seed}/memory", weights), **shared)
    write_records(snakemake.output.records, records, made_by)
    shown = {}
    if sound:
        net.load_state_dict(under_prefix(f"{sound[0]}/net", weights))
        shown = examples(net, cells(shifted, p.sources, p.most), EXAMPLES)
    write_tensors(snakemake.output.examples, shown, made_by)
