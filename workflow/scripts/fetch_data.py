"""Obtain one published raw file: the same as `shiftpress data stage`, for one file."""

import logging
from pathlib import Path

from shiftpress.core.catalog import component
from shiftpress.core.jobs import job
from shiftpress.core.rawdata import mirrors_of_user, obtain

raw = Path(snakemake.output.raw)

with job(snakemake.log[0]):
    sources = {source.name: source for source in component("datasets", snakemake.wildcards.kind).sources()}
    came_from = obtain(sources[raw.name], raw, mirrors_of_user())
    logging.getLogger("shiftpress").info("%s: from %s", raw, came_from)
