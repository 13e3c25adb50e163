"""What the profiles of clusters take from the site's file and from the table of needs."""

import sys

from batch.needs import groups, rules_on_gpus
from batch.site import Site, read_site
from shiftpress.core.device import CPU, DEVICE
from shiftpress.core.problems import InputError

TOGETHER = 8
"""Jobs, or chains of jobs, in one job of the batch system, if they are short."""


def site() -> Site:
    """The site's settings; a mistake in them ends the run."""
    try:
        return read_site()
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(InputError.exit_code)


def default_resources(here: Site) -> dict[str, str]:
    """Words for every submission. Quoted: Snakemake evaluates them as Python."""
    words = {
        "slurm_account": here.account,
        "slurm_partition": here.partition,
        "qos": here.qos,
        "slurm_extra": here.extra,
    }
    return {name: repr(str(word)) for name, word in words.items() if word is not None}


def resources_of_rules(here: Site, on_gpus: bool) -> dict[str, dict[str, str | int]]:
    """Jobs that gain from a GPU ask for one by the site's name for it, or for none."""
    asked: dict[str, str | int] = {"gpu": 0}
    if on_gpus:
        asked["gres"] = repr(here.gres)
        if here.gpu_partition is not None:
            asked["slurm_partition"] = repr(here.gpu_partition)
    return {rule: asked for rule in rules_on_gpus()}


def group_components() -> dict[str, int]:
    """How many chains of jobs of each group go together."""
    return dict.fromkeys(groups(), TOGETHER)


def first_lines(here: Site, on_gpus: bool = True) -> str:
    """What every job begins with, in its own shell on its node.

    Jobs that ask for no GPU use none, even where the node shows some. The shell outlives the signals that tell a job to
    leave: when it ends, Slurm kills what it has started at once, and jobs want to finish their step and keep its state.
    """
    lines = ["trap : TERM USR1", *([here.setup] if here.setup else [])]
    if not on_gpus:
        lines.append(f"export {DEVICE}={CPU}")
    if here.scratch:
        folder = here.scratch.replace('"', "")
        lines.append(f'export TMPDIR="{folder}"; mkdir -p "$TMPDIR"')
    return "; ".join(lines)
