"""A job that holds memory and waits, then writes an artefact that depends on its name alone."""

import hashlib
import time

from shiftpress.core.jobs import job
from shiftpress.core.storage import write_artefact

p = snakemake.params

with job(snakemake.log[0]):
    held = b"x" * (p.memory_mb << 20)
    time.sleep(p.seconds)
    seed = hashlib.sha256(snakemake.wildcards.name.encode()).digest()
    write_artefact(snakemake.output.weights, seed * (p.bytes // len(seed)), "toy")
    del held
