"""The weights that a mask keeps, as 32-bit or 16-bit numbers, or as a sign each and a gain per layer."""

import numpy as np

from shiftpress.core.problems import InputError

Arrays = dict[str, np.ndarray]
FLOATS = {32: "<f4", 16: "<f2"}


def form(bits: int, counts: list[int]) -> dict[str, tuple[str, int]]:
    """Type and length of the arrays that hold so many kept weights of each layer."""
    total = sum(counts)
    if bits == 1:
        return {"gains": ("F32", len(counts)), "signs": ("U8", -(-total // 8))}
    return {"values": (f"F{bits}", total)}


def narrowest(layers: list[np.ndarray]) -> int:
    """Bits a weight that lose nothing: 1 if each layer's kept weights are one gain with a sign, else 32."""
    return 1 if all(_binary(layer[layer != 0]) for layer in layers) else 32


def rounded(layers: list[np.ndarray], bits: int) -> list[np.ndarray]:
    """Weights (zeros where removed) as they come back from so many bits. Raises InputError if they do not fit."""
    if bits == 1 and narrowest(layers) != 1:
        raise InputError("The card's weights are not binary: a layer keeps several absolute values. Use more bits.")
    if bits != 16:
        return layers
    with np.errstate(over="ignore"):
        halves = [layer.astype(np.float16).astype(np.float32) for layer in layers]
    if not all(np.isfinite(layer).all() for layer in halves):
        raise InputError("The card has weights beyond the range of 16 bits. Use 32.")
    return halves


def encode(kept: list[np.ndarray], bits: int) -> Arrays:
    """The arrays of the kept weights of each layer, float32 and already rounded."""
    whole = np.concatenate([np.empty(0, np.float32), *kept])
    if bits == 1:
        gains = np.array([abs(layer[0]) if layer.size else 0.0 for layer in kept], "<f4")
        return {"gains": gains, "signs": np.packbits(whole < 0)}
    return {"values": whole.astype(FLOATS[bits])}


def decode(arrays: Arrays, bits: int, counts: list[int]) -> list[np.ndarray]:
    """The kept weights of each layer, float32; the arrays have the form that ``form`` says. Raises InputError."""
    if bits == 1:
        negative, gains = np.unpackbits(arrays["signs"]).astype(bool), arrays["gains"]
        if negative[sum(counts) :].any() or ((gains > 0) != (np.array(counts) > 0)).any():
            raise InputError("The card's gains or signs are not written as cards are.")
        negative, size = negative[: sum(counts)], np.repeat(gains, counts)
        whole = np.where(negative, -size, size).astype(np.float32)
    else:
        whole = arrays["values"].astype(np.float32)
    if not np.isfinite(whole).all() or not whole.all():
        raise InputError("The card keeps weights that are zero or no finite numbers.")
    return np.split(whole, np.cumsum(counts)[:-1]) if counts else []


def _binary(kept: np.ndarray) -> bool:
    return not kept.size or bool((np.abs(kept) == np.abs(kept[0])).all())
