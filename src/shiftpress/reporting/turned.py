"""Claims of two runs side by side: which verdicts turned, and how far the effects behind them moved."""

from dataclasses import dataclass
from typing import Any

from shiftpress.core.statistics import Estimate, estimate


@dataclass(frozen=True)
class Turn:
    """A claim that is not as it was: another verdict, another effect, or there in one run only."""

    id: str
    statement: str
    unit: str
    verdicts: tuple[str | None, str | None]
    effects: tuple[float | None, float | None]
    seeds: tuple[int, int]
    change: Estimate | None
    """B less A of the comparison that is shown, paired by seed, if both runs have it."""
    reason: str
    """Of B, or of A if B lacks the claim."""

    @property
    def turned(self) -> bool:
        """Whether the verdict itself is another."""
        return self.verdicts[0] != self.verdicts[1]


def turns(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> list[Turn]:
    """Every claim that differs, those with another verdict first."""
    one, other = ({row["id"]: row for row in rows} for rows in (a, b))
    found = [
        _turn(name, one.get(name), other.get(name))
        for name in {**one, **other}
        if _told(one.get(name)) != _told(other.get(name))
    ]
    return sorted(found, key=lambda turn: not turn.turned)


def _told(row: dict[str, Any] | None) -> Any:
    """What must be equal: the verdict, the threshold, and the effects of every comparison."""
    if row is None:
        return None
    parts = [
        {key: part[key] for key in ("name", "dataset", "model", "verdict", "seeds", "values")} for part in row["parts"]
    ]
    return [row[key] for key in ("verdict", "above", "below", "within", "sides", "effect")], parts


def _turn(name: str, a: dict[str, Any] | None, b: dict[str, Any] | None) -> Turn:
    shown = b or a or {}
    return Turn(
        id=name,
        statement=shown["statement"],
        unit=shown["unit"],
        verdicts=(a and a["verdict"], b and b["verdict"]),
        effects=(a and a["effect"], b and b["effect"]),
        seeds=(a["n"] if a else 0, b["n"] if b else 0),
        change=_change(a, b) if a and b else None,
        reason=shown["reason"],
    )


def _change(a: dict[str, Any], b: dict[str, Any]) -> Estimate | None:
    """Of the comparison that B shows, over the seeds that both have."""
    shown = next((part for part in b["parts"] if (part["name"], part["effect"]) == (b["condition"], b["effect"])), None)
    place = ("name", "dataset", "model")
    before = [part for part in a["parts"] if shown and all(part[key] == shown[key] for key in place)]
    if not before:
        return None
    was = dict(zip(before[0]["seeds"], before[0]["values"], strict=True))
    changes = [now - was[seed] for seed, now in zip(shown["seeds"], shown["values"], strict=True) if seed in was]
    return estimate(changes) if changes else None
