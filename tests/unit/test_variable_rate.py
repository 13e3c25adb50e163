"""Codecs with entropy models reach the rate they are asked for, and promise nothing a decoder cannot repeat."""

import copy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch

from shiftpress.codecs._entropy import REACH, SCALES, as_sent, counts_of
from shiftpress.codecs._hyperprior_net import FixedPointScales
from shiftpress.codecs.factorized import Factorized
from shiftpress.codecs.hyperprior import Hyperprior
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.coding import TABLE_BITS
from shiftpress.core.progress import Progress
from shiftpress.objectives.erm import EmpiricalRisk
from shiftpress.training.codecs import train_codec

RNG = torch.Generator().manual_seed(0)
IMAGES = torch.nn.functional.interpolate(torch.rand(64, 1, 8, 8, generator=RNG), size=32, mode="bilinear")
SMALL = {"channels": 8, "latents": 8, "halvings": 3}


def trained(codec, epochs=100):
    fit = {"epochs": epochs, "batch": 16, "lr": 2e-3, "drops": [], "drop_factor": 0.2}
    seeds = {"init_seed": 0, "order_seed": 0, "draw_seed": 0, "progress": Progress("test", epochs)}
    with TemporaryDirectory() as folder:
        store = Checkpoints("c", Path(folder))
        state, _ = train_codec(codec, EmpiricalRisk(), IMAGES, store=store, **fit, **seeds)
    net = codec.build((1, 32, 32)).eval()
    net.load_state_dict(state)
    return net


@pytest.fixture(scope="module", params=[Factorized, Hyperprior])
def net(request):
    return trained(request.param(**SMALL, target_bpp=0.2, rate_step=0.1))


def test_dual_ascent_reaches_the_wanted_rate(net):
    with torch.no_grad():
        bpp = float(net(IMAGES).bits.mean()) / 1024
    assert bpp == pytest.approx(0.2, rel=0.25)


def test_the_rate_that_training_steers_by_is_what_is_sent(net):
    """Noise in place of rounding costs something in channels that cost nothing: by it, the rate seems far too high."""
    with torch.no_grad():
        sent, steered = net(IMAGES).bits.mean(), copy.deepcopy(net).train()(IMAGES).bits.mean()
    assert float(steered) == pytest.approx(float(sent), rel=0.05)


def test_likelihoods_as_sent_have_the_gradient_of_noise():
    noisy, rounded = torch.tensor([0.5, 0.2], requires_grad=True), torch.tensor([0.9, 0.1])
    shown = as_sent(noisy, lambda: rounded)
    torch.testing.assert_close(shown, rounded)
    (slope,) = torch.autograd.grad(shown.log().sum(), noisy)
    torch.testing.assert_close(slope, 1 / noisy)


def test_the_bits_that_are_promised_are_those_of_the_tables(net):
    """The likelihood of an integer, and its frequency in the frozen table, differ by rounding to 2^-16 alone."""
    with torch.no_grad():
        promised, coded = net(IMAGES).bits.sum(), 0.0
        for part in net.encode(IMAGES):
            column = (part.values - part.alphabet.offsets[part.rows]).long()
            inside = (column >= 0) & (column <= 2 * REACH)
            assert inside.float().mean() > 0.999
            counts = part.alphabet.counts[part.rows, column.clamp(0, 2 * REACH)]
            assert (counts[inside] > 0).float().mean() > 0.999
            coded += float((TABLE_BITS - counts[inside & (counts > 0)].float().log2()).sum())
    assert coded == pytest.approx(float(promised), rel=0.01)


def test_an_attacker_is_not_stopped_by_rounding(net):
    images = IMAGES[:4].clone().requires_grad_()
    (slope,) = torch.autograd.grad(net(images).images.sum(), images)
    assert (slope.flatten(1).abs().sum(1) > 0).all()


def test_frequencies_add_up_and_leave_room_for_the_escape():
    narrow = torch.zeros(1, 9)
    narrow[0, 4] = 1.0
    wide = torch.full((1, 9), 1e-3)
    for likelihood in (narrow, wide, torch.full((1, 9), 1 / 9)):
        counts = counts_of(likelihood)
        assert counts.shape == (1, 10) and counts.sum() == 1 << TABLE_BITS and (counts >= 0).all() and counts[0, -1] > 0
    assert counts_of(wide)[0, -1] > 0.9 * (1 << TABLE_BITS)


def test_scales_do_not_depend_on_the_order_of_additions():
    """A decoder elsewhere adds in another order; in fixed point that changes nothing, in floating point it would."""
    torch.manual_seed(0)
    scales = FixedPointScales(32, 16)
    z = torch.randint(-8, 9, (4, 32, 4, 4)).float() + torch.randint(0, 64, (1, 32, 1, 1)) / 64
    rows = scales.rows(z)
    assert rows.dtype == torch.int64 and 0 <= rows.min() and rows.max() < SCALES
    order = torch.randperm(32)
    shuffled = FixedPointScales(32, 16)
    shuffled.load_state_dict(scales.state_dict())
    with torch.no_grad():
        shuffled.first.weight.copy_(scales.first.weight[order][:, order])
        shuffled.first.bias.copy_(scales.first.bias[order])
        shuffled.second.weight.copy_(scales.second.weight[:, order])
    assert torch.equal(shuffled.rows(z[:, order]), rows)
    assert all(torch.equal(scales.rows(z[i : i + 1]), rows[i : i + 1]) for i in range(4))


def test_the_learned_scale_is_the_table_scale_up_to_rounding(net):
    if not hasattr(net, "scales"):
        pytest.skip("only the hyperprior has scales")
    with torch.no_grad():
        z = net.bottleneck(net.hyper_analysis(net.analysis(IMAGES).abs()))[0]
        smooth, table = net.scales.smooth(z), net.gaussian.scales[net.scales.rows(z)]
    step = (net.gaussian.scales[1] / net.gaussian.scales[0]).sqrt()
    assert ((smooth / table).log().abs() <= step.log() * 1.1).float().mean() > 0.99
