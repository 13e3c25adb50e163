"""The nearest point of a set of sparse tensors: at most so many entries in all, some of them in every group.

Without groups this is the projection onto an l0 ball, which keeps the largest magnitudes (ATMC, Gui et al. 2019). A
small ball can leave a layer nothing at all, and a network without a layer is constant; so each group (the tensors that
one layer lives by) keeps its largest entries whatever the others have. That is still the nearest point of the smaller
set: an exchange of a kept entry for another never brings it nearer.
"""

import numpy as np
import torch
from torch import Tensor

from shiftpress.core.problems import InputError
from shiftpress.core.selection import Tracker, count, smallest_removed


class Projection:
    """Masks of the nearest point with at most ``most`` entries, at least ``least`` of them in every group.

    ``groups`` name tensors by their place and share none; a group with fewer entries keeps all of them. Of equal
    magnitudes the later ones are kept, by place in the list and then in the flattened tensor. Raises InputError if the
    groups alone need more than ``most``.
    """

    def __init__(self, sizes: list[int], most: int, groups: list[list[int]], least: int):
        starts = [sum(sizes[:place]) for place in range(len(sizes))]
        self._groups = [[slice(starts[place], starts[place] + sizes[place]) for place in group] for group in groups]
        self._needs = [min(least, sum(sizes[place] for place in group)) for group in groups]
        if sum(self._needs) > most:
            raise InputError(f"{most} weights are too few: {len(groups)} layers keep {least} each; raise the ratio")
        self.most, self._sizes, self._tracker = most, sizes, Tracker()

    def keep(self, tensors: list[Tensor]) -> list[Tensor]:
        """A boolean mask for each tensor, shaped like it. The next call may overwrite them."""
        mask = self.mask(torch.cat([tensor.detach().reshape(-1) for tensor in tensors]))
        return [part.view(tensor.shape) for part, tensor in zip(mask.split(self._sizes), tensors, strict=True)]

    def mask(self, flat: Tensor) -> Tensor:
        """The masks (N,) of all tensors, which lie one after the other in ``flat`` (N,)."""
        removed = flat.numel() - self.most
        mask = self._tracker.keep(flat, removed)
        groups = zip(self._groups, self._needs, strict=True)
        if any(sum(count(mask[part]) for part in group) < need for group, need in groups):
            mask = smallest_removed(self._raised(flat.abs()), removed)
        return mask

    def _raised(self, scores: Tensor) -> Tensor:
        """Scores under which the largest of every group come first."""
        for group, need in zip(self._groups, self._needs, strict=True):
            own = torch.cat([scores[part] for part in group])
            own[smallest_removed(own, len(own) - need)] = torch.inf
            for part, raised in zip(group, own.split([part.stop - part.start for part in group]), strict=True):
                scores[part] = raised
        return scores


def project(tensors: list[Tensor], keeps: list[Tensor], most: int) -> int:
    """Set to zero, in place, what is not kept. How many entries are left; raises AssertionError if too many."""
    left = 0
    with torch.no_grad():
        for tensor, keep in zip(tensors, keeps, strict=True):
            left += _drop(tensor, keep)
    if left > most:
        raise AssertionError(f"{left} weights are not zero where at most {most} may be")
    return left


def _drop(tensor: Tensor, keep: Tensor) -> int:
    """Of one tensor. No product of floats: that would leave minus zeros."""
    if tensor.device.type != "cpu" or tensor.dtype != torch.float32 or not tensor.is_contiguous():
        return int(tensor.masked_fill_(~keep, 0.0).count_nonzero())
    # the bits of a float32 as a whole number: times one or zero, and zero if the float is; numpy has fast loops for
    # whole numbers (measured 4x for each of the two)
    bits = tensor.detach().numpy().view(np.int32)
    np.multiply(bits, keep.numpy(), out=bits)
    return int(np.count_nonzero(bits))
