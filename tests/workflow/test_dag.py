"""What Snakemake would run after a change: exactly what depends on it."""

import os
import re
from pathlib import Path

import pytest
from projects import SMOKE, planned, snakemake

TAIL = {"collect_scores": 1, "judge_claims": 1, "render_report": 1, "describe_run": 1}
DECKS = {"score_decks": 1, "search_decks": 1}
REPACKED = {"pack_decks": 1, "attack_decks": 1, **DECKS}
MODELS = {"score_codec": 3, "score_card": 3, **DECKS, **TAIL}
SCORES = {"score_formats": 1, **MODELS}
CARDS = {"score_card": 3, "attack_card": 3, **REPACKED}
# under shifts that networks of all papers are compared under
COMPARED = {"score_atmc": 3, "compare_atmc": 1, "score_edge": 2, "compare_edge": 1}
ATMC = {"train_base": 1, "train_atmc": 3, "attack_atmc": 3}
EDGE = {"train_edge": 2, "round_edge": 2, "attack_edge": 2}


def edit(file: str, old: str, new: str):
    def change(project: Path):
        path = project / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def comment(file: str):
    def change(project: Path):
        path = project / file
        path.write_text(path.read_text() + "# a change\n")

    return change


def touch_everything(project: Path):
    """Every file newer than every other, in no useful order, as after a checkout."""
    for number, path in enumerate(sorted(project.rglob("*"), reverse=True)):
        if path.is_file() and ".git" not in path.parts and ".snakemake" not in path.parts:
            os.utime(path, (2_000_000_000 + number, 2_000_000_000 + number))


def delete(pattern: str):
    def change(project: Path):
        found = list(project.glob(pattern))
        assert found
        for path in found:
            path.unlink()

    return change


def new_pointer(project: Path):
    edit("data/pointers/mnist5k.dvc", "md5: 1", "md5: 2")(project)


def one_more_shift(project: Path):
    edit("params.yaml", "shifts:\n", "shifts:\n  faint: {kind: awgn, severities: [0.01]}\n")(project)
    edit("tiers/smoke.yaml", "shifts: [clean, ", "shifts: [clean, faint, ")(project)


TRAINED = {
    "shift_images": 7,
    "train_codec": 3,
    "train_dense": 1,
    "prune_card": 2,
    **CARDS,
    **ATMC,
    **EDGE,
    **COMPARED,
    **SCORES,
}
EVERYTHING = {"fetch_data": 1, "prepare_data": 1, **TRAINED}

