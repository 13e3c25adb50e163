"""The quantised duplicate of trained matrices, and what draws the two together (ADMM).

For matrices W with a duplicate Z of few values and a scaled dual U, training minimises the loss plus
rho/2 |W - Z + U|^2; now and then Z becomes the quantised W + U and U grows by W - Z (Gui et al. 2019, section on the
optimisation; Boyd et al. 2011, section 3). Zeros stay zeros: only the support of W is quantised, so that Z is never
larger than W. The reference lets U keep Z alive where W has left, and holds rho at 0.1 whatever the layers.
"""

import numpy as np
import torch
from torch import Tensor

from shiftpress.core.checkpoints import Tree
from shiftpress.core.codebooks import exact
from shiftpress.core.lloyd import follow
from shiftpress.core.selection import places

APART, FACTOR = 10.0, 2.0
"""Residuals further apart than this move rho by this (Boyd et al. 2011, section 3.4.1)."""
LEAST, MOST = 1e-4, 10.0
"""Bounds of rho: above, the pull would overshoot at the step sizes in use."""


class Duplicate:
    """At most 2^``bits`` values other than zero in each matrix; brought up to date every so many steps."""

    def __init__(self, bits: int, every: int, rho: float):
        self.most, self.every, self.rho = 2**bits, every, rho
        self._copies: list[Tensor] = []
        self._duals: list[Tensor] = []
        self._centres: list[Tensor] = []

    @torch.no_grad()
    def pull(self, matrices: list[Tensor]) -> None:
        """Add the slope of the penalty to the gradients; nothing before the first duplicate."""
        if not self._copies:
            return
        for own, copy, dual in zip(matrices, self._copies, self._duals, strict=True):
            own.grad.add_((own - copy).add_(dual), alpha=self.rho)

    @torch.no_grad()
    def follow(self, matrices: list[Tensor]) -> None:
        """Quantise anew, from the codebooks of last time; then move the duals and balance the residuals."""
        duals = self._duals or [torch.zeros_like(own) for own in matrices]
        centres = [part.numpy() for part in self._centres] or [None] * len(matrices)
        copies, self._centres, self._duals = [], [], []
        for own, dual, begin in zip(matrices, duals, centres, strict=True):
            keep = places(own != 0)
            wanted = own.flatten()[keep] + dual.flatten()[keep]
            book = follow(wanted.cpu().numpy(), self.most, begin)
            values = torch.from_numpy(book.values).to(own)
            copies.append(_placed(values, keep, own))
            self._centres.append(torch.from_numpy(book.centres))
            # what has left the support is no longer drawn back by what it owed there
            self._duals.append(_placed(wanted - values, keep, own))
        if self._copies:
            self._balance(matrices, copies)
        self._copies = copies

    def final(self, matrices: list[Tensor]) -> list[Tensor]:
        """The duplicate by the best codebooks there are."""
        duals = self._duals or [torch.zeros_like(own) for own in matrices]
        keeps = [places(own != 0) for own in matrices]
        numbers = [(own + dual).flatten()[keep] for own, dual, keep in zip(matrices, duals, keeps, strict=True)]
        books = exact([part.detach().cpu().numpy() for part in numbers], self.most)
        values = [torch.from_numpy(book.values) for book in books]
        return [_placed(*three) for three in zip(values, keeps, matrices, strict=True)]

    def _balance(self, matrices: list[Tensor], copies: list[Tensor]) -> None:
        primal = _length([own - copy for own, copy in zip(matrices, copies, strict=True)])
        dual = self.rho * _length([copy - past for copy, past in zip(copies, self._copies, strict=True)])
        factor = FACTOR if primal > APART * dual else 1 / FACTOR if dual > APART * primal else 1.0
        changed = min(max(self.rho * factor, LEAST), MOST)
        for part in self._duals:
            part.mul_(self.rho / changed)  # the dual itself, rho U, stays
        self.rho = changed

    def state(self) -> Tree:
        """For a checkpoint."""
        return {"rho": self.rho, "copies": self._copies, "duals": self._duals, "centres": self._centres}

    def load(self, tree: Tree, matrices: list[Tensor]) -> None:
        """From a checkpoint; the duplicate is where the matrices are. Centres are for numpy, and stay on the CPU."""
        self.rho, self._centres = tree["rho"], tree["centres"]
        beside = matrices if tree["copies"] else []
        self._copies, self._duals = (
            [kept.to(own.device) for kept, own in zip(tree[name], beside, strict=True)] for name in ("copies", "duals")
        )


def _placed(values: Tensor, where: Tensor, like: Tensor) -> Tensor:
    """Values (K,) at places of a tensor that is zero elsewhere."""
    found = torch.zeros_like(like.detach())
    found.view(-1)[where] = values.to(found)
    return found


def _length(parts: list[Tensor]) -> float:
    return float(np.sqrt(sum(float(part.square().sum()) for part in parts)))
