"""Networks whose gradients lead to the errors of others that have none, or misleading ones."""

import torch
from torch import Tensor, nn


class StraightThrough(nn.Module):
    """Says what one network says, with the gradients of another (Bengio et al. 2013; BPDA of Athalye et al. 2018).

    For networks that round on their way: the other is the same without the rounding, or what they were made from.
    """

    def __init__(self, net: nn.Module, twin: nn.Module):
        super().__init__()
        self.net, self.twin = net, twin
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        smooth = self.twin(images)
        with torch.no_grad():
            said = self.net(images)
        # not smooth + (said - smooth): rounding would let the two disagree on an argmax
        return _Borrowed.apply(smooth, said)


class _Borrowed(torch.autograd.Function):
    """The value of the second, the gradient to the first."""

    @staticmethod
    def forward(ctx, smooth: Tensor, said: Tensor) -> Tensor:
        return said.clone()

    @staticmethod
    def backward(ctx, slopes: Tensor) -> tuple[Tensor, None]:
        return slopes, None


def standins(net: nn.Module, parent: nn.Module | None = None, twin: nn.Module | None = None) -> dict[str, nn.Module]:
    """The stand-ins of a compressed network.

    ``parent`` is the network it was made from, ``twin`` the one with its weights that rounds nothing on the way. Each
    is attacked alone, for errors that carry over, and lends its gradients.
    """
    found: dict[str, nn.Module] = {}
    for name, other in (("twin", twin), ("parent", parent)):
        if other is not None:
            found |= {f"through_{name}": StraightThrough(net, other), name: other}
    return found
