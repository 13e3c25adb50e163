"""Small classifiers as after training: statistics, scales of either sign and shifts are not those of the start."""

import torch
from torch import nn

from shiftpress.core.catalog import component

SHAPE, CLASSES = (3, 16, 16), 5
NETS = {
    "convn": ("convn", {"depth": 4, "width": 0.1}),
    "convn_bn": ("convn", {"depth": 4, "width": 0.1, "norm": "affine"}),
    "convs": ("convs", {"width": 0.5}),
    "lenet": ("caffe_lenet", {"width": 0.3}),
    "vgg": ("vgg16", {"width": 0.2, "norm": "plain"}),
    "resnet": ("resnet", {"depth": 8}),
    "resnet18": ("resnet", {"depth": 18, "width": 0.1, "head_bias": False}),
    "preact": ("preact_resnet", {"stages": [8, 16], "norm": "affine"}),
    "preact_released": ("preact_resnet", {"stages": [8, 16], "shortcuts": "released"}),
}
"""Kind and fields of each."""


def images_of(count: int = 64, seed: int = 0) -> torch.Tensor:
    """Blots rather than noise, so that classes differ."""
    coarse = torch.rand(count, SHAPE[0], 4, 4, generator=torch.Generator().manual_seed(seed))
    return nn.functional.interpolate(coarse, scale_factor=4, mode="bilinear")


def moved(net: nn.Module, images: torch.Tensor) -> nn.Module:
    """The network with batch statistics of these images, and with scales and shifts drawn at random."""
    with torch.no_grad():
        net.normalise.fit(images)
        for layer in net.modules():
            if isinstance(layer, nn.BatchNorm2d) and layer.affine:
                nn.init.uniform_(layer.weight, -0.5, 1.5)
                nn.init.normal_(layer.bias, std=0.2)
        net.train()
        for _ in range(20):
            net(images)
        net.eval()
        # no class is preferred, so that predictions differ from image to image
        last = list(net.modules())[-1]
        logits = net(images)
        last.weight.mul_(1 / logits.std())
        if last.bias is not None:
            last.bias.sub_(logits.mean(0) / logits.std())
    return net


def toy(name: str, seed: int = 0) -> nn.Module:
    """One of NETS."""
    kind, fields = NETS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return moved(component("classifiers", kind)(**fields).build(SHAPE, CLASSES), images_of())
