"""Files, folders and parameters of a crate."""

import hashlib
from pathlib import Path
from typing import Any

from shiftpress.exporting.jobs import ref

Entity = dict[str, Any]
LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
"""As the profile names it."""
TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".html": "text/html",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".py": "text/x-python",
    ".yaml": "application/yaml",
    ".txt": "text/plain",
}


def parameter_id(name: str) -> str:
    """Id of the formal parameter that a file or folder is a value of."""
    return f"#parameter-{name.strip('/')}"


def parameter(name: str, words: str) -> Entity:
    """What the workflow takes or gives, with this run's file or folder as its value."""
    return {
        "@id": parameter_id(name),
        "@type": "FormalParameter",
        "additionalType": "Dataset" if name.endswith("/") else "File",
        "name": name.strip("/"),
        "description": words,
        "valueRequired": True,
        "workExample": ref(name),
    }


def data(folder: Path, name: str, words: str, of_run: list[str]) -> Entity:
    """A file or folder of the crate; ``of_run`` are those that the run took or gave."""
    example = {"exampleOfWork": ref(parameter_id(name))} if name in of_run else {}
    if name.endswith("/"):
        return {"@id": name, "@type": "Dataset", "name": name.strip("/"), "description": words} | example
    about = {"about": ref("./")} if name == "README.md" else {}
    return _file(folder, name) | {"description": words} | example | about


def script(folder: Path, rule: str, version: str) -> Entity:
    """The script of a rule."""
    found = _file(folder, f"workflow/scripts/{rule}.py")
    return found | {
        "@type": ["File", "SoftwareSourceCode"],
        "name": rule,
        "version": version,
        "programmingLanguage": ref(LANGUAGE),
    }


def _file(folder: Path, name: str) -> Entity:
    data = (folder / name).read_bytes()
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "encodingFormat": TYPES.get(Path(name).suffix, "text/plain"),
        "contentSize": str(len(data)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
