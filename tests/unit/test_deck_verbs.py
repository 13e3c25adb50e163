"""Decks of the results go elsewhere as modules and as card files, through the verbs."""

import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from typer.testing import CliRunner

from shiftpress.assembly import build
from shiftpress.cli import app
from shiftpress.core.splits import Split, as_tensors
from shiftpress.core.storage import write_json
from shiftpress.core.tensors import write_tensors
from shiftpress.evaluation.cells import Cell
from shiftpress.evaluation.decks import seen_by
from shiftpress.evaluation.deployed import classify
from shiftpress.evaluation.hands import bank_of, files_of, laid_out
from shiftpress.gates.base import Seen, blend
from shiftpress.loading import load_study
from shiftpress.packing.card import pack, unpack

ROOT = Path(__file__).parents[2]
SHAPE, NAME = (1, 32, 32), "mnist5k/pair33/spectral"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the params, and the packed cards and training images of a dataset; its params."""
    folder = tmp_path_factory.mktemp("results")
    shutil.copy(ROOT / "params.yaml", folder)
    params = load_study([str(folder / "params.yaml")])
    entry = params.classifiers["convs"]
    files = {}
    for number, member in enumerate(params.members()):
        torch.manual_seed(number)
        net = build("classifiers", entry).build(SHAPE, 10)
        data = pack(net.state_dict(), entry.kind, entry.fields, SHAPE, 10)
        files[f"0/{member.key}"] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    results = folder / "results/laptop"
    write_tensors(results / "decks/mnist5k/seeds0-2.safetensors", files, "me")
    random = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (60, *SHAPE), generator=random, dtype=torch.uint8)
    rows = torch.arange(60)
    train = Split(pixels, rows % 10, rows, rows.clone())
    write_tensors(results / "data/mnist5k/train.safetensors", as_tensors(train), "me")
    write_json(results / "data/mnist5k/card.json", {"shape": list(SHAPE), "classes": ["0"] * 10}, "me")
    return folder, (params, files_of(files, 0), train)


@pytest.fixture
def results(made, tmp_path, monkeypatch):
    """The same in a copy that a test may change, which is where it runs."""
    folder, known = made
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return known


def verb(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["deck", *map(str, words)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout if code == 0 else done.stderr


@pytest.mark.parametrize("gate", ["uniform", "uniform_logits", "spectral", "spectral_knn", "learned", "confidence"])
def test_a_module_says_what_the_study_s_deck_says(results, gate):
    params, files, train = results
    said = verb("module", f"mnist5k/pair33/{gate}", "-o", "deck.py")
    assert said == f"deck.py with deck.safetensors: {Path('deck.safetensors').stat().st_size} bytes of weights\n"
    made = ModuleType("deck")
    made.__file__ = "deck.py"
    sys.modules["deck"] = made
    exec(compile(Path("deck.py").read_text(), "deck.py", "exec"), vars(made))  # noqa: S102

    augmentations = {
        name: build("augmentations", params.augmentations[name])
        for name in dict.fromkeys(member.augmentation for member in params.members())
    }
    bank = bank_of(train, "mnist5k", augmentations, params.analysis.gate_images, 0)
    gates = {gate: build("gates", params.gates[gate])}
    table = laid_out(files, {"pair33": params.decks["pair33"]}, gates, bank)
    images = torch.rand(30, *SHAPE, generator=torch.Generator().manual_seed(1))
    scored = seen_by(table, Cell("some", 0.0, "regenerated", images, torch.zeros(30)), 30)
    own, seen = gates[gate], Seen(table.decks[0].groups, scored.features[gate], 10, torch.Generator(), scored.logits)
    ours = blend(own.weights(seen, table.kept[gate]), scored.logits[table.decks[0].places], own.average)
    deployed = classify(table, table.decks[0], gate, 10, images, torch.Generator())
    with torch.inference_mode():
        said = made.Deck(batch=10)(images)
    assert torch.equal(said, ours.log())
    torch.testing.assert_close(said, deployed.log(), rtol=0, atol=1e-12)  # which adds up in another order


def test_the_cards_of_a_deck_are_written_as_files(results):
    params, files, _ = results
    said = verb("unpack", NAME, "-o", "cards")
    assert said.startswith("cards: 6 cards, ") and len(list(Path("cards").iterdir())) == 6
    for number, member in enumerate(params.decks["pair33"].members):
        data = Path(f"cards/{number}.card").read_bytes()
        assert data == files[member.key] and unpack(data).facts.classes == 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["module", "mnist5k/pair33", "-o", "deck.py"], "names no deck"),
        (["module", "mnist/pair33/spectral", "-o", "deck.py"], "no dataset with cards 'mnist'"),
        (["module", "mnist5k/pair34/spectral", "-o", "deck.py"], "no deck 'pair34'. Did you mean 'pair33'?"),
        (["module", "mnist5k/pair33/spectal", "-o", "deck.py"], "no gate 'spectal'. Did you mean 'spectral'?"),
        (["module", "mnist5k/pair33/oracle", "-o", "deck.py"], "a bound or a control"),
        (["module", NAME, "-o", "deck.py", "--seed", "7"], "runs no seed 7"),
        (["module", NAME, "-o", "deck.py", "--seed", "1"], "lack 'convs/augmix/lrr_once/95/0'"),
        (["module", NAME, "-o", "deck-1.py"], "no name for a Python module"),
        (["module", NAME, "-o", "deck.py", "--tier", "nowhere"], "No params are known for tier 'nowhere'"),
        (["unpack", "uci_digits/pair33/spectral", "-o", "cards"], "uci_digits"),
    ],
)
def test_bad_input_gives_one_line_and_code_two(results, words, said):
    text = verb(*words, code=2)
    assert said in text and text.count("\n") == 1


def test_a_tier_that_was_not_run_is_said_to_be_missing(results):
    Path("results/laptop/decks/mnist5k/seeds0-2.safetensors").unlink()
    assert "Has the tier been run?" in verb("module", NAME, "-o", "deck.py", code=2)
