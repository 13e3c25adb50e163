"""The networks have the sizes and the properties that the papers give them."""

import math

import pytest
import torch

from shiftpress.classifiers.convn import ConvN
from shiftpress.classifiers.convs import ConvS
from shiftpress.classifiers.resnet import ResNet
from shiftpress.codecs.fixed_rate import FixedRate, SoftToHard
from shiftpress.core.catalog import component
from shiftpress.core.normalisation import BatchNorm
from shiftpress.pruners.base import prunable


@pytest.mark.parametrize(("depth", "millions"), [(2, 4.301), (4, 2.425), (6, 2.261), (8, 5.276)])
def test_convn_has_the_prunable_weights_of_the_paper(depth, millions):
    weights = prunable(ConvN(depth=depth).build((3, 32, 32), 10))
    assert round(sum(w.numel() for w in weights.values()) / 1e6, 3) == millions


@pytest.mark.parametrize(
    ("kind", "fields", "classes", "weights"),
    [
        ("resnet", {}, 10, 11_164_352),
        ("resnet", {"norm": "plain", "head_bias": False}, 10, 11_164_352),
        ("resnet", {"width": 2.0}, 10, 44_643_712),
        ("resnet", {"width": 2.0}, 100, 44_735_872),
        ("resnet", {"depth": 8}, 10, 77_360),
        ("resnet", {"depth": 20}, 10, 270_896),
        ("preact_resnet", {}, 10, 24_868_032),
        ("preact_resnet", {}, 100, 24_937_152),
        ("resnet", {"depth": 34}, 10, 21_265_088),
        ("resnet", {"depth": 34}, 100, 21_311_168),
        ("preact_resnet", {"stages": [128, 256, 512], "stem": 16, "norm": "affine", "dropout": 0.4}, 10, 10_954_160),
        ("vgg16", {}, 10, 14_710_464 + 5_120),
    ],
)
def test_networks_of_the_cards_have_the_prunable_weights_of_the_dossier(kind, fields, classes, weights):
    with torch.device("meta"):  # sizes only
        net = component("classifiers", kind)(**fields).build((3, 32, 32), classes)
    assert sum(w.numel() for w in prunable(net).values()) == weights


@pytest.mark.parametrize(("kind", "weights"), [("caffe_lenet", 430_500), ("convs", 206_736)])
def test_small_networks_have_their_prunable_weights_on_28x28_grey_images(kind, weights):
    net = component("classifiers", kind)().build((1, 28, 28), 10)
    assert sum(w.numel() for w in prunable(net).values()) == weights


@pytest.mark.parametrize(("norm", "layers", "trained"), [("none", 0, 0), ("affine", 9, 2 * 336), ("plain", 9, 0)])
def test_batch_normalisation_is_absent_affine_or_plain(norm, layers, trained):
    net = ResNet(depth=8, norm=norm, head_bias=False).build((3, 32, 32), 10)
    found = [layer for layer in net.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert len(found) == layers and sum(p.numel() for layer in found for p in layer.parameters()) == trained


def noted(rectifier, met: list) -> None:
    """Put down the gradient that comes to this step."""
    rectifier.register_prehook(lambda gradients: met.append(gradients[0]))


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_gradients_meet_the_last_rectifier_of_convs_in_its_memory_order_and_are_the_same_numbers(kind):
    images, found = torch.rand(8, 1, 28, 28).contiguous(memory_format=torch.channels_last), {}
    for flatten in (None, torch.nn.Flatten()):
        torch.manual_seed(0)
        net = ConvS().build((1, 28, 28), 10).to(memory_format=torch.channels_last)
        net.flatten, met = flatten or net.flatten, []
        net.flatten.register_forward_pre_hook(lambda _, taken, met=met: noted(taken[0].grad_fn, met))
        with torch.autocast("cpu", kind, enabled=kind == torch.bfloat16):
            logits = net(images)
        logits.float().square().sum().backward()
        in_order = met[0].is_contiguous(memory_format=torch.channels_last)
        found[in_order] = [weight.grad for weight in net.parameters()]
    assert set(found) == {True, False}  # with the layer of ours, and with torch's
    assert all(torch.equal(own, plain) for own, plain in zip(found[True], found[False], strict=True))


def test_the_fixed_rate_codec_has_the_parameters_of_the_reference():
    net = FixedRate(latents=10, levels=12, width=64).build((1, 32, 32))
    assert sum(p.numel() for p in net.encoder.parameters()) == 2_775_882
    assert sum(p.numel() for p in net.decoder.parameters()) == 2_777_409


def test_the_rate_is_d_log2_L():
    codec = FixedRate(latents=10, levels=12, width=2)
    assert codec.rate((1, 32, 32)) == pytest.approx(35.85, abs=0.005)
    coded = codec.build((1, 32, 32)).eval()(torch.rand(3, 1, 32, 32))
    assert torch.allclose(coded.bits, torch.full((3,), 10 * math.log2(12)))


def test_the_decoder_sees_levels_only():
    net = FixedRate(latents=6, levels=5, width=2).build((1, 32, 32)).eval()
    latents = net.quantiser(net.encoder(torch.rand(50, 1, 32, 32)))
    assert set(latents.detach().unique().tolist()) <= set(torch.linspace(-1, 1, 5).tolist())


def test_the_quantiser_takes_the_nearest_level_and_teaches_the_soft_slope():
    quantiser = SoftToHard(12)
    z = torch.linspace(-1.2, 1.2, 481, requires_grad=True)
    hard = quantiser(z)
    nearest = torch.linspace(-1, 1, 12)[(z[:, None] - torch.linspace(-1, 1, 12)).abs().argmin(1)]
    assert torch.allclose(hard, nearest, atol=1e-6)
    hard.sum().backward()
    slope = dict(zip(z.tolist(), z.grad.tolist(), strict=True))
    assert min(slope.items(), key=lambda s: abs(s[0]))[1] == pytest.approx(0.57, abs=0.01)
    assert min(slope.items(), key=lambda s: abs(s[0] - 1))[1] == pytest.approx(0.37, abs=0.01)


def test_a_codec_codes_an_image_the_same_in_every_batch():
    torch.manual_seed(0)
    net = FixedRate(width=4).build((1, 32, 32)).eval()
    images = torch.rand(16, 1, 32, 32)
    whole, alone = net(images).images, torch.cat([net(image[None]).images for image in images])
    assert torch.allclose(whole, alone, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"affine": False}, {"track_running_stats": False}, {"momentum": None}])
@pytest.mark.parametrize("training", [True, False])
def test_batch_normalisation_is_torchs_own_to_the_last_bit(options, training):
    images, found = torch.randn(6, 5, 4, 4) * 3 + 1, []
    for kind in (BatchNorm, torch.nn.BatchNorm2d):
        layer = kind(5, **options)
        if layer.affine:
            torch.nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(1))
        layer.train(), layer(images * 2), layer.train(training)
        taken = images.clone().requires_grad_()
        given = layer(taken)
        given.square().sum().backward()
        found.append([given, taken.grad, *layer.state_dict().values(), *(w.grad for w in layer.parameters())])
    assert len(found[0]) == len(found[1]) and all(torch.equal(*pair) for pair in zip(*found, strict=True))


@pytest.mark.parametrize("images", [torch.ones(1, 5, 1, 1), torch.ones(2, 5)])
def test_batch_normalisation_refuses_what_torchs_own_refuses(images):
    with pytest.raises(ValueError, match=r"more than 1 value per channel|expected 4D input"):
        BatchNorm(5)(images)