CHANGES = {
    "nothing": (lambda project: None, {}),
    "times of all files, not one byte": (touch_everything, {}),
    "a comment in params.yaml": (comment("params.yaml"), {}),
    "a key of an entry the study leaves out": (edit("params.yaml", "channels: 3", "channels: 1"), {}),
    "a key of a codec": (
        edit("params.yaml", "levels: 12", "levels: 8"),
        {"train_codec": 2, "score_codec": 2, **TAIL},
    ),
    "a key of a pruner": (
        edit("tiers/smoke.yaml", "[0.5, 0.9]", "[0.5, 0.8]"),
        {"prune_card": 1, "score_card": 1, "attack_card": 1, **REPACKED, **TAIL},
    ),
    "the recipe of the cards": (
        edit("params.yaml", "momentum: 0.9", "momentum: 0.8"),
        {"train_dense": 1, "prune_card": 2, **CARDS, **TAIL},
    ),
    "a severity of a shift": (
        edit("tiers/smoke.yaml", "severities: [0.2]", "severities: [0.1]"),
        {"shift_images": 1, **SCORES},
    ),
    "one more shift": (
        one_more_shift,
        {"shift_images": 1, **SCORES},
    ),
    "one more seed": (
        edit("tiers/smoke.yaml", "seeds: [0, 1, 2]", "seeds: [0, 1, 2, 3]"),
        {"train_codec": 3, "train_dense": 1, "prune_card": 2, **CARDS, **ATMC, **EDGE, **COMPARED, **MODELS},
    ),
    "the file of a pruner": (
        comment("src/shiftpress/pruners/lrr.py"),
        {"prune_card": 1, "score_card": 1, "attack_card": 1, **REPACKED, **TAIL},
    ),
    "the file of an objective": (
        comment("src/shiftpress/objectives/erm.py"),
        {"train_codec": 1, "score_codec": 1, **TAIL},
    ),
    "the loop that trains cards": (
        comment("src/shiftpress/training/cards.py"),
        {"train_dense": 1, "prune_card": 2, **CARDS, **TAIL},
    ),
    "the file of a gate": (
        comment("src/shiftpress/gates/spectral.py"),
        {"score_decks": 1, "attack_decks": 1, **TAIL},
    ),
    "a key of a gate": (
        edit("params.yaml", "{kind: spectral}", "{kind: spectral, nearest: 2}"),
        {"score_decks": 1, "attack_decks": 1, **TAIL},
    ),
    "the search within a budget": (comment("src/shiftpress/evaluation/budgets.py"), {"search_decks": 1, **TAIL}),
    "an evaluation function": (
        comment("src/shiftpress/evaluation/codecs.py"),
        {"score_codec": 3, "score_formats": 1, **TAIL},
    ),
    "a quality of an image format": (
        edit("tiers/smoke.yaml", "webp: [50]", "webp: [60]"),
        {"score_formats": 1, **TAIL},
    ),
    "the random streams": (
        comment("src/shiftpress/core/seeds.py"),
        TRAINED,
    ),
    "the script of a rule": (
        comment("workflow/scripts/shift_images.py"),
        {"shift_images": 7, **COMPARED, **SCORES},
    ),
    "a key of a compressor": (
        edit("params.yaml", "bits: 8}", "bits: 7}"),
        {"train_atmc": 1, "attack_atmc": 1, "score_atmc": 1, "compare_atmc": 1, **TAIL},
    ),
    "a step of an attack": (
        edit("tiers/smoke.yaml", "paper: {steps: 2}", "paper: {steps: 3}"),
        {"attack_atmc": 3, "compare_atmc": 1, **TAIL},
    ),
    "the file of a quantizer": (
        comment("src/shiftpress/quantizers/mse.py"),
        {"round_edge": 2, "score_edge": 2, "attack_edge": 2, "compare_edge": 1, **TAIL},
    ),
    "the progress lines": (comment("src/shiftpress/core/progress.py"), {}),
    "a claim": (
        edit("claims/cards2021.yaml", "above: -0.5", "above: -0.4"),
        {"judge_claims": 1, "render_report": 1, "describe_run": 1},
    ),
    "a template": (
        edit("report/templates/sections/data.html.j2", "origin", "source"),
        {"render_report": 1, "describe_run": 1},
    ),
    "a new version of the raw data": (new_pointer, EVERYTHING),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_reruns_exactly_its_dependents(change, workspace):
    make, expected = CHANGES[change]
    make(workspace)
    assert planned(workspace) == expected


@pytest.mark.slow
def test_a_phase_target_runs_its_phase_only(workspace):
    delete("results/smoke/report/index.html")(workspace)
    delete("results/smoke/cards/**/*.safetensors")(workspace)
    assert planned(workspace, "codecs", *SMOKE) == {}
    assert planned(workspace, "cards", *SMOKE) == {"cards": 1, "train_dense": 1, "prune_card": 2}


@pytest.mark.slow
def test_the_linter_asks_for_nothing_but_a_conda_environment(workspace):
    said = snakemake("--lint", *SMOKE, cwd=workspace, check=False)
    complaints = re.findall(r"^    \* (.+?):?$", said.stdout + said.stderr, re.M)
    assert {line for line in complaints if "conda environment" not in line} == set(), complaints
