"""Memory, time and GPUs that jobs ask a batch system for, and which jobs it gets as one.

Runtime settings all of them: no number and no fingerprint depends on them, and to change one makes nothing stale.
"""

from collections.abc import Callable
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from signed import signed

from batch.site import Site
from shiftpress.core.yamlfile import read_yaml

TABLE = Path(__file__).with_name("needs.yaml")
OVERHEAD_MB = 900
"""Of a job on a cluster, beside the job itself: two Snakemake processes, and the one that jobs are forked from."""
ON_GPU_MB = 3000
"""Of a job on a GPU, beside all that: the libraries of CUDA. An estimate, as no GPU was at hand."""
SPARE = 1.25
"""Peaks differ a little from run to run."""
SLOWER = 4
"""Nodes may be busier or slower than the machine that the times are from."""
LEAST_MINUTES = 3
"""Starting Python on a shared file system takes its time."""
SHORT_MINUTES = 10
"""A job that is expected to take longer is never put together with others."""


@cache
def table() -> dict[str, Any]:
    """The rules' needs, and the tiers' factors."""
    return read_yaml(TABLE).data


def factors(tier: str) -> dict[str, float]:
    """Those of a tier; of a tier of the user's own, those of the largest that comes with the project."""
    return table()["tiers"].get(tier) or table()["tiers"]["paper"]


def needs_of(rule: str, tier: str, site: Site, on_gpu: bool = False) -> dict[str, int | Callable[..., int]]:
    """The `resources:` of a rule: more memory and time with every attempt, a GPU or none, one lane of a group.

    Never more than the site has: a batch system would refuse such a job. ``on_gpu``: it is given the GPU it gains from.
    """
    row, factor = table()["rules"][rule], factors(tier)
    memory = ceil(row["peak_mb"] * SPARE * factor["memory"]) + OVERHEAD_MB + on_gpu * ON_GPU_MB
    minutes = max(LEAST_MINUTES, ceil(row["seconds"] * SLOWER * factor["time"] / 60))
    return {
        "mem_mb": signed(lambda wildcards, attempt: min(memory * attempt, site.largest_mb)),
        "runtime": signed(lambda wildcards, attempt: min(minutes * attempt, site.longest_minutes)),
        "lanes": 1,
        # not 0 where there is none: Kubernetes would send such a job to a node with GPUs
        **({"gpu": row["gpu"]} if "gpu" in row else {}),
    }


def group_of(rule: str, tier: str) -> str | None:
    """The group a rule's jobs are packed in, or none if one of that group's jobs alone is long enough."""
    group = table()["rules"][rule].get("group")
    longest = max((row["seconds"] for row in table()["rules"].values() if row.get("group") == group), default=0)
    return group if longest * factors(tier)["time"] <= SHORT_MINUTES * 60 else None


def rules_on_gpus() -> list[str]:
    """Rules whose jobs gain from a GPU."""
    return [rule for rule, row in table()["rules"].items() if row.get("gpu")]


def groups() -> list[str]:
    """All groups."""
    return sorted({row["group"] for row in table()["rules"].values() if "group" in row})
