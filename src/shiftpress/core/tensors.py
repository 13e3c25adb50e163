"""Tensors on disk: safetensors files, which hold numbers and nothing that runs."""

from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from shiftpress.core.diverged import Diverged, diverged_at
from shiftpress.core.storage import damaged, read_artefact, write_artefact

State = dict[str, Tensor]


def write_tensors(path: str, tensors: Mapping[str, Tensor], producer: str) -> None:
    """Write named tensors as one artefact, in sorted order."""
    ordered = {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}
    write_artefact(path, save(ordered), producer)


def read_tensors(path: str) -> State:
    """The tensors of an artefact, checked against its digest; sorted, for the library has no order of its own.

    Raises DamagedArtefact, too if the file is what was recorded and yet holds no tensors.
    """
    try:
        found = load(read_artefact(path))
    except (SafetensorError, ValueError, KeyError) as error:  # the last two for types that torch does not have
        raise damaged(path, "it holds no tensors") from error
    return {name: found[name] for name in sorted(found)}


def with_prefix(prefix: object, state: Mapping[str, Tensor]) -> State:
    """The state under names that begin with ``prefix/``."""
    return {f"{prefix}/{name}": tensor for name, tensor in state.items()}


def under_prefix(prefix: object, tensors: Mapping[str, Tensor]) -> State:
    """The part of the tensors whose names begin with ``prefix/``, without it.

    Raises KeyError if there is none: half-loaded networks must not pass in silence; and Diverged if there is none for
    that reason.
    """
    start = f"{prefix}/"
    found = {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
    if not found and (step := diverged_at(prefix, tensors)) is not None:
        raise Diverged(f"network {prefix}", step)
    if not found:
        raise KeyError(f"no tensors under {start!r}")
    return found


def in_channels_last(net: nn.Module, images: Tensor) -> tuple[nn.Module, Tensor]:
    """Network (in place) and images (N, C, H, W) in the memory order that convolutions run fastest in on a CPU."""
    layout = torch.channels_last
    return net.to(memory_format=layout), images.contiguous(memory_format=layout)
