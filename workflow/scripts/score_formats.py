"""Score the image formats under every shift."""

from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.evaluation.cells import cells
from shiftpress.evaluation.formats import score_formats
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]):
    shifted = {name: load_shifted(path) for name, path in zip(p.sources, i.shifted, strict=True)}
    made_by = producer(p, i)
    shared = {"phase": "codecs", "dataset": w.dataset, "fingerprint": made_by}
    found = score_formats(p.formats, cells(shifted, p.sources, p.most), **shared)
    write_records(snakemake.output.records, found, made_by)
