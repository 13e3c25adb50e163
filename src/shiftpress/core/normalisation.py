"""Batch normalisation, called as directly as it can be."""

import torch
from torch import Tensor, nn


class BatchNorm(nn.BatchNorm2d):
    """torch's own, without what that one asks itself at every call: a third of a call on few small images (measured).

    The numbers are the same.
    """

    def forward(self, images: Tensor) -> Tensor:
        if images.dim() != 4 or images.numel() == images.shape[1] or self.momentum is None:
            return super().forward(images)  # which says what is wrong, or averages over all batches alike
        weights, kept = self._parameters, self._buffers
        mean, variance = kept["running_mean"], kept["running_var"]
        if self.training and mean is not None:
            kept["num_batches_tracked"].add_(1)
        over_batch, cudnn = self.training or mean is None, torch.backends.cudnn.enabled
        numbers = (weights["weight"], weights["bias"], mean, variance)
        return torch.batch_norm(images, *numbers, over_batch, self.momentum, self.eps, cudnn)
