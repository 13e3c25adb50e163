"""The order in which filters go, and how many of them."""

from collections import Counter
from collections.abc import Callable

from torch import Tensor

from shiftpress.core.problems import InputError

Removal = tuple[str, int]
"""A layer, and the position of a filter in it."""
SLACK = 1.05
"""Sizes that are called equal lie within this factor."""


def removals(scores: dict[str, Tensor], least: dict[str, int], *, alike: bool) -> list[Removal]:
    """All filters that may go, the first to go first; ties go by the order of layers and filters.

    ``alike``: by their rank within the layer, so that all layers lose the same share; else by their scores.
    """
    found = []
    for place, (name, own) in enumerate(scores.items()):
        order = own.argsort(stable=True).tolist()
        for rank, position in enumerate(order[: len(order) - least[name]]):
            key = (rank + 0.5) / len(order) if alike else float(own[position])
            found.append((key, place, rank, name, position))
    return [(name, position) for *_, name, position in sorted(found)]


def enough(
    order: list[Removal], counts: dict[str, int], target: int, weigh: Callable[[list[int]], int]
) -> list[Removal]:
    """Those that go, so that the network is as near to the target as one filter more or less takes it.

    They are the first of the order, but for the last: the next of another layer, of smaller filters, may come nearer.
    Raises InputError.
    """

    def size(gone: list[Removal]) -> int:
        lost = Counter(name for name, _ in gone)
        return weigh([count - lost[name] for name, count in counts.items()])

    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if size(order[:middle]) <= target else (middle + 1, high)
    if (least := size(order[:low])) > target * SLACK:
        text = f"filters cannot be removed down to {target} parameters: {least} stay at least"
        raise InputError(text + "; raise the ratio, or lower least")
    first, rest = order[: max(low - 1, 0)], order[max(low - 1, 0) :]
    nexts = {name: position for name, position in reversed(rest)}
    choices = [first, *([*first, one] for one in nexts.items())]
    return min(choices, key=lambda gone: abs(size(gone) - target))
