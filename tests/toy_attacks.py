"""Networks whose worst cases are known, and images for them."""

import torch
from torch import Tensor, nn

from shiftpress.attacks.apgd_ce import ApgdCE
from shiftpress.attacks.apgd_t import ApgdT
from shiftpress.attacks.autoattack import AutoAttack
from shiftpress.attacks.base import Attack
from shiftpress.attacks.fab_t import FabT
from shiftpress.attacks.fgsm import FGSM
from shiftpress.attacks.pgd import PGD
from shiftpress.attacks.pgd_paper import PaperPGD
from shiftpress.attacks.square import Square
from shiftpress.attacks.wrm import WRM
from shiftpress.evaluation.adversarial import Shown

SHAPE = (1, 8, 8)
CLASSES = 5
RADII = {"linf": 0.05, "l2": 0.3}


class Linear(nn.Module):
    """Logits that are linear in the image: the worst case in a ball is known."""

    def __init__(self, seed: int = 0, classes: int = CLASSES, scale: float = 1.0):
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(scale * torch.randn(classes, 64, generator=random))
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return (images.flatten(1) - 0.5) @ self.weight.T


class Normed(nn.Module):
    """A small convolution network with batch statistics and dropout, which make mode and buffers matter."""

    def __init__(self, seed: int = 0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.body = nn.Sequential(
                nn.Conv2d(1, 6, 3, padding=1),
                nn.BatchNorm2d(6),
                nn.ReLU(),
                nn.Dropout(0.3),
                nn.AvgPool2d(2),
                nn.Flatten(),
                nn.Linear(96, CLASSES),
            )
        self.body[1].running_mean.uniform_(-0.1, 0.1, generator=torch.Generator().manual_seed(seed))
        self.eval()
        with torch.no_grad():  # images are told apart, and not all put into the class of the largest bias
            self.body[-1].bias -= self(images_of(100)).mean(0)

    def forward(self, images: Tensor) -> Tensor:
        return self.body(images)


def images_of(count: int = 24, seed: int = 1) -> Tensor:
    """Away from black and white, so that no ball of RADII is cut off."""
    return 0.3 + 0.4 * torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


def shown_to(net: nn.Module, count: int = 24, seed: int = 1, wrong: int = 3) -> Shown:
    """Images labelled as the network sees them, but for some at the end."""
    images = images_of(count, seed)
    with torch.no_grad():
        labels = net(images).argmax(1)
    labels[count - wrong :] = (labels[count - wrong :] + 1) % CLASSES
    return Shown(images, labels, torch.arange(100, 100 + count))


def every_attack(norm: str = "linf") -> dict[str, Attack]:
    """One of each kind, quick."""
    ball = {"norm": norm, "eps": [RADII[norm] / 2, RADII[norm]]}
    return {
        "fgsm": FGSM(**ball),
        "pgd": PGD(**ball, steps=10, restarts=2),
        "pgd_paper": PaperPGD(**ball),
        "apgd_ce": ApgdCE(**ball, steps=12),
        "apgd_t": ApgdT(**ball, steps=12),
        "fab_t": FabT(**ball, steps=12),
        "square": Square(**ball, queries=40),
        "autoattack": AutoAttack(**ball, steps=12, queries=40),
        "wrm": WRM(),
    }
