"""An oracle for ``shiftpress.training.narrowing``: torch-pruning takes the same filters out of the same networks.

torch-pruning finds by tracing what else a filter has a place in; we are told by ``removable``. It is no dependency:
``uv pip install --no-deps --target DIR torch-pruning``, then ``PYTHONPATH=DIR python bench/peer_torch_pruning.py``. For
each classifier a line: parameters before, after theirs and after ours, and the greatest difference between logits.
"""

import torch
import torch_pruning
from torch import nn

from shiftpress.classifiers.base import Classifier
from shiftpress.classifiers.caffe_lenet import CaffeLeNet
from shiftpress.classifiers.convn import ConvN
from shiftpress.classifiers.convs import ConvS
from shiftpress.classifiers.resnet import ResNet
from shiftpress.classifiers.vgg16 import VGG16
from shiftpress.filters.base import Kept
from shiftpress.training.narrowing import taken_out

NETS = {
    "LeNet": (CaffeLeNet(), (1, 28, 28)),
    "ConvS": (ConvS(norm="affine"), (1, 32, 32)),
    "ConvN-4, normalised": (ConvN(width=0.25, norm="affine"), (3, 32, 32)),
    "ResNet-8": (ResNet(depth=8), (3, 32, 32)),
    "ResNet-18, a quarter as wide": (ResNet(depth=18, width=0.25), (3, 32, 32)),
    "VGG16, an eighth as wide": (VGG16(width=0.125), (3, 32, 32)),
}
SHARE = 0.4
"""Of filters that stay."""


def used(net: nn.Module) -> nn.Module:
    """Statistics and scales as after training: all different."""
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point() and "normalise" not in name and tensor.ndim == 1:
            tensor.copy_(torch.rand(tensor.shape) + 0.5)
    return net.eval()


def largest(net: nn.Module, classifier: Classifier) -> Kept:
    """The filters of every layer with the largest L1 norms."""
    found = {}
    for one in classifier.filters:
        norms = net.get_submodule(one.layer).weight.detach().abs().flatten(1).sum(1)
        found[one.layer] = norms.argsort(descending=True)[: max(1, round(SHARE * one.count))].sort().values
    return found


def theirs(net: nn.Module, classifier: Classifier, kept: Kept, images: torch.Tensor) -> nn.Module:
    """The network as torch-pruning leaves it without the other filters, in place."""
    kinds = {nn.Conv2d: torch_pruning.prune_conv_out_channels, nn.Linear: torch_pruning.prune_linear_out_channels}
    for one in classifier.filters:
        layer = net.get_submodule(one.layer)
        gone = sorted(set(range(one.count)) - set(kept[one.layer].tolist()))
        graph = torch_pruning.DependencyGraph().build_dependency(net, example_inputs=images)
        group = graph.get_pruning_group(layer, kinds[type(layer)], idxs=gone)
        assert graph.check_pruning_group(group)
        group.prune()
    return net


def main() -> None:
    print(f"torch-pruning {torch_pruning.__version__}, torch {torch.__version__}")
    for name, (classifier, shape) in NETS.items():
        torch.manual_seed(0)
        net, images = used(classifier.build(shape, 10)), torch.rand(16, *shape)
        kept = largest(net, classifier)
        small = classifier.narrowed([len(kept[one.layer]) for one in classifier.filters]).build(shape, 10).eval()
        small.load_state_dict(taken_out(net.state_dict(), classifier.filters, kept))
        whole = sum(parameter.numel() for parameter in net.parameters())
        other = theirs(net, classifier, kept, images)
        counts = [sum(parameter.numel() for parameter in each.parameters()) for each in (other, small)]
        same = all(torch.equal(tensor, small.state_dict()[key]) for key, tensor in other.state_dict().items())
        with torch.no_grad():
            apart = float((other(images) - small(images)).abs().max())
        print(
            f"{name}: {whole:,} parameters; {counts[0]:,} theirs, {counts[1]:,} ours; "
            f"tensors {'equal' if same else 'NOT equal'}; logits differ by {apart:.1e} at most"
        )


if __name__ == "__main__":
    main()
