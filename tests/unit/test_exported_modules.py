"""Cards and decks as Python modules: the same numbers without this package, and no word of a stranger's in them."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import load, load_file, save_file
from torch import nn
from torch.nn import functional as F
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.core.catalog import component, kinds
from shiftpress.core.problems import InputError
from shiftpress.evaluation.cards import logits
from shiftpress.gates.base import Seen, blend
from shiftpress.gates.uniform import Uniform
from shiftpress.packing import container
from shiftpress.packing import gating as gating_module
from shiftpress.packing.card import Card, pack, unpack
from shiftpress.packing.functional import source
from shiftpress.packing.gating import Gating, agnostic
from shiftpress.packing.leaderboard import DATASETS, Entry, ModelInfo, model_info
from shiftpress.packing.module import Module, module

SHAPE, CLASSES = (3, 32, 32), 10
SMALL = {
    "convn": {"depth": 4, "width": 0.1},
    "preact_resnet": {"stages": [4, 8]},
    "resnet": {"depth": 8},
    "vgg16": {"width": 0.1},
}
ALONE = """
import sys
from pathlib import Path
sys.modules["shiftpress"] = None  # what makes an import fail wherever the package lies
sys.path.insert(0, ".")
from importlib import import_module
from safetensors.torch import load_file, save_file
import torch
torch.set_num_threads(1)
said = {}
with torch.inference_mode():
    for path in sorted(Path().glob("*.py")):
        model = import_module(path.stem).Deck()
        said |= {f"{path.stem}/{name}": model(images) for name, images in load_file("images/batches").items()}
save_file(said, "said")
print(sorted(name for name in sys.modules if name.split(".")[0] in ("shiftpress", "pydantic", "torchvision")))
"""


def made(kind: str, fields: dict, seed: int = 0, classes: int = CLASSES, origin: str = "") -> Card:
    """A card whose normalisations have statistics of their own, half of its weights removed."""
    torch.manual_seed(seed)
    net = component("classifiers", kind)(**fields).build(SHAPE, classes).eval()
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if name.endswith(("running_mean", "bias", "normalise.mean")):
                tensor.copy_(torch.rand_like(tensor) / 2)
            elif name.endswith(("running_var", "deviation")):
                tensor.copy_(torch.rand_like(tensor) + 0.5)
        for weight in (p for p in net.parameters() if p.ndim > 1):
            weight.mul_(weight > 0)
        net.head.weight.mul_(2 / net(images(10)).std())
    return unpack(pack(net.state_dict(), kind, fields, SHAPE, classes, origin=origin))


def images(count: int = 20) -> torch.Tensor:
    return torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(count))


HOSTILE = '"""\nimport os; os.system("touch /tmp/x") #\\N{DIGIT ONE}{__import__} \u202e'
CARDS = {kind: made(kind, SMALL.get(kind, {}), seed) for seed, kind in enumerate(kinds("classifiers"))}
DECK = [made("convs", {}, 0), made("convs", {}, 1), made("preact_resnet", SMALL["preact_resnet"], 2)]
GROUPS = ("augmix", "augmix", "gaussian")
BLURRED = F.avg_pool2d(images(20), 3, 1, 1)
BATCHES = {"one": images(1), "some": images(20), "blurred": BLURRED, "both": torch.cat([images(20), BLURRED])}
BANK = {"augmix": images(50), "gaussian": F.avg_pool2d(images(50), 3, 1, 1)}
GATES = {
    "uniform": {},
    "uniform_logits": {"average": "logits"},
    "spectral": {},
    "spectral_soft": {"nearest": 2, "temperature": 0.5, "feature": "high"},
    "spectral_kl": {"distance": "kl"},
    "spectral_cosine": {"distance": "cosine"},
    "spectral_vote": {"statistic": "vote"},
    "spectral_knn": {"statistic": "knn", "feature": "radial"},
    "learned": {},
    "confidence": {},
}


