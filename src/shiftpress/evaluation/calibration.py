"""Whether a classifier is as sure as it is right."""

import torch
from torch import Tensor

BINS = 15


def expected_calibration_error(probabilities: Tensor, labels: Tensor, bins: int = BINS) -> float:
    """Mean gap between confidence and accuracy over equally wide bins of confidence, weighted by their images.

    Guo et al. 2017 (arXiv 1706.04599): confidence is the largest probability, and a bin holds its upper edge.
    ``probabilities`` (N, K) add up to one in each row.
    """
    confidence, chosen = probabilities.double().max(1)
    right = (chosen == labels).double()
    # the edges themselves, not a product with the number of bins: rounding must not move an image across one
    edges = torch.arange(1, bins, dtype=torch.float64) / bins
    place = torch.bucketize(confidence, edges.to(confidence.device))
    gaps = torch.zeros(bins, dtype=torch.float64, device=confidence.device).index_add_(0, place, confidence - right)
    return float(gaps.abs().sum() / len(labels))


def brier_score(probabilities: Tensor, labels: Tensor) -> float:
    """Mean squared distance of the probabilities (N, K) from the label's corner, summed over classes, 0 to 2.

    Brier 1950, in its form for several classes.
    """
    corner = torch.nn.functional.one_hot(labels, probabilities.shape[1])
    return float((probabilities.double() - corner).square().sum(1).mean())
