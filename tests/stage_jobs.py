"""Runs the scripts of the workflow's card rules as Snakemake does, without Snakemake."""

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from shiftpress.core.params import Params
from shiftpress.core.provenance import sources

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"


class Mapping(dict):
    """Values by key, which are attributes too."""

    __getattr__ = dict.__getitem__


def run_script(name: str, *, params: dict[str, Any], wildcards: dict[str, str], **files: Any) -> None:
    """Run one script of the workflow in this process, on one thread."""
    job = SimpleNamespace(
        params=Mapping(params),
        wildcards=Mapping(wildcards),
        input=Mapping({**files.pop("input"), "code": sources(str(SCRIPTS / f"{name}.py"))}),
        output=Mapping(files.pop("output")),
        log=[files.pop("log")],
        threads=1,
    )
    runpy.run_path(str(SCRIPTS / f"{name}.py"), {"snakemake": job})


def make_card(
    params: Params, dataset: str, classifier: str, augmentation: str, pruner: str, seeds: str, data: Path, out: Path
) -> Path:
    """Train the dense network, or prune it, from the splits in a folder; the card file under another."""
    files: dict[str, Any] = {name: str(data / f"{name}.safetensors") for name in ("train", "val")}
    files["card"] = str(data / "card.json")
    target = out / f"{classifier}-{augmentation}-{pruner}-{seeds}.safetensors"
    words = {"dataset": dataset, "classifier": classifier, "augmentation": augmentation, "seeds": seeds}
    entries = {"classifier": params.classifiers[classifier], "augmentation": params.augmentations[augmentation]}
    if pruner != "dense":
        words, entries = {**words, "pruner": pruner}, {**entries, "pruner": params.pruners[pruner]}
        dense = out / f"{classifier}-{augmentation}-dense-{seeds}.safetensors"
        files["dense"] = [str(dense)] if dense.exists() else []
    given = {name: entry.model_dump() for name, entry in entries.items()}
    given["fit"] = params.fit.cards.model_dump()
    script = "train_dense" if pruner == "dense" else "prune_card"
    parts = {"params": given, "wildcards": words, "input": files, "output": {"weights": str(target)}}
    run_script(script, log=str(out / "job.log"), **parts)
    return target
