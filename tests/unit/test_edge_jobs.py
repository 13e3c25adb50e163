"""The jobs of the phase edge: killed and started again, they write the same files, which are scored as they decode."""

import os
import random

import pytest
import torch
from killing import checkpoints_of, killed
from stage_jobs import run_script
from toy_lessons import halves

from shiftpress.assembly import edge_methods
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.records import read_records
from shiftpress.core.splits import as_tensors
from shiftpress.core.storage import read_facts, read_json, write_json
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.edge_entries import rounded, trained
from shiftpress.evaluation.edge import networks, others
from shiftpress.evaluation.resilience import Resilience
from shiftpress.loading import load_study
from shiftpress.packing.card import unpack
from shiftpress.packing.integer import adds_exactly
from shiftpress.training.rounds import Round

STUDY = os.path.join(os.path.dirname(__file__), "..", "..", "params.yaml")
SMALL = {
    "fit": {"edge": {"epochs": 2, "tuning": 0.5, "batch": 16, "lr": 0.01}},
    "classifiers": {"edge_s": {"width": 0.3}, "edge_m": {"width": 0.6}},
    "edge": {"sizes": ["edge_s", "edge_m"], "latency_repeats": 3},
    "study": {"edge": ["mnist5k"]},
}
MOST = 40
"""Images of a cell that networks are scored on."""
WORDS = {"dataset": "mnist5k", "classifier": "edge_m", "seeds": "0-1"}
NAMES = {"dense/100", "tuned/100", "prune/25", "kd/25", "no_kd/25", "prune+kd/25"}
ROUNDED = {"w8a8/25", "w4a4/12.5", "prune+kd+w8a8/6.25"}


@pytest.fixture(scope="module")
def study():
    return load_study([STUDY], SMALL)


def made_data(folder):
    for name, split in {"train": halves(90), "val": halves(40, seed=1), "test": halves(60, seed=2)}.items():
        write_tensors(folder / f"{name}.safetensors", as_tensors(split), "test")
    write_json(folder / "card.json", {"classes": ["dark", "bright"], "shape": [1, 32, 32]}, "test")
    dark = halves(60, seed=2)
    shifted = {f"0/{name}": tensor for name, tensor in as_tensors(dark).items()}
    shifted |= {"severities": torch.tensor([0.5]), "0/images": dark.images // 2}
    write_tensors(folder / "negative.safetensors", shifted, "test")
    return folder


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Checkpoints, "due", lambda store: True)
    return made_data(tmp_path / "data")


def inputs(data, *names):
    return {name: str(data / f"{name}.safetensors") for name in names} | {"card": str(data / "card.json")}


def make(study, data, out, size="edge_m"):
    target = out / f"{size}.safetensors"
    settings = {
        "classifier": study.classifiers[size].model_dump(),
        "augmentation": study.augmentations["clean"].model_dump(),
        "filters": {name: study.filters[name].model_dump() for name in study.chosen("filters")},
        "plan": [[method.name, ratios] for method, ratios in trained(study)],
        "fit": study.fit.edge.model_dump(),
    }
    parts = {"params": settings, "wildcards": {**WORDS, "classifier": size}, "input": inputs(data, "train", "val")}
    run_script("train_edge", log=str(out / "job.log"), output={"networks": str(target)}, **parts)
    return target


def make_rounded(study, data, out, size="edge_m"):
    target, plan = out / f"{size}.rounded.safetensors", rounded(study)
    quantizers = {name: study.quantizers[name].model_dump() for _, name in plan.values()}
    files = inputs(data, "train") | {"networks": str(out / f"{size}.safetensors")}
    parts = {"params": {"plan": plan, "quantizers": quantizers}, "wildcards": {**WORDS, "classifier": size}}
    run_script("round_edge", log=str(out / "job.log"), input=files, output={"networks": str(target)}, **parts)
    return target


