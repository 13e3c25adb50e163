"""Training against an attack: what is crafted, and what is then minimised."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.attacks.base import held_still
from shiftpress.core.attackable import ready_for_attack
from shiftpress.core.generators import seed_generators
from shiftpress.core.linf import ascend_signs, start
from shiftpress.core.recipe import AtmcFit, Objective
from shiftpress.core.seeds import seed_for
from shiftpress.core.tensors import State
from shiftpress.training.batches import Batches
from shiftpress.training.lessons import Lesson
from shiftpress.training.rounds import Round
from shiftpress.training.sparse import state_of

SETTLING = 100
"""Batches that batch statistics are taken from anew at the end; of momentum 0.1, they leave 3e-5 of the old ones."""


@dataclass(frozen=True)
class Hardening(Lesson):
    """A lesson whose images are under attack. Networks of one seed share first weights, order of images and noise."""

    recipe: AtmcFit
    objective: Objective = "adversarial"
    strength: float = 1.0
    """Share of the radius that the attack has, which may grow."""

    def seed_of(self, purpose: str, *key: object) -> int:
        return seed_for(self.seed, "atmc", purpose, self.dataset, *key)

    def untrained(self, *, fitted: bool = True) -> nn.Module:
        """The network with layers that give an attack its gradients quickly."""
        return ready_for_attack(super().untrained(fitted=fitted))

    def views(self, positions: Tensor, random: torch.Generator) -> list[Tensor]:
        """The images of a batch, and noise in [-1, 1] that says where the attack starts; drawn whatever it needs."""
        images = super().views(positions, random)[0]
        noise = 2 * torch.rand(images.shape, generator=random) - 1
        return [images, noise.to(images).contiguous(memory_format=torch.channels_last)]

    def loss(self, net: nn.Module, views: list[Tensor], labels: Tensor, smooth: bool) -> Tensor:
        """What is minimised on the images of a batch; the network is in training mode before and after."""
        images, noise = views
        if self.objective == "natural":
            return F.cross_entropy(net(images), labels)
        attacked = self.attacked(net, images, labels, noise)
        if self.objective == "adversarial":
            return F.cross_entropy(net(attacked), labels)
        clean, other = net(torch.cat([images, attacked])).chunk(2)
        if self.objective == "mixed":
            return (F.cross_entropy(clean, labels) + F.cross_entropy(other, labels)) / 2
        unlike = F.kl_div(other.log_softmax(1), clean.softmax(1), reduction="batchmean")
        return F.cross_entropy(clean, labels) + self.recipe.trades_weight * unlike

    def attacked(self, net: nn.Module, images: Tensor, labels: Tensor, noise: Tensor) -> Tensor:
        """The images after the attack of the recipe."""
        radius = self.strength * self.recipe.radius_on(self.dataset)
        steps = self.recipe.steps_on(self.dataset)
        # the divergence that trades climbs is flat at the images themselves
        anywhere = self.recipe.random_start or self.objective == "trades"
        net.train(self.recipe.crafted_in == "train")
        begin = start(images, radius, noise) if anywhere else images
        with held_still(net):
            loss = self._unlikeness(net, images) if self.objective == "trades" else _error(net, labels)
            found = ascend_signs(images, begin, loss, radius, self.recipe.reach * radius / steps, steps)
        net.train()
        return found

    def _unlikeness(self, net: nn.Module, images: Tensor):
        with torch.no_grad():
            clean = net(images).softmax(1)
        return lambda moved: F.kl_div(net(moved).log_softmax(1), clean, reduction="none").sum(1)


def _error(net: nn.Module, labels: Tensor):
    return lambda moved: F.cross_entropy(net(moved), labels, reduction="none")


class Shaped:
    """A network whose weights are trained through the form that a compressor gives them, as a round wants it."""

    smooths, reached = False, True

    def __init__(self, net: nn.Module, form):
        names = set(form.weights)
        self.form = form
        self.trained = [*form.trained, *(p for name, p in net.named_parameters() if name not in names)]

    def before(self, step: int, total: int) -> None:
        """What happens before a step."""

    def gradients(self) -> None:
        """What happens to the gradients before they are followed."""
        self.form.gradients()

    def after(self) -> None:
        """What happens after a step."""
        self.form.after()

    def apply(self) -> None:
        """Nothing more is held than after every step."""

    def state(self):
        """For a checkpoint, next to the network's own state."""
        return self.form.state()

    def load(self, tree) -> None:
        """From a checkpoint, after the network's own state."""
        self.form.load(tree)


class HardRound(Round):
    """A round under attack.

    ``ramped``: the attack grows over the share of the round that the recipe says.
    """

    ramped: bool = False

    def step(self) -> None:
        ramp = self.lesson.recipe.ramp * self.total if self.ramped else 0
        self.lesson = replace(self.lesson, strength=min(1.0, (self.taken + 1) / ramp) if ramp else 1.0)
        super().step()

    def _result(self) -> State:
        """What is kept of the network: its weights as the form has them at last, with batch statistics of their own."""
        form = self.sparse.form
        if form.finish():
            self._settle()
        rest = {name: tensor for name, tensor in state_of(self.net).items() if name not in form.weights}
        return rest | {name: tensor.cpu() for name, tensor in form.tensors().items()}

    def _settle(self) -> None:
        """Take batch statistics anew: those of before belong to the weights that were trained, not to what is kept."""
        if not any(isinstance(layer, nn.BatchNorm2d) for layer in self.net.modules()):
            return
        lesson, views = self.lesson, torch.Generator().manual_seed(self.lesson.seed_of("settling views"))
        batches = Batches(len(lesson.train), lesson.recipe.batch, lesson.seed_of("settling"))
        for number in range(SETTLING):
            positions = batches.next()
            seed_generators(lesson.seed_of("settling layers", number), lesson.train.images.device)
            lesson.loss(self.net, lesson.views(positions, views), lesson.train.labels[positions], False)
