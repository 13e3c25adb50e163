"""The nearest point of a set of sparse tensors: at most so many entries in all, some of them in every group.

Without groups this is the projection onto an l0 ball, which keeps the largest magnitudes (ATMC, Gui et al. 2019). A
small ball can leave a layer nothing at all, and a network without a layer is constant; so each group (the tensors that
one layer lives by) keeps its largest entries whatever the others have. That is still the nearest point of the smaller
set: an exchange of a kept entry for another never brings it nearer.
"""

import torch
from torch import Tensor

from shiftpress.core.problems import InputError
from shiftpress.core.selection import Tracker, smallest_removed


class Projection:
    """Masks of the nearest point with at most ``most`` entries, at least ``least`` of them in every group.

    ``groups`` name tensors by their place and share none; a group with fewer entries keeps all of them. Of equal
    magnitudes the later ones are kept, by place in the list and then in the flattened tensor. Raises InputError if the
    groups alone need more than ``most``.
    """

    def __init__(self, sizes: list[int], most: int, groups: list[list[int]], least: int):
        starts = [sum(sizes[:place]) for place in range(len(sizes))]
        rows = [[torch.arange(starts[place], starts[place] + sizes[place]) for place in group] for group in groups]
        self._groups = [torch.cat(parts) for parts in rows]
        needed = sum(min(least, len(group)) for group in self._groups)
        if needed > most:
            raise InputError(f"{most} weights are too few: {len(groups)} layers keep {least} each; raise the ratio")
        self.most, self._sizes, self._least, self._tracker = most, sizes, least, Tracker()

    def keep(self, tensors: list[Tensor]) -> list[Tensor]:
        """A boolean mask for each tensor, shaped like it. The next call may overwrite them."""
        flat = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
        removed = flat.numel() - self.most
        mask = self._tracker.keep(flat, removed)
        if any(int(mask[group].count_nonzero()) < min(self._least, len(group)) for group in self._groups):
            mask = smallest_removed(self._raised(flat.abs()), removed)
        return [part.view(tensor.shape) for part, tensor in zip(mask.split(self._sizes), tensors, strict=True)]

    def _raised(self, scores: Tensor) -> Tensor:
        """Scores under which the largest of every group come first."""
        for group in self._groups:
            own = smallest_removed(scores[group], len(group) - self._least)
            scores[group[own]] = torch.inf
        return scores


def project(tensors: list[Tensor], keeps: list[Tensor], most: int) -> int:
    """Set to zero, in place, what is not kept. How many entries are left; raises AssertionError if too many."""
    left = 0
    with torch.no_grad():
        for tensor, keep in zip(tensors, keeps, strict=True):
            tensor.masked_fill_(~keep, 0.0)  # no product: that would leave minus zeros
            left += int(tensor.count_nonzero())
    if left > most:
        raise AssertionError(f"{left} weights are not zero where at most {most} may be")
    return left
