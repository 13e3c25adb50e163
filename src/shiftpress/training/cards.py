"""Training of a dense classifier, and of the cards a pruner makes from it."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.classifiers.base import Classifier
from shiftpress.core.progress import Progress
from shiftpress.core.splits import Split
from shiftpress.core.tensors import State, in_channels_last
from shiftpress.pruners.base import Masks, Pruner, prunable
from shiftpress.training.batches import epoch, steps_per_epoch


def train_dense(
    classifier: Classifier,
    data: Split,
    classes: int,
    *,
    init_seed: int,
    order_seed: int,
    progress: Progress,
    **recipe: float,
) -> State:
    """Train a new network; the state after the last epoch."""
    torch.manual_seed(init_seed)
    net = classifier.build(tuple(data.images.shape[1:]), classes)
    net.normalise.fit(data.pixels)
    fit(net, data, {}, order_seed=order_seed, progress=progress, **recipe)
    return net.state_dict()


def prune(
    pruner: Pruner,
    classifier: Classifier,
    dense: State,
    data: Split,
    classes: int,
    *,
    order_seeds: list[int],
    progress: Progress,
    **recipe: float,
) -> Iterator[tuple[float, State]]:
    """The chain of a pruner: sparsity and state of every level, each trained from the one before."""
    net = classifier.build(tuple(data.images.shape[1:]), classes)
    state, masks = dense, {}
    for sparsity, order_seed in zip(pruner.sparsities, order_seeds, strict=True):
        weights = {name: state[name] for name in prunable(net)}
        masks = pruner.masks(weights, sparsity, masks)
        net.load_state_dict(pruner.restart(state))
        fit(net, data, masks, order_seed=order_seed, progress=progress, **recipe)
        state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
        yield sparsity, state


def fit(
    net: nn.Module,
    data: Split,
    masks: Masks,
    *,
    epochs: int,
    batch: int,
    lr: float,
    momentum: float,
    weight_decay: float,
    order_seed: int,
    progress: Progress,
) -> None:
    """One round: cross-entropy by SGD with Nesterov momentum, cosine schedule to zero; masked weights stay zero."""
    net, images = in_channels_last(net.train(), data.pixels)
    order = torch.Generator().manual_seed(order_seed)
    optimizer = torch.optim.SGD(
        net.parameters(), lr=lr, momentum=momentum, nesterov=momentum > 0, weight_decay=weight_decay
    )
    weights = prunable(net)
    masked = [weights[name] for name in masks]
    keeps = [keep.to(torch.float32) for keep in masks.values()]
    _apply(masked, keeps)
    total, step = epochs * steps_per_epoch(len(images), batch), 0
    for _ in range(epochs):
        losses = []
        for positions in epoch(len(images), batch, order):
            optimizer.param_groups[0]["lr"] = lr * (1 + math.cos(math.pi * step / total)) / 2
            loss = F.cross_entropy(net(images[positions]), data.labels[positions])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            _apply(masked, keeps)
            losses.append(loss.detach())
            step += 1
        progress.step(f"loss {torch.stack(losses).mean():.4f}")
    net.eval()


@torch.no_grad()
def _apply(weights: list[Tensor], keeps: list[Tensor]) -> None:
    if weights:
        torch._foreach_mul_(weights, keeps)
