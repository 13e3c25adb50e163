"""The phase edge is checked before it runs: names, methods and networks that do not go together."""

import re
from pathlib import Path

import pytest

from shiftpress.assembly import attacks_on, build
from shiftpress.core.problems import InputError
from shiftpress.edge_entries import methods, rounded, trained
from shiftpress.loading import load_study

STUDY = str(Path(__file__).parents[2] / "params.yaml")


def study(**more):
    own = {"study": {"edge": ["mnist5k"]} | more.pop("study", {})}
    return load_study([STUDY], own | more)


def test_nothing_of_it_matters_to_a_study_that_leaves_it_out():
    left_out = {"edge": [], "attacks": []}
    assert study(study=left_out, edge={"sizes": ["nobody"]}).study.edge == []


def test_every_trained_network_has_its_ratios_and_every_rounded_one_its_source():
    found = study(filters={"prune": {"ratios": [0.5, 0.25]}}, edge={"combined": ["prune+kd", "kd+w4a4"]})
    shares = {method.name: ratios for method, ratios in trained(found)}
    both = [0.5, 0.25]
    wanted = {"dense": [1.0], "tuned": [1.0]} | dict.fromkeys(["prune", "kd", "no_kd", "prune+kd"], both)
    assert shares == wanted and list(shares)[0] == "dense"
    assert rounded(found) == {
        "w8a8/25": ("dense/100", "w8a8"),
        "w4a4/12.5": ("dense/100", "w4a4"),
        "kd+w4a4/6.25": ("kd/50", "w4a4"),
        "kd+w4a4/3.125": ("kd/25", "w4a4"),
    }


def test_what_only_a_combination_needs_is_trained_too():
    found = study(edge={"students": ["no_kd"], "tuned": False, "combined": ["kd+w8a8"]})
    assert [method.name for method, _ in trained(found)] == ["dense", "prune", "no_kd", "kd"]
    assert [method.name for method in methods(found)] == ["dense", "prune", "no_kd", "w8a8", "w4a4", "kd+w8a8"]


def test_single_weights_go_at_the_ratios_of_pruned_networks():
    found = study(filters={"prune": {"ratios": [0.5, 0.25]}}, edge={"sparse": True})
    assert {method.name: ratios for method, ratios in trained(found)}["sparse"] == [0.5, 0.25]


def test_the_documented_overlay_for_office31_has_its_six_tasks_and_attacks(tmp_path, monkeypatch):
    root = Path(STUDY).parent
    (text,) = re.findall(r"```yaml\n(.*?)```", (root / "docs/edge.md").read_text(), re.S)
    (tmp_path / "data/raw/office31").mkdir(parents=True)
    (tmp_path / "office31.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    found = load_study([STUDY, str(root / "tiers/paper.yaml"), "office31.yaml"])
    office = [name for name in found.datasets_of("edge") if name.startswith("office")]
    domains = {name: build("shifts", found.shifts[name]) for name in found.chosen("shifts") if name.startswith("to_")}
    tasks = {(source, shift.dataset) for shift in domains.values() for source in office if source in (shift.only or [])}
    assert tasks == {(one, other) for one in office for other in office if one != other} and len(tasks) == 6
    for source in office:
        assert attacks_on(found, "edge", source, "edge_l/w8a8") == ["near_cifar", "near_cifar_square"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"study": {"edge": ["mnist5"]}}, "'mnist5' is not in study.datasets. Did you mean 'mnist5k'?"),
        ({"edge": {"sizes": ["edge_z"]}}, "'edge_z' is not in classifiers"),
        ({"edge": {"sizes": []}}, "the phase edge needs classifiers"),
        ({"edge": {"combined": ["prnue+kd"]}}, "'prnue+kd' names no method; write a filters entry or kd"),
        ({"edge": {"combined": ["prune+w6a6"]}}, "'prune+w6a6' names no method"),
        ({"edge": {"combined": ["sparse+w8a8"]}}, "'sparse+w8a8' names no method: sparse networks are not rounded"),
        ({"edge": {"combined": ["sparse+kd"]}}, "'sparse+kd' names no method"),
        ({"study": {"filters": []}, "edge": {"combined": []}}, "students are as large as pruned networks"),
        ({"filters": {"kd": {"kind": "l1"}}, "study": {"filters": ["prune", "kd"]}}, "'kd' is a method of the phase"),
        ({"fit": {"edge": {"augmentation": "clena"}}}, "no entry 'clena' in augmentations. Did you mean 'clean'?"),
        ({"edge": {"sizes": ["vgg16"]}, "datasets": {"mnist5k": {"size": 8}}}, "cannot take the images of dataset"),
        ({"filters": {"prune": {"ratios": [0.25, 0.5]}}}, "ratios must fall"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(more, words):
    with pytest.raises(InputError) as error:
        study(**more)
    assert words in str(error.value)
