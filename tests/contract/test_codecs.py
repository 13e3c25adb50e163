"""Every codec and objective in params.yaml keeps the contracts of codecs/base.py and objectives/base.py."""

from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build, load_study

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])
SHAPE = (1, 32, 32)
IMAGES = torch.rand(4, *SHAPE, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=PARAMS.codecs)
def codec(request):
    torch.manual_seed(0)
    return build("codecs", PARAMS.codecs[request.param])


def test_reconstructions_are_images_and_bits_are_not_negative(codec):
    coded = codec.build(SHAPE).eval()(IMAGES)
    assert coded.images.shape == IMAGES.shape and coded.bits.shape == (len(IMAGES),)
    assert 0 <= coded.images.min() and coded.images.max() <= 1 and (coded.bits >= 0).all()


def test_a_promised_rate_is_kept(codec):
    rate = codec.rate(SHAPE)
    if rate is not None:
        assert codec.build(SHAPE).eval()(IMAGES).bits.tolist() == pytest.approx([rate] * len(IMAGES))


def test_building_is_repeatable(codec):
    nets = []
    for _ in range(2):
        torch.manual_seed(5)
        nets.append(codec.build(SHAPE).state_dict())
    assert all(torch.equal(nets[0][name], nets[1][name]) for name in nets[0])


@pytest.mark.parametrize("name", PARAMS.objectives)
def test_an_objective_gives_a_finite_scalar_that_reaches_every_weight(codec, name):
    net = codec.build(SHAPE).train()
    loss = build("objectives", PARAMS.objectives[name]).loss(net, IMAGES)
    assert loss.shape == () and loss.isfinite()
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_a_shape_that_does_not_fit_is_refused_in_words(codec):
    assert codec.misfit(SHAPE) is None
    assert codec.misfit((1, 33, 33)) is None or "33" in codec.misfit((1, 33, 33))
