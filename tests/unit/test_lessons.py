"""Recipes do what they say."""

import math

import pytest
import torch
from torch.nn import functional as F
from toy_lessons import lesson

from shiftpress.augmentations.augmix import AugMix
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import CardFit
from shiftpress.pruners.base import Span, prunable
from shiftpress.pruners.edge_popup import EdgePopup
from shiftpress.training.cards import train_dense
from shiftpress.training.lessons import divergence
from shiftpress.training.popup import Popup
from shiftpress.training.rounds import Round
from shiftpress.training.schedules import step_size
from shiftpress.training.sparse import Masked, state_of


def curve(span=None, **recipe):
    return [step_size(CardFit(lr=0.1, **recipe), span or Span(), step, 100) for step in range(100)]


def test_schedules_have_their_shapes():
    cosine = curve()
    assert cosine[0] == 0.1 and cosine[50] == pytest.approx(0.05) and cosine[99] < 1e-4
    step = curve(schedule="step", drops=[0.5, 0.75])
    assert step[:50] == [0.1] * 50 and step[50:75] == pytest.approx([0.01] * 25) and step[99] == pytest.approx(0.001)
    cycle = curve(schedule="one_cycle", warmup=0.2)
    assert cycle[0] == 0 and cycle[10] == pytest.approx(0.05) and cycle[20] == 0.1 and cycle[60] == pytest.approx(0.05)
    warm = curve(warmup=0.1)
    assert warm[5] == pytest.approx(0.05) and warm[10] == 0.1 and warm[55] == pytest.approx(0.05)


def test_a_span_scales_or_holds_the_step_size():
    assert curve(Span(lr=5.0))[0] == 0.5
    assert curve(Span(lr=0.01, constant=True)) == pytest.approx([0.001] * 100)


def trained(tmp_path, name="x", **about):
    task = lesson(**about)
    return task, train_dense(task, Checkpoints(name, tmp_path), Progress("t", 99))


@pytest.mark.parametrize("recipe", [{}, {"optimizer": "adam", "lr": 0.01}, {"schedule": "one_cycle", "warmup": 0.3}])
def test_every_recipe_learns(tmp_path, recipe):
    task, card = trained(tmp_path, epochs=4, **recipe)
    assert task.validation_accuracy(task.restored(card.states["last"])) > 0.9


def test_augmentations_and_pruners_share_first_weights_and_order_of_a_seed():
    plain, noisy = lesson(3), lesson(3, noisy=True)
    assert plain.seed_of("order", 1) == noisy.seed_of("order", 1) != plain.seed_of("order", 2)
    a, b, other = (state_of(task.untrained()) for task in (plain, noisy, lesson(4)))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a["conv0.weight"], other["conv0.weight"])


def test_the_best_epoch_is_that_of_the_validation_split(tmp_path, monkeypatch):
    seen, compare = [], Round._compare

    def watched(work):
        compare(work)
        seen.append((work.lesson.validation_accuracy(work.net), state_of(work.net)))

    monkeypatch.setattr(Round, "_compare", watched)
    # a step size that breaks the network late, so that the last epoch is not the best
    monkeypatch.setattr("shiftpress.training.rounds.step_size", lambda r, s, step, total: 0.02 if step < 12 else 1.0)
    task, card = trained(tmp_path, epochs=5, picks=["last", "best"])
    accuracies = [accuracy for accuracy, _ in seen]
    first = accuracies.index(max(accuracies))
    assert first < 4 and accuracies[-1] < max(accuracies)
    best = card.states["best"]
    assert all(torch.equal(best[name], seen[first][1][name]) for name in best)
    names = set(card.tensors("2/80"))
    assert {"facts/2/80/steps", "2/80/head.weight", "2/80-best/head.weight"} <= names


def test_looking_for_the_best_epoch_does_not_change_the_last(tmp_path):
    _, plain = trained(tmp_path, "a")
    _, both = trained(tmp_path, "b", picks=["last", "best"])
    assert all(torch.equal(plain.states["last"][n], both.states["last"][n]) for n in plain.states["last"])


def test_averaged_weights_are_the_exponential_mean_of_all_steps(tmp_path, monkeypatch):
    weights, step = [], Round.step

    def watched(work):
        step(work)
        weights.append(work.net.head.weight.detach().clone())

    first = lesson().untrained().head.weight.detach()
    monkeypatch.setattr(Round, "step", watched)
    _, card = trained(tmp_path, ema=0.7)
    mean = first.clone()
    for weight in weights:
        mean = 0.7 * mean + 0.3 * weight
    assert torch.allclose(card.states["last"]["head.weight"], mean, atol=1e-6)


def test_bfloat16_inside_the_network_still_learns_and_leaves_float32_weights(tmp_path):
    task, card = trained(tmp_path, epochs=4, autocast=True)
    assert all(t.dtype in (torch.float32, torch.int64) for t in card.states["last"].values())
    assert task.validation_accuracy(task.restored(card.states["last"])) > 0.9
    _, exact = trained(tmp_path, "exact", epochs=4)
    assert not torch.equal(exact.states["last"]["head.weight"], card.states["last"]["head.weight"])


def test_labels_are_smoothed_for_weights_and_never_for_scores():
    task = lesson(label_smoothing=0.2)
    net = task.untrained()
    images, labels = task.train.images.float() / 255, task.train.labels
    assert Masked.smooths and not Popup.smooths
    for smooth, wanted in ((True, 0.2), (False, 0.0)):
        expected = F.cross_entropy(net(images), labels, label_smoothing=wanted)
        assert torch.allclose(task.loss(net, [images], labels, smooth), expected)


def test_views_are_seen_in_one_pass_and_compared_by_jensen_and_shannon():
    logits = [torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 1.0]])]
    p = [part.softmax(1)[0].tolist() for part in logits]
    mean = [sum(q[k] for q in p) / 3 for k in (0, 1)]
    wanted = sum(sum(q[k] * math.log(q[k] / mean[k]) for k in (0, 1)) for q in p) / 3
    assert float(divergence(tuple(logits))) == pytest.approx(wanted, rel=1e-5)
    task = lesson()
    object.__setattr__(task, "augmentation", AugMix(jsd=12.0))
    net, positions = task.untrained(), torch.arange(16)
    views = task.views(positions, torch.Generator().manual_seed(0))
    assert len(views) == 3 and all(view.shape == views[0].shape for view in views)
    found = task.loss(net, views, task.train.labels[positions], True)
    assert found > task.loss(net, views[:1], task.train.labels[positions], True) - 1 and found.isfinite()


def test_a_popup_network_trains_its_scores_alone():
    net = lesson().untrained()
    Popup(net, EdgePopup(sparsities=[0.5]), 0.5, torch.Generator().manual_seed(0))
    assert {n for n, p in net.named_parameters() if p.requires_grad} == set(prunable(net))
