"""Every way to prune keeps its promises through a whole chain of training."""

from itertools import pairwise

import pytest
import torch
from toy_lessons import lesson

from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.problems import InputError
from shiftpress.core.progress import Progress
from shiftpress.core.selection import Tracker, smallest_removed
from shiftpress.pruners.base import prunable
from shiftpress.pruners.biprop import Biprop
from shiftpress.pruners.dense_long import DenseLong
from shiftpress.pruners.edge_popup import EdgePopup
from shiftpress.pruners.fine_tune import FineTune
from shiftpress.pruners.gradual import Gradual
from shiftpress.pruners.lrr import LearningRateRewinding
from shiftpress.pruners.lth import LotteryTicket
from shiftpress.pruners.random import RandomMasks
from shiftpress.training.cards import Card, prune, train_dense
from shiftpress.training.popup import Popup
from shiftpress.training.rounds import Round
from shiftpress.training.sparse import Masked, state_of

LEVELS = [0.5, 0.8, 0.95]
KINDS = [
    LearningRateRewinding(sparsities=LEVELS),
    LearningRateRewinding(sparsities=LEVELS, share=0.2),
    LotteryTicket(sparsities=LEVELS, step=3),
    FineTune(sparsities=LEVELS, length=0.5),
    Gradual(sparsities=LEVELS, every=1),
    RandomMasks(sparsities=LEVELS),
    EdgePopup(sparsities=LEVELS, length=1.0),
    Biprop(sparsities=LEVELS, length=1.0),
]
PRUNERS = [pruner.model_copy(update={"scope": scope}) for pruner in KINDS for scope in ("global", "layerwise")]
NAMES = list(prunable(lesson().untrained()))


def chain(pruner, tmp_path, **about):
    task = lesson(**about)
    dense = train_dense(task, Checkpoints("dense", tmp_path), Progress("t", 9))
    return dense, dict(prune(pruner, task, dense, Checkpoints("c", tmp_path), Progress("t", 9)))


def removed(state):
    return {name: state[name] == 0 for name in NAMES}


@pytest.mark.parametrize("pruner", PRUNERS, ids=lambda p: f"{type(p).__name__}-{p.scope}")
def test_every_level_has_exactly_its_sparsity_and_binary_masks_that_say_which(pruner, tmp_path):
    _, cards = chain(pruner, tmp_path)
    assert list(cards) == LEVELS
    before = None
    for sparsity, card in cards.items():
        state = card.states["last"]
        zeros, total = removed(state), sum(state[name].numel() for name in NAMES)
        assert all(mask.dtype == torch.bool for mask in card.masks.values())
        assert all(torch.equal(zeros[name], ~card.masks[name]) for name in NAMES)
        if pruner.scope == "global":
            assert abs(sum(int(z.sum()) for z in zeros.values()) - sparsity * total) <= 1
        else:
            assert all(abs(int(z.sum()) - sparsity * z.numel()) <= 1 for z in zeros.values())
        if pruner.chained and before:
            assert all((zeros[name] | ~before[name]).all() for name in NAMES)
        before = zeros


@pytest.mark.parametrize("pruner", PRUNERS[:12], ids=lambda p: f"{type(p).__name__}-{p.scope}")
def test_removed_weights_are_zero_after_every_step(pruner, tmp_path, monkeypatch):
    seen, step = [], Round.step

    def watched(work):
        step(work)
        weights = prunable(work.net)
        for name, keep in work.sparse.masks.items():
            assert (weights[name][~keep] == 0).all()
            seen.append(int((~keep).sum()))

    monkeypatch.setattr(Round, "step", watched)
    chain(pruner, tmp_path)
    assert max(seen) > 0