@pytest.fixture(scope="module")
def middle(study, tmp_path_factory):
    """A folder with the networks of the middle size, which nobody may change, and how many checkpoints were written."""
    folder = tmp_path_factory.mktemp("middle")
    data = made_data(folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(Checkpoints, "due", lambda store: True)
        written = checkpoints_of(lambda: make(study, data, folder))
        make_rounded(study, data, folder)
    return folder, written


def score(data, out, size="edge_m"):
    target, times = out / f"{size}.json", out / f"{size}.latency.json"
    files = inputs(data, "test") | {
        "networks": [str(out / f"{size}.safetensors"), str(out / f"{size}.rounded.safetensors")],
        "shifted": [str(data / "negative.safetensors")],
    }
    parts = {"params": {"most": MOST, "sources": {"negative": "regenerated"}, "repeats": 3}, "input": files}
    outputs = {"records": str(target), "latency": str(times)}
    run_script("score_edge", log=str(out / "job.log"), wildcards={**WORDS, "classifier": size}, output=outputs, **parts)
    return target, times


def test_a_killed_job_started_again_writes_the_same_file(study, data, middle, tmp_path):
    whole, written = middle
    (tmp_path / "cut").mkdir()
    moments, kills = random.Random(1), 0
    while kills < 3:
        kills += killed(lambda: make(study, data, tmp_path / "cut"), written // 3, moments)
    cut = make(study, data, tmp_path / "cut")
    assert cut.read_bytes() == (whole / "edge_m.safetensors").read_bytes()
    assert read_facts(cut) == read_facts(whole / "edge_m.safetensors")
    assert not list((tmp_path / "work").glob("*")), "checkpoints of finished jobs"


def test_networks_are_scored_as_their_files_decode_and_compared(study, data, tmp_path):
    found, times = [], {}
    for size in study.edge.sizes:
        tensors = read_tensors(make(study, data, tmp_path, size))
        assert tensors.keys() == {f"{seed}/{name}" for seed in (0, 1) for name in NAMES}
        small = read_tensors(make_rounded(study, data, tmp_path, size))
        assert small.keys() == {f"{seed}/{name}" for seed in (0, 1) for name in ROUNDED}
        records, clock = score(data, tmp_path, size)
        found, times = found + read_records(records), times | read_json(clock)
    assert {r.n for r in found if r.metric == "accuracy"} == {MOST}
    values = {(r.model, r.seed, r.shift, r.metric): r.value for r in found}
    for seed in (0, 1):
        card = unpack(tensors[f"{seed}/prune/25"].numpy().tobytes())
        assert card.facts.fields["widths"] and f"prune/25, seed {seed}" in card.facts.origin
        test = halves(60, seed=2)
        right = (card.net()(test.pixels).argmax(1) == test.labels).float().mean()
        assert values["edge_m/prune/25", seed, "clean", "accuracy"] == pytest.approx(float(right), abs=1e-6)
        bytes_of = {name: values[f"edge_m/{name}", seed, "storage", "disk_bytes"] for name in NAMES}
        counts = {name: values[f"edge_m/{name}", seed, "storage", "numbers"] for name in NAMES}
        assert bytes_of["prune/25"] < 0.35 * bytes_of["dense/100"] == 0.35 * bytes_of["tuned/100"]
        assert counts["prune/25"] == pytest.approx(0.25 * counts["dense/100"], rel=0.1)
        for name in ("prune/25", "kd/25", "no_kd/25"):
            assert counts[name] == pytest.approx(counts["prune/25"], rel=0.05)
            assert bytes_of[name] == tensors[f"{seed}/{name}"].numel()
        assert ("edge_m/kd/25", seed, "negative", "ece") in values
        bits = {name: values[f"edge_m/{name}", seed, "storage", "bits"] for name in NAMES | ROUNDED}
        assert 8 * bytes_of["prune/25"] > bits["prune/25"] > 0.9 * 8 * bytes_of["prune/25"] - 16000
        assert bits["w8a8/25"] == pytest.approx(0.25 * bits["dense/100"], rel=0.1)
        assert bits["w4a4/12.5"] < bits["w8a8/25"] and bits["prune+kd+w8a8/6.25"] < 0.3 * bits["prune+kd/25"]
        for name in ROUNDED:
            assert values[f"edge_m/{name}", seed, "storage", "disk_bytes"] == small[f"{seed}/{name}"].numel()
            whole = ("edge_m/" + name, seed, "clean", "integer_agreement")
            assert (whole in values) == (adds_exactly() and "w8a8" in name)
            assert values.get(whole, 1.0) >= 0.995
    assert times.keys() == {f"{size}/{name}" for size in study.edge.sizes for name in NAMES | ROUNDED}
    assert all(own["1"] > 0 and own["32"] > 0 for own in times.values())

    target = tmp_path / "losses.json"
    files = {"records": [str(tmp_path / f"{size}.json") for size in study.edge.sizes]}
    words = {"dataset": "mnist5k"}
    parts = {"params": {}, "wildcards": words, "input": files, "output": {"records": str(target)}}
    run_script("compare_edge", log=str(tmp_path / "job.log"), **parts)
    losses = {(r.model, r.seed, r.shift, r.metric): r.value for r in read_records(target)}
    place = ("edge_m/prune/25", 1, "negative", "lost_accuracy")
    wanted = values["edge_m/dense/100", 1, "negative", "accuracy"] - values[*place[:3], "accuracy"]
    assert losses[place] == pytest.approx(wanted)


def test_the_same_seed_gives_the_same_networks_whatever_the_block(study, data, middle, tmp_path):
    whole = read_tensors(middle[0] / "edge_m.safetensors")
    (tmp_path / "own").mkdir()
    settings = {**WORDS, "seeds": "1"}
    target = tmp_path / "own" / "one.safetensors"
    plan = [[method.name, ratios] for method, ratios in trained(study)]
    params = {"classifier": study.classifiers["edge_m"].model_dump(), "plan": plan, "fit": study.fit.edge.model_dump()}
    params |= {"augmentation": study.augmentations["clean"].model_dump()}
    params |= {"filters": {"prune": study.filters["prune"].model_dump()}}
    files = inputs(data, "train", "val")
    run_script(
        "train_edge", log="job.log", params=params, wildcards=settings, input=files, output={"networks": str(target)}
    )
    for name, data in read_tensors(target).items():
        assert torch.equal(data, whole[name])


def test_attacks_are_on_the_methods_they_name_and_follow_rounded_networks_by_all_routes(study, data, middle, tmp_path):
    near = {"kind": "pgd", "steps": 3, "eps": [0.1], "routes": "all"}
    settings = {
        "attacks": {"near": near, "square": {"kind": "square", "queries": 5, "eps": [0.1]}},
        "methods": dict.fromkeys(edge_methods(study), []) | {"dense": ["near"], "w8a8": ["near", "square"]},
        "plan": rounded(study),
        "robustness": {"images": 16, "batch": 8, "gate_images": 8, "probe_queries": 2},
    }
    files = {"networks": [str(middle[0] / f"edge_m{part}.safetensors") for part in ("", ".rounded")]}
    outputs = {"records": str(tmp_path / "attacks.json"), "images": str(tmp_path / "attacks.safetensors")}
    parts = {"params": settings, "wildcards": WORDS, "input": inputs(data, "test") | files, "output": outputs}
    run_script("attack_edge", log=str(tmp_path / "job.log"), **parts)
    found = read_records(outputs["records"])
    attacked = {(r.model, r.shift) for r in found if r.metric == "robust_accuracy"}
    names = {("dense/100", "near"), ("w8a8/25", "near"), ("w8a8/25", "square")}
    worst = {("dense/100", "worst_linf"), ("w8a8/25", "worst_linf")}
    assert attacked == {(f"edge_m/{name}", shift) for name, shift in names | worst}
    assert {r.phase for r in found} == {"edge"} and {r.seed for r in found} == {0, 1}
    assert {key.split("/near")[0] for key in read_tensors(outputs["images"]) if "near/" in key} == {
        f"edge/mnist5k/{seed}/edge_m/{name}" for seed in (0, 1) for name in ("dense/100", "w8a8/25")
    }


def test_stand_ins_of_a_rounded_network_are_what_it_was_made_from_and_its_twin(study, middle):
    files = [read_tensors(middle[0] / f"edge_m{part}.safetensors") for part in ("", ".rounded")]
    found = {network.name: network for network in networks(1, files)}
    assert found.keys() == NAMES | ROUNDED
    images, plan = halves(60, seed=2).pixels, rounded(study)
    parent, twin = others(found["prune+kd+w8a8/6.25"], found, plan)
    assert torch.equal(parent(images), found["prune+kd/25"].net(images))
    assert (twin(images) - parent(images)).abs().max() < 0.2 * parent(images).abs().max()
    assert others(found["kd/25"], found, plan) == (None, None)


def test_what_diverged_is_marked_and_so_is_what_is_made_from_it_and_its_step_is_its_only_record(
    study, data, tmp_path, monkeypatch
):
    real = Round.step

    def fragile(self):
        real(self)
        if self.key.startswith("prune") and self.lesson.seed == 1:
            self._loss = torch.tensor(torch.nan)

    monkeypatch.setattr(Round, "step", fragile)
    tensors = read_tensors(make(study, data, tmp_path))
    # students are as large as the pruned network, of which there is none
    lost = {"prune/25", "kd/25", "no_kd/25", "prune+kd/25"}
    assert {name for name in tensors if name.startswith("diverged/")} == {f"diverged/1/{name}" for name in lost}
    assert {name for name in tensors if name.startswith("1/")} == {f"1/{name}" for name in NAMES - lost}
    small = read_tensors(make_rounded(study, data, tmp_path))
    gone = {"w8a8/25": False, "w4a4/12.5": False, "prune+kd+w8a8/6.25": True}
    assert {name: f"diverged/1/{name}" in small for name in ROUNDED} == gone
    records = read_records(score(data, tmp_path)[0])
    marked = {r.model for r in records if r.metric == "diverged" and r.seed == 1}
    assert marked == {f"edge_m/{name}" for name in [*lost, "prune+kd+w8a8/6.25"]}
    assert not marked & {r.model for r in records if r.metric != "diverged" and r.seed == 1}
    assert all(r.seed == 1 for r in records if r.metric == "diverged")
    assert list(Resilience(records).records())
