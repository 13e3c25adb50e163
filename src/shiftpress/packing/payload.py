"""Between the state of a network and the few arrays of a card."""

import math

import numpy as np
import torch

from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape
from shiftpress.core.tensors import State
from shiftpress.packing import masks, values
from shiftpress.packing.layout import STATISTICS, Layout
from shiftpress.packing.values import Arrays


def layers_of(state: State, places: Layout) -> list[np.ndarray]:
    """The weights of each layer, flat; zero where they are removed."""
    return [_flat(state, name, np.float32) for name in places.weights]


def pack(state: State, places: Layout, bits: int) -> Arrays:
    """The arrays of a state whose removed weights are zero: weights in so many bits, the rest as it is.

    Raises InputError if the state is not one of this layout or does not fit.
    """
    check(state, places)
    layers = values.rounded(layers_of(state, places), bits)
    kept = [layer != 0 for layer in layers]
    arrays = {
        "kept": np.array([np.count_nonzero(mask) for mask in kept], "<i8"),
        "mask": np.frombuffer(masks.encode(kept), np.uint8),
        **pack_rest(state, places),
    }
    return arrays | values.encode([layer[mask] for layer, mask in zip(layers, kept, strict=True)], bits)


def pack_rest(state: State, places: Layout) -> Arrays:
    """The arrays of everything but the weights, as it is."""
    return {
        "floats": np.concatenate([np.empty(0, "<f4"), *(_flat(state, name, "<f4") for name in places.floats)]),
        "integers": np.concatenate([np.empty(0, "<i8"), *(_flat(state, name, "<i8") for name in places.integers)]),
    }


def form(places: Layout, bits: int, counts: list[int]) -> dict[str, tuple[str, int | None]]:
    """Type and length of the arrays of a card that keeps so many weights of each layer; a mask may have any length."""
    fixed = {"kept": ("I64", len(places.weights)), "mask": ("U8", None)}
    return fixed | form_rest(places) | values.form(bits, counts)


def form_rest(places: Layout) -> dict[str, tuple[str, int]]:
    """Type and length of the arrays of everything but the weights."""
    return {"floats": ("F32", _total(places.floats)), "integers": ("I64", _total(places.integers))}


def unpack(arrays: Arrays, places: Layout, bits: int) -> State:
    """The state that the arrays hold, of the form that ``form`` says. Raises InputError, whatever they contain."""
    counts = arrays["kept"].tolist()
    kept = masks.decode(arrays["mask"].tobytes(), places.sizes, counts)
    state: State = {}
    parts = zip(places.weights.items(), kept, values.decode(arrays, bits, counts), strict=True)
    for (name, shape), mask, weights in parts:
        layer = np.zeros(mask.size, np.float32)
        layer[mask] = weights
        state[name] = torch.from_numpy(layer).view(shape)
    state |= unpack_rest(arrays, places)
    for name, shape in places.still.items():
        state[name] = torch.full(shape, STATISTICS[name.rpartition(".")[2]])
    _usable(state)
    return state


def unpack_rest(arrays: Arrays, places: Layout) -> State:
    """Everything but the weights. Raises InputError if it cannot be used."""
    state = _split(arrays["floats"].astype(np.float32), places.floats)
    state |= _split(arrays["integers"].astype(np.int64), places.integers)
    _usable(state)
    return state


def check(state: State, places: Layout) -> None:
    """Raises InputError unless the state is one of this layout, of finite numbers."""
    check_shapes(state, places.weights | places.floats | places.still, places.integers)
    for name in places.still:
        if not (state[name] == STATISTICS[name.rpartition(".")[2]]).all():
            raise InputError(f"The statistic {name!r} is not folded.")


def check_shapes(state: State, floats: dict[str, Shape], integers: dict[str, Shape]) -> None:
    """Raises InputError unless the state has just these tensors, of finite numbers."""
    wanted = floats | integers
    if names := sorted(wanted.keys() ^ state.keys()):
        raise InputError(f"The state has other tensors than the network, such as {names[0]!r}.")
    for name, shape in wanted.items():
        dtype = torch.int64 if name in integers else torch.float32
        if tuple(state[name].shape) != shape or state[name].dtype != dtype:
            raise InputError(f"The tensor {name!r} has another type or shape than in the network.")
    _usable(state)


def _usable(state: State) -> None:
    for name, tensor in state.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise InputError(f"The tensor {name!r} holds values that are no finite numbers.")
        if name.endswith("running_var") and (tensor < 0).any():
            raise InputError(f"The variances {name!r} are negative.")


def _flat(state: State, name: str, dtype: str | type) -> np.ndarray:
    return state[name].detach().cpu().contiguous().numpy().astype(dtype).ravel()


def elsewhere(places: Layout) -> int:
    """Bytes of everything but the weights in a plain file of the state."""
    return 4 * (_total(places.floats) + _total(places.still)) + 8 * _total(places.integers)


def _total(shapes: dict[str, Shape]) -> int:
    return sum(math.prod(shape) for shape in shapes.values())


def _split(whole: np.ndarray, shapes: dict[str, Shape]) -> State:
    parts = np.split(whole, np.cumsum([math.prod(shape) for shape in shapes.values()])[:-1]) if shapes else []
    return {
        name: torch.from_numpy(part.copy()).view(shape)
        for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }
