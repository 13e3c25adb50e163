"""When records were made."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from shiftpress.core.history import stamp
from shiftpress.core.records import Record


def first_made(files: Mapping[str, Iterable[Record]]) -> list[dict[str, str]]:
    """When the first records of each phase, dataset and model were written, by the time of their file."""
    first: dict[tuple[str, str, str], float] = {}
    for path, records in files.items():
        written = Path(path).stat().st_mtime
        for model in {(record.phase, record.dataset, record.model) for record in records}:
            first[model] = min(written, first.get(model, written))
    return [
        {"phase": model[0], "dataset": model[1], "model": model[2], "first": stamp(datetime.fromtimestamp(time, UTC))}
        for model, time in sorted(first.items())
    ]
