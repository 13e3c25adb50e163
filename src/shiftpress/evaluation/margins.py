"""The margin lemma: how far a card's accuracy can fall below its dense network's, given how near their logits are.

Let m be the margin of the dense network f, the label's logit less the largest other one, and let every logit of the
card g be within e of f's. Then g is right wherever m > 2 e, so accuracy falls by at most the share of images with
0 < m <= 2 e. The lemma is ours (claim C-25), elementary, and no statement of Diffenderfer et al. 2021; it bounds how
much worse a card is and says nothing of why one would be better. Ties count as wrong on both sides.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class MarginCheck:
    """What the lemma says of two networks on the same images.

    ``distance`` is the quantile of the largest difference between logits of an image. ``drop`` is the fall in accuracy,
    ``bound`` what it may be, and ``violations`` the share of images that f had right by more than twice the distance
    and g has wrong: none if the quantile is 1.
    """

    quantile: float
    distance: float
    drop: float
    bound: float
    violations: float


def margins(logits: Tensor, labels: Tensor) -> Tensor:
    """The label's logit less the largest other one, (N,) float64, from (N, K)."""
    logits = logits.double()
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return logits.gather(1, labels[:, None])[:, 0] - others.max(1).values


def margin_check(dense: Tensor, card: Tensor, labels: Tensor, quantile: float = 1.0) -> MarginCheck:
    """Compare logits (N, K) of a dense network and a card on the same images."""
    distances = (dense.double() - card.double()).abs().max(1).values
    distance = distances.quantile(quantile)
    before, after = margins(dense, labels), margins(card, labels)
    drop = (before > 0).double().mean() - (after > 0).double().mean()
    near = (before > 0) & (before <= 2 * distance)
    broken = (before > 2 * distance) & (after <= 0)
    shares = (float(value.double().mean()) for value in (near, broken))
    return MarginCheck(quantile, float(distance), float(drop), *shares)
