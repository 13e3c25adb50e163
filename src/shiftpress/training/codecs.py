"""Training of a codec."""

import torch
from torch import Tensor

from shiftpress.codecs.base import Codec
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.progress import Progress
from shiftpress.core.tensors import State, in_channels_last
from shiftpress.objectives.base import Objective, Step
from shiftpress.training.adam import Adam
from shiftpress.training.batches import epoch, steps_per_epoch


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
    progress: Progress,
) -> tuple[State, State]:
    """Descend the objective with Adam over images (N, C, H, W) in [0, 1].

    Returns the network's state after the last epoch, and its steps with what the objective remembers. At each drop the
    step size falls and Adam starts afresh, as in the reference (Lei et al. 2021). Codecs that are to be compared share
    the seeds of initial weights, order and draws.
    """
    torch.manual_seed(init_seed)
    net, images = in_channels_last(codec.build(tuple(images.shape[1:])).train(), images)
    order = torch.Generator().manual_seed(order_seed)
    draws = torch.Generator().manual_seed(draw_seed)
    falls = {round(drop * epochs) for drop in drops}
    optimizer = Adam(net.parameters(), lr)
    memory, steps = objective.memory(), steps_per_epoch(len(images), batch)
    for number in range(epochs):
        if number in falls and number:
            lr *= drop_factor
            optimizer = Adam(net.parameters(), lr)
        losses = []
        for place, positions in enumerate(epoch(len(images), batch, order)):
            step = Step(number * steps + place, epochs * steps, draws)
            losses.append(_step(net, objective, images[positions], step, memory, optimizer))
        progress.step(f"loss {float(torch.stack(losses).mean()):.2f}")
    net.eval().freeze()
    return net.state_dict(), {"steps": torch.tensor(float(epochs * steps)), **memory}


def _step(
    net: CodecNet,
    objective: Objective,
    images: Tensor,
    step: Step,
    memory: State,
    optimizer: Adam,
) -> Tensor:
    loss, bits = objective.loss(net, images, step, memory)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    net.after_step(bits)
    return loss.detach()
