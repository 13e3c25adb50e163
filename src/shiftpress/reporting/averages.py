"""Accuracy by kind of shift: on clean images, and as means over other domains, over corruptions and under an attack."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from shiftpress.core.adversarial import ROBUST, WORST
from shiftpress.reporting.card_tables import CORRUPTIONS
from shiftpress.reporting.standing import gates_in

CLEAN, CORRUPTED, DOMAINS, ATTACK = "clean", "corruptions", "domains", "attack"
TITLES = {CLEAN: "clean images", CORRUPTED: "corruptions", DOMAINS: "other domains", ATTACK: "under attack"}
"""Columns of the tables, in their order."""
DOMAIN_KINDS = ("domain", "inversion", "blend")
"""Kinds of shift that stand for other domains; corruptions are those that have their kind's name in CORRUPTIONS."""
KEYS = ["phase", "model", "seed"]


@dataclass(frozen=True)
class Attack:
    """One, and the radii that a mean is over; without a name there is none."""

    name: str = ""
    radii: tuple[float, ...] = ()

    @property
    def title(self) -> str:
        """Its name in words."""
        name = f"worst attack ({self.name.removeprefix(WORST)})" if self.name.startswith(WORST) else self.name
        return name.replace("_", " ")

    @property
    def words(self) -> str:
        """For the head of a column."""
        return f"{self.title} {', '.join(f'{radius:g}' for radius in self.radii)}"


def common_attack(rows: pd.DataFrame) -> Attack:
    """The attack and radius that most phases share, two at least, then most networks; the smallest radius of those.

    The worst of all attacks is left out: it is not of the same attacks in each phase.
    """
    robust = rows[(rows.metric == ROBUST) & (rows.severity > 0) & ~rows["shift"].str.startswith(WORST)]
    places = robust.groupby(["shift", "severity"])[["phase", "model"]].nunique().reset_index()
    places = places[places.phase > 1]
    if places.empty:
        return Attack()
    best = min(places.itertuples(index=False), key=lambda row: (-row.phase, -row.model, row.severity, row[0]))
    return Attack(best[0], (best.severity,))


def strongest(rows: pd.DataFrame) -> Attack:
    """The worst of all attacks if there is one, or the attack on most networks; at all its radii."""
    robust = rows[(rows.metric == ROBUST) & (rows.severity > 0)]
    counts = robust.groupby("shift").model.nunique()
    if counts.empty:
        return Attack()
    name = min(counts.index, key=lambda shift: (not shift.startswith(WORST), -counts[shift], shift))
    return Attack(name, tuple(sorted(robust[robust["shift"] == name].severity.unique())))


def placed(rows: pd.DataFrame, kinds: Mapping[str, str], attack: Attack) -> pd.DataFrame:
    """The rows that belong to a column, named in ``under``; ``kinds`` are the kinds of shifts by name."""
    shifted = rows.severity != 0
    kind = rows["shift"].map(lambda name: kinds.get(name, ""))
    under = pd.Series("", index=rows.index)
    under = under.mask((rows["shift"] == CLEAN) & ~shifted, CLEAN)
    under = under.mask(kind.isin(CORRUPTIONS) & shifted, CORRUPTED)
    under = under.mask(kind.isin(DOMAIN_KINDS) & shifted, DOMAINS)
    under = under.mask((rows["shift"] == attack.name) & rows.severity.isin(attack.radii), ATTACK)
    return rows.assign(under=under)[under != ""]


def averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """A row per network, seed and column of what ``placed`` returns: the mean, in percent, and the gates it failed.

    Every shift counts alike, whatever its number of severities. What lacks a cell that others of its column have is
    left out, so that all means are over the same cells.
    """
    if rows.empty:
        return pd.DataFrame(columns=[*KEYS, "under", "value", "failed"])
    cells = rows.groupby("under")[["shift", "severity"]].apply(lambda own: len(own.drop_duplicates()))
    by = [*KEYS, "under"]
    # where nothing failed there is nothing to join, and that is nearly everywhere
    doubts = rows[rows.failed != ""].groupby(by)["failed"].agg(gates_in).astype(object)
    per_shift = rows.groupby([*by, "shift"])["value"].agg(["mean", "size"])
    found = per_shift.groupby(by).agg(value=("mean", "mean"), cells=("size", "sum")).reset_index()
    found = found[found.cells == found.under.map(cells)].drop(columns="cells")
    found = found.join(doubts, on=by).fillna({"failed": ""})
    return found.assign(value=100 * found["value"]).reset_index(drop=True)


def accuracies(rows: pd.DataFrame, kinds: Mapping[str, str], attack: Attack) -> pd.DataFrame:
    """Those rows of ``placed`` that are accuracies: under the attack, robust ones."""
    found = placed(rows[rows.metric.isin(["accuracy", ROBUST])], kinds, attack)
    return found[(found.metric == ROBUST) == (found.under == ATTACK)]