@pytest.mark.parametrize("scope", ["global", "layerwise"])
def test_gradual_masks_only_grow_and_reach_the_level_inside_the_training(scope, tmp_path, monkeypatch):
    sparsities, before = [], Masked.before

    def watched(sparse, step, total):
        before(sparse, step, total)
        if sparse._pruner is not None:
            kept = [int(m.sum()) for m in sparse.masks.values()] or [1]
            sparsities.append(sum(kept))

    monkeypatch.setattr(Masked, "before", watched)
    pruner = Gradual(sparsities=[0.9], start=0.1, end=0.6, every=1, scope=scope)
    chain(pruner, tmp_path, epochs=5)
    after_start = sparsities[2:]
    assert all(a >= b for a, b in pairwise(after_start))
    assert after_start[-1] == after_start[12] < after_start[5] < after_start[1]
    curve = [pruner.sparsity_at(0.9, step, 100) for step in range(100)]
    assert curve[:10] == [None] * 10 and curve[60] == 0.9 and curve[61:] == [None] * 39
    assert curve[35] == pytest.approx(0.9 * (1 - 0.5**3))


@pytest.mark.parametrize("share", [None, 0.2])
def test_lottery_tickets_go_back_to_the_early_step_to_the_bit_statistics_included(share, tmp_path, monkeypatch):
    task, starts, states = lesson(), [], {}
    begin, step = Round.begin, Round.step

    def at_start(work, store):
        begin(work, store)
        starts.append((work.key, state_of(work.net), work.sparse.masks, work.taken))

    def watched(work):
        step(work)
        states[work.key, work.taken] = state_of(work.net)

    monkeypatch.setattr(Round, "begin", at_start)
    monkeypatch.setattr(Round, "step", watched)
    dense = train_dense(task, Checkpoints("dense", tmp_path), Progress("t", 9))
    pruner = LotteryTicket(sparsities=[0.5, 0.8], step=3, share=share)
    dict(prune(pruner, task, dense, Checkpoints("c", tmp_path), Progress("t", 9)))
    early = states["dense", 3]
    rounds = [start for start in starts if start[0] not in ("dense", "early")]
    assert len(rounds) == (2 if share is None else 7)
    for _, state, masks, first in rounds:
        assert first == 3
        for name, tensor in early.items():
            wanted = tensor * masks[name] if name in masks else tensor
            assert torch.equal(state[name], wanted), name
    assert not torch.equal(early["norm0.running_mean"], lesson().untrained().norm0.running_mean)


def test_averaging_weights_does_not_change_the_step_gone_back_to(tmp_path):
    pruner, found = LotteryTicket(sparsities=[0.5], step=3), []
    for ema in (0.0, 0.9):
        task, store = lesson(ema=ema), Checkpoints(f"{ema}", tmp_path)
        dense = train_dense(task, Checkpoints("dense", tmp_path), Progress("t", 9))
        next(prune(pruner, task, dense, store, Progress("t", 9)))
        found.append(store.read("early")["states"]["last"])
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_rewinding_past_the_end_is_refused_in_words(tmp_path):
    with pytest.raises(InputError, match="goes back to step 8, but a round has 8 steps"):
        chain(LotteryTicket(sparsities=[0.5], step=8), tmp_path)


def test_learning_rate_rewinding_goes_on_from_where_the_last_round_ended(tmp_path, monkeypatch):
    starts, begin = [], Round.begin

    def at_start(work, store):
        begin(work, store)
        starts.append(state_of(work.net))

    monkeypatch.setattr(Round, "begin", at_start)
    dense, cards = chain(LearningRateRewinding(sparsities=[0.5, 0.8]), tmp_path)
    for start, past, card in zip(starts[1:], [dense, cards[0.5]], cards.values(), strict=True):
        for name, tensor in past.states["last"].items():
            assert torch.equal(start[name], tensor * card.masks[name] if name in card.masks else tensor)


@pytest.mark.parametrize("scope", ["global", "layerwise"])
@pytest.mark.parametrize("weights", ["kaiming", "signed"])
def test_edge_popup_never_changes_a_weight_only_which_are_kept(weights, scope, tmp_path):
    task = lesson()
    pruner = EdgePopup(sparsities=[0.5, 0.8], weights=weights, scope=scope, rescale=False)
    _, cards = chain(pruner, tmp_path)
    untrained = prunable(task.untrained())
    for card in cards.values():
        state = card.states["last"]
        for name, weight in untrained.items():
            fixed = pruner.fixed(weight.detach(), 0.5)
            assert torch.equal(state[name], fixed * card.masks[name])
        for name in ("norm0.weight", "norm1.weight"):
            assert (state[name] == 1).all()
        assert (state["norm0.running_mean"] != 0).any()
    if weights == "signed":
        assert all(len(prunable(task.restored(cards[0.5].states["last"]))[n].unique()) == 3 for n in NAMES)


