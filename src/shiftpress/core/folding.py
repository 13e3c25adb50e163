"""Batch normalisation folded into the convolutions before it, and rectifiers into the steps that they follow."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from shiftpress.core.problems import InputError
from shiftpress.core.steps import IMAGES, WEIGHTED, Step, computed, consumers, traced

RECTIFIED = (*WEIGHTED, "affine", "add")
"""Steps that a rectifier can follow."""


@dataclass(frozen=True)
class Folded:
    """Steps, and tensors by ``<step>/weight`` and ``<step>/bias``: of weighted steps, of affine ones (scale, shift)
    and of the normalisation of images (mean, deviation)."""

    steps: list[Step]
    tensors: dict[str, Tensor]

    def of(self, step: Step) -> tuple[Tensor | None, Tensor | None]:
        """Weight and bias of a step, as far as it has them."""
        return self.tensors.get(f"{step.name}/weight"), self.tensors.get(f"{step.name}/bias")

    def weighted(self) -> list[Step]:
        """Steps with weights to quantise, in order."""
        return [step for step in self.steps if step.op in WEIGHTED]


class FoldedNet(nn.Module):
    """The classifier that the steps are, in float32."""

    def __init__(self, folded: Folded):
        super().__init__()
        self.folded = folded

    def forward(self, images: Tensor) -> Tensor:
        found = {IMAGES: images}
        for step in self.folded.steps:
            result = computed(step, [found[name] for name in step.inputs], *self.folded.of(step))
            found[step.name] = result.relu() if step.relu else result
        return result


@torch.no_grad()
def folded(net: nn.Module) -> Folded:
    """A classifier's steps with its normalisations folded where nothing stands between them and a convolution.

    A normalisation elsewhere (before a convolution, as in pre-activation networks; behind a pool; of a result that is
    used twice) stays, as a scale and a shift for each channel. Tensors may be on the meta device; the network is left
    as it is. Raises InputError if it has steps that are not known.
    """
    steps, layers, found = traced(net), dict(net.named_modules()), Folded([], {})
    renamed: dict[str, str] = {}
    for step in steps:
        own = replace(step, inputs=tuple(renamed.get(name, name) for name in step.inputs))
        before = next((place for place, s in enumerate(found.steps) if s.name == own.inputs[0]), None)
        alone = before is not None and len(consumers(steps, step.inputs[0])) == 1
        if step.op == "norm":
            scale, shift = _affine(layers[step.layer])
            if alone and found.steps[before].op == "conv" and not found.steps[before].relu:
                renamed[step.name] = found.steps[before].name
                _scale(found, found.steps[before], scale, shift)
            else:
                found.steps.append(replace(own, op="affine"))
                _keep(found, own, scale.float(), shift.float())
        elif step.op == "relu":
            if not alone or found.steps[before].op not in RECTIFIED:
                raise InputError(f"The network cannot be taken apart: its rectifier {step.name} follows no layer.")
            renamed[step.name] = found.steps[before].name
            found.steps[before] = replace(found.steps[before], relu=True)
        else:
            found.steps.append(own)
            if step.op in WEIGHTED:
                _keep(found, own, layers[step.layer].weight, layers[step.layer].bias)
            elif step.op == "normalise":
                _keep(found, own, layers[step.layer].mean, layers[step.layer].deviation)
    return found


def _affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """What a normalisation multiplies by and adds, float64, (C,)."""
    if norm.running_var.is_meta:  # which has no values; to calculate without them, torch imports its compiler for 2 s
        return norm.running_var.double(), norm.running_mean.double()
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight.double()
    shift = -norm.running_mean.double() * scale
    return scale, shift + norm.bias.double() if norm.affine else shift


def _scale(found: Folded, conv: Step, scale: Tensor, shift: Tensor) -> None:
    weight, bias = found.of(conv)
    if weight.is_meta:
        _keep(found, conv, weight, shift.float())
        return
    moved = shift if bias is None else bias.double() * scale + shift
    _keep(found, conv, (weight.double() * scale[:, None, None, None]).float(), moved.float())


def _keep(found: Folded, step: Step, weight: Tensor, bias: Tensor | None) -> None:
    found.tensors[f"{step.name}/weight"] = weight.detach().clone()
    if bias is not None:
        found.tensors[f"{step.name}/bias"] = bias.detach().clone()
