"""When records were made, and on which device."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from shiftpress.core.history import stamp
from shiftpress.core.records import Record
from shiftpress.core.storage import read_facts


def first_made(files: Mapping[str, Iterable[Record]]) -> list[dict[str, str]]:
    """When the first records of each phase, dataset and model were written, by the time of their file, and where."""
    first: dict[tuple[str, str, str], tuple[float, str]] = {}
    for path, records in files.items():
        written = Path(path).stat().st_mtime, read_facts(path).get("device", "unknown")
        for model in {(record.phase, record.dataset, record.model) for record in records}:
            first[model] = min(written, first.get(model, written))
    return [
        {"phase": phase, "dataset": dataset, "model": model, "first": _moment(time), "device": device}
        for (phase, dataset, model), (time, device) in sorted(first.items())
    ]


def _moment(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))