@pytest.mark.parametrize("scope", ["global", "layerwise"])
@pytest.mark.parametrize("kind", [EdgePopup, Biprop])
def test_the_mask_of_every_step_matches_a_full_sort_of_the_scores(kind, scope, tmp_path, monkeypatch):
    checked, before = [], Popup.before

    def watched(sparse, step, total):
        before(sparse, step, total)
        sparsity = sparse._pruner.sparsity_at(0.8, step, total)
        scores = [score.detach().abs().flatten() for score in sparse.trained]
        kept = [sparse.masks[name].flatten() for name in NAMES]
        if scope == "global":
            scores, kept = [torch.cat(scores)], [torch.cat(kept)]
        for magnitudes, keep in zip(scores, kept, strict=True):
            wanted = torch.zeros_like(keep)
            wanted[magnitudes.argsort()[round(sparsity * len(keep)) :]] = True
            assert torch.equal(keep, wanted)
        checked.append(step)

    monkeypatch.setattr(Popup, "before", watched)
    chain(kind(sparsities=[0.8], scope=scope, length=2.0), tmp_path)
    assert checked == list(range(16))


def test_edge_popup_scores_are_what_learns(tmp_path):
    _, few = chain(EdgePopup(sparsities=[0.5], length=0.5), tmp_path / "few")
    _, many = chain(EdgePopup(sparsities=[0.5], length=4.0), tmp_path / "many")
    assert any(not torch.equal(few[0.5].masks[n], many[0.5].masks[n]) for n in NAMES)


def test_the_gradient_of_a_score_is_that_of_its_weight_times_weight_and_sign():
    task = lesson(norm="none")
    net = task.untrained()
    sparse = Popup(net, EdgePopup(sparsities=[0.5]), 0.5, torch.Generator().manual_seed(0))
    fixed = [weight.detach().clone() / 0.5**0.5 for weight in prunable(task.untrained()).values()]
    scores = [score.detach().clone() for score in sparse.trained]
    sparse.before(0, 1)
    images, labels = task.train.images.float() / 255, task.train.labels
    task.loss(net, [images], labels, False).backward()
    slopes = {name: weight.grad.clone() for name, weight in prunable(net).items()}
    sparse.gradients()
    for name, tensor, weight, score in zip(NAMES, sparse.trained, fixed, scores, strict=True):
        assert torch.equal(tensor.grad, slopes[name] * weight * score.sign())


@pytest.mark.parametrize("scope", ["global", "layerwise"])
def test_biprop_weights_take_two_values_per_layer_its_mean_kept_magnitude(scope, tmp_path):
    _, cards = chain(Biprop(sparsities=LEVELS, scope=scope), tmp_path)
    untrained = prunable(lesson().untrained())
    for card in cards.values():
        for name in NAMES:
            weight, mask = card.states["last"][name], card.masks[name]
            if not mask.any():
                continue
            values = weight[mask].unique()
            assert len(values) <= 2 and float(values.abs().max() - values.abs().min()) == 0
            assert float(values[-1].abs()) == pytest.approx(
                float(untrained[name].detach()[mask].abs().mean()), rel=1e-5
            )
            assert torch.equal(weight.sign(), untrained[name].sign() * mask)


def test_the_global_threshold_of_biprop_rises_from_a_half_to_its_level():
    pruner = Biprop(sparsities=[0.95], settle=0.1)
    curve = [pruner.sparsity_at(0.95, step, 100) for step in range(100)]
    assert curve[0] == 0.5 and curve[5] == pytest.approx(0.95 - 0.45 * 0.125) and curve[10:] == [0.95] * 90
    assert curve == sorted(curve)
    assert pruner.model_copy(update={"scope": "layerwise"}).sparsity_at(0.95, 0, 100) == 0.95
    assert pruner.sparsity_at(0.3, 0, 100) == 0.3


