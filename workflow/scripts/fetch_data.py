"""Obtain one raw file that a DVC pointer tracks."""

import logging
from pathlib import Path

from shiftpress.core.catalog import component
from shiftpress.core.jobs import job
from shiftpress.core.rawdata import obtain

raw = Path(snakemake.output.raw)

with job(snakemake.log[0]):
    embedded = component("datasets", snakemake.wildcards.kind).embedded(raw.name)
    came_from = obtain(raw, Path(snakemake.input.pointer[0]), embedded)
    logging.getLogger("shiftpress").info("%s: from %s", raw, came_from)
