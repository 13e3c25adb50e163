"""Maps of errors under noise of single frequencies, beside one frequency after the other, in one run.

``python bench/fourier.py [--json FILE]`` makes the same map in both ways, in turns. The plain way takes every frequency
of the plane, makes its noise by an inverse transform, draws a sign for each image and channel, and classifies batches
of 100 in torch's memory order; ours knows that opposite frequencies are the same noise.
"""

import torch
from machine import peak, work
from pictures import leaves
from table import finish, in_turns, options, row
from torch import Tensor, nn

from shiftpress.classifiers.convs import ConvS
from shiftpress.core.determinism import prepare
from shiftpress.evaluation.fourier import NORM, heat_map

COUNT, STEP, BATCH, REPEATS = 100, 4, 100, 5
SHAPE = (3, 32, 32)


@torch.no_grad()
def plainly(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Errors at every STEP-th frequency, (rows, columns)."""
    side = images.shape[-1]
    most = (side - 1) // 2 // STEP * STEP
    steps = range(-most, most + 1, STEP)
    errors = torch.zeros(len(steps), len(steps))
    for a, i in enumerate(steps):
        for b, j in enumerate(steps):
            spectrum = torch.zeros(side, side, dtype=torch.complex64)
            spectrum[i, j] = spectrum[-i, -j] = 1
            noise = torch.fft.ifft2(spectrum).real
            signs = torch.randint(0, 2, (*images.shape[:2], 1, 1)) * 2 - 1
            noisy = (images + NORM * signs * noise / noise.norm()).clamp(0, 1)
            said = torch.cat([net(part).argmax(1) for part in noisy.split(BATCH)])
            errors[a, b] = (said != labels).double().mean()
    return errors


def main() -> None:
    given = options(__doc__).parse_args()
    prepare(1)
    images = torch.from_numpy(leaves(COUNT)).float() / 255
    nets = [ConvS().build(SHAPE, 10).eval() for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    labels, ids = torch.arange(COUNT) % 10, torch.arange(COUNT)
    ways = {
        "ours": lambda: heat_map(nets[0], images, labels, ids, 0, step=STEP),
        "peer": lambda: plainly(nets[1], images, labels),
    }
    found = in_turns(ways, REPEATS)
    frequencies = len(heat_map(nets[0], images[:1], labels[:1], ids[:1], 0, step=STEP).rows) ** 2
    limit = (frequencies + 1) / 2 * COUNT * work(nets[0], SHAPE) / peak() * 1e3
    bound = "operations of half the plane at the peak of float32"
    line = (f"{frequencies} frequencies, {COUNT} images, ConvS", "frequency by frequency", "ms a map")
    finish([row(*line, found["ours"], found["peer"], least=1.0, limit=limit, bound=bound)], given)


if __name__ == "__main__":
    main()
