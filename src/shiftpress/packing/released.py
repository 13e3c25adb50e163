"""The networks that Diffenderfer et al. 2021 released on RobustBench, as cards.

How they are laid out is read from RobustBench's own code (1.1.1, ``model_zoo/architectures/CARD_resnet.py``), which
loads them; nobody here has seen one of the files.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shiftpress.core.problems import InputError
from shiftpress.core.tensors import State
from shiftpress.core.torchfile import read_torch_file
from shiftpress.packing.card import pack

SHAPE = (3, 32, 32)
NORMALISATION = {
    10: ((0.491, 0.482, 0.447), (0.247, 0.243, 0.262)),
    100: ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
}
"""Mean and deviation of each channel by number of classes: what RobustBench sets where a checkpoint has none."""
WRAPPERS = ("state_dict", "module.", "model.")
PARTS = {"conv1": "stem", "bn1": "norm", "fc": "head"}
PREACT_PARTS = {"bn1": "norm1", "bn2": "norm2"}
UNUSED = (".scores", ".flag")
"""Ends of names that the networks do not have: how edge-popup and biprop chose, which the weights already say."""


def released_card(path: Path) -> bytes:
    """The card file of a checkpoint. Raises InputError if it is none of these networks."""
    state = _state(read_torch_file(path), path)
    head, stem = state.get("fc.weight"), state.get("conv1.weight")
    if head is None or stem is None or head.ndim not in (2, 4) or stem.ndim != 4 or len(head) not in NORMALISATION:
        raise InputError(f"{path} is no checkpoint of a released card: it lacks conv1 and fc for 10 or 100 classes.")
    classes, preact = len(head), head.ndim == 4
    if preact:
        kind, fields = "preact_resnet", {"stages": _stages(state, path), "shortcuts": "released"}
    else:
        kind, fields = "resnet", {"depth": 18, "width": len(stem) / 64}
    ours = {_renamed(name, preact): tensor for name, tensor in state.items() if name not in ("mu", "sigma")}
    ours["head.weight"] = ours["head.weight"].reshape(classes, -1)
    for name, key, usual in zip(("mean", "deviation"), ("mu", "sigma"), NORMALISATION[classes], strict=True):
        ours[f"normalise.{name}"] = state.get(key, torch.tensor(usual)).reshape(1, -1, 1, 1)
    for name in [name for name in ours if name.endswith("running_mean")]:
        ours.setdefault(name.replace("running_mean", "num_batches_tracked"), torch.tensor(0))
    return pack(ours, kind, fields, SHAPE, classes, origin="a card of Diffenderfer et al. 2021, by its checkpoint")


def _state(found: Any, path: Path) -> State:
    """The tensors that a network is made of, by RobustBench's names."""
    if isinstance(found, Mapping) and isinstance(found.get(WRAPPERS[0]), Mapping):
        found = found[WRAPPERS[0]]
    if not isinstance(found, Mapping) or not all(isinstance(tensor, np.ndarray) for tensor in found.values()):
        raise InputError(f"{path} is no checkpoint of a released card: it holds no state_dict of tensors.")
    state: State = {}
    for name, tensor in found.items():
        for wrapper in WRAPPERS[1:]:
            name = str(name).removeprefix(wrapper)
        if not name.endswith(UNUSED):
            state[name] = torch.from_numpy(tensor)
    return state


def _stages(state: State, path: Path) -> list[int]:
    """Channels of the four stages of a pre-activation network."""
    found = [state.get(f"layer{stage}.0.conv1.weight") for stage in range(1, 5)]
    if any(tensor is None or tensor.ndim != 4 for tensor in found):
        raise InputError(f"{path} is no checkpoint of a released card: it lacks one of four stages.")
    return [len(tensor) for tensor in found]


def _renamed(name: str, preact: bool) -> str:
    """Our name for a tensor; a name that is not known stays, and is then found to be too much."""
    if inside := re.fullmatch(r"layer([1-4])\.([01])\.(.+)", name):
        stage, block, rest = inside.groups()
        layer, _, part = rest.partition(".")
        layer = PREACT_PARTS.get(layer, layer) if preact else layer
        return f"block{int(stage) - 1}{'ab'[int(block)]}.{layer}.{part}"
    layer, _, part = name.partition(".")
    return f"{PARTS.get(layer, layer)}.{part}"
