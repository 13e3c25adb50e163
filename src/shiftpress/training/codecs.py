"""Training of a codec, resumable at any step."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from shiftpress.codecs.base import Codec
from shiftpress.core.checkpoints import Checkpoints, Tree, copied
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.diverged import Diverged, finite
from shiftpress.core.generators import generator_states, restore_generators, seed_generators
from shiftpress.core.progress import Progress
from shiftpress.core.tensors import State, in_channels_last
from shiftpress.objectives.base import Objective, Step
from shiftpress.training.batches import Batches, steps_per_epoch
from shiftpress.training.optimisers import Adam

RUNNING, FINISHED = "running", "finished"
"""Names of the checkpoints of a codec that is being trained, and of one that is."""


def train_codec(
    codec: Codec,
    objective: Objective,
    images: Tensor,
    *,
    epochs: int,
    batch: int,
    lr: float,
    drops: list[float],
    drop_factor: float,
    init_seed: int,
    order_seed: int,
    draw_seed: int,
    store: Checkpoints,
    progress: Progress,
) -> tuple[State, State]:
    """Descend the objective with Adam over images (N, C, H, W) in [0, 1], on the device that they are on.

    Returns the network's state after the last epoch, and its steps with what the objective remembers, on the CPU. At
    each drop the step size falls and Adam starts afresh, as in the reference (Lei et al. 2021). Codecs that are to be
    compared share the seeds of initial weights, order and draws. Raises Diverged if loss or weights are not finite, and
    are not again after going back to the last good state.
    """
    if (done := store.read(FINISHED)) is not None:
        return done["net"], done["memory"]
    seed_generators(init_seed, images.device)
    net = codec.build(tuple(images.shape[1:])).train().to(images.device)
    net, images = in_channels_last(net, images)
    falls = sorted({round(drop * epochs) for drop in drops} - {0})
    each = steps_per_epoch(len(images), batch)
    work = Descent(net, objective, each, epochs * each, lr, falls, drop_factor, draw_seed)
    if (tree := store.read(RUNNING)) is not None:
        work.load(tree)
    batches, losses = Batches(len(images), batch, order_seed, work.taken), []
    good, again = copied(work.tree()), False
    while work.taken < work.total:
        losses.append(work.step(images[batches.next()]))
        if not finite(losses[-1]) or (work.taken == work.total and not finite(*net.parameters())):
            if again:
                raise Diverged(f"a codec with {objective.title}", work.taken)
            again = True
            work.load(good)
            batches, losses = Batches(len(images), batch, order_seed, work.taken), []
            continue
        if work.taken % each == 0:
            progress.step(f"loss {float(torch.stack(losses).mean()):.2f}")
            losses = []
        if store.due() and finite(*net.parameters()):
            good = copied(work.tree())
            store.write(RUNNING, good)
    net.cpu().eval().freeze()
    found = net.state_dict(), {"steps": torch.tensor(float(work.total)), **work.memory}
    store.write(FINISHED, dict(zip(("net", "memory"), found, strict=True)))
    store.forget(RUNNING)
    return found


@dataclass
class Descent:
    """A codec under training: all that a step changes, and what it goes by."""

    net: CodecNet
    objective: Objective
    each: int
    """Steps of one pass."""
    total: int
    lr: float
    falls: list[int]
    """Passes before which the step size falls."""
    factor: float
    draw_seed: int
    taken: int = 0
    memory: State = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._draws, self._device = torch.Generator().manual_seed(self.draw_seed), next(self.net.parameters()).device
        self.memory = self.objective.memory()
        self._begin(0)

    def step(self, images: Tensor) -> Tensor:
        """One step on the images of a batch; returns their loss."""
        number, place = divmod(self.taken, self.each)
        if not place and number in self.falls:
            self._begin(number)
        step = Step(self.taken, self.total, self._draws)
        loss, bits = self.objective.loss(self.net, images, step, self.memory)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self.net.after_step(bits)
        self.taken += 1
        return loss.detach()

    def _begin(self, number: int) -> None:
        """A fresh Adam, with the step size of a pass."""
        lr = self.lr
        for _ in (fall for fall in self.falls if fall <= number):
            lr *= self.factor
        self._optimizer = Adam(self.net.parameters(), lr)

    def tree(self) -> Tree:
        """For a checkpoint. Layers that add noise draw it from torch's global generators."""
        return {
            "step": self.taken,
            "net": self.net.state_dict(),
            "optimizer": self._optimizer.state(),
            "memory": self.memory,
            "draws": self._draws.get_state(),
            "layers": generator_states(self._device),
        }

    def load(self, tree: Tree) -> None:
        """From a checkpoint."""
        self.taken, self.memory = tree["step"], tree["memory"]
        self.net.load_state_dict(tree["net"])
        self._begin(max(self.taken - 1, 0) // self.each)
        self._optimizer.load(tree["optimizer"])
        self._draws.set_state(tree["draws"])
        restore_generators(tree["layers"], self._device)
