"""Every way to train, once on the CPU and once on the pretended device: the same weights, back on the CPU."""

from dataclasses import is_dataclass, replace
from pathlib import Path

import pytest
import scipy.optimize
import torch
from pretended_device import NAME, Pretended, register, take_one_way
from toy_edge import PRUNERS, plan, taught
from toy_edge import workshop as workshop_of
from toy_hardening import COMPRESSORS, compressed, hardening
from toy_lessons import lesson

from shiftpress.assembly import build
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.progress import Progress
from shiftpress.loading import load_study
from shiftpress.training.cards import prune, train_dense
from shiftpress.training.codecs import train_codec
from shiftpress.training.edge import Workshop

register()
PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])
IMAGES = torch.rand(10, 1, 32, 32, generator=torch.Generator().manual_seed(0))
RECIPE = {"epochs": 2, "batch": 4, "lr": 0.001, "drops": [0.5], "drop_factor": 0.2}
SEEDS = {"init_seed": 1, "order_seed": 2, "draw_seed": 3}
KINDS = {entry.kind: name for name, entry in reversed(PARAMS.codecs.items())}
"""One codec of each kind."""


OBJECTIVES = {(e.kind, e.fields.get("search")): name for name, e in reversed(PARAMS.objectives.items())}.values()
"""One objective of each kind and way to search."""


def pairs() -> list[tuple[str, str]]:
    """One codec of each kind with the objectives that train it; of kinds that train alike, one with all of them."""
    found, whole = [], set()
    for codec in sorted(KINDS.values(), key=list(PARAMS.codecs).index):
        structure = build("codecs", PARAMS.codecs[codec]).structure
        fitting = [name for name in OBJECTIVES if structure in build("objectives", PARAMS.objectives[name]).structures]
        found += [
            (codec, name)
            for name in fitting
            if structure not in whole or PARAMS.objectives[name].kind in ("erm", "wasserstein_dro")
        ]
        whole.add(structure)
    return found


@pytest.fixture(autouse=True)
def one_way(monkeypatch):
    take_one_way(monkeypatch.setattr)


def same(ours, theirs) -> None:
    """Equal to the last bit, and all of it plain tensors on the CPU."""
    if isinstance(theirs, torch.Tensor):
        assert not isinstance(ours, Pretended) and ours.device.type == "cpu"
        assert ours.dtype == theirs.dtype and torch.equal(ours, theirs)
    elif isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for key in theirs:
            same(ours[key], theirs[key])
    elif isinstance(theirs, list | tuple):
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)
    elif is_dataclass(theirs):
        same(vars(ours), vars(theirs))
    else:
        assert ours == theirs


def there(task, **more):
    """A lesson whose images are on the device."""
    return replace(task, train=task.train.to(NAME), val=task.val.to(NAME), **more)


class Kept(Checkpoints):
    """Keeps its state after every step, and is stopped after some."""

    def __init__(self, folder, steps=10**9):
        super().__init__("a", folder, 0.0)
        self.steps = steps

    def write(self, name, tree):
        super().write(name, tree)
        self.steps -= 1
        if not self.steps:
            raise KeyboardInterrupt


def narrow(family, entry):
    """A component with few channels, if it has a width."""
    made = build(family, entry)
    small = {"width": 2, "angle_width": 2, "channels": 4, "latents": 6, "hyper_channels": 4, "steps": 2, "angles": 3}
    return made.model_copy(update={name: value for name, value in small.items() if name in type(made).model_fields})


@pytest.mark.parametrize(("codec", "objective"), pairs())
def test_codecs(codec, objective, tmp_path, monkeypatch):
    search = scipy.optimize.differential_evolution
    monkeypatch.setattr(
        scipy.optimize, "differential_evolution", lambda *a, **k: search(*a, **k | {"maxiter": 1, "popsize": 2})
    )
    found = []
    for place in ("cpu", NAME):
        own = narrow("codecs", PARAMS.codecs[codec]), narrow("objectives", PARAMS.objectives[objective])
        store = {"store": Checkpoints("a", tmp_path / place), "progress": Progress("t", 2)}
        found.append(train_codec(*own, IMAGES.to(place), **RECIPE, **SEEDS, **store))
    same(found[1], found[0])


@pytest.mark.parametrize("to", ["cpu", NAME])
def test_a_codec_goes_on_from_the_checkpoint_of_another_device(to, tmp_path):
    codec, objective = (
        narrow("codecs", PARAMS.codecs[KINDS["hyperprior"]]),
        narrow("objectives", PARAMS.objectives["wdro20"]),
    )
    whole = train_codec(
        codec, objective, IMAGES, **RECIPE, **SEEDS, store=Kept(tmp_path / "w"), progress=Progress("t", 2)
    )
    first, second = (NAME, "cpu") if to == "cpu" else ("cpu", NAME)
    kept = {"progress": Progress("t", 2), **RECIPE, **SEEDS}
    with pytest.raises(KeyboardInterrupt):
        train_codec(codec, objective, IMAGES.to(first), store=Kept(tmp_path / "c", 3), **kept)
    same(train_codec(codec, objective, IMAGES.to(second), store=Kept(tmp_path / "c"), **kept), whole)


