"""torch's global generators, which layers that add noise draw from: a GPU has one of its own."""

import torch
from torch import Tensor


def seed_generators(seed: int, device: torch.device) -> None:
    """Draws that follow on the CPU, and on the GPU if the device is one, are those of the seed.

    As `torch.manual_seed`, but for what a process works on alone: that one writes down, for GPUs which the process has
    not touched, the stack of its callers, each time anew (measured: 7 % of the first minutes of a laptop tier).
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


def generator_states(device: torch.device) -> list[Tensor]:
    """For a checkpoint: that of the CPU, then that of the GPU which a network is on."""
    own = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *own]


def restore_generators(states: list[Tensor], device: torch.device) -> None:
    """From a checkpoint. What was kept on another kind of device has no state for this one, which stays as it is."""
    torch.set_rng_state(states[0])
    if device.type == "cuda" and len(states) > 1:
        torch.cuda.set_rng_state(states[1], device)
