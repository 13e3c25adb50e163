"""What compressed networks are beside each other: at equal size, and in which order under which attack.

Works on records, since it compares networks of different jobs. Curves of a method go through its ratios; between two of
them accuracy is linear in the logarithm of the size.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from shiftpress.core.records import Record

SIZES = ("size_paper", "size_indexed", "size_disk")
PAIRS = (("alr", "atmc32"), ("atmc8", "atmc32"), ("atmc4", "atmc32"))
"""Entries whose first is compared with the second at the first's sizes."""
Cell = tuple[str, float]


@dataclass
class Method:
    """Of one classifier, compressor and seed: sizes by ratio, and a metric by ratio in every cell."""

    sizes: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    values: dict[Cell, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))


def methods(records: Iterable[Record], metric: str) -> dict[tuple[str, str], dict[int, Method]]:
    """By classifier and compressor, and by seed. All records are of one dataset."""
    found: dict[tuple[str, str], dict[int, Method]] = defaultdict(lambda: defaultdict(Method))
    for record in records:
        classifier, compressor, *ratio = record.model.split("/")
        own, level = found[classifier, compressor][record.seed], "".join(ratio)
        if record.metric in SIZES:
            own.sizes[record.metric][level] = record.value
        elif record.metric == metric:
            own.values[record.shift, record.severity][level] = record.value
    return found


def at_equal_size(records: list[Record], metric: str) -> Iterator[Record]:
    """For each pair of methods, by how much the first is better at its own sizes; the mean over those in both's range.

    The model is called ``<classifier>/<first>~<second>``, the metric ``<metric>_at_<size>``.
    """
    found = methods(records, metric)
    for (classifier, first), seeds in found.items():
        for second in (b for a, b in PAIRS if a == first and (classifier, b) in found):
            for seed, own in seeds.items():
                other = found[classifier, second].get(seed, Method())
                for size in SIZES:
                    for cell in sorted(own.values.keys() & other.values.keys()):
                        gap = _gap(own.sizes[size], own.values[cell], other.sizes[size], other.values[cell])
                        if gap is not None:
                            name = f"{classifier}/{first}~{second}"
                            yield _like(records, name, seed, cell, f"{metric}_at_{size}", gap)


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

    The model is called ``<classifier>/order/<ratio>``, the metric ``kendall_tau``.
    """
    found = methods(records, metric)
    for classifier in dict.fromkeys(name for name, _ in found):
        own = {compressor: seeds for (name, compressor), seeds in found.items() if name == classifier}
        for seed in sorted({seed for seeds in own.values() for seed in seeds}):
            here = {name: seeds[seed].values for name, seeds in own.items() if seed in seeds}
            levels = {level for values in here.values() for cell in values.values() for level in cell if level}
            cells = sorted({cell for values in here.values() for cell in values} - {reference})
            for level, cell in ((level, cell) for level in sorted(levels) for cell in cells):
                pairs = [
                    (values[reference][level], values[cell][level])
                    for values in here.values()
                    if level in values.get(reference, {}) and level in values.get(cell, {})
                ]
                if (tau := kendall(pairs)) is not None:
                    yield _like(records, f"{classifier}/order/{level}", seed, cell, "kendall_tau", tau)


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
