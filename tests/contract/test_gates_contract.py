"""Every gate in params.yaml keeps the contract of gates/base.py."""

import dataclasses
from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build
from shiftpress.gates.base import BatchGate, Seen, blend
from shiftpress.loading import load_study

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])
GROUPS = ("rough", "smooth", "rough", "smooth", "smooth")


def pictures(count: int, seed: int, noise: float, shape: tuple[int, int, int] = (3, 16, 16)) -> torch.Tensor:
    """Smooth random images, some of them noisy."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, shape[0], 4, 4, generator=random)
    smooth = torch.nn.functional.interpolate(coarse, size=shape[1:], mode="bilinear")
    return (smooth + noise * torch.randn(count, *shape, generator=random)).clamp(0, 1)


BANK = {"rough": pictures(60, 1, 0.2), "smooth": pictures(60, 2, 0.0)}
IMAGES = torch.cat([pictures(12, 3, 0.2), pictures(13, 4, 0.0)])
LABELS = torch.arange(25) % 7
LOGITS = torch.randn(5, 25, 7, generator=torch.Generator().manual_seed(5))


@pytest.fixture(params=PARAMS.gates)
def gate(request):
    return build("gates", PARAMS.gates[request.param])


@pytest.fixture
def weigh(gate):
    kept = gate.learn(BANK)

    def _weigh(images=IMAGES, batch=10, labels=LABELS, logits=LOGITS) -> torch.Tensor:
        shown = {
            "logits": logits if gate.reads != "images" else None,
            "labels": labels if gate.reads == "labels" else None,
        }
        random = torch.Generator().manual_seed(0)
        return gate.weights(Seen(GROUPS, gate.look(images), batch, random, **shown), kept)

    return _weigh


@pytest.mark.parametrize("batch", [1, 4, 10, 100])
def test_rows_are_distributions_over_the_members(weigh, batch):
    weights = weigh(batch=batch)
    assert weights.shape == (25, 5) and weights.dtype == torch.float32
    assert (weights >= 0).all() and torch.allclose(weights.sum(1), torch.ones(25))


def test_one_image_alone_gets_its_weights(weigh):
    alone = weigh(IMAGES[:1], 1, LABELS[:1], LOGITS[:, :1])
    assert alone.shape == (1, 5) and torch.allclose(alone.sum(), torch.tensor(1.0))


def test_members_of_a_group_weigh_alike(weigh):
    weights = weigh()
    assert torch.equal(weights[:, 0], weights[:, 2])
    assert torch.equal(weights[:, 1], weights[:, 3]) and torch.equal(weights[:, 1], weights[:, 4])


def test_labels_and_names_of_files_move_nothing_unless_a_gate_says_that_it_reads_them(gate, weigh):
    moved = weigh(labels=LABELS.roll(1))
    assert torch.equal(moved, weigh()) or gate.reads == "labels"
    # there is no way to show it the name of a file, nor anything else that is not listed here
    assert {field.name for field in dataclasses.fields(Seen)} == {
        "groups", "features", "batch", "random", "logits", "labels",
    }  # fmt: skip


def test_logits_move_nothing_unless_a_gate_says_that_it_reads_them(gate, weigh):
    assert torch.equal(weigh(logits=LOGITS.flip(0)), weigh()) or gate.reads in ("logits", "labels")


def test_a_gate_that_reads_labels_says_that_nobody_can_deploy_it(gate):
    assert ("not deployable" in gate.title) == (gate.reads == "labels")


def test_the_same_images_get_the_same_weights(weigh):
    assert torch.equal(weigh(), weigh())


def test_the_order_inside_a_batch_moves_nothing(gate, weigh):
    if not gate.repeats:
        pytest.skip("draws anew for every place")
    order = torch.cat([torch.randperm(10, generator=torch.Generator().manual_seed(6)) + 10 * k for k in (0, 1)])
    order = torch.cat([order, torch.tensor([24, 22, 20, 21, 23])])
    assert torch.allclose(weigh(IMAGES[order], 10, LABELS[order], LOGITS[:, order]), weigh()[order], atol=1e-6)


def test_a_batch_gets_what_it_would_get_alone(gate, weigh):
    if gate.reads == "labels":
        pytest.skip("looks at everything it is shown")
    whole, alone = weigh(), weigh(IMAGES[:10], 10, LABELS[:10], LOGITS[:, :10])
    assert torch.allclose(whole[:10], alone, atol=1e-6)


def test_sizes_of_batches_belong_to_gates_that_look_at_batches(gate):
    assert bool(gate.sizes) == isinstance(gate, BatchGate)


def test_a_gate_that_looks_at_images_tells_noisy_from_smooth(gate, weigh):
    if not isinstance(gate, BatchGate):
        pytest.skip("does not look")
    weights = weigh(batch=12)
    assert weights[:12, [0, 2]].sum(1).mean() > 0.5 > weights[12:24, [0, 2]].sum(1).mean()


def test_a_deck_of_one_augmentation_has_no_choice(gate):
    kept = gate.learn({"smooth": BANK["smooth"]})
    shown = {"logits": LOGITS[:2], "labels": LABELS} if gate.reads != "images" else {}
    weights = gate.weights(Seen(("smooth",) * 2, gate.look(IMAGES), 10, torch.Generator(), **shown), kept)
    assert torch.allclose(weights, torch.full((25, 2), 0.5))


@pytest.mark.parametrize("average", ["probabilities", "logits"])
def test_what_a_deck_says_is_a_distribution_over_the_classes(gate, weigh, average):
    mixed = blend(weigh(), LOGITS, average)
    assert mixed.shape == (25, 7) and torch.allclose(mixed.sum(1), torch.ones(25, dtype=torch.float64))
