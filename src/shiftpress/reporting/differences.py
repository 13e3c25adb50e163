"""What differs between two runs: settings, code, environment, data, metrics, verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from shiftpress.reporting.moved import Moves, moves
from shiftpress.reporting.received import claims_of, records_of, run_of
from shiftpress.reporting.turned import Turn, turns


@dataclass(frozen=True)
class Change:
    """A key with another value in B than in A; none where a run does not have it."""

    key: str
    a: str | None
    b: str | None


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side. ``about`` says which they are; what else is there is what differs."""

    about: dict[str, dict[str, str]]
    settings: list[Change]
    code: list[Change]
    machine: list[Change]
    packages: list[Change]
    data: list[Change]
    metrics: Moves
    verdicts: list[Turn]
    claims: int
    costs: list[dict[str, Any]]

    @property
    def same(self) -> bool:
        """Whether nothing differs but time."""
        differ = (self.settings, self.code, self.machine, self.packages, self.data, self.verdicts)
        return not any(differ) and self.metrics.same


def compared(a: Path, b: Path) -> Comparison:
    """Two results folders. Raises InputError if one of them holds no whole run."""
    one, other = run_of(a), run_of(b)
    claims = claims_of(a), claims_of(b)
    return Comparison(
        about={"A": _about(a, one), "B": _about(b, other)},
        settings=changes(one["settings"], other["settings"]),
        code=[Change("commit", one["commit"], other["commit"])] * (one["commit"] != other["commit"])
        + [Change(c.key, _short(c.a), _short(c.b)) for c in changes(one["code"], other["code"])],
        machine=changes(one["machine"], other["machine"]),
        packages=changes(one["packages"], other["packages"]),
        data=changes(one["data"], other["data"]),
        metrics=moves(records_of(a), records_of(b)),
        verdicts=turns(*claims),
        claims=len(claims[1]),
        costs=_costs(one["jobs"], other["jobs"]),
    )


def changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Change]:
    """Every key, with dots between levels, whose value is not the same. Lists count whole."""
    one, other = flat(a), flat(b)
    keys = sorted(one.keys() | other.keys(), key=lambda key: [part.lower() for part in key.split(".")])
    return [Change(key, _said(one, key), _said(other, key)) for key in keys if one.get(key, ...) != other.get(key, ...)]


def flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested mappings as one, with dots between the keys. Empty mappings stay."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= flat(value, f"{above}{key}.") if isinstance(value, Mapping) and value else {f"{above}{key}": value}
    return found


def _said(flat: dict[str, Any], key: str) -> str | None:
    return str(flat[key]) if key in flat else None


def _short(digest: str | None) -> str | None:
    return digest and digest[:12]


def _about(folder: Path, run: dict[str, Any]) -> dict[str, str]:
    return {
        "folder": str(folder),
        "tier": run["tier"],
        "commit": run["commit"],
        "described": run["described"],
        "seeds": str(len(run["settings"]["run"]["seeds"])),
    }


def _costs(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """CPU seconds of each rule in both runs. They always differ a little, so they are no difference."""
    totals = [
        pd.DataFrame(jobs, columns=["rule", "cpu_s"]).astype({"cpu_s": float}).groupby("rule")["cpu_s"].sum()
        for jobs in (a, b)
    ]
    both = pd.concat(totals, axis=1, keys=["a", "b"]).fillna(0.0).sort_index()
    return [{"rule": rule, "a": row["a"], "b": row["b"]} for rule, row in both.iterrows()]
