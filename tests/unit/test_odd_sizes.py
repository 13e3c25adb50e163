"""Few images, one class, classes without images, odd sides and single pixels: a number, or a refusal in words."""

from pathlib import Path

import pytest
import torch
from toy_lessons import halves, lesson

from shiftpress.assembly import build
from shiftpress.codecs.fixed_rate import FixedRate
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.problems import InputError
from shiftpress.core.progress import Progress
from shiftpress.core.splits import Split
from shiftpress.evaluation import cards, codecs
from shiftpress.loading import load_study
from shiftpress.objectives.erm import EmpiricalRisk
from shiftpress.shifts.base import Others, Shift, shift_split
from shiftpress.training.batches import steps_per_epoch
from shiftpress.training.cards import train_dense
from shiftpress.training.codecs import train_codec

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])
SHAPES = [(1, 1, 1), (3, 1, 1), (1, 17, 23), (3, 33, 31), (1, 2, 64), (3, 64, 64), (1, 96, 96)]
ids = {"ids": lambda value: str(value).replace(", ", "x")}


def finite(values: dict[str, float]) -> bool:
    return all(torch.tensor(value).isfinite() for value in values.values())


def trained(tmp_path, task):
    state = train_dense(task, Checkpoints("d", tmp_path), Progress("t", 9)).states["last"]
    net = task.restored(state).eval()
    return cards.measure(net)


@pytest.mark.parametrize("count", [2, 3, 5, 17])
def test_fewer_images_than_a_batch_and_a_rest_of_one_are_trained_on(count, tmp_path):
    measure = trained(tmp_path, lesson(0, count=count))
    for few in (1, 2, 40):
        test = halves(40, seed=1)[:few]
        assert finite(measure(test.pixels, test.labels))


def test_a_single_image_is_refused_in_words(tmp_path):
    assert steps_per_epoch(3, 2) == 1 and steps_per_epoch(17, 16) == 1
    for count, size in ((1, 16), (0, 16)):
        with pytest.raises(InputError, match=f"{count} training image.* at least 2"):
            steps_per_epoch(count, size)
    with pytest.raises(InputError, match="1 training image"):
        trained(tmp_path, lesson(0, count=1))


@pytest.mark.parametrize("classes", [1, 2, 7])
def test_one_class_and_classes_without_images_are_learnt_and_measured(classes, tmp_path):
    from dataclasses import replace

    task, test = lesson(0), halves(40, seed=1)
    if classes == 1:
        task = replace(task, train=replace(task.train, labels=task.train.labels * 0))
        test = replace(test, labels=test.labels * 0)
    found = trained(tmp_path, replace(task, classes=classes))(test.pixels, test.labels)
    assert finite(found) and 0 <= found["accuracy"] <= 1
    assert classes > 1 or (found["accuracy"] == 1 and found["ece"] == found["brier"] == 0)


@pytest.mark.parametrize("count", [2, 5, 17])
def test_a_codec_is_trained_on_few_images_and_measured_on_one(count, tmp_path):
    store = Checkpoints("c", tmp_path)
    fit = {"epochs": 2, "batch": 16, "lr": 1e-3, "drops": [0.5], "drop_factor": 0.2, "progress": Progress("t", 9)}
    images, net = halves(count).pixels, FixedRate(width=2).build((1, 32, 32))
    net.load_state_dict(
        train_codec(
            FixedRate(width=2), EmpiricalRisk(), images, init_seed=0, order_seed=1, draw_seed=2, store=store, **fit
        )[0]
    )
    assert finite(codecs.measure(net.eval())(images[:1], torch.zeros(1, dtype=torch.int64)))


@pytest.mark.parametrize("shape", SHAPES, **ids)
@pytest.mark.parametrize("name", PARAMS.classifiers)
def test_a_classifier_takes_images_of_odd_sizes_or_says_why_not(name, shape):
    found = build("classifiers", PARAMS.classifiers[name])
    found = found.model_copy(update={"width": found.width / 8})
    if reason := found.misfit(shape):
        assert "sides" in reason or "channels" in reason
        return
    net = found.build(shape, 2).eval()
    with torch.no_grad():
        for count in (1, 2):
            logits = net(torch.rand(count, *shape))
            assert logits.shape == (count, 2) and logits.isfinite().all()


@pytest.mark.parametrize("shape", SHAPES, **ids)
@pytest.mark.parametrize("name", PARAMS.codecs)
def test_a_codec_takes_images_of_odd_sizes_or_says_why_not(name, shape):
    codec = build("codecs", PARAMS.codecs[name])
    if reason := codec.misfit(shape):
        assert "sides" in reason or "channels" in reason
        return
    net = codec.build(shape).eval()
    with torch.no_grad():
        assert net(torch.rand(1, *shape)).images.shape == (1, *shape)


def few(shape, count=2) -> Split:
    rng = torch.Generator().manual_seed(0)
    rows = torch.arange(count)
    return Split(torch.randint(0, 256, (count, *shape), generator=rng, dtype=torch.uint8), rows % 2, rows * 7 + 1, rows)


@pytest.mark.parametrize("shape", SHAPES, **ids)
@pytest.mark.parametrize("name", [name for name in PARAMS.shifts])
def test_a_shift_keeps_the_shape_of_odd_images_or_says_why_not(name, shape):
    shift = build("shifts", PARAMS.shifts[name])
    if shift.white_box or shift.needs() or type(shift).shift is not Shift.shift:
        pytest.skip("made with other images or for a model")
    test = few(shape)
    try:
        found = shift_split(shift, test, Others(), 1)
    except InputError as error:
        assert "\n" not in str(error) and str(shape[1]) in str(error)
        return
    assert all(split.images.shape == test.images.shape for split in found.splits)
