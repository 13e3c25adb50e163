"""Read one dataset and write its splits and its card."""

from shiftpress.assembly import build
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.splits import as_tensors
from shiftpress.core.storage import write_json
from shiftpress.core.tensors import write_tensors
from shiftpress.preparation import prepare

p, i, o = snakemake.params, snakemake.input, snakemake.output

with job(snakemake.log[0]):
    splits, card = prepare(build("datasets", p.dataset))
    made_by = producer({**p, "pixels": card["pixels_sha256"]}, i)
    for name, split in splits.items():
        write_tensors(o[name], as_tensors(split), made_by)
    write_json(o.card, card, made_by)
