"""What an exported module says around its networks and its gate.

This is text: it is run by whoever imports the module, in a place where this package need not be.
"""

BATCHES = """

    The gate takes ``batch`` consecutive images for one domain, by default all that it is shown at once.
    """
SETTING = """\
        self.batch = batch
        self.gate = Gate()
"""
ALONE = """\
def forward(self, images: Tensor) -> Tensor:
    images = images.contiguous(memory_format=FAST)
    return self.logits(images, [0])[0]
"""
ASKED = """\
def forward(self, images: Tensor) -> Tensor:
    images = images.contiguous(memory_format=FAST)
    logits = self.logits(images, range(len(NETWORKS)))
    seen = Seen(GROUPS, self.gate.look(images), self.batch or len(images), None, logits)
    return blend(self.gate.weights(seen, self.tensors("gate")), logits, AVERAGE).log()
"""
CHOSEN = """\
def forward(self, images: Tensor) -> Tensor:
    images = images.contiguous(memory_format=FAST)
    seen = Seen(GROUPS, self.gate.look(images), self.batch or len(images), None)
    weights = self.gate.weights(seen, self.tensors("gate"))
    # a card that counts for no image need not look at any
    logits = self.logits(images, [card for card, most in enumerate(weights.amax(0)) if most > 0])
    return blend(weights, logits, AVERAGE).log()
"""

TEMPLATE = '''\
"""{what} for images {images}, written by shiftpress {version}.

Needs torch and safetensors. The weights lie beside this file, in the safetensors file of the same name:

    model = Deck()  # images {images} to {result}

The sha256 that each card's own file gives:

{digests}
"""

from __future__ import annotations

from collections.abc import Iterable
{imports}from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

WEIGHTS = Path(__file__).with_suffix(".safetensors")
FAST = torch.channels_last
"""The memory order in which convolutions run fastest on a processor."""


{helper}

{networks}

NETWORKS = ({order})
"""What computes the logits of each card."""


{gate}class Deck(nn.Module):
    """Images {images} to {result}, always as in evaluation.{batches}"""

    def __init__(self, weights: str | Path = WEIGHTS{option}):
        super().__init__()
        for name, tensor in load_file(weights).items():
            # torch keeps dots for layers; a copy, for in a file numbers lie anywhere, and some processors then add them
            # in another order
            self.register_buffer(name.replace(".", "/"), tensor.clone())
{setting}        self.to(memory_format=FAST)
        self.eval()

    def tensors(self, part: str) -> dict[str, Tensor]:
        """The tensors of a card, or of the gate, by name."""
        found = {{name: tensor for name, tensor in self.named_buffers() if name.startswith(f"{{part}}/")}}
        return {{name.removeprefix(f"{{part}}/").replace("/", "."): tensor for name, tensor in found.items()}}

    def logits(self, images: Tensor, cards: Iterable[int]) -> Tensor:
        """The logits of these cards and zeros for the others, (cards, N, classes)."""
        found = images.new_zeros(len(NETWORKS), len(images), {classes})
        for card in cards:
            found[card] = NETWORKS[card](images, self.tensors(f"card{{card}}"))
        return found

{forward}'''