def gating(name: str) -> Gating:
    gate = component("gates", name.split("_")[0])(**GATES[name])
    return Gating(gate, GROUPS, gate.learn(BANK))


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> dict[str, torch.Tensor]:
    """What modules say in a process of their own that has torch and safetensors, and no way to this package."""
    folder = tmp_path_factory.mktemp("alone")
    modules = {kind: module([card]) for kind, card in CARDS.items()}
    modules |= {f"deck_{name}": module(DECK, gating(name)) for name in GATES}
    for name, found in modules.items():
        (folder / f"{name}.py").write_text(found.source)
        (folder / f"{name}.safetensors").write_bytes(found.weights)
    (folder / "images").mkdir()
    save_file(BATCHES, folder / "images/batches")
    run = subprocess.run([sys.executable, "-I", "-c", ALONE], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "['shiftpress']"
    return load_file(folder / "said")


@pytest.mark.parametrize("kind", CARDS)
def test_a_card_of_every_kind_gives_the_same_logits_without_this_package(kind, said):
    for name, batch in BATCHES.items():
        assert torch.equal(said[f"{kind}/{name}"], logits(CARDS[kind].net(), batch))


@pytest.mark.parametrize("name", GATES)
def test_a_deck_behind_any_gate_says_the_same_without_this_package(name, said):
    own, weights = gating(name), []
    for batch, some in BATCHES.items():
        each = torch.stack([logits(card.net(), some) for card in DECK])
        looked = own.gate.look(some.contiguous(memory_format=torch.channels_last))
        weights.append(own.gate.weights(Seen(GROUPS, looked, len(some), None, each), own.kept))
        assert torch.equal(said[f"deck_{name}/{batch}"], blend(weights[-1], each, own.gate.average).log()), batch
    if "uniform" not in name and name != "confidence":
        assert not torch.equal(weights[1], weights[2]), "the gate has something to choose"


def test_a_deck_takes_so_many_images_for_one_domain(tmp_path):
    own = gating("spectral")
    made = exported(module(DECK, own), tmp_path)
    both, deck = BATCHES["both"], made.Deck(batch=20)
    with torch.no_grad():
        assert torch.equal(deck(both), torch.cat([made.Deck()(part) for part in both.split(20)]))
        assert not torch.equal(deck(both), made.Deck()(both))


def test_cards_that_count_for_nothing_do_not_run(tmp_path):
    made = exported(module(DECK, gating("spectral")), tmp_path)
    ran = []
    made.NETWORKS = tuple(lambda i, w, n=n, f=f: ran.append(n) or f(i, w) for n, f in enumerate(made.NETWORKS))
    with torch.no_grad():
        made.Deck()(BLURRED)
    assert ran == [2]


def exported(found: Module, folder: Path) -> ModuleType:
    (folder / "deck.safetensors").write_bytes(found.weights)
    made = ModuleType("deck")
    made.__file__ = str(folder / "deck.py")
    sys.modules["deck"] = made  # where dataclasses look for the names of types
    exec(compile(found.source, made.__file__, "exec"), vars(made))  # noqa: S102
    return made


def test_a_deck_can_be_attacked_through_its_gate(tmp_path):
    deck = exported(module(DECK, gating("spectral_soft")), tmp_path).Deck()
    some = images(5).requires_grad_()
    deck(some)[:, 0].sum().backward()
    assert some.grad.isfinite().all() and some.grad.abs().sum() > 0


@pytest.mark.parametrize("kind", ["oracle", "random"])
def test_gates_that_nobody_can_use_are_refused(kind):
    with pytest.raises(InputError, match="bound or a control"):
        module(DECK, Gating(component("gates", kind)(), GROUPS, {}))


def test_a_gate_that_calls_what_is_not_ours_is_refused():
    class Calling(Uniform):
        def weights(self, seen, kept):
            return json.loads("[]")

    with pytest.raises(InputError, match="it uses 'json'"):
        module(DECK, Gating(Calling(), GROUPS, {}))


def test_a_gate_that_uses_two_things_by_one_name_is_refused(monkeypatch):
    monkeypatch.setattr("shiftpress.gates.base.CHUNK", 7, raising=False)
    text = gating_module._text
    monkeypatch.setattr(gating_module, "_text", lambda item: text(item).replace("len(self.features)", "CHUNK"))
    with pytest.raises(InputError, match="two things by the name 'CHUNK'"):
        module(DECK, gating("spectral"))


def test_a_deck_without_a_gate_or_with_one_for_other_groups_is_refused():
    with pytest.raises(InputError, match="needs a gate"):
        module(DECK)
    own = gating("spectral")
    with pytest.raises(InputError, match="needs a gate"):
        module(DECK, Gating(own.gate, GROUPS[:2], own.kept))
    with pytest.raises(InputError, match="learned of augmix, gaussian"):
        module(DECK, Gating(own.gate, ("clean", "clean", "augmix"), own.kept))
    with pytest.raises(InputError, match="learned of nothing"):
        module(DECK, Gating(own.gate, GROUPS, {}))


def test_groups_named_like_code_are_only_counted():
    groups = (HOSTILE, HOSTILE, "'+exit()+'")
    own = gating("spectral")
    kept = {HOSTILE: own.kept["augmix"], groups[2]: own.kept["gaussian"]}
    found, plain = module(DECK, Gating(own.gate, groups, kept)), module(DECK, own)
    assert (found.source, found.weights) == (plain.source, plain.weights)


def test_networks_that_are_alike_are_written_once():
    text = module([made("convs", {}, seed) for seed in range(3)], agnostic(3, "logits")).source
    assert text.count("def network") == 1 and "NETWORKS = (network0, network0, network0)" in text


def test_only_tensors_that_are_used_are_in_the_weights():
    card = made("resnet", {"depth": 8})
    names = load(module([card]).weights).keys()
    assert {f"card0.{name}" for name in card.state if not name.endswith("num_batches_tracked")} == set(names)


def test_the_source_is_what_a_person_would_write():
    lines = module([made("preact_resnet", {"stages": [4, 8]})]).source.splitlines()
    assert all(len(line) <= 120 for line in lines)
    assert '    y = F.conv2d(x, w["block1a.shortcut.weight"], stride=2)' in lines
    body = [line.strip() for line in lines if line.startswith("    ") and re.match(r" +[xyzuv] = ", line)]
    assert {line[0] for line in body} == {"x", "y"}


def test_nothing_of_the_cards_own_words_is_in_the_source():
    card = made("convs", {}, origin=HOSTILE)
    assert card.facts.origin == HOSTILE
    assert (
        module([card]).source == module([card]).source.replace("import os", "") and "touch" not in module([card]).source
    )
    plain = made("convs", {}, origin="")
    assert module([card]).source == module([plain]).source.replace(plain.facts.digest, card.facts.digest)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": HOSTILE},
        {"kind": "_layers"},
        {"kind": "base"},
        {"kind": "../datasets/mnist"},
        {"fields": {"width": "1.0); import os; print("}},
        {"fields": {HOSTILE: 1}},
        {"fields": {"norm": HOSTILE}},
        {"fields": {"width": 1e9}},
        {"shape": ["3, os", 32, 32]},
        {"classes": HOSTILE},
        {"digest": HOSTILE[:64]},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_card_with_hostile_facts_writes_no_module(cards, facts):
    found, arrays = container.read(Path("0.card").read_bytes())
    Path("evil.card").write_bytes(container.write(found.model_copy(update=facts), arrays))
    if "digest" in facts:  # which writing puts right
        data = Path("evil.card").read_bytes()
        Path("evil.card").write_bytes(data.replace(container.read(data)[0].digest.encode(), b"'" * 64))
    said = verb("module", "evil.card", "-o", "deck.py", code=2)
    assert said.count("\n") == 1 and said.strip().isprintable()
    assert not Path("deck.py").exists() and not Path("deck.safetensors").exists()


def test_the_source_calls_and_imports_what_is_known():
    cards = list(CARDS.values())
    tree = ast.parse(module(cards, agnostic(len(cards), "logits")).source)
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert calls <= {
        "Path",
        "load_file",
        "dict",
        "len",
        "range",
        "enumerate",
        "list",
        "normalised",
        "super",
        "dataclass",
        "Gate",
        "Seen",
        "blend",
    }
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    known = {"pathlib", "torch", "safetensors.torch", "torch.nn", "__future__", "collections.abc", "dataclasses"}
    assert imported == known


class Odd(nn.Module):
    """A network whose tensor is named like code."""

    def __init__(self, name: str):
        super().__init__()
        self.add_module(name, nn.Conv2d(3, 3, 1))
        self.layer = name

    def forward(self, x):
        return self.get_submodule(self.layer)(x)


@pytest.mark.parametrize("name", ['"] + exit() + w["', "a b", "a\nb", "é"])
def test_a_tensor_named_like_code_is_refused(name):
    with pytest.raises(InputError, match="no plain name|no plain function"):
        source(Odd(name), "network", "Odd.")


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (nn.Softmax(1), "Softmax"),
        (nn.Conv2d(3, 3, 3, padding="same"), "padded"),
        (nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"), "padded"),
        (nn.BatchNorm2d(3, track_running_stats=False), "statistics"),
        (nn.MaxPool2d(2, ceil_mode=True), "pool"),
    ],
)
def test_a_layer_without_a_plain_function_is_refused(layer, why):
    with pytest.raises(InputError, match=why):
        source(nn.Sequential(layer), "network", "Odd.")


