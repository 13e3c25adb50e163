"""Apply one shift to the test images of one dataset, at all its severities."""

from shiftpress.assembly import build
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.seeds import seed_for
from shiftpress.core.tensors import write_tensors
from shiftpress.datasets.base import load_split
from shiftpress.shifts.base import as_tensors, shift_images

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    test = load_split(i.test)
    seed = seed_for("shift_images", w.shift)
    shifted = shift_images(build("shifts", p.shift), test.pixels, test.ids, seed)
    write_tensors(snakemake.output.images, as_tensors(shifted), producer(p, i.code, [i.test]))
