"""What is trained in a sparse network, and how the rest is held: masked weights, or scores over fixed weights."""

import torch
from torch import Tensor, nn

from shiftpress.core.checkpoints import Tree
from shiftpress.core.selection import Tracker
from shiftpress.core.tensors import State
from shiftpress.pruners.base import Masks, Pruner, ScorePruner, prunable


class Masked:
    """A network whose weights are trained while masked ones are zero.

    ``pruner`` may choose the masks anew during the round; without one they stay.
    """

    smooths = True

    def __init__(self, net: nn.Module, masks: Masks, *, pruner: Pruner | None = None, target: float = 0.0):
        self.trained = list(net.parameters())
        self._weights, self._pruner, self._target = prunable(net), pruner, target
        self._random = torch.Generator().manual_seed(0)  # no pruner that changes masks inside a round draws
        self.reached = pruner is None or bool(masks)
        """Whether the sparsity is that of the level."""
        self._take(masks)
        self.apply()

    @property
    def masks(self) -> Masks:
        """What is kept, by name."""
        return {name: keep.bool() for name, keep in zip(self._names, self._keeps, strict=True)}

    def before(self, step: int, total: int) -> None:
        """What happens before a step."""
        sparsity = None if self._pruner is None else self._pruner.sparsity_at(self._target, step, total)
        if sparsity is None:
            return
        weights = {name: weight.detach() for name, weight in self._weights.items()}
        self._take(self._pruner.masks(weights, sparsity, self.masks, self._random))
        self.reached = sparsity == self._target
        self.apply()

    def gradients(self) -> None:
        """What happens to the gradients before they are followed."""

    @torch.no_grad()
    def apply(self) -> None:
        """Hold what is held."""
        if self._held:
            torch._foreach_mul_(self._held, self._keeps)

    after = apply

    def state(self) -> Tree:
        """For a checkpoint, next to the network's own state."""
        return {"masks": self.masks, "reached": self.reached}

    def load(self, tree: Tree) -> None:
        """From a checkpoint, after the network's own state."""
        self._take(tree["masks"])
        self.reached = tree["reached"]

    def _take(self, masks: Masks) -> None:
        self._names = list(masks)
        self._held = [self._weights[name] for name in masks]
        # in the memory order of the weights: mixed orders are several times slower
        self._keeps = [torch.empty_like(self._weights[name]).copy_(mask) for name, mask in masks.items()]


class Popup:
    """A network whose weights stay while scores choose among them (edge-popup, biprop).

    All weights lie in one flat tensor, of which the layers' weights are views: one threshold and few passes per step.
    No graph leads through the masks; the straight-through gradient of a score is written down.
    """

    smooths = False

    def __init__(self, net: nn.Module, pruner: ScorePruner, target: float, random: torch.Generator):
        weights = prunable(net)
        net.requires_grad_(False)
        self._layers = [weight.requires_grad_() for weight in weights.values()]
        self._names, self._pruner, self._target = list(weights), pruner, target
        self._sizes = [weight.numel() for weight in self._layers]
        self._fixed = self._flat([pruner.fixed(weight.detach(), target) for weight in self._layers])
        self._signs, self._magnitudes = self._fixed.sign(), self._fixed.abs()
        self._scores = self._flat([pruner.scores(weight, random) for weight in self._layers])
        self._effective, self._kept = torch.empty_like(self._fixed), torch.empty_like(self._fixed)
        self._slope = torch.empty_like(self._fixed)
        for weight, view in zip(self._layers, self._views(self._effective), strict=True):
            weight.data = view
        self.trained = [self._scores.requires_grad_()]
        self._trackers = [Tracker() for _ in (self._sizes if pruner.scope == "layerwise" else "1")]
        self.reached = False

    @property
    def masks(self) -> Masks:
        """What is kept, by name."""
        return {name: view.bool() for name, view in zip(self._names, self._views(self._kept), strict=True)}

    def before(self, step: int, total: int) -> None:
        """Choose anew."""
        sparsity = self._pruner.sparsity_at(self._target, step, total)
        self.reached = sparsity == self._target
        self._choose(sparsity)

    @torch.no_grad()
    def gradients(self) -> None:
        """From the gradients of the effective weights to those of the scores: times weight, times sign of the score."""
        for weight, fixed, slope in zip(self._layers, self._views(self._fixed), self._views(self._slope), strict=True):
            torch.mul(weight.grad, fixed, out=slope)
            weight.grad = None
        self._scores.grad = self._slope.mul_(self._scores.sign())

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
        self.reached = tree["reached"]

    @torch.no_grad()
    def _choose(self, sparsity: float) -> None:
        magnitudes = self._scores.abs()
        parts = magnitudes.split(self._sizes) if len(self._trackers) > 1 else [magnitudes]
        kept = [t.keep(p, round(sparsity * p.numel())) for t, p in zip(self._trackers, parts, strict=True)]
        self._kept.copy_(kept[0] if len(kept) == 1 else torch.cat(kept))
        if not self._pruner.binary:
            torch.mul(self._fixed, self._kept, out=self._effective)
            return
        torch.mul(self._signs, self._kept, out=self._effective)
        cuts = (tensor.split(self._sizes) for tensor in (self._effective, self._magnitudes, self._kept))
        for effective, magnitude, keep in zip(*cuts, strict=True):
            effective *= torch.dot(magnitude, keep) / keep.sum().clamp_min(1)

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


def state_of(net: nn.Module) -> State:
    """A copy of a network's state."""
    return {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