def test_cards_for_different_images_make_no_deck():
    with pytest.raises(InputError, match="one shape"):
        module([made("convs", {}), made("convs", {}, classes=7)], agnostic(2, "logits"))


ENTRY = {
    "link": "https://example.org/paper",
    "name": "Decks",
    "authors": "Ada Smith, Bob Jones",
    "additional_data": False,
    "architecture": "ConvS",
    "clean_acc": 81.234,
    "corruptions_acc": 70,
}


def test_a_leaderboard_entry_has_the_published_form():
    cards = [made("convs", {}, seed).facts for seed in range(2)]
    found = json.loads(model_info(cards, Entry.model_validate(ENTRY)))
    assert list(found) == list(ModelInfo.model_fields)
    assert found["number_forward_passes"] == 2 and found["dataset"] == "cifar10" and found["eps"] is None
    assert (found["clean_acc"], found["corruptions_acc"], found["reported"]) == ("81.23", "70.00", "70.00")
    assert (
        found["venue"] == "Unpublished" and found["footnote"] == "Deck of 2 compressed networks, 32 bits a kept weight"
    )
    ModelInfo.model_validate(found)


def test_other_images_have_no_leaderboard():
    assert set(DATASETS.values()) == {"cifar10", "cifar100"}
    with pytest.raises(InputError, match="no leaderboard"):
        model_info([made("convs", {}, classes=7).facts], Entry.model_validate(ENTRY))


