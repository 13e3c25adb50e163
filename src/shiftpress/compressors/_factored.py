"""Weights that are made of factors, which are trained in their place."""

import torch
from torch import Tensor

from shiftpress.compressors._duplicate import Duplicate
from shiftpress.compressors.base import Form, Weights, budget
from shiftpress.core.checkpoints import Tree
from shiftpress.core.factors import Factors, product, ranks, residual
from shiftpress.core.projection import Projection, project
from shiftpress.core.tensors import State


def matrix(weight: Tensor) -> Tensor:
    """A weight as a matrix (m, n) of outputs and inputs."""
    return weight.detach().reshape(len(weight), -1)


class Factored(Form):
    """Factors of every weight."""

    def __init__(self, weights: Weights, factors: dict[str, Factors]):
        super().__init__(weights)
        self.factors = factors
        self.trained = [matrix.requires_grad_() for own in factors.values() for matrix in own.matrices]

    @torch.no_grad()
    def gradients(self) -> None:
        for name, own in self.factors.items():
            slopes = own.slopes(matrix(self.weights[name].grad))
            for part, slope in zip(own.matrices, slopes, strict=True):
                part.grad = slope
            self.weights[name].grad = None  # the optimiser does not know the weight and would not clear it

    @torch.no_grad()
    def after(self) -> None:
        for name, own in self.factors.items():
            self.weights[name].copy_(own.weight().view(self.weights[name].shape))

    def tensors(self) -> State:
        found = {name: part for name, own in self.factors.items() for name, part in own.named(name).items()}
        return {name: part.detach() + 0.0 for name, part in found.items()}  # files know no minus zeros

    def state(self) -> Tree:
        return {"factors": [part.detach() for part in self.trained]}

    @torch.no_grad()
    def load(self, tree: Tree) -> None:
        for part, kept in zip(self.trained, tree["factors"], strict=True):
            part.copy_(kept)
        Factored.after(self)


class LowRank(Factored):
    """Products whose ranks keep the largest share of all layers' singular values together."""

    def __init__(self, weights: Weights, ratio: float):
        spectra = [torch.linalg.svdvals(matrix(weight).cpu().double()) for weight in weights.values()]
        kept = zip(weights.items(), ranks(spectra, ratio), strict=True)
        super().__init__(weights, {name: product(matrix(weight), rank) for (name, weight), rank in kept})
        self.after()


class Residual(Factored):
    """Products and remainders with so many entries in all; if given a duplicate, with few values in each matrix."""

    def __init__(self, weights: Weights, ratio: float, least: int, *, free: bool, duplicate: Duplicate | None):
        factors = {name: residual(matrix(weight), free) for name, weight in weights.items()}
        self._flat = torch.cat([part.flatten() for own in factors.values() for part in own.matrices])
        super().__init__(weights, _within(self._flat, factors))
        self._duplicate, self._steps = duplicate, 0
        sizes, groups = [part.numel() for part in self.trained], []
        for own in self.factors.values():
            groups.append([3 * len(groups) + place for place in own.bearing])
        self._projection = Projection(sizes, budget(weights, ratio), groups, least)

    def gradients(self) -> None:
        super().gradients()
        if self._duplicate:
            self._duplicate.pull(self.trained)

    def after(self) -> None:
        project([self._flat], [self._projection.mask(self._flat)], self._projection.most)
        if self._duplicate and self._steps % self._duplicate.every == 0:
            self._duplicate.follow(self.trained)
        self._steps += 1
        super().after()

    @torch.no_grad()
    def finish(self) -> bool:
        if not self._duplicate:
            return False
        for part, values in zip(self.trained, self._duplicate.final(self.trained), strict=True):
            part.copy_(values)
        super().after()
        return True

    def state(self) -> Tree:
        mirror = self._duplicate.state() if self._duplicate else None
        return super().state() | {"steps": self._steps, "duplicate": mirror}

    def load(self, tree: Tree) -> None:
        super().load(tree)
        self._steps = tree["steps"]
        if self._duplicate:
            self._duplicate.load(tree["duplicate"], self.trained)


def _within(flat: Tensor, factors: dict[str, Factors]) -> dict[str, Factors]:
    """The same factors as views of a tensor that holds all their matrices one after the other."""
    found, start = {}, 0
    for name, own in factors.items():
        parts = []
        for part in own.matrices:
            parts.append(flat[start : start + part.numel()].view(part.shape))
            start += part.numel()
        found[name] = Factors(*parts, own.free)
    return found
