"""Score compressed networks as their files decode: accuracy under every shift, and size; for each ratio and seed."""

from shiftpress.assembly import build
from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import diverged_at
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import read_json
from shiftpress.core.tensors import read_tensors, under_prefix
from shiftpress.evaluation.atmc import Stored, of_size, on_images
from shiftpress.evaluation.cells import cells, diverged
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    test, card, weights = load_split(i.test), read_json(i.card), read_tensors(i.weights)
    compressor, shape, classes = build("compressors", p.compressor), tuple(card["shape"]), len(card["classes"])
    kind, fields = p.classifier["kind"], build("classifiers", p.classifier).model_dump(mode="json")
    shifted = {name: load_shifted(path) for name, path in zip(p.sources, i.shifted, strict=True)}
    made_by = producer(p, i)
    records = []
    for seed in seeds_of(w.seeds):
        for ratio in compressor.ratios:
            shared = {
                "phase": "atmc",
                "dataset": w.dataset,
                "model": compressor.model_of(w.classifier, w.compressor, ratio),
            }
            shared |= {"seed": seed, "fingerprint": made_by}
            place = f"{seed}/{100 * ratio:.6g}"
            if (step := diverged_at(place, weights)) is not None:
                records.append(diverged(step, **shared))
                continue
            stored = Stored.of(under_prefix(place, weights), kind, fields, shape, classes, free=compressor.free)
            records += on_images(stored, test[: p.most], cells(shifted, p.sources, p.most), **shared)
            records += of_size(stored, **shared)
    write_records(snakemake.output.records, records, made_by)
