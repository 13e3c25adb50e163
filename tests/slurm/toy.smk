"""A study that takes time but no processor, for faults: everything around the jobs is the pipeline's own.

Its one rule has the name of one of the pipeline's, and so its memory, time, group and GPU.
"""

import sys

sys.path.insert(0, "workflow")

from batch.failures import watch
from batch.inside import run_inside
from batch.lost import notice_lost_jobs
from batch.needs import group_of, needs_of
from batch.site import read_site
from warm.scripts import Warm, WarmScript, keep_warm

WarmScript.warm = Warm(["shiftpress.core.jobs", "shiftpress.core.storage"])
keep_warm()
run_inside()
notice_lost_jobs()
FAILURES = watch(workflow)


rule all:
    input:
        expand("results/toy/{name}.bin", name=["a", "b", "c"]),


rule train_codec:
    output:
        weights="results/toy/{name}.bin",
        digest="results/toy/{name}.bin.json",
    log:
        "logs/toy/{name}.log",
    group:
        group_of("train_codec", "smoke")
    threads: 1
    resources:
        **needs_of("train_codec", "smoke", read_site()),
    params:
        seconds=4,
        memory_mb=450,
        bytes=1_000_000,
    message:
        "Waiting for {wildcards.name}"
    script:
        "toy_job.py"


onerror:
    FAILURES.tell()
