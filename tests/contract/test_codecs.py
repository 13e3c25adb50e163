"""Every codec and objective in params.yaml keeps the contracts of codecs/base.py and objectives/base.py."""

from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build
from shiftpress.core.coding import TABLE_BITS, Uniform
from shiftpress.loading import load_study
from shiftpress.objectives.base import Step

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


def test_every_stage_is_decoded_from_its_symbols_alone(codec):
    net = codec.build(SHAPE).eval()
    net.freeze()
    for stage in net.stages:
        with torch.no_grad():
            sent = list(net.encode(IMAGES, stage))
            received = net.decode(Received(sent), len(IMAGES), stage)
            assert torch.equal(received, net(IMAGES, stage).images)
        for part in sent:
            assert len(part.values) == len(IMAGES)
            if isinstance(part.alphabet, Uniform):
                assert part.values.dtype == torch.int64
                assert 0 <= part.values.min() and part.values.max() < part.alphabet.levels
            else:
                assert part.values.dtype == torch.int32
                assert (part.alphabet.counts.sum(1) == 1 << TABLE_BITS).all() and (part.alphabet.counts >= 0).all()
                assert (part.alphabet.counts[:, -1] > 0).all(), "the escape can always be sent"


class Received:
    """Hands a decoder what was sent, and sees that it asks for nothing else."""

    def __init__(self, sent):
        self.sent = list(sent)

    def take(self, alphabet, shape, rows=None):
        part = self.sent.pop(0)
        assert part.values.shape == shape and type(part.alphabet) is type(alphabet)
        assert (rows is None and part.rows is None) or torch.equal(rows, part.rows)
        return part.values


def test_a_state_survives_loading(codec):
    trained, fresh = codec.build(SHAPE).eval(), codec.build(SHAPE).eval()
    trained.freeze()
    fresh.load_state_dict(trained.state_dict())
    with torch.no_grad():
        assert torch.equal(trained(IMAGES).images, fresh(IMAGES).images)


def test_building_is_repeatable(codec):
    nets = []
    for _ in range(2):
        torch.manual_seed(5)
        nets.append(codec.build(SHAPE).state_dict())
    assert all(torch.equal(nets[0][name], nets[1][name]) for name in nets[0])


PAIRS = [
    (codec, name)
    for codec, entry in PARAMS.codecs.items()
    for name in PARAMS.objectives
    if build("codecs", entry).structure in build("objectives", PARAMS.objectives[name]).structures
]


def test_every_objective_has_a_codec_and_every_codec_an_objective():
    assert {codec for codec, _ in PAIRS} == set(PARAMS.codecs)
    assert {objective for _, objective in PAIRS} == set(PARAMS.objectives)


@pytest.mark.parametrize(("codec", "name"), PAIRS)
def test_an_objective_gives_a_finite_scalar_that_reaches_the_weights(codec, name):
    """Over a few steps: schedules do not train everything at once. CompressAI's quantiles are no weights."""
    torch.manual_seed(0)
    random = torch.Generator().manual_seed(0)  # of its own: which tests ran before must not decide what is drawn
    net, objective = build("codecs", PARAMS.codecs[codec]).build(SHAPE).train(), cheap(PARAMS.objectives[name])
    memory, reached = objective.memory(), set()
    for number in (0, *[9] * 6):
        net.zero_grad(set_to_none=True)
        loss, bits = objective.loss(net, IMAGES, Step(number, 10, random), memory)
        assert loss.shape == () and loss.isfinite() and (bits >= 0).all() and not bits.requires_grad
        loss.backward()
        assert net.training and all(p.requires_grad for p in net.parameters())
        reached |= {n for n, p in net.named_parameters() if p.grad is not None and p.grad.isfinite().all()}
        assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())
    assert {n for n, _ in net.named_parameters() if not n.endswith("quantiles")} <= reached
    assert all(value.isfinite().all() for value in memory.values())


def cheap(entry):
    """The objective with as little inner work as its fields allow."""
    objective = build("objectives", entry)
    small = {"steps": 2, "angles": 3}
    return objective.model_copy(update={k: v for k, v in small.items() if k in type(objective).model_fields})


def test_a_shape_that_does_not_fit_is_refused_in_words(codec):
    assert codec.misfit(SHAPE) is None
    assert codec.misfit((1, 33, 33)) is None or "33" in codec.misfit((1, 33, 33))