def test_random_masks_take_as_many_from_each_layer_as_magnitudes_would_at_the_first_level(tmp_path):
    _, chance = chain(RandomMasks(sparsities=[0.8]), tmp_path / "a")
    _, chosen = chain(LearningRateRewinding(sparsities=[0.8]), tmp_path / "b")
    masks = [(chance[0.8].masks[n], chosen[0.8].masks[n]) for n in NAMES]
    assert all(int(a.sum()) == int(b.sum()) for a, b in masks)
    assert any(not torch.equal(a, b) for a, b in masks)


def test_dense_for_as_long_has_the_steps_of_lrr_and_every_weight(tmp_path):
    _, long = chain(DenseLong(sparsities=[0.5, 0.8], share=0.2), tmp_path / "a")
    _, lrr = chain(LearningRateRewinding(sparsities=[0.5, 0.8], share=0.2), tmp_path / "b")
    assert {s: c.steps for s, c in long.items()} == {s: c.steps for s, c in lrr.items()} == {0.5: 8 * 4, 0.8: 8 * 8}
    assert not any(z.any() for z in removed(long[0.8].states["last"]).values())


def test_steps_count_all_training_behind_a_card(tmp_path):
    assert {s: c.steps for s, c in chain(FineTune(sparsities=LEVELS, length=0.5), tmp_path / "a")[1].items()} == {
        s: 8 + 4 for s in LEVELS
    }
    _, popup = chain(EdgePopup(sparsities=LEVELS), tmp_path / "b")
    assert {c.steps for c in popup.values()} == {16}
    _, tickets = chain(LotteryTicket(sparsities=[0.5, 0.8], step=3), tmp_path / "c")
    assert [c.steps for c in tickets.values()] == [8 + 5, 8 + 5 + 5]


def test_shares_of_a_fifth_meet_the_grid_after_3_4_7_10_13_rounds():
    pruner, level, count = LearningRateRewinding(share=0.2), 0.0, []
    for target in (0.5, 0.6, 0.8, 0.9, 0.95):
        rounds = pruner.rounds(level, target)
        assert rounds[-1] == target and rounds == sorted(rounds) and rounds[0] > level
        count.append(len(rounds))
        level = target
    assert [sum(count[: n + 1]) for n in range(5)] == [3, 4, 7, 10, 13]


def test_tracked_thresholds_match_a_full_sort_however_the_scores_move():
    rng, tracker = torch.Generator().manual_seed(0), Tracker()
    scores = torch.randn(5000, generator=rng)
    for step in range(60):
        count = 4000 if step < 40 else 4500
        keep, magnitudes = tracker.keep(scores, count), scores.abs()
        assert torch.equal(magnitudes[keep].sort().values, magnitudes.sort().values[count:])
        assert torch.equal(keep, smallest_removed(magnitudes, count))
        if step % 20 == 19:
            scores = torch.randint(0, 50, (5000,), generator=rng).float()  # ties
        else:
            scores = scores + torch.randn(5000, generator=rng) * 0.01


def test_the_smallest_are_removed_exactly_ties_included():
    for seed in range(20):
        rng = torch.Generator().manual_seed(seed)
        scores = torch.randint(0, 5, (97,), generator=rng).float()
        for count in (0, 1, 13, 50, 96):
            keep = smallest_removed(scores, count)
            assert int((~keep).sum()) == count
            if 0 < count < 97:
                assert scores[~keep].max() <= scores[keep].min()


def test_a_layer_that_loses_everything_is_reported(tmp_path, caplog):
    task = lesson()
    dense = train_dense(task, Checkpoints("dense", tmp_path), Progress("t", 9))
    state = dense.states["last"] | {"conv0.weight": dense.states["last"]["conv0.weight"] * 1e-9}
    uneven, store = Card({"last": state}, {}, 8), Checkpoints("c", tmp_path)
    cards = dict(prune(FineTune(sparsities=[0.8]), task, uneven, store, Progress("t", 9)))
    assert not cards[0.8].masks["conv0.weight"].any()
    assert "nothing is left of conv0.weight" in caplog.text
