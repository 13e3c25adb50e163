"""The folder that ``shiftpress export`` writes."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from shiftpress.core.files import read_file, write_file
from shiftpress.core.problems import InputError
from shiftpress.core.storage import DamagedArtefact, canonical_json, read_artefact, read_json
from shiftpress.exporting.crate import METADATA, crate
from shiftpress.exporting.tables import tables
from shiftpress.reporting.received import run_of

RESULTS = {
    "claims.json": "every claim with its verdict, comparisons and effects by seed",
    "report/index.html": "the report, one file that needs no network",
    "run.json": "settings, digests of all code, environment, data, jobs",
}
"""What is taken from the results as it is."""
TABLES = {
    "records": "one row for each number: a metric of one model, trained with one seed, in one cell",
    "claims": "one row for each claim",
    "comparisons": "one row for each comparison of a claim, on one dataset, for one model",
    "effects": "one row for each comparison and seed",
    "metrics": "what each metric of the records is",
    "dictionary": "what each column of each table is",
}
PROJECT = {
    "Snakefile": "entry point of the workflow",
    "params.yaml": "every choice of the study; a tier is laid over it",
    "pyproject.toml": "the package and what it needs",
    "LICENSE": "terms of code and tables; the images have terms of their own",
    "requirements/": "the lock, with digests of all packages",
    "tiers/": "what each tier lays over the params",
    "claims/": "the claims of the papers, written down before their records",
    "workflow/": "rules and scripts",
    "src/": "the package",
    "report/": "templates of the page and numbers of the papers",
}
INPUTS = ["params.yaml", "tiers/", "claims/"]
OUTPUTS = ["records.csv", "records.parquet", "claims.json", "report/index.html"]
LEFT_OUT = ("__pycache__", ".snakemake")


def export(results: Path, out: Path) -> list[tuple[str, int]]:
    """Write a run of the project in the current folder; names and sizes of all top-level files.

    Raises InputError if the folder is not empty, or if the project's code is not what the run was described with.
    """
    run = run_of(results)
    same_code(run)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already and not empty: name a new folder.")
    for name, data in _files(results):
        write_file(out / name, data)
    about = _about(out)
    found = crate(out, run, about, [name for name in INPUTS if name in about], OUTPUTS)
    write_file(out / METADATA, canonical_json(found))
    return [(path.name, path.stat().st_size) for path in sorted(out.iterdir()) if path.is_file()]


def _files(results: Path) -> Iterator[tuple[str, bytes]]:
    try:
        for name in RESULTS:
            yield name, read_artefact(results / name)
        scores = pd.read_parquet(io.BytesIO(read_artefact(results / "scores.parquet")))
        claims = read_json(results / "claims.json")
    except DamagedArtefact as error:
        raise InputError(str(error)) from None
    yield "records.parquet", scores.to_parquet(index=False)
    for name, table in tables(scores, claims).items():
        yield f"{name}.csv", table.to_csv(index=False, lineterminator="\n").encode()
    for name in PROJECT:
        for path in _below(Path(name)):
            yield path.as_posix(), read_file(path)
    yield "README.md", _readme().encode()


def _below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = (file for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith("."))
    return [file for file in found if not set(LEFT_OUT) & set(file.parts) and file.name != "index.html"]


def _about(out: Path) -> dict[str, str]:
    """What stands in the folder, and what each thing is."""
    said = {
        "Snakefile": PROJECT["Snakefile"],
        "README.md": "what this folder is",
        **{f"{name}.csv": words for name, words in TABLES.items()},
        "records.parquet": TABLES["records"],
        **RESULTS,
        **PROJECT,
    }
    return {name: words for name, words in said.items() if (out / name).exists()}


def same_code(run: dict[str, Any]) -> None:
    """Provenance that names other code than the run had would be worse than none."""
    other = [name for name, digest in run["code"].items() if _digest(Path(name)) != digest]
    if other:
        raise InputError(
            f"The code here is not what the run was described with: {len(other)} files differ, {other[0]} for one. "
            f"Check out commit {run['commit']}, or let Snakemake find what is stale (`snakemake -R describe_run`)."
        )


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _readme() -> str:
    listed = {**{f"{name}.csv": words for name, words in TABLES.items()}, **RESULTS, **PROJECT}
    lines = [f"- `{name}`: {words}" for name, words in listed.items()]
    return "\n".join(
        [
            "# A run of Shiftpress",
            "",
            "Tables, verdicts and report of one run, with the workflow that made them. `dictionary.csv` says what each",
            "column is, `metrics.csv` what each metric is. `records.parquet` holds the same as `records.csv`.",
            f"`{METADATA}` is a Workflow Run RO-Crate (with the Provenance Run Crate profile).",
            "",
            *lines,
            "",
        ]
    )
