"""Layers that answer the questions of attacks quickly on a CPU: what a network says, and the gradient of an image.

torch's gradient of a convolution with respect to an image of one channel takes as long as the rest of a LeNet's pass
(measured: 70 to 145 of 220 microseconds an image; this one takes 18 to 32), and its pooling also notes where the maxima
were when nobody will ask (15 microseconds; maxima alone take 6).
"""

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def ready_for_attack(net: nn.Module) -> nn.Module:
    """A network in the memory order that a CPU runs it fastest in, with such layers; in place.

    It says what it said, and its weights keep their names. Gradients of images are the same but for their rounding.
    """
    for parent in list(net.modules()):
        for name, layer in parent.named_children():
            if type(layer) is nn.Conv2d and _grey(layer):
                setattr(parent, name, GreyConv2d.of(layer))
    return pooled_quickly(net).to(memory_format=torch.channels_last)


def pooled_quickly(net: nn.Module) -> nn.Module:
    """A network whose poolings by two are quick where no gradient is asked; in place. It says what it said."""
    for parent in list(net.modules()):
        for name, layer in parent.named_children():
            if type(layer) is nn.MaxPool2d and _halves(layer):
                setattr(parent, name, Halving(2).train(layer.training))
    return net


def _grey(layer: nn.Conv2d) -> bool:
    plain = layer.stride == (1, 1) and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
    return layer.in_channels == 1 and plain and not isinstance(layer.padding, str)


def _halves(layer: nn.MaxPool2d) -> bool:
    sizes = layer.kernel_size in (2, (2, 2)) and layer.stride in (2, (2, 2))
    plain = layer.padding in (0, (0, 0)) and layer.dilation in (1, (1, 1))
    return sizes and plain and not layer.ceil_mode and not layer.return_indices


class Halving(nn.MaxPool2d):
    """Maxima of two by two pixels; an odd row or column at the end is left out."""

    def forward(self, images: Tensor) -> Tensor:
        if torch.is_grad_enabled() or images.device.type != "cpu":
            return super().forward(images)
        rows, columns = images.shape[2] // 2 * 2, images.shape[3] // 2 * 2
        high = torch.maximum(images[:, :, 0:rows:2, :columns], images[:, :, 1:rows:2, :columns])
        return torch.maximum(high[..., 0::2], high[..., 1::2]).contiguous(memory_format=torch.channels_last)


class GreyConv2d(nn.Conv2d):
    """A convolution of one channel, without stride or dilation."""

    @classmethod
    def of(cls, layer: nn.Conv2d) -> "GreyConv2d":
        """With the parameters of another, which are shared."""
        biased = layer.bias is not None
        own = cls(1, layer.out_channels, layer.kernel_size, padding=layer.padding, bias=biased, device="meta")
        own.weight, own.bias = layer.weight, layer.bias
        return own.train(layer.training)

    def forward(self, images: Tensor) -> Tensor:
        followed = images.requires_grad and torch.is_grad_enabled() and images.device.type == "cpu"
        if not followed or torch.is_autocast_enabled("cpu"):  # in bfloat16 torch's own is fast
            return super().forward(images)
        return _Convolution.apply(images, self.weight, self.bias, self.padding)


class _Convolution(torch.autograd.Function):
    """torch's convolution with another backward pass."""

    @staticmethod
    def forward(ctx, images: Tensor, weight: Tensor, bias: Tensor | None, padding: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.padding = padding
        return F.conv2d(images, weight, bias, padding=padding)

    @staticmethod
    @once_differentiable
    def backward(ctx, slopes: Tensor) -> tuple[Tensor | None, ...]:
        images, weight = ctx.saved_tensors
        of_images, of_weight, of_bias, _ = ctx.needs_input_grad
        return (
            image_slopes(slopes, weight, ctx.padding) if of_images else None,
            nn.grad.conv2d_weight(images, weight.shape, slopes, padding=ctx.padding) if of_weight else None,
            slopes.sum((0, 2, 3)) if of_bias else None,
            None,
        )


def image_slopes(slopes: Tensor, weight: Tensor, padding: tuple[int, int]) -> Tensor:
    """Gradient (N, 1, H, W) of images, from that (N, O, P, Q) of what a kernel (O, 1, h, w) made of them.

    One product says what every place of the kernel passes back; the places are then added where they came from.
    """
    (outputs, _, height, width), (count, _, rows, columns) = weight.shape, slopes.shape
    flat = slopes.permute(0, 2, 3, 1).reshape(-1, outputs)  # no copy in the order of channels last
    parts = (weight.reshape(outputs, -1).T @ flat.T).view(height, width, count, rows, columns)
    found = slopes.new_zeros(count, rows + height - 1, columns + width - 1)
    for down in range(height):
        for right in range(width):
            # not +=, which would also copy the result to where it is
            found[:, down : down + rows, right : right + columns].add_(parts[down, right])
    top, left = padding
    return found[:, None, top : found.shape[1] - top, left : found.shape[2] - left].contiguous()