@pytest.fixture
def cards(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in range(2):
        card = made("convs", {}, seed)
        Path(f"{seed}.card").write_bytes(pack(card.state, "convs", {}, SHAPE, CLASSES))
    Path("entry.yaml").write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in ENTRY.items()))


def verb(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["card", *map(str, words)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout if code == 0 else done.stderr


def test_the_verbs_write_a_module_and_an_entry(cards):
    said = verb("module", "0.card", "1.card", "-o", "out/deck.py", "--average", "logits")
    assert (
        said == f"out/deck.py with deck.safetensors: {Path('out/deck.safetensors').stat().st_size} bytes of weights\n"
    )
    opened = [unpack(Path(f"{seed}.card").read_bytes()) for seed in range(2)]
    assert Path("out/deck.py").read_text() == module(opened, agnostic(2, "logits")).source
    assert (
        verb("entry", "0.card", "--facts", "entry.yaml", "-o", "Smith2026Decks.json")
        == "Smith2026Decks.json: 1 cards\n"
    )
    assert json.loads(Path("Smith2026Decks.json").read_text())["number_forward_passes"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["module", "nowhere.card", "-o", "deck.py"], "cannot be read"),
        (["module", "entry.yaml", "-o", "deck.py"], "This is no card file"),
        (["module", "0.card", "-o", "my-deck.py"], "no name for a Python module"),
        (["module", "0.card", "-o", "deck"], "no name for a Python module"),
        (["module", "0.card", "1.card", "-o", "deck.py", "--average", "vote"], "probabilities or logits, not 'vote'"),
        (["entry", "0.card", "--facts", "entry.yaml", "-o", "deck.json"], "no name for RobustBench"),
        (["entry", "0.card", "--facts", "nowhere.yaml", "-o", "Smith2026Decks.json"], "nowhere.yaml"),
    ],
)
def test_bad_words_give_one_line_and_code_two(cards, words, said):
    assert said in verb(*words, code=2)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("clean_acc: 120", "entry.yaml:1: clean_acc: "),
        ("link: javascript:alert(1)", "link"),
        ("name: '<script>'", "name"),
        ("colour: red", "unknown key"),
    ],
)
def test_a_wrong_entry_is_answered_with_its_line(cards, line, said):
    key = line.split(":")[0]
    rest = {name: value for name, value in ENTRY.items() if name != key}
    Path("entry.yaml").write_text(
        line + "\n" + "".join(f"{name}: {json.dumps(value)}\n" for name, value in rest.items())
    )
    assert said in verb("entry", "0.card", "--facts", "entry.yaml", "-o", "Smith2026Decks.json", code=2)
