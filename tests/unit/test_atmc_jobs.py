"""The jobs of the phase atmc: killed and started again, they write the same files, which are then scored."""

import os
import random
from dataclasses import replace

import pytest
import torch
from killing import checkpoints_of, killed
from safetensors.torch import load_file
from stage_jobs import run_script
from toy_lessons import halves
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.records import read_records
from shiftpress.core.splits import as_tensors
from shiftpress.core.storage import read_facts, write_json
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.loading import load_study
from shiftpress.packing.compressed import unpack_any
from shiftpress.shifts.base import Shifted
from shiftpress.shifts.base import as_tensors as shifted_tensors
from shiftpress.training.adversarial import HardRound

STUDY = os.path.join(os.path.dirname(__file__), "..", "..", "params.yaml")
RATIOS = {"ratios": [0.2, 0.05]}
SMALL = {
    "fit": {
        "atmc": {"epochs": 2, "tuning": 0.5, "batch": 16, "lr": 0.01, "attack_steps": 1, "radii": {"mnist5k": 0.05}}
    },
    "classifiers": {"lenet": {"width": 0.1}},
    "compressors": {name: RATIOS for name in ("ap", "alr", "atmc8", "atmc32")},
    "study": {"compressors": ["da", "ap", "alr", "atmc8", "atmc32"]},
}
MOST = 40
"""Images of a cell that networks are scored on."""
WORDS = {"dataset": "mnist5k", "classifier": "lenet", "seeds": "0-1"}


@pytest.fixture
def study():
    return load_study([STUDY], SMALL)


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    for name, split in {"train": halves(90), "val": halves(40, seed=1), "test": halves(60, seed=2)}.items():
        write_tensors(folder / f"{name}.safetensors", as_tensors(split), "test")
    write_json(folder / "card.json", {"classes": ["dark", "bright"], "shape": [1, 32, 32]}, "test")
    dark = Shifted([2.0], [replace(halves(60, seed=2), images=torch.zeros(60, 1, 32, 32, dtype=torch.uint8))])
    write_tensors(folder / "dark.safetensors", shifted_tensors(dark), "test")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Checkpoints, "due", lambda store: True)
    return folder


def shared(study, **more):
    own = {"classifier": study.classifiers["lenet"], "augmentation": study.augmentations["clean"]} | more
    return {name: entry.model_dump() for name, entry in own.items()} | {"fit": study.fit.atmc.model_dump()}


def inputs(data, *names):
    return {name: str(data / f"{name}.safetensors") for name in names} | {"card": str(data / "card.json")}


def make_base(study, data, out):
    target = out / "base.safetensors"
    words = {**WORDS, "training": "adversarial"}
    parts = {"params": shared(study), "wildcards": words, "input": inputs(data, "train", "val")}
    run_script("train_base", log=str(out / "job.log"), output={"weights": str(target)}, **parts)
    return target


def make(study, name, data, out):
    target = out / f"{name}.safetensors"
    own = shared(study, compressor=study.compressors[name])
    files = inputs(data, "train", "val") | {"base": [str(out / "base.safetensors")]}
    parts = {"params": own, "wildcards": {**WORDS, "compressor": name}, "input": files}
    run_script("train_atmc", log=str(out / "job.log"), output={"weights": str(target)}, **parts)
    return target


def score(study, name, data, out):
    target = out / f"{name}.json"
    own = {
        n: v for n, v in shared(study, compressor=study.compressors[name]).items() if n in ("classifier", "compressor")
    }
    files = inputs(data, "test") | {"weights": str(out / f"{name}.safetensors")}
    files |= {"shifted": [str(data / "dark.safetensors")]}
    own |= {"most": MOST, "sources": {"dark": "regenerated"}}
    parts = {"params": own, "wildcards": {**WORDS, "compressor": name}, "input": files}
    run_script("score_atmc", log=str(out / "job.log"), output={"records": str(target)}, **parts)
    return target