RECIPES = {
    "plain": {},
    "adam": {"optimizer": "adam", "lr": 0.001},
    "smooth": {"label_smoothing": 0.1, "ema": 0.9, "picks": ["last", "best"]},
}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("augmentation", PARAMS.augmentations)
def test_classifiers(augmentation, recipe, tmp_path):
    task = replace(
        lesson(epochs=1, **RECIPES[recipe]),
        augmentation=build("augmentations", PARAMS.augmentations[augmentation]),
        dataset="cifar10",
    )
    plain, ours = (
        train_dense(own, Checkpoints("a", tmp_path / str(n)), Progress("t", 2))
        for n, own in enumerate((task, there(task)))
    )
    same(ours, plain)


@pytest.mark.parametrize("pruner", PARAMS.pruners)
def test_pruners(pruner, tmp_path):
    made = build("pruners", PARAMS.pruners[pruner])
    made = made.model_copy(update={"sparsities": made.sparsities[:2], **({"step": 2} if hasattr(made, "step") else {})})
    found = []
    for place, task in {"cpu": lesson(epochs=1), NAME: there(lesson(epochs=1))}.items():
        store = Checkpoints("a", tmp_path / place)
        dense = train_dense(task, store, Progress("t", 2))
        found.append(list(prune(made, task, dense, store, Progress("t", 9))))
    same(found[1], found[0])


@pytest.mark.parametrize("pruner", ["lrr", "gradual", "edge_popup"])
def test_a_chain_goes_on_from_the_checkpoint_of_another_device(pruner, tmp_path):
    made = build("pruners", PARAMS.pruners[pruner])
    made, task = made.model_copy(update={"sparsities": made.sparsities[:2]}), lesson(epochs=1)

    def chain(own, store):
        dense = train_dense(own, store, Progress("t", 2))
        return list(prune(made, own, dense, store, Progress("t", 9)))

    whole = chain(task, Checkpoints("a", tmp_path / "whole"))
    for number, (own, steps) in enumerate([(there(task), 6), (task, 3), (there(task), 10**9)]):
        try:
            found = chain(own, Kept(tmp_path / "cut", steps))
        except KeyboardInterrupt:
            assert number < 2
    same(found, whole)


@pytest.mark.parametrize("compressor", COMPRESSORS)
def test_compressors(compressor, tmp_path):
    task = hardening(epochs=1, net="convs", count=34)
    found = [compressed(compressor, tmp_path / str(n), own) for n, own in enumerate((task, there(task)))]
    same(found[1], found[0])


@pytest.mark.parametrize("compressor", ["ap", "al0", "alr", "atmc8"])
def test_a_compressor_goes_on_from_the_checkpoint_of_another_device(compressor, tmp_path, monkeypatch):
    task, state = hardening(epochs=1, count=34), {}
    whole = compressed(compressor, tmp_path / "whole", task)
    write = Checkpoints.write

    def writing(store, name, tree):
        write(store, name, tree)
        state["left"] -= 1
        if not state["left"]:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoints, "write", writing)
    for own, steps in ((there(task), 6), (task, 2), (there(task), 2), (task, 10**9)):
        state["left"] = steps
        try:
            found = compressed(compressor, tmp_path / "cut", own, 0.0)
        except KeyboardInterrupt:
            assert steps < 10
    same(found, whole)


def made_by(shop: Workshop, names):
    return [(made.name, made.state) for made in shop.networks(plan(*names))]


def test_networks_for_the_edge(tmp_path):
    names = ["dense", "tuned", "slowly", "prune", "prune+kd", "kd", "no_kd", "sparse"]
    plain = made_by(workshop_of(tmp_path, taught(epochs=1, tuning=2.0)), names)
    same(made_by(workshop_of(tmp_path, there(taught(epochs=1, tuning=2.0)), "ours"), names), plain)


@pytest.mark.parametrize("kind", PARAMS.filters)
def test_filters(kind, tmp_path, monkeypatch):
    own = build("filters", PARAMS.filters[kind]).model_copy(update={"ratios": [0.5], "rounds": 1})
    monkeypatch.setitem(PRUNERS, "prune", own)
    task = taught(epochs=1, tuning=1.0, noisy=True)
    plain = [
        (m.name, m.state)
        for m in workshop_of(tmp_path, task).networks(plan("dense", "prune")[:1] + [(plan("prune")[0][0], [0.5])])
    ]
    ours = [
        (m.name, m.state)
        for m in workshop_of(tmp_path, there(task), "o").networks(plan("dense")[:1] + [(plan("prune")[0][0], [0.5])])
    ]
    same(ours, plain)
