"""The networks have the sizes and the properties that the papers give them."""

import math

import pytest
import torch

from shiftpress.classifiers.convn import ConvN
from shiftpress.codecs.fixed_rate import FixedRate, SoftToHard
from shiftpress.pruners.base import prunable


@pytest.mark.parametrize(("depth", "millions"), [(2, 4.301), (4, 2.425), (6, 2.261), (8, 5.276)])
def test_convn_has_the_prunable_weights_of_the_paper(depth, millions):
    weights = prunable(ConvN(depth=depth).build((3, 32, 32), 10))
    assert round(sum(w.numel() for w in weights.values()) / 1e6, 3) == millions


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
