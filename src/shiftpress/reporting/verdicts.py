"""Verdicts in lines, and whether they are those that somebody requires."""

from collections.abc import Iterator
from typing import Any

from shiftpress.core.problems import InputError, suggestion

VERDICTS = ("SUPPORTED", "REFUTED", "INCONCLUSIVE", "UNRELIABLE", "NOT RUN")


def lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each claim, then how many verdicts of each kind there are, with the tier they are of."""
    for row in rows:
        late = " [changed after its records were made]" if (row.get("registered") or {}).get("late") else ""
        yield f"{row['id']:6} {row['verdict']:13} {_found(row)}: {row['statement']}{late}"
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    yield f"{rows[0]['tier']} tier: {told}" if rows else "no claims"


def unmet(rows: list[dict[str, Any]], required: list[str]) -> list[str]:
    """A line for every ID=VERDICT that is not so. Raises InputError if one names no claim or no verdict."""
    found = {row["id"]: row for row in rows}
    missed = []
    for words in required:
        name, _, verdict = words.partition("=")
        wanted = verdict.upper().replace("_", " ").replace("-", " ")
        if name not in found:
            raise InputError(f"--require {words}: there is no claim {name!r}.{suggestion(name, list(found))}")
        if wanted not in VERDICTS:
            raise InputError(f"--require {words}: {verdict!r} is no verdict.{suggestion(wanted, list(VERDICTS))}")
        if found[name]["verdict"] != wanted:
            missed.append(
                f"{name} is {found[name]['verdict']}, required is {wanted}: {found[name]['reason']} "
                f"({found[name]['tier']} tier)"
            )
    return missed


def _found(row: dict[str, Any]) -> str:
    if row["effect"] is None:
        return f"({row['reason']})"
    span = f", 95 % interval {row['interval'][0]:.2f} to {row['interval'][1]:.2f}" if row["interval"] else ""
    return f"{row['effect']:.2f} {row['unit']}{span} (n={row['n']})"