def test_a_killed_job_started_again_writes_the_same_file(study, data, tmp_path):
    for folder in ("whole", "cut"):
        (tmp_path / folder).mkdir()
        make_base(study, data, tmp_path / folder)
    written = checkpoints_of(lambda: make(study, "atmc8", data, tmp_path / "whole"))
    moments, kills = random.Random(1), 0
    while kills < 3:
        kills += killed(lambda: make(study, "atmc8", data, tmp_path / "cut"), written // 3, moments)
    cut = make(study, "atmc8", data, tmp_path / "cut")
    assert cut.read_bytes() == (tmp_path / "whole/atmc8.safetensors").read_bytes()
    assert read_facts(cut) == read_facts(tmp_path / "whole/atmc8.safetensors")
    assert not list((tmp_path / "work").glob("*")), "checkpoints of finished jobs"


def test_networks_are_trained_scored_as_they_are_stored_and_compared(study, data, tmp_path):
    make_base(study, data, tmp_path)
    found = {}
    for name in study.chosen("compressors"):
        tensors = read_tensors(make(study, name, data, tmp_path))
        assert {key.split("/")[0] for key in tensors} == {"0", "1"}
        found[name] = read_records(score(study, name, data, tmp_path))
    models = {record.model for records in found.values() for record in records}
    assert {r.n for records in found.values() for r in records if r.metric == "accuracy"} == {MOST}
    in_the_dark = [r.value for r in found["ap"] if (r.shift, r.severity, r.metric) == ("dark", 2.0, "accuracy")]
    assert in_the_dark == [0.5] * 4, "one class whatever is shown, for two seeds and two ratios"
    assert {"lenet/da", "lenet/ap/20", "lenet/ap/5", "lenet/alr/5", "lenet/atmc8/20", "lenet/atmc32/5"} <= models
    sizes = {(r.model, r.seed, r.metric): r.value for records in found.values() for r in records}
    for seed in (0, 1):
        assert sizes["lenet/ap/20", seed, "nonzero"] == pytest.approx(0.2, abs=1e-3)
        assert sizes["lenet/ap/20", seed, "size_paper"] == pytest.approx(0.2, abs=1e-3)
        assert sizes["lenet/da", seed, "size_paper"] == 1.0
        assert sizes["lenet/atmc8/20", seed, "codebook_values"] <= 256
        assert sizes["lenet/atmc8/20", seed, "size_paper"] < sizes["lenet/atmc32/20", seed, "size_paper"]
        assert sizes["lenet/atmc32/20", seed, "size_indexed"] > sizes["lenet/atmc32/20", seed, "size_paper"]
        assert sizes["lenet/atmc32/20", seed, "nonzero"] <= 0.2
        assert 0 <= sizes["lenet/atmc32/20", seed, "entries_beside"] < 1
        assert ("lenet/alr/20", seed, "entries_beside") not in sizes
    target = tmp_path / "order.json"
    files = {"records": [str(tmp_path / f"{name}.json") for name in found]}
    settings = {"metrics": ["accuracy"], "robust": "robust_accuracy", "references": ["paper"], "radius": 0.1}
    words = {"dataset": "mnist5k", "classifier": "lenet", "seeds": "0-1"}
    parts = {"params": settings, "wildcards": words, "input": files, "output": {"records": str(target)}}
    run_script("compare_atmc", log=str(tmp_path / "job.log"), **parts)
    gaps = {record.model for record in read_records(target)}
    assert gaps >= {"lenet/atmc8~atmc32"}


def test_what_diverged_is_marked_and_so_is_what_begins_with_it_and_its_step_is_its_only_record(
    study, data, tmp_path, monkeypatch
):
    real = HardRound.step

    def fragile(self):
        real(self)
        if self.lesson.seed == 1:
            self._loss = torch.tensor(torch.nan)

    monkeypatch.setattr(HardRound, "step", fragile)
    base = read_tensors(make_base(study, data, tmp_path))
    assert int(base["diverged/1"]) > 0 and not [name for name in base if name.startswith("1/")]
    monkeypatch.setattr(HardRound, "step", real)
    weights = read_tensors(make(study, "atmc8", data, tmp_path))
    assert {name.partition("/")[0] for name in weights} == {"0", "diverged"}
    assert {name for name in weights if name.startswith("diverged")} == {"diverged/1/20", "diverged/1/5"}
    records = read_records(score(study, "atmc8", data, tmp_path))
    marked = [(r.model, r.metric, r.shift) for r in records if r.seed == 1]
    assert marked == [(f"lenet/atmc8/{level}", "diverged", "training") for level in (20, 5)]
    assert {r.metric for r in records if r.seed == 0} >= {"accuracy", "size_paper"}
    assert not list((tmp_path / "work").glob("*"))


def test_a_compressed_network_is_packed_by_name_and_opened_by_the_verbs(study, data, tmp_path, monkeypatch):
    make_base(study, data, tmp_path)
    made = read_tensors(make(study, "atmc8", data, tmp_path))
    folder = tmp_path / "results/laptop"
    write_tensors(folder / "atmc/mnist5k/lenet/atmc8/seeds0-1.safetensors", made, "test")
    write_json(folder / "data/mnist5k/card.json", {"classes": ["dark", "bright"], "shape": [1, 32, 32]}, "test")
    small = study.model_copy(update={"run": study.run.model_copy(update={"seeds": [0, 1], "seeds_per_job": 2})})
    monkeypatch.setattr("shiftpress.cli_card.params_of", lambda tier: small)
    run = CliRunner().invoke
    packed = run(app, ["card", "pack", "mnist5k/lenet/atmc8/5", "--seed", "1", "-o", "five.card"])
    assert packed.exit_code == 0, packed.output
    found = unpack_any((tmp_path / "five.card").read_bytes())
    assert all(torch.equal(tensor, made[f"1/5/{name}"]) for name, tensor in found.state.items())
    shown = run(app, ["card", "info", "five.card"])
    assert shown.exit_code == 0 and "shiftpress/card/2" in shown.output and "disk_bytes" in shown.output
    assert run(app, ["card", "unpack", "five.card", "-o", "plain.safetensors"]).exit_code == 0
    plain = load_file(tmp_path / "plain.safetensors")
    assert plain["conv0.weight"].shape == (2, 1, 5, 5)
    for wrong in (["mnist5k/lenet/atmc8/7"], ["mnist5k/lent/atmc8/5"], ["mnist5k/lenet/atmc8/5", "--bits", "16"]):
        assert run(app, ["card", "pack", *wrong, "-o", "no.card"]).exit_code == 2
    assert run(app, ["card", "pack", "mnist5k/lenet/ap/5", "-o", "no.card"]).exit_code == 2, "it was not trained"
