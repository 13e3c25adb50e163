"""How long a network takes on this machine's processor. Never part of a record: another machine says otherwise."""

import statistics
import time

import torch
from torch import nn

from shiftpress.core.splits import Shape
from shiftpress.core.tensors import in_channels_last


@torch.inference_mode()
def latency(net: nn.Module, shape: Shape, batches: tuple[int, ...] = (1, 32), repeats: int = 30) -> dict[int, float]:
    """Milliseconds per image by batch size: median over the repeats, one thread, after three warming runs.

    Removed weights are computed with like all others: unstructured sparsity makes files small, not networks fast.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {batch: _median(net, torch.rand(batch, *shape), repeats) for batch in batches}
    finally:
        torch.set_num_threads(threads)


def _median(net: nn.Module, images: torch.Tensor, repeats: int) -> float:
    net, images = in_channels_last(net.eval(), images)
    times = []
    for _ in range(3 + repeats):
        start = time.perf_counter()
        net(images)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times[3:]) / len(images)
