"""The job that attacks decks behind gates: by route, resumable, and on those alone that can be attacked."""

import os
import random
from pathlib import Path

import pytest
import torch
from killing import checkpoints_of, killed
from stage_jobs import run_script
from test_decks import CARDS, DECK, TRAIN, packed

from shiftpress.assembly import attacks_on, models_of
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.decks import Deck
from shiftpress.core.diverged import marked
from shiftpress.core.problems import InputError
from shiftpress.core.records import read_records
from shiftpress.core.splits import Split, as_tensors
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.evaluation.hands import incomplete
from shiftpress.loading import load_study
from shiftpress.packing.card import unpack

STUDY = os.path.join(os.path.dirname(__file__), "..", "..", "params.yaml")
CARD = f"{CARDS[0]}/0"
MODELS = {"pair/uniform": ["quick"], "pair/spectral": ["quick", "one_step"], CARD: ["quick"]}
ATTACKS = {
    "quick": {"kind": "pgd", "steps": 3, "eps": [0.02, 0.2], "routes": "all"},
    "one_step": {"kind": "fgsm", "eps": [0.02]},
}


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    files = {f"{s}/{member.key}": packed(10 * s + n) for s in (0, 1) for n, member in enumerate(DECK.members)}
    write_tensors(
        folder / "packed.safetensors",
        {name: torch.frombuffer(bytearray(data), dtype=torch.uint8) for name, data in files.items()},
        "test",
    )
    write_tensors(folder / "train.safetensors", as_tensors(TRAIN), "test")
    images = torch.randint(0, 256, (24, 1, 16, 16), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
    with torch.no_grad():  # so that a card of the first seed is right
        labels = unpack(files[f"0/{CARD}"]).net()(images / 255).argmax(1)
    rows = torch.arange(24)
    write_tensors(folder / "test.safetensors", as_tensors(Split(images, labels, rows, rows.clone())), "test")
    monkeypatch.chdir(tmp_path)
    return folder


def attack(data: Path, out: Path) -> Path:
    """Run the script on decks and a card of two seeds."""
    out.mkdir(exist_ok=True)
    study = load_study([STUDY])
    run_script(
        "attack_decks",
        params={
            "models": MODELS,
            "decks": {"pair": DECK.model_dump()},
            "gates": {name: study.gates[name].model_dump() for name in ("uniform", "spectral")},
            "augmentations": {name: study.augmentations[name].model_dump() for name in ("augmix", "gaussian")},
            "attacks": ATTACKS,
            "robustness": {"images": 20, "batch": 8, "gate_images": 8, "probe_queries": 5},
            "gate_images": 20,
        },
        wildcards={"dataset": "toy", "seeds": "0-1"},
        input={name: str(data / f"{name}.safetensors") for name in ("test", "train", "packed")},
        output={"records": str(out / "r.json"), "images": str(out / "i.safetensors")},
        log=str(out / "job.log"),
    )
    return out


def test_records_and_images_say_the_same_of_every_deck_and_route(data, tmp_path):
    out = attack(data, tmp_path / "out")
    records, images = read_records(out / "r.json"), read_tensors(out / "i.safetensors")
    assert {r.phase for r in records} == {"decks"} and {r.n for r in records} == {20}
    assert {(r.model, r.shift) for r in records if not r.shift.startswith("worst")} == {
        (model, name) for model, names in MODELS.items() for name in names
    }
    values = {(r.seed, r.model, r.shift, r.severity, r.metric): r.value for r in records}
    for seed in (0, 1):
        for model in MODELS:
            place = f"decks/toy/{seed}/{model}/quick/0.02"
            whole = float(images[place].double().mean())
            assert values[seed, model, "quick", 0.02, "robust_accuracy"] == pytest.approx(whole)
        deck = f"decks/toy/{seed}/pair/spectral/quick/0.02"
        through = {route: images[f"{deck}/through/{route}"] for route in ("own", "soft_gate", "decisions")}
        assert torch.equal(torch.stack(list(through.values())).all(0), images[deck])
        for route, stood in through.items():
            of_route = values[seed, "pair/spectral", "quick", 0.02, f"robust_through/{route}"]
            assert of_route == pytest.approx(float(stood.double().mean()))
        beside = values[seed, "pair/spectral", "quick", 0.02, "robust_beside/decisions"]
        assert beside <= values[seed, "pair/spectral", "quick", 0.02, "robust_accuracy"]
    routed = {(r.model, r.shift) for r in records if r.metric.startswith("robust_through")}
    assert routed == {("pair/spectral", "quick"), ("pair/spectral", "one_step")}
    own = {r.metric for r in records if r.shift == "one_step" and r.metric.startswith("robust_through")}
    assert own == {"robust_through/own"}, "it follows no other network"


def test_a_deck_with_a_card_that_diverged_is_not_attacked_and_the_other_seeds_is(data, tmp_path):
    files = read_tensors(data / "packed.safetensors")
    del files[f"1/{CARD}"]
    files |= marked(f"1/{CARD}", 7)
    write_tensors(data / "packed.safetensors", files, "test")
    decks = {"pair": DECK, "alone": Deck(cards=[CARDS[1]], copies=1)}
    assert incomplete(decks, files, 0) == {} and incomplete(decks, files, 1) == {"pair": 7}
    records = read_records(attack(data, tmp_path / "out") / "r.json")
    assert {r.seed for r in records} == {0} and {r.model for r in records} == MODELS.keys()


def test_a_killed_job_on_decks_started_again_writes_the_same_files(data, tmp_path, monkeypatch):
    monkeypatch.setattr(Checkpoints, "due", lambda store: True)
    written = checkpoints_of(lambda: attack(data, tmp_path / "whole"))
    moments, kills = random.Random(2), 0
    while kills < 3:
        kills += killed(lambda: attack(data, tmp_path / "cut"), written // 3, moments)
    cut = attack(data, tmp_path / "cut")
    for name in ("r.json", "i.safetensors", "r.json.json", "i.safetensors.json"):
        assert (cut / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list((tmp_path / "work").glob("*")), "checkpoints of finished jobs"


def test_gates_that_read_labels_or_guess_are_no_object_of_attacks():
    study = load_study([STUDY])
    decks = models_of(study)["decks"]
    assert {"pair33/spectral", "pair33/confidence", "pair33_dense/uniform", "six_gaussian/uniform"} <= set(decks)
    assert not {"pair33/oracle", "pair33/random", "pair33_dense/learned", "six_gaussian/spectral"} & set(decks)
    assert "convs/gaussian/dense/2" in decks and attacks_on(study, "decks", "mnist5k", "pair33/uniform")


@pytest.mark.parametrize("models", [["pair33/oracle"], ["*/random", "*/oracle"], ["pair34/*"]])
def test_an_attack_on_no_deck_that_can_be_attacked_is_reported(models):
    entry = {"attacks": {"deck_pgd": {"models": models}}}
    with pytest.raises(InputError, match=r"attacks.deck_pgd.models.*no model like these.*labels or guess"):
        load_study([STUDY], entry)
    mixed = load_study([STUDY], {"attacks": {"deck_pgd": {"models": [*models, "pair33/uniform"]}}})
    assert attacks_on(mixed, "decks", "mnist5k", "pair33/uniform") == ["deck_pgd"]


def test_an_attack_for_a_dataset_without_decks_is_reported():
    overrides = {"study": {"datasets": ["mnist5k", "uci"], "cards_on": ["mnist5k"]}}
    with pytest.raises(InputError, match=r"attacks.deck_pgd.models"):
        load_study([STUDY], {**overrides, "attacks": {"deck_pgd": {"only": ["uci"]}}})
