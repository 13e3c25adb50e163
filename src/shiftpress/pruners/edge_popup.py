"""Edge-popup (Ramanujan et al. 2020): a good sparse network is found inside a random one."""

import math
from typing import Literal

from pydantic import Field
from torch import Tensor

from shiftpress.pruners.base import ScorePruner


class EdgePopup(ScorePruner):
    """Keep the weights whose scores are largest in magnitude; train the scores through the threshold as if it were not.

    The weights never change, and neither do biases, scales and shifts. Masks are chosen anew every step, so a weight
    may come back.
    """

    title = "edge-popup"
    binary = False

    weights: Literal["kaiming", "signed"] = Field(
        "kaiming", description="as the classifier draws them, or their signs times sqrt(2 / fan-in)"
    )
    rescale: bool = Field(
        True,
        description="enlarge them so that what is kept has the variance of a dense start",
    )

    def fixed(self, weight: Tensor, sparsity: float) -> Tensor:
        values = weight
        if self.weights == "signed":
            values = weight.sign() * math.sqrt(2 / weight[0].numel())
        return values / math.sqrt(1 - sparsity) if self.rescale else values
