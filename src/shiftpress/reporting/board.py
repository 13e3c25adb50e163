"""A verdict in words: what the page says beside its numbers."""

from typing import Any

FACTORS = ("ratio", "trend")
KNOWN = {
    "read": "read in the paper",
    "code": "from the authors' code",
    "data": "printed or published by the authors",
    "digitised": "digitised from their plot",
    "second-hand": "second-hand",
    "reconstruction": "our reconstruction",
}


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row of claims.json with what its numbers mean, and the same for its parts."""
    return _found(row) | {
        "parts": [_found(part) for part in row["parts"]],
        "known": KNOWN.get(row["reported"]["known"], row["reported"]["known"]),
        "paper_value": next((part["reported"] for part in row["parts"] if part["name"] == row["condition"]), None),
        "sided": "two-sided, level 0.05" if row["sides"] == 2 else "one-sided, level 0.025",
    }


def _found(row: dict[str, Any]) -> dict[str, Any]:
    detectable, unit = _detectable(row)
    return row | {
        "digits": 3 if row["kind"] in FACTORS else 2,
        "threshold": _threshold(row),
        "detectable": detectable,
        "detectable_unit": unit,
    }


def _threshold(row: dict[str, Any]) -> str:
    """Where the effect is claimed to lie."""
    for side in ("above", "below"):
        if row[side] is not None:
            return f"{side} {_short(row[side])}"
    if row["within"]:
        return f"between {_short(row['within'][0])} and {_short(row['within'][1])}"
    return "none, only described"


def _short(value: float) -> str:
    """As it was written down."""
    return f"{value:g}".replace("-", "−")


def _detectable(row: dict[str, Any]) -> tuple[str | None, str]:
    """The smallest effect that these seeds could have told from the threshold, and its unit if it is no percentage."""
    if row["mde"] is None:
        return None, ""
    if row["kind"] in FACTORS:
        return f"{100 * (row['mde'] - 1):.2g} %", ""
    return f"{row['mde']:.2g}", row["unit"]
