"""Whether an attack's numbers can be trusted: gates that every adversarial result has to pass.

An attack that fails one says little about the network (Carlini et al. 2019; Croce and Hein 2020), so its results are
marked and support no claim.
"""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.attacks.base import Attack, BallAttack, held_still, slope
from shiftpress.evaluation.adversarial import Shown, Target, Trial

GATES = {
    "clean": "a radius of 0 gives the clean predictions, image by image",
    "monotone": "a larger radius leaves no more images",
    "large": "in balls that all hold the grey image no more is left than the largest class",
    "masking": "the Square attack, which sees no gradient, is not stronger than those that do",
    "gradients": "few gradients are zero",
}
SLACK = 0.002
"""By how much accuracies may be out of order; one image may in any case. That of AutoAttack's own check."""
MOST_ZERO = 0.1
"""Share of the correctly classified images whose gradient may be zero."""


def room(images: Tensor, norm: str) -> float:
    """The smallest radius of balls within [0, 1] that all hold the grey image: half a pixel's range, in each pixel."""
    return 0.5 if norm == "linf" else 0.5 * float(images[0].numel()) ** 0.5


def most_by_chance(labels: Tensor) -> float:
    """The accuracy of always saying the same: all that is left where each image can become the grey one."""
    return float(labels.bincount().max() / len(labels))


def rises(clean: Tensor, trials: Mapping[float, Trial]) -> bool:
    """Whether accuracy is larger at a larger radius, by more than the slack."""
    values = [float(clean.double().mean()), *(trials[eps].accuracy for eps in sorted(trials))]
    return any(after - before > slack(len(clean)) for before, after in pairwise(values))


def slack(count: int) -> float:
    """How far two accuracies on so many images may be out of order."""
    return max(SLACK, 1.0 / count) + 1e-9


def masked(square: Trial, white_box: list[Tensor]) -> bool:
    """Whether random search alone finds more than all attacks along gradients together, on the same images."""
    left = torch.stack(white_box).all(0).double().mean()
    return float(left) - square.accuracy > slack(len(square.robust))


def zero_gradients(attack: Attack, target: Target, shown: Shown, clean: Tensor, batch: int) -> float:
    """Share of the correctly classified images at which no network that is followed has a gradient."""
    some = shown[clean.nonzero().flatten()]
    if attack.follows == "nothing" or not len(some):
        return 0.0
    flat = torch.ones(len(some), dtype=torch.bool)
    for net in target.followed(attack).values():
        parts = zip(some.images.split(batch), some.labels.split(batch), strict=True)
        with held_still(net):
            flat &= torch.cat([_flat(net, attack.follows, images, labels).cpu() for images, labels in parts])
    return float(flat.double().mean())


def _flat(net: nn.Module, follows: str, images: Tensor, labels: Tensor) -> Tensor:
    def loss(x: Tensor) -> Tensor:
        logits = net(x)
        if follows == "cross_entropy":
            return F.cross_entropy(logits, labels, reduction="none")
        others = logits.scatter(1, labels[:, None], -torch.inf)
        return others.amax(1) - logits.gather(1, labels[:, None])[:, 0]

    return (slope(loss, images)[1].flatten(1) == 0).all(1)


def failed(
    attack: Attack,
    clean: Tensor,
    trials: Mapping[float, Trial],
    still: Trial | None,
    large: tuple[Trial, Tensor] | None,
    flat: float,
) -> list[str]:
    """Names of the gates that an attack on a network has failed, all but ``masking``, which is that of a radius.

    ``trials`` are those on all images by strength, ``clean`` what is right without it. On the gates' images, ``still``
    is the trial at radius 0 and ``large`` that in the largest balls, with the labels; none for attacks without balls.
    """
    checks = {"gradients": flat > MOST_ZERO}
    if isinstance(attack, BallAttack):
        unmoved = torch.equal(still.robust, clean[: len(still.robust)]) and not still.moved.any()
        checks |= {
            "clean": not unmoved,
            "monotone": rises(clean, trials),
            "large": large[0].accuracy > most_by_chance(large[1]) + 1e-9,
        }
    return [name for name in GATES if checks.get(name)]
