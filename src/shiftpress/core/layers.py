"""Params files laid over each other, with the file and line every place came from."""

from typing import Any

from shiftpress.core.problems import InputError, Problem
from shiftpress.core.yamlfile import Document, Place, read_yaml


class Layers:
    """The merged data of several documents; later ones win.

    Mappings are merged key by key and everything else is replaced, as Snakemake does with ``--configfile``: an overlay
    can shorten a list but cannot remove a key.
    """

    def __init__(self, documents: list[Document]):
        self.documents = documents
        self.data: dict[str, Any] = {}
        for document in documents:
            self.data = merged(self.data, document.data)

    def problem(self, place: Place, message: str) -> Problem:
        """A mistake at a place, in the last file that says something there."""
        best = max(self.documents, key=lambda d: (_known_depth(d, place), self.documents.index(d)))
        return Problem(best.file, best.line(place), ".".join(map(str, place)), message)


def read_layers(files: list[str], overrides: dict[str, Any] | None = None) -> Layers:
    """Read the files in order, then the overrides of a command line.

    Raises InputError with the mistakes of all files.
    """
    documents, problems = [], []
    for file in files:
        try:
            documents.append(read_yaml(file))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    if overrides:
        documents.append(Document("--config", plain(overrides), {(): 1}))
    return Layers(documents)


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """``above`` laid over ``below``; neither is changed."""
    result = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def plain(value: Any) -> Any:
    """The same data in plain dicts and lists; Snakemake hands over ordered ones."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _known_depth(document: Document, place: Place) -> int:
    while place and place not in document.lines and not _holds(document.data, place):
        place = place[:-1]
    return len(place)


def _holds(data: Any, place: Place) -> bool:
    for step in place:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True
