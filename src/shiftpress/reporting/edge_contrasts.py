"""Networks for the edge beside each other at equal size: what one method gains over another, seed by seed."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from shiftpress.core.statistics import estimate
from shiftpress.reporting.edge_tables import METHODS, ROUNDED, order
from shiftpress.reporting.standing import gates_in

ALIKE = 0.1
"""Two networks are of equal size if their bits differ by so large a share, or less."""


def contrasts(scores: pd.DataFrame, unders: list[str]) -> list[dict[str, Any]]:
    """A row per two methods and percent that they share: points that the first is better by.

    Means over the sizes of network that have both.
    """
    found, by = [], ["classifier", "percent", "seed", "under"]
    for first, second in _pairs(sorted(scores.method.unique(), key=order)):
        joined = _joined(scores[scores.method == first], scores[scores.method == second], by)
        for percent, own in sorted(joined.groupby("percent"), key=lambda pair: -pair[0]):
            found.append({"first": first, "second": second, "at": f"{percent:g} %", "cells": _gaps(own, unders)})
    return found


def large_made_small(
    scores: pd.DataFrame, bits: pd.Series, unders: list[str], sizes: list[str]
) -> list[dict[str, Any]]:
    """A row per network that was made as small as the dense one of a smaller size: points that it is better by.

    ``bits`` are by model; ``sizes`` are classifiers, small to large. Of criteria and of quantizers, the first stand
    for all.
    """
    filters, rounded = _kinds(list(scores.method.unique()))
    methods = [name for name in sorted(scores.method.unique(), key=order) if name in ("kd", *filters, *rounded[:1])]
    made = scores[scores.method.isin(methods)].drop_duplicates("model").sort_values("model")
    found = []
    for large in reversed(sizes):
        for method in methods:
            for one in made[(made.classifier == large) & (made.method == method)].model:
                found += [(one, f"{small}/dense/100") for small in sizes[: sizes.index(large)]]
    pairs = [(one, dense) for one, dense in found if dense in bits and abs(bits[one] / bits[dense] - 1) <= ALIKE]
    return [
        {"first": one, "second": dense, "at": "", "cells": _gaps(_of(scores, one, dense), unders)}
        for one, dense in pairs
    ]


def _of(scores: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    return _joined(scores[scores.model == one], scores[scores.model == other], ["seed", "under"])


def _joined(first: pd.DataFrame, second: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Both where they share these columns, the first with ending _1, the second with _2."""
    values = ["value", "failed"]
    there = first.set_index(by)[values].join(second.set_index(by)[values], how="inner", lsuffix="_1", rsuffix="_2")
    return there.reset_index()


def _pairs(methods: list[str]) -> Iterator[tuple[str, str]]:
    """What a reader asks about: a teacher, students and pruning, both, rounding."""
    filters, rounded = _kinds(methods)
    wanted = [("kd", "no_kd"), *((student, name) for name in filters for student in ("kd", "no_kd"))]
    wanted += [(f"{name}+kd", name) for name in filters] + [("sparse", name) for name in filters]
    wanted += [(bits, other) for bits in rounded for other in ("kd", *filters)]
    yield from ((first, second) for first, second in wanted if {first, second} <= set(methods))


def _kinds(methods: list[str]) -> tuple[list[str], list[str]]:
    """The first criterion of filters, if there is one, and quantizers by falling bits."""
    alone = [name for name in sorted(methods, key=order) if "+" not in name]
    rounded = [name for name in alone if ROUNDED.match(name)]
    words = set(METHODS) - {"prune"} | set(rounded)
    return [name for name in alone if name not in words][:1], rounded


def _gaps(joined: pd.DataFrame, unders: list[str]) -> list[dict[str, Any]]:
    cells = []
    for under in unders:
        own = joined[joined.under == under]
        values = (own.value_1 - own.value_2).groupby(own.seed).mean()
        failed = gates_in([*own.failed_1, *own.failed_2])
        cells.append({"found": estimate(values.tolist()) if len(values) else None, "failed": failed})
    return cells
