"""A card for other runtimes: an ONNX file. Needs packages that only this does: the extra ``onnx``."""

import importlib.util
import warnings

import torch
from torch import nn

from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape

NEEDED = ("onnx", "onnxscript")


def onnx_bytes(net: nn.Module, shape: Shape) -> bytes:
    """The network as ONNX, ``images`` (N, C, H, W) in [0, 1] to ``logits``, for any N.

    Weights are dense float32: the format has no masks. Raises InputError if the packages are missing.
    """
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise InputError(f"Export needs the package {missing[0]!r}; install shiftpress[onnx].")
    # two, as a batch of one would be taken for a constant
    example = torch.zeros(2, *shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside torch's own exporter
        program = torch.onnx.export(
            net.eval(),
            (example,),
            dynamic_shapes=({0: torch.export.Dim("batch", max=65_536)},),
            input_names=["images"],
            output_names=["logits"],
            verbose=False,
        )
    return program.model_proto.SerializeToString()
