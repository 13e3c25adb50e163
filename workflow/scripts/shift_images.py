"""Apply one shift to the test images of one dataset at all its severities, and say what it did to them."""

from shiftpress.assembly import build
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.tensors import read_tensors, under_prefix, write_tensors
from shiftpress.evaluation.cells import cells
from shiftpress.evaluation.shifts import score_shift, sheet
from shiftpress.shifts.base import Others, as_tensors, shift_split

p, w, i, o = snakemake.params, snakemake.wildcards, snakemake.input, snakemake.output

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    test, shift = load_split(i.test), build("shifts", p.shift)
    codecs = {}
    for name, path in zip(p.codecs, i.codecs, strict=True):
        codecs[name] = build("codecs", p.codecs[name]["codec"]).build(tuple(test.images.shape[1:])).eval()
        codecs[name].load_state_dict(under_prefix(f"{seeds_of(p.codecs[name]['seeds'])[0]}/net", read_tensors(path)))
    others = Others(
        splits={name: load_split(path) for name, path in zip(p.datasets, i.datasets, strict=True)},
        shifts={name: build("shifts", entry) for name, entry in p.shifts.items()},
        codecs=codecs,
    )
    shifted = shift_split(shift, test, others, seed_for("shift_images", w.shift))
    made_by = producer(p, i)
    write_tensors(o.images, as_tensors(shifted), made_by)
    found = list(cells({w.shift: shifted}, {w.shift: shift.source}))
    ids = [split.ids for split in shifted.splits]
    records = score_shift(test, zip(found, ids, strict=True), dataset=w.dataset, fingerprint=made_by)
    write_records(o.records, records, made_by)
    write_tensors(o.sheet, sheet(found), made_by)
