"""The job that attacks cards: it says which images withstand, and killed it goes on and writes the same files."""

import os
import random
from functools import partial
from pathlib import Path

import pytest
from killing import checkpoints_of, killed
from stage_jobs import make_card, run_script
from toy_lessons import halves

from shiftpress.assembly import attacks_on
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.problems import InputError
from shiftpress.core.records import read_records
from shiftpress.core.splits import as_tensors
from shiftpress.core.storage import write_json
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.loading import load_study

STUDY = os.path.join(os.path.dirname(__file__), "..", "..", "params.yaml")
SMALL = {
    "fit": {"cards": {"epochs": 2, "batch": 16}},
    "classifiers": {"convs": {"width": 0.25}},
    "robustness": {"images": 30, "batch": 8, "gate_images": 8, "probe_queries": 5},
    "attacks": {
        "pgd_quick": {"steps": 3, "eps": [0.05, 0.4], "routes": "all"},
        "paper": {"steps": 3, "eps": [0.4]},
    },
}


@pytest.fixture
def study():
    return load_study([STUDY], SMALL)


@pytest.fixture
def data(study, tmp_path, monkeypatch):
    folder = tmp_path / "data"
    write_tensors(folder / "train.safetensors", as_tensors(halves(90)), "test")
    write_tensors(folder / "val.safetensors", as_tensors(halves(40, seed=1)), "test")
    write_tensors(folder / "test.safetensors", as_tensors(halves(40, seed=2)), "test")
    write_json(folder / "card.json", {"classes": ["dark", "bright"], "shape": [1, 32, 32]}, "test")
    monkeypatch.chdir(tmp_path)
    for pruner in ("dense", "lrr"):
        make_card(study, "toy", "convs", "clean", pruner, "0-1", folder, folder)
    return folder


def attack(study, data: Path, out: Path, pruner: str = "lrr") -> Path:
    """Run the script on the cards of two seeds."""
    out.mkdir(exist_ok=True)
    names = {"dataset": "toy", "classifier": "convs", "augmentation": "clean", "pruner": pruner, "seeds": "0-1"}
    levels = {"0": []} if pruner == "dense" else {"80": ["80"], "95": ["95"]}
    files = {name: str(data / f"{name}.safetensors") for name in ("test",)} | {"card": str(data / "card.json")}
    files |= {key: str(data / f"convs-clean-{kind}-0-1.safetensors") for key, kind in
              (("weights", pruner), ("dense", "dense"))}  # fmt: skip
    run_script(
        "attack_card",
        params={
            "classifier": study.classifiers["convs"].model_dump(),
            "cards": levels,
            "attacks": {name: study.attacks[name].model_dump() for name in ("pgd_quick", "paper")},
            "robustness": study.robustness.model_dump(),
        },
        wildcards=names,
        input=files,
        output={"records": str(out / "r.json"), "images": str(out / "i.safetensors")},
        log=str(out / "job.log"),
    )
    return out


def test_records_and_images_say_the_same_of_every_card(study, data, tmp_path):
    out = attack(study, data, tmp_path / "out")
    records, images = read_records(out / "r.json"), read_tensors(out / "i.safetensors")
    robust = {(r.seed, r.model, r.shift, r.severity): r.value for r in records if r.metric == "robust_accuracy"}
    assert {r.phase for r in records} == {"cards"} and {r.n for r in records} == {30}
    assert {model for _, model, _, _ in robust} == {"convs/clean/lrr/80", "convs/clean/lrr/95"}
    for seed in (0, 1):
        for level in ("80", "95"):
            model = f"convs/clean/lrr/{level}"
            place = f"cards/toy/{seed}/{model}"
            whole = images[f"{place}/worst_linf/0.4"].double().mean()
            assert robust[seed, model, "worst_linf", 0.4] == pytest.approx(float(whole))
            clean = images[f"{place}/clean"].double().mean()
            assert robust[seed, model, "paper", 0.0] == pytest.approx(float(clean))
            assert images[f"{place}/ids"].tolist() == list(range(30))
    flags = {(r.seed, r.model, r.shift, r.severity) for r in records if r.metric == "unreliable"}
    assert flags == set(robust)


def test_a_killed_job_started_again_writes_the_same_files(study, data, tmp_path, monkeypatch):
    monkeypatch.setattr(Checkpoints, "due", lambda store: True)
    written = checkpoints_of(lambda: attack(study, data, tmp_path / "whole"))
    moments, kills = random.Random(1), 0
    while kills < 4:
        kills += killed(lambda: attack(study, data, tmp_path / "cut"), written // 3, moments)
    cut = attack(study, data, tmp_path / "cut")
    for name in ("r.json", "i.safetensors", "r.json.json", "i.safetensors.json"):
        assert (cut / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list((tmp_path / "work").glob("*")), "checkpoints of finished jobs"


def test_an_attack_for_a_dataset_that_is_not_there_is_refused():
    with pytest.raises(InputError, match=r"no entry 'minst' in datasets.*mnist"):
        load_study([STUDY], {"attacks": {"paper": {"only": ["minst"]}}, "study": {"attacks": ["paper"]}})


def test_a_study_may_have_no_attacks_and_an_unknown_one_is_refused():
    assert load_study([STUDY], {"study": {"attacks": []}}).chosen("attacks") == []
    with pytest.raises(InputError, match="no entry 'pdg' in attacks"):
        load_study([STUDY], {"study": {"attacks": ["pdg"]}})


@pytest.mark.parametrize("name", ["noise", "worst_l2"])
def test_an_attack_may_not_be_called_like_what_stands_in_its_place_in_records(name):
    with pytest.raises(InputError, match="choose another"):
        load_study([STUDY], {"attacks": {name: {"kind": "wrm"}}})


def test_an_attack_is_run_on_the_networks_it_names_and_there_must_be_some():
    study = load_study([STUDY], {"attacks": {"pgd": {"phases": ["cards", "atmc"], "models": ["*/lrr", "lenet/a*"]}}})
    on = partial(attacks_on, study)
    assert on("atmc", "mnist5k", "lenet/ap") == ["paper", "fgsm", "pgd"]
    assert on("atmc", "mnist5k", "lenet/da") == ["paper", "fgsm"] and on("atmc", "cifar10", "lenet/ap") == []
    assert on("cards", "mnist5k", "convs/clean/lrr") == ["pgd"] and on("cards", "mnist5k", "convs/clean/dense") == []
    with pytest.raises(InputError, match="attacks.fgsm.models: the study trains no model like these"):
        load_study([STUDY], {"attacks": {"fgsm": {"models": ["lent/*"]}}})
