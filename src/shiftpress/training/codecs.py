"""Training of a codec."""

import torch
from torch import Tensor, nn

from shiftpress.codecs.base import Codec
from shiftpress.core.progress import Progress
from shiftpress.core.tensors import State
from shiftpress.objectives.base import Objective
from shiftpress.training.batches import epoch


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
    progress: Progress,
) -> State:
    """Descend the objective with Adam over images (N, C, H, W) in [0, 1]; the state after the last epoch.

    At each drop the step size falls and Adam starts afresh, as in the reference (Lei et al. 2021). Codecs that are to
    be compared share ``init_seed`` and ``order_seed``.
    """
    torch.manual_seed(init_seed)
    net = codec.build(tuple(images.shape[1:])).train()
    order = torch.Generator().manual_seed(order_seed)
    falls = {round(drop * epochs) for drop in drops}
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for number in range(epochs):
        if number in falls and number:
            lr *= drop_factor
            optimizer = torch.optim.Adam(net.parameters(), lr=lr)
        loss = _pass(net, objective, images, batch, order, optimizer)
        progress.step(f"loss {loss:.2f}")
    return net.eval().state_dict()


def _pass(
    net: nn.Module,
    objective: Objective,
    images: Tensor,
    batch: int,
    order: torch.Generator,
    optimizer: torch.optim.Optimizer,
) -> float:
    """One pass over the images; the mean loss."""
    losses = []
    for positions in epoch(len(images), batch, order):
        loss = objective.loss(net, images[positions])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return float(torch.stack(losses).mean())
