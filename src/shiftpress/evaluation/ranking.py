"""What compressed networks are beside each other: at equal size, and in which order under which attack.

Works on records, since it compares networks of different jobs. Curves of a method go through its ratios; between two of
them accuracy is linear in the logarithm of the size.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np

from shiftpress.core.records import Record
from shiftpress.evaluation.behind import Behind

SIZES = ("size_paper", "size_indexed", "size_disk")
PAIRS = (("alr", "atmc32"), ("atmc8", "atmc32"), ("atmc4", "atmc32"))
"""Entries whose first is compared with the second at the first's sizes."""
Cell = tuple[str, float]


@dataclass
class Method:
    """Of one classifier, compressor and seed: sizes by ratio, and a metric by ratio in every cell.

    ``levels`` are all its ratios, those of networks that diverged among them.
    """

    levels: set[str] = field(default_factory=set)
    sizes: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    values: dict[Cell, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))


Found = dict[tuple[str, str], dict[int, Method]]
"""By classifier and compressor, and by seed."""


def methods(records: Iterable[Record], metric: str) -> Found:
    """What is known of every method. All records are of one dataset."""
    found: Found = defaultdict(lambda: defaultdict(Method))
    for record in records:
        classifier, compressor, *ratio = record.model.split("/")
        own, level = found[classifier, compressor][record.seed], "".join(ratio)
        own.levels.add(level)
        if record.metric in SIZES:
            own.sizes[record.metric][level] = record.value
        elif record.metric == metric:
            own.values[record.shift, record.severity][level] = record.value
    return found


def at_equal_size(records: list[Record], metric: str) -> Iterator[Record]:
    """For each pair of methods, by how much the first is better at its own sizes; the mean over those in both's range.

    The model is called ``<classifier>/<first>~<second>``, the metric ``<metric>_at_<size>``. Beside it stand the gates
    that any network of the two failed there; a seed with which the training of one diverged has no value.
    """
    found, behind = methods(records, metric), Behind(records)
    pairs = [(name, a, b) for a, b in PAIRS for name, first in found if first == a and (name, b) in found]
    for classifier, first, second in pairs:
        name, networks = f"{classifier}/{first}~{second}", _networks(found, classifier, (first, second))
        lost = {seed: (model, seed) for model, seed in behind.lost if model in networks}
        for size in SIZES:
            yield from (behind.missing(one, name, f"{metric}_at_{size}") for one in lost.values())
        for seed, own in found[classifier, first].items():
            other = found[classifier, second].get(seed, Method())
            cells = sorted(own.values.keys() & other.values.keys()) if seed not in lost else []
            for size, cell in product(SIZES, cells):
                gap = _gap(own.sizes[size], own.values[cell], other.sizes[size], other.values[cell])
                if gap is not None:
                    record = _like(records, name, seed, cell, f"{metric}_at_{size}", gap)
                    yield record
                    yield from behind.doubts(record, [(model, *cell, seed) for model in networks])


def _gap(sizes: dict[str, float], values: dict[str, float], others: dict[str, float], theirs: dict[str, float]):
    """Mean of the first's values less the second's at the same sizes, or none if no size is within the second's."""
    points = sorted((np.log(others[level]), value) for level, value in theirs.items() if level in others)
    at = [(np.log(sizes[level]), value) for level, value in values.items() if level in sizes]
    if len(points) < 2:
        return None
    x, y = zip(*points, strict=True)
    inside = [value - np.interp(size, x, y) for size, value in at if x[0] <= size <= x[-1]]
    return float(np.mean(inside)) if inside else None


def agreement(records: list[Record], metric: str, reference: Cell) -> Iterator[Record]:
    """Kendall's tau of the methods' order between a cell and the reference, at every ratio that they share.

    The model is called ``<classifier>/order/<ratio>``, the metric ``kendall_tau``. Gates and divergence as above.
    """
    found, behind = methods(records, metric), Behind(records)
    for classifier in dict.fromkeys(name for name, _ in found):
        own = {compressor: seeds for (name, compressor), seeds in found.items() if name == classifier}
        networks = _networks(found, classifier, own)
        for level in sorted({level for level in networks.values() if level}):
            name, here = f"{classifier}/order/{level}", [model for model, at in networks.items() if at == level]
            lost = {seed: (model, seed) for model, seed in behind.lost if model in here}
            yield from (behind.missing(one, name, "kendall_tau") for one in lost.values())
            for seed in sorted({seed for seeds in own.values() for seed in seeds} - set(lost)):
                for cell, pairs in _pairs(own, level, seed, reference):
                    if (tau := kendall(pairs)) is not None:
                        record = _like(records, name, seed, cell, "kendall_tau", tau)
                        yield record
                        both = [(model, *where, seed) for model in here for where in (cell, reference)]
                        yield from behind.doubts(record, both)


def _pairs(own: dict[str, dict[int, Method]], level: str, seed: int, reference: Cell) -> Iterator[tuple[Cell, list]]:
    """Every cell but the reference, and the metric of every method there and here."""
    values = [seeds[seed].values for seeds in own.values() if seed in seeds]
    for cell in sorted({cell for cells in values for cell in cells} - {reference}):
        shared = [v for v in values if level in v.get(reference, {}) and level in v.get(cell, {})]
        yield cell, [(v[reference][level], v[cell][level]) for v in shared]


def _networks(found: Found, classifier: str, compressors: Iterable[str]) -> dict[str, str]:
    """Names of the networks that the compressors made, and the ratio of each."""
    levels = {(one, at) for one in compressors for method in found[classifier, one].values() for at in method.levels}
    return {"/".join(filter(None, (classifier, one, at))): at for one, at in sorted(levels)}


def kendall(pairs: list[tuple[float, float]]) -> float | None:
    """Tau-b of pairs of numbers: 1 for the same order, -1 for the reverse; none if either side is all ties.

    >>> kendall([(1, 10), (2, 20), (3, 30)]), kendall([(1, 3), (2, 2), (3, 1)])
    (1.0, -1.0)
    """
    signs = [(np.sign(a[0] - b[0]), np.sign(a[1] - b[1])) for a, b in combinations(pairs, 2)]
    left, right = sum(bool(a) for a, _ in signs), sum(bool(b) for _, b in signs)
    return float(sum(a * b for a, b in signs) / np.sqrt(left * right)) if left and right else None


def _like(records: list[Record], model: str, seed: int, cell: Cell, metric: str, value: float) -> Record:
    one = next(r for r in records if (r.shift, r.severity) == cell)
    return one.model_copy(update={"model": model, "seed": seed, "metric": metric, "value": value})
