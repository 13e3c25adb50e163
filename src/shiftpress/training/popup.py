"""Scores that are trained while the weights they choose among are not."""

import numpy as np
import torch
from torch import Tensor, nn

from shiftpress.core.checkpoints import Tree
from shiftpress.core.selection import PIECE, Tracker, changes, count
from shiftpress.pruners.base import Masks, ScorePruner, prunable

SIGN = np.int32(-(2**31))
"""The bit of a float32 that says that it is negative."""


class Popup:
    """A network whose weights stay while scores choose among them (edge-popup, biprop).

    All weights lie in one flat tensor, of which the layers' weights are views: one threshold and few passes per step.
    Few masks change from step to step, and only those weights are looked up. No graph leads through the masks; the
    straight-through gradient of a score is written down.
    """

    smooths = False

    def __init__(self, net: nn.Module, pruner: ScorePruner, target: float, random: torch.Generator):
        weights = prunable(net)
        net.requires_grad_(False)
        self._layers = [weight.requires_grad_() for weight in weights.values()]
        self._names, self._pruner, self._target = list(weights), pruner, target
        self._sizes = [weight.numel() for weight in self._layers]
        self._fixed = self._flat([pruner.fixed(weight.detach(), target) for weight in self._layers])
        self._scores = self._flat([pruner.scores(weight, random) for weight in self._layers])
        self._effective = torch.empty_like(self._fixed)
        self._chosen = torch.empty_like(self._fixed) if pruner.binary else self._effective
        self._start()
        for weight, view in zip(self._layers, self._views(self._effective), strict=True):
            weight.data = view
        self.trained = [view.requires_grad_() for view in self._views(self._scores)]
        self._trackers = [Tracker() for _ in (self._sizes if pruner.scope == "layerwise" else "1")]
        self.reached = False

    @property
    def masks(self) -> Masks:
        """What is kept, by name."""
        return {name: view.clone() for name, view in zip(self._names, self._views(self._kept), strict=True)}

    def before(self, step: int, total: int) -> None:
        """Choose anew."""
        sparsity = self._pruner.sparsity_at(self._target, step, total)
        self.reached = sparsity == self._target
        self._choose(sparsity)

    @torch.no_grad()
    def gradients(self) -> None:
        """From the gradients of the effective weights to those of the scores: times weight, times sign of the score."""
        for weight, fixed, scores in zip(self._layers, self._views(self._fixed), self.trained, strict=True):
            scores.grad, weight.grad = signed_product(weight.grad, fixed, scores.detach()), None

    def after(self) -> None:
        """Nothing is held: the weights are not trained."""

    def apply(self) -> None:
        """Bring the weights up to date with the scores."""
        self._choose(self._target)

    def state(self) -> Tree:
        """For a checkpoint, next to the network's own state."""
        return {"scores": self._scores, "reached": self.reached}

    def load(self, tree: Tree) -> None:
        """From a checkpoint. The network's own weights are set before the next step."""
        with torch.no_grad():
            self._scores.copy_(tree["scores"])
            self._start()
        self.reached = tree["reached"]

    def _start(self) -> None:
        """Nothing is chosen yet."""
        self._kept = torch.zeros_like(self._fixed, dtype=torch.bool)
        self._chosen.zero_()

    @torch.no_grad()
    def _choose(self, sparsity: float) -> None:
        sizes = self._sizes if len(self._trackers) > 1 else [sum(self._sizes)]
        parts = (tensor.split(sizes) for tensor in (self._scores, self._kept, self._fixed, self._chosen))
        for tracker, scores, kept, fixed, chosen in zip(self._trackers, *parts, strict=True):
            keep = tracker.keep(scores, round(sparsity * scores.numel()))
            changed = changes(kept, keep)
            # by filling: a product would leave minus zeros behind some weights, and none after a restart
            chosen[changed] = fixed[changed].masked_fill_(~keep[changed], 0.0)
            kept.copy_(keep)
        if self._pruner.binary:
            self._binarise()

    def _binarise(self) -> None:
        """Make the kept weights of each layer their signs times their mean magnitude."""
        parts = (tensor.split(self._sizes) for tensor in (self._chosen, self._kept, self._effective))
        for chosen, kept, effective in zip(*parts, strict=True):
            gain = torch.abs(chosen, out=effective).sum() / max(1, count(kept))
            torch.sign(chosen, out=effective).mul_(gain)

    def _flat(self, values: list[Tensor]) -> Tensor:
        """One flat tensor of values shaped like the layers' weights, each in the memory order of its weight."""
        ordered = [torch.empty_like(w).copy_(v) for w, v in zip(self._layers, values, strict=True)]
        return torch.cat([v.detach().as_strided((v.numel(),), (1,)) for v in ordered])

    def _views(self, flat: Tensor) -> list[Tensor]:
        """Parts of a flat tensor, shaped and ordered like the layers' weights."""
        parts = flat.split(self._sizes)
        return [
            part.as_strided(weight.shape, weight.stride(), part.storage_offset())
            for part, weight in zip(parts, self._layers, strict=True)
        ]


def signed_product(slopes: Tensor, weights: Tensor, scores: Tensor) -> Tensor:
    """slopes * weights * sign(scores), written over the slopes; a score of zero is positive.

    All have one shape, and weights and scores one memory order.
    """
    if slopes.device.type != "cpu":
        return slopes.mul_(weights).mul_(torch.where(scores < 0, -1.0, 1.0))
    if slopes.stride() != weights.stride():
        slopes = torch.empty_like(weights).copy_(slopes)
    product, factor, score = (t.as_strided((t.numel(),), (1,)).numpy() for t in (slopes, weights, scores))
    signs = np.empty(min(PIECE, len(product)), np.int32)
    for start in range(0, len(product), PIECE):
        here = slice(start, start + PIECE)
        product[here] *= factor[here]
        sign = np.bitwise_and(score[here].view(np.int32), SIGN, out=signs[: len(product) - start])
        product.view(np.int32)[here] ^= sign
    return slopes
