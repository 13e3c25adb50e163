"""The jobs that train and prune: killed and started again, they write the same file and leave nothing behind."""

import os
import random

import pytest
import torch
from killing import checkpoints_of, killed
from stage_jobs import make_card
from toy_lessons import halves

from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.splits import as_tensors
from shiftpress.core.storage import read_facts, write_json
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.loading import load_study

STUDY = os.path.join(os.path.dirname(__file__), "..", "..", "params.yaml")
SMALL = {
    "fit": {"cards": {"epochs": 2, "batch": 16}},
    "classifiers": {"convs": {"width": 0.25}},
    "pruners": {"lth": {"step": 3}},
}


@pytest.fixture
def study():
    return load_study([STUDY], SMALL)


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    write_tensors(folder / "train.safetensors", as_tensors(halves(90)), "test")
    write_tensors(folder / "val.safetensors", as_tensors(halves(40, seed=1)), "test")
    write_json(folder / "card.json", {"classes": ["dark", "bright"]}, "test")
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Checkpoints, "due", lambda store: True)
    return folder


@pytest.mark.parametrize("pruner", ["dense", "lrr", "edge_popup"])
def test_a_killed_job_started_again_writes_the_same_file(pruner, study, data, tmp_path):
    def command(folder):
        return make_card(study, "toy", "convs", "gaussian", pruner, "0-1", data, tmp_path / folder)

    if pruner == "lrr":
        for folder in ("whole", "cut"):
            make_card(study, "toy", "convs", "gaussian", "dense", "0-1", data, tmp_path / folder)
    written = checkpoints_of(lambda: command("whole"))
    moments, kills = random.Random(1), 0
    while kills < 4:
        kills += killed(lambda: command("cut"), written // 3, moments)
    whole = next((tmp_path / "whole").glob(f"*-{pruner}-*.safetensors"))
    cut = command("cut")
    assert cut.read_bytes() == whole.read_bytes()
    assert read_facts(cut) == read_facts(whole)
    assert not list((tmp_path / "work").glob("*")), "checkpoints of finished jobs"


def test_a_file_holds_every_level_of_every_seed_with_its_steps(study, data, tmp_path):
    make_card(study, "toy", "convs", "clean", "dense", "0-1", data, tmp_path / "whole")
    found = read_tensors(make_card(study, "toy", "convs", "clean", "lth", "0-1", data, tmp_path / "whole"))
    steps = {name: int(found[name]) for name in found if name.startswith("facts/")}
    # 12 steps of the dense network, then 9 of each level: those after the third
    assert steps == {f"facts/{seed}/{level}/steps": 12 + 9 * n for seed in (0, 1) for n, level in ((1, 80), (2, 95))}
    heads = [found[f"{seed}/{level}/head.weight"] for seed in (0, 1) for level in (80, 95)]
    assert all((head == 0).any() for head in heads) and not torch.equal(heads[0], heads[2])


def test_a_seed_that_diverges_is_marked_in_the_file_and_so_is_what_begins_with_it(data, tmp_path):
    wild = {**SMALL, "fit": {"cards": {"epochs": 40, "batch": 16, "lr": 10.0, "weight_decay": 1.0}}}
    study = load_study([STUDY], wild)
    dense = read_tensors(make_card(study, "toy", "convs", "clean", "dense", "0-1", data, tmp_path / "whole"))
    assert set(dense) == {"diverged/0/0", "diverged/1/0"} and all(int(step) > 0 for step in dense.values())
    cards = read_tensors(make_card(study, "toy", "convs", "clean", "lrr", "0-1", data, tmp_path / "whole"))
    levels = [f"{100 * level:g}" for level in study.pruners["lrr"].sparsities]
    assert set(cards) == {f"diverged/{seed}/{level}" for seed in (0, 1) for level in levels}
    assert not list((tmp_path / "work").glob("*"))
