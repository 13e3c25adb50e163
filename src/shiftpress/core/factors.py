"""A weight matrix as a product and a remainder, W = U V + C, and what its slope says about each of them.

With W of shape (m, n) and r = min(m, n), the square one of U (m, r) and V (r, n) begins as the identity. Either the
identity is added to a matrix that begins as zero, W = (B + I) A + C or B (A + I) + C, and costs nothing (as in the code
of Gui et al. 2019); or it is part of the square matrix and counted with it. Both begin as exactly the weights they are
made of. A low-rank product has no remainder and no identity.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from shiftpress.core.selection import count
from shiftpress.core.tensors import State

PARTS = ("left", "right", "rest")

FEW = 2
"""A square matrix is nearly zero if it has so many times more rows than entries."""


@dataclass(frozen=True)
class Factors:
    """``left`` (m, r), ``right`` (r, n), ``rest`` (m, n) or none; ``free``: the identity is added to the square one."""

    left: Tensor
    right: Tensor
    rest: Tensor | None
    free: bool

    @property
    def wide(self) -> bool:
        """Whether the left matrix is the square one; a square weight has its square one right."""
        return self.left.shape[0] < self.right.shape[1]

    @property
    def matrices(self) -> list[Tensor]:
        """The two or three of them."""
        return [self.left, self.right, *([] if self.rest is None else [self.rest])]

    @property
    def bearing(self) -> list[int]:
        """Places of the matrices without which nothing is left of the weights, however large the square one is."""
        return [int(self.wide), 2]

    def weight(self) -> Tensor:
        """The matrix (m, n). The identity is added as a sum, not into a product: that would round."""
        own = None if not self.free else self.right if self.wide else self.left
        found = self._product(self.left, self.right, own, left_thin=self.wide)
        return found if self.rest is None else found.add_(self.rest)

    def slopes(self, slope: Tensor) -> list[Tensor]:
        """Gradients of the matrices, from that of the weights (m, n); that of the rest is ``slope`` itself."""
        if self.wide:
            left = slope @ self.right.T
            right = self._product(self.left.T, slope, slope if self.free else None, left_thin=True)
        else:
            left = self._product(slope, self.right.T, slope if self.free else None, left_thin=False)
            right = self.left.T @ slope
        return [left, right, *([] if self.rest is None else [slope])]

    def _product(self, left: Tensor, right: Tensor, own: Tensor | None, *, left_thin: bool) -> Tensor:
        """``left @ right`` plus ``own``, where the thin one is the square matrix, turned or not.

        The square matrix begins as zero and often stays nearly so: what it adds is then worked out from the few rows
        and columns that are not zero. Sums of two products or more may round otherwise than in the whole product. No
        graph leads to the zeros.
        """
        used = (left if left_thin else right) != 0
        if own is None or FEW * count(used) > len(used):
            found = left @ right
            return found if own is None else found.add_(own)
        rows, columns = (axis.unique() for axis in used.nonzero().unbind(1))
        found = own.clone()
        if left_thin:
            found[rows] += left[rows][:, columns] @ right[columns]
        else:
            found[:, columns] += left[:, rows] @ right[rows][:, columns]
        return found

    def named(self, name: str) -> State:
        """For a file: ``<name>/left`` and so on."""
        parts = PARTS[: len(self.matrices)]
        return {f"{name}/{part}": matrix for part, matrix in zip(parts, self.matrices, strict=True)}


def residual(weight: Tensor, free: bool) -> Factors:
    """The factors of ``weight`` (m, n) with a remainder, that make exactly these weights."""
    m, n = weight.shape
    square = torch.zeros(min(m, n), min(m, n)) if free else torch.eye(min(m, n))
    square, own, rest = square.to(weight), weight.detach().clone(), torch.zeros_like(weight.detach())
    return Factors(square, own, rest, free) if m < n else Factors(own, square, rest, free)


def ranks(spectra: list[Tensor], share: float) -> list[int]:
    """How many singular values each matrix keeps if the largest share of all of them together is kept; at least one.

    ``spectra`` are falling, one a matrix, on the CPU. Of equal ones the earlier matrix's come first.
    """
    whole = torch.cat(spectra)
    order = whole.argsort(descending=True, stable=True)[: max(1, int(share * whole.numel()))]
    owner = torch.repeat_interleave(torch.arange(len(spectra)), torch.tensor([len(s) for s in spectra]))
    return owner[order].bincount(minlength=len(spectra)).clamp_min(1).tolist()


def product(weight: Tensor, rank: int) -> Factors:
    """The best product of this rank (Eckart and Young), its singular values shared evenly between the two.

    Found on the CPU, so that every device trains on from the same numbers.
    """
    left, values, right = torch.linalg.svd(weight.detach().cpu().double(), full_matrices=False)
    root = values[:rank].sqrt()
    parts = left[:, :rank] * root, root[:, None] * right[:rank]
    return Factors(*(part.float().to(weight.device) for part in parts), None, False)


def composed(tensors: State, free: bool) -> State:
    """The state of an ordinary network, from one in which weights stand as factors, as matrices (m, n)."""
    names = list(dict.fromkeys(name.rpartition("/")[0] for name in tensors if "/" in name))
    found = {name: tensor for name, tensor in tensors.items() if "/" not in name}
    for name in names:
        left, right, rest = (tensors.get(f"{name}/{part}") for part in PARTS)
        found[name] = Factors(left, right, rest, free and rest is not None).weight()
    return found
