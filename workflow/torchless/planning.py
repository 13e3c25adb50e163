"""The plan of a run, without torch."""

import os
import sys
from collections.abc import Callable, Iterable

from snakemake.api import SnakemakeApi
from snakemake.exceptions import InputFunctionException
from snakemake.jobs import Job

from torchless.placeholders import PACKAGES, Finder, Placeholder
from torchless.process import INSISTED, Leaving, start_over


def can_plan_without_torch() -> bool:
    """Not if torch is here already or was insisted on, nor if it is not known in which folder to start over."""
    folder = os.environ.get("PWD")
    known = folder and os.path.realpath(folder) == os.path.realpath(os.getcwd())
    return bool(known) and INSISTED not in os.environ and not any(name in sys.modules for name in PACKAGES)


def plan_without_torch(first: Callable[[], None]) -> None:
    """From now on imports of torch give placeholders. ``first`` ends what must not outlive this process."""
    sys.meta_path.insert(0, Finder())
    Leaving.first = staticmethod(first)
    plainly = SnakemakeApi.print_exception

    def with_torch(api: SnakemakeApi, error: Exception) -> None:
        of_snakemake = type(error).__module__.partition(".")[0].startswith("snakemake")
        # a placeholder may be why anything else went wrong, also in a function of a rule
        if not Leaving.settled and (not of_snakemake or isinstance(error, InputFunctionException)):
            start_over(f"{type(error).__name__}: {error}")
        plainly(api, error)

    SnakemakeApi.print_exception = with_torch


def without_torch() -> bool:
    """Whether there are placeholders in this process."""
    return any(isinstance(finder, Finder) for finder in sys.meta_path)


def know_defaults(kinds: Iterable[type]) -> None:
    """Defaults of fields are not looked at when a component is made: start over if one of them is a placeholder."""
    for kind in kinds:
        for name, field in kind.model_fields.items():
            if isinstance(field.default, Placeholder):
                start_over(f"{kind.__name__}.{name}")


def settle(jobs: Iterable[Job]) -> None:
    """All that is asked of torch is asked before the first job: afterwards it is too late to start over."""
    if without_torch():
        for job in jobs:
            job.params  # noqa: B018 -- functions of the rules, called with the first look
        Leaving.settled = True
