"""Whether what stands on disk is what today's params and code would make; of every job of a study, running none."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shiftpress.core.provenance import producer
from shiftpress.core.storage import DamagedArtefact, read_artefact, read_facts, read_json, sidecar

Standing = Literal["good", "missing", "damaged", "stale"]
"""Good: complete and made by today's recipe. Stale: whole, but made by another one."""


@dataclass(frozen=True)
class Job:
    """One job of the pipeline, as far as its rule tells before it runs."""

    rule: str
    wildcards: Mapping[str, str]
    params: Mapping[str, Any]
    inputs: Mapping[str, str | Sequence[str]]
    outputs: Sequence[str]
    log: str | None = None
    benchmark: str | None = None
    measured: str | None = None
    """A data card among the outputs: the digest of its pixels counts, and is known only once the job has run."""
    brought: bool = False
    """Whether the output is a raw file, which is what it is whoever brought it, and has no sidecar."""

    @property
    def name(self) -> str:
        """Rule and wildcards, as a person would say them."""
        return " ".join([self.rule, "/".join(self.wildcards.values())]).strip()

    @property
    def artefacts(self) -> list[str]:
        """Outputs without their sidecars."""
        return [path for path in self.outputs if path.removesuffix(".json") not in set(self.outputs) - {path}]

    @property
    def files(self) -> list[str]:
        """Artefacts and their sidecars."""
        return [file for path in self.artefacts for file in (path, sidecar(path))]


def audit(jobs: Sequence[Job], check: Callable[[str], object] = read_artefact) -> Iterator[tuple[Job, Standing, str]]:
    """Every job in turn with how its artefacts stand, and the words of what is wrong with damaged ones.

    Jobs come after those whose artefacts they read. ``check`` raises DamagedArtefact for a file that is not as it must
    be.
    """
    recipes: dict[str, str] = {}
    for job in jobs:
        recipe = "" if job.brought else recipe_of(job, recipes)
        recipes |= dict.fromkeys(job.outputs, recipe)
        yield job, *_standing(job, recipe, check)


def recipe_of(job: Job, recipes: Mapping[str, str]) -> str:
    """The fingerprint that a job's artefacts must bear, from those of the artefacts it reads."""
    params = dict(job.params)
    if job.measured:
        try:
            params["pixels"] = read_json(job.measured)["pixels_sha256"]
        except DamagedArtefact:
            params["pixels"] = None
    return producer(params, job.inputs, recipes.__getitem__)


def same_size(path: str) -> None:
    """A check that reads no artefact. Raises DamagedArtefact if one is missing or is not as large as was recorded."""
    raw = not os.path.lexists(sidecar(path))
    if not os.path.isfile(path) or not raw and os.stat(path).st_size != read_facts(path)["size"]:
        raise DamagedArtefact(f"{path} is not what was recorded")


def _standing(job: Job, recipe: str, check: Callable[[str], object]) -> tuple[Standing, str]:
    if not any(map(os.path.lexists, job.files)):
        return "missing", ""
    try:
        if not job.brought and {read_facts(path)["producer"] for path in job.artefacts} != {recipe}:
            return "stale", ""
        for path in job.artefacts:
            check(path)
    except (DamagedArtefact, KeyError) as error:
        return "damaged", str(error)
    return "good", ""


def set_aside(job: Job, folder: Path) -> list[Path]:
    """Move what there is of a job's outputs below a folder of the same disk, in place of what lies there."""
    moved = []
    for path in job.files:
        if os.path.lexists(path):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
            moved.append(target)
    return moved
