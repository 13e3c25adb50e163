"""The verb that looks at a machine before anything runs on it."""

from typing import Annotated

import typer


def doctor(
    submit: Annotated[bool, typer.Option("--submit", help="also submit a CPU and a GPU job to Slurm")] = False,
    options: Annotated[str, typer.Option("--sbatch", help="options of these jobs, such as '--partition=short'")] = "",
) -> None:
    """Look at Python, packages, GPUs, Slurm, room and remotes; say how to mend what will not do."""
    from itertools import chain

    from shiftpress.doctor.cluster import cluster, probe
    from shiftpress.doctor.environment import environment
    from shiftpress.doctor.machine import machine
    from shiftpress.doctor.storage import storage

    probes = (probe(kind, options) for kind in (("cpu", "gpu") if submit else ()))
    states = []
    for finding in chain(environment(), machine(), storage(), cluster(), probes):
        print(finding, flush=True)
        states.append(finding.state)
    counts = {state: states.count(state) for state in ("warn", "fail")}
    print(f"{len(states)} checks: {counts['fail']} failed, {counts['warn']} with a warning.")
    raise typer.Exit(2 if counts["fail"] else 0)
