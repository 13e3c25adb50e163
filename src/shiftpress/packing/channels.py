"""Shapes of the tensors of a network whose layers may have lost some of their outputs."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from shiftpress.core.folding import Folded
from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape
from shiftpress.core.steps import IMAGES, WEIGHTED, Step


def widths_of(steps: Sequence[Step], tensors: Mapping[str, Tensor]) -> list[int]:
    """How many outputs each layer has, in the order of the steps. Raises InputError if its codes are missing."""
    names = [f"{step.name}/codes" for step in steps if step.op in WEIGHTED]
    if any(name not in tensors or not tensors[name].ndim for name in names):
        raise InputError("The quantised network has other tensors or shapes than its classifier.")
    return [len(tensors[name]) for name in names]


def narrowed(folded: Folded, channels: int, classes: int, widths: list[int]) -> dict[str, Shape]:
    """Shapes of a folded network's tensors when its layers have so many outputs; its own shapes are the most.

    Raises InputError if widths are missing or too large, if what is added has not as many channels, or if the last
    width is not the number of classes.
    """
    whole, layers = {name: tuple(tensor.shape) for name, tensor in folded.tensors.items()}, folded.weighted()
    most = [whole[f"{step.name}/weight"][0] for step in layers]
    if len(widths) != len(most) or widths[-1] != classes or any(a > b for a, b in zip(widths, most, strict=True)):
        raise InputError("The card file's facts are wrong: widths: they are not those of its layers.")
    before, after = (_followed(folded, channels, numbers) for numbers in (most, widths))
    found = dict(whole)
    for step in folded.steps:
        weight, bias = f"{step.name}/weight", f"{step.name}/bias"
        if step.op in WEIGHTED:
            # behind a flattening, each channel is as many features as it has places
            places = whole[weight][1] // before[step.inputs[0]]
            found[weight] = (after[step.name], places * after[step.inputs[0]], *whole[weight][2:])
        elif step.op == "affine":
            found[weight] = (after[step.name],)
        if bias in whole and step.op != "normalise":
            found[bias] = (after[step.name],)
    return found


def _followed(folded: Folded, channels: int, widths: list[int]) -> dict[str, int]:
    """Channels of every result."""
    found, left = {IMAGES: channels}, list(widths)
    for step in folded.steps:
        if len({found[name] for name in step.inputs}) != 1:
            raise InputError("The card file's facts are wrong: widths: what is added has different ones.")
        found[step.name] = left.pop(0) if step.op in WEIGHTED else found[step.inputs[0]]
    return found
