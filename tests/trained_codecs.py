"""One trained codec of every kind, small, and digits to code with them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional as F

from shiftpress.assembly import build
from shiftpress.coding.model import Model, model_bytes, read_model
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.training.codecs import train_codec

FIELDS = {
    "fixed_rate": {"width": 4},
    "nested": {"width": 4},
    "residual": {"width": 4},
    "angle": {"width": 4, "angle_width": 4},
    "factorized": {"channels": 16, "latents": 12},
    "hyperprior": {"channels": 16, "latents": 12, "hyper_channels": 4},
}
OBJECTIVES = {
    "nested": {"kind": "nested_schedule", "steps": 1},
    "residual": {"kind": "residual_schedule", "steps": 1},
    "angle": {"kind": "angle_schedule"},
}
CHANNELS = {"factorized": 3}


@dataclass(frozen=True)
class Trained:
    """A codec, its model file, and images (200, C, H, W) uint8 it was not trained on."""

    model: Model
    data: bytes
    images: Tensor


class Silent:
    """Progress that nobody watches."""

    def step(self, note: str = "") -> None:
        pass


def digits(channels: int) -> Tensor:
    """712 digits as (N, C, 32, 32) uint8; colour is made of a digit and its neighbours."""
    grey = torch.from_numpy(load_digits().images).float()[:, None] / 16
    large = F.interpolate(grey, size=32, mode="bilinear")
    coloured = torch.cat([large.roll(step, 0) for step in range(channels)], 1)
    return (coloured[:712] * 255).round().to(torch.uint8)


def train(kind: str, fields: dict, channels: int = 1, epochs: int = 2) -> tuple[Model, bytes, Tensor]:
    """A codec of the kind trained on 512 digits, its model file, and 200 other images."""
    torch.set_num_threads(1)
    images = digits(channels)
    with TemporaryDirectory() as folder:
        state, _ = train_codec(
            build("codecs", {"kind": kind, **fields}),
            build("objectives", OBJECTIVES.get(kind, {"kind": "erm"})),
            images[200:].float() / 255,
            epochs=epochs,
            batch=32,
            lr=3e-3,
            drops=[0.6],
            drop_factor=0.2,
            init_seed=1,
            order_seed=2,
            draw_seed=3,
            store=Checkpoints("c", Path(folder)),
            progress=Silent(),
        )
    data = model_bytes(kind, fields, tuple(images.shape[1:]), state, "test")
    return read_model(data), data, images[:200]


@cache
def trained(kind: str) -> Trained:
    """A codec of the kind after a few steps, once per process."""
    return Trained(*train(kind, FIELDS[kind], CHANNELS.get(kind, 1)))


def stages() -> list[tuple[str, str]]:
    """Every kind with each of its stages."""
    structures = {"nested": ["prefix"], "residual": ["base"], "angle": ["upright"]}
    return [(kind, stage) for kind in FIELDS for stage in [*structures.get(kind, []), "full"]]
