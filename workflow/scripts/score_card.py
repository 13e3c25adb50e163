"""Score the cards of one file under every shift, and look into them, for each level and seed."""

from shiftpress.assembly import build
from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import diverged_at
from shiftpress.core.jobs import job
from shiftpress.core.params import Analysis
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import read_json
from shiftpress.core.tensors import read_tensors, under_prefix
from shiftpress.evaluation.analysis import of_frequencies, of_layers, of_margins, of_slopes
from shiftpress.evaluation.cards import loss_of, measure, of_storage
from shiftpress.evaluation.cells import cells, diverged, score
from shiftpress.evaluation.frontier import score_frontiers
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads) as device:
    test, card, weights, whole = load_split(i.test), read_json(i.card), read_tensors(i.weights), read_tensors(i.dense)
    shifted = {name: load_shifted(path) for name, path in zip(p.sources, i.shifted, strict=True)}
    white_box = {name: build("shifts", entry) for name, entry in p.white_box.items()}
    classifier, shape, classes = build("classifiers", p.classifier), tuple(card["shape"]), len(card["classes"])
    net, dense = (classifier.build(shape, classes).eval().to(device) for _ in range(2))
    analysis = Analysis(**p.analysis)
    stored = p.classifier["kind"], classifier.model_dump(mode="json"), shape, classes
    made_by = producer(p, i)
    records = []
    for seed in seeds_of(w.seeds):
        for state, extra in p.cards.items():
            names = [w.classifier, w.augmentation, w.pruner, *extra]
            shared = {"phase": "cards", "dataset": w.dataset, "model": "/".join(names), "seed": seed}
            shared["fingerprint"] = made_by
            pick = state.lstrip("0123456789.")
            if (step := diverged_at(f"{seed}/{state.removesuffix(pick)}", weights)) is not None:
                records.append(diverged(step, **shared))
                continue
            net.load_state_dict(under_prefix(f"{seed}/{state}", weights))
            known = diverged_at(f"{seed}/0", whole) is None
            if known:  # picked in the same way
                dense.load_state_dict(under_prefix(f"{seed}/0{pick}", whole))
            records += score(cells(shifted, p.sources, analysis.card_images), measure(net), **shared)
            records += of_storage(net, *stored, **shared)
            records += of_layers(net, **shared)
            records += of_slopes(net, test, analysis, **shared)
            records += of_frequencies(net, test, analysis, seed_for(seed, "fourier", w.dataset), **shared)
            if w.pruner != "dense" and known:
                records += of_margins(dense, net, cells(shifted, p.sources), analysis, **shared)
            draws = seed_for(seed, "score_card", w.dataset)
            records += score_frontiers(white_box, test, loss_of(net), measure(net), draws, **shared)
    write_records(snakemake.output.records, records, made_by)
