"""How fast a classifier's outputs move with its input."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.core.tensors import in_channels_last
from shiftpress.evaluation.cells import CHUNK


def jacobian_norms(net: nn.Module, images: Tensor, of: str = "logits") -> Tensor:
    """Frobenius norm of the Jacobian of the ``logits`` or ``probabilities`` by the image, (N,) float64.

    Exact, one backward pass per class, in evaluation mode; images (N, C, H, W). (Studies with many classes estimate it
    by random projections, Hoffman et al. 2019; ten classes need none.)
    """
    net, images = in_channels_last(net.eval(), images)
    return torch.cat([_norms(net, chunk, of) for chunk in images.split(CHUNK)])


def gradient_norms(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Euclidean norm of the gradient of each image's cross-entropy by the image, (N,) float64."""
    net, images = in_channels_last(net.eval(), images)
    found = []
    for chunk, truth in zip(images.split(CHUNK), labels.split(CHUNK), strict=True):
        chunk = chunk.detach().requires_grad_()
        (slope,) = torch.autograd.grad(F.cross_entropy(net(chunk), truth, reduction="sum"), chunk)
        found.append(slope.double().flatten(1).norm(dim=1))
    return torch.cat(found)


def _norms(net: nn.Module, images: Tensor, of: str) -> Tensor:
    images = images.detach().requires_grad_()
    out = {"logits": lambda z: z, "probabilities": lambda z: z.softmax(1)}[of](net(images))
    squares = torch.zeros(len(images), dtype=torch.float64, device=images.device)
    for k in range(out.shape[1]):
        (slope,) = torch.autograd.grad(out[:, k].sum(), images, retain_graph=k + 1 < out.shape[1])
        squares += slope.double().flatten(1).square().sum(1)
    return squares.sqrt()
