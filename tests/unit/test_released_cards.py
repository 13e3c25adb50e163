"""Checkpoints of the released cards become card files, and no checkpoint runs anything or reads past its bytes."""

import io
import pickle
import random
import struct
import time
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from typer.testing import CliRunner

from shiftpress.classifiers.preact_resnet import PreActResNet
from shiftpress.cli import app
from shiftpress.core.catalog import component
from shiftpress.core.problems import InputError
from shiftpress.core.torchfile import read_torch_file
from shiftpress.packing.card import unpack
from shiftpress.packing.released import released_card

SHAPE = (3, 32, 32)
KINDS = {
    "lrr": ("resnet", {"depth": 18, "width": 0.0625}),
    "binary": ("preact_resnet", {"stages": [4, 8, 12, 16], "shortcuts": "released"}),
}


def network(layout: str, classes: int = 10) -> nn.Module:
    kind, fields = KINDS[layout]
    torch.manual_seed(0)
    net = component("classifiers", kind)(**fields).build(SHAPE, classes).eval()
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if name.endswith("running_mean"):
                tensor.copy_(torch.rand_like(tensor))
            elif name.endswith("running_var"):
                tensor.copy_(torch.rand_like(tensor) + 0.5)
        for weight in (p for p in net.parameters() if p.ndim > 1):
            weight.mul_(torch.rand_like(weight) < 0.3)
    net.normalise.mean.copy_(torch.tensor([0.491, 0.482, 0.447]).view(1, 3, 1, 1))
    net.normalise.deviation.copy_(torch.tensor([0.247, 0.243, 0.262]).view(1, 3, 1, 1))
    return net


def released(net: nn.Module, layout: str) -> OrderedDict:
    """The state under the names of RobustBench's classes."""
    found = OrderedDict()
    for name, tensor in net.state_dict().items():
        layer, _, rest = name.partition(".")
        if layer == "normalise":
            continue
        if layer.startswith("block"):
            rest = rest.replace("norm1", "bn1").replace("norm2", "bn2")
            found[f"layer{int(layer[5]) + 1}.{'ab'.index(layer[6])}.{rest}"] = tensor
        else:
            name = {"stem": "conv1", "norm": "bn1", "head": "fc"}[layer] + "." + rest
            found[name] = tensor[..., None, None] if layout == "binary" and layer == "head" else tensor
    return found


def images() -> torch.Tensor:
    return torch.rand(6, *SHAPE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("layout", KINDS)
@pytest.mark.parametrize("form", ["plain", "wrapped", "prefixed", "normalised"])
@torch.no_grad()
def test_a_checkpoint_of_either_layout_becomes_the_same_network(layout, form, tmp_path):
    net = network(layout)
    state = released(net, layout)
    whole = {
        "epoch": 3,
        "arch": "x",
        "best": 0.5,
        "optimizer": {"state": {0: {"m": torch.ones(2)}}},
        "state_dict": state,
    }
    saved = {
        "plain": state,
        "wrapped": whole,
        "prefixed": {"state_dict": OrderedDict((f"module.{name}", tensor) for name, tensor in state.items())},
        "normalised": state | {"mu": torch.full((1, 3, 1, 1), 0.4), "sigma": torch.full((1, 3, 1, 1), 0.2)},
    }[form]
    torch.save(saved, tmp_path / "card.pt")
    card = unpack(released_card(tmp_path / "card.pt"))
    assert (card.facts.kind, {k: card.facts.fields[k] for k in KINDS[layout][1]}) == KINDS[layout]
    if form == "normalised":
        net.normalise.mean.fill_(0.4)
        net.normalise.deviation.fill_(0.2)
    assert torch.equal(card.net()(images()), net(images()))


def test_a_hundred_classes_are_normalised_as_cifar100_is(tmp_path):
    torch.save(released(network("lrr", 100), "lrr"), tmp_path / "card.pt")
    card = unpack(released_card(tmp_path / "card.pt"))
    assert card.facts.classes == 100 and card.state["normalise.mean"].flatten().tolist()[0] == np.float32(0.5071)


def test_scores_of_a_binary_card_are_left_out_and_its_weights_are_signs(tmp_path):
    state = released(network("binary"), "binary")
    for name in [name for name, tensor in state.items() if tensor.ndim == 4]:
        state[name] = state[name].sign() * 0.25
        state[name.replace("weight", "scores")] = torch.rand_like(state[name])
    torch.save({"state_dict": state}, tmp_path / "card.pt")
    assert unpack(released_card(tmp_path / "card.pt")).facts.bits == 1


@torch.no_grad()
def test_released_shortcuts_all_leave_after_the_rectifier_and_are_normalised():
    net = PreActResNet(stages=[4, 8], shortcuts="released").build(SHAPE, 5).eval()
    w = {name: torch.rand_like(t) + 0.1 if "running" in name else t for name, t in net.state_dict().items()}
    net.load_state_dict(w)

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        return F.batch_norm(x, w[f"{name}.running_mean"], w[f"{name}.running_var"])

    x = F.conv2d((images() - w["normalise.mean"]) / w["normalise.deviation"], w["stem.weight"], padding=1)
    for name in ("block0a", "block0b", "block1a", "block1b"):
        ready, stride = F.relu(norm(x, f"{name}.norm1")), 2 if name == "block1a" else 1
        inner = F.relu(norm(F.conv2d(ready, w[f"{name}.conv1.weight"], stride=stride, padding=1), f"{name}.norm2"))
        past = ready
        if name == "block1a":
            past = norm(F.conv2d(ready, w[f"{name}.shortcut.0.weight"], stride=2), f"{name}.shortcut.1")
        x = F.conv2d(inner, w[f"{name}.conv2.weight"], padding=1) + past
    logits = F.relu(norm(x, "norm")).mean((2, 3)) @ w["head.weight"].T
    torch.testing.assert_close(net(images()), logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("form", ["contiguous", "columns", "part", "scalar", "empty", "shared", "parameter"])
def test_tensors_come_out_as_they_went_in(form, tmp_path):
    whole = torch.arange(24.0).view(2, 3, 4)
    found = {
        "contiguous": whole,
        "columns": whole.permute(2, 0, 1),
        "part": whole[1, 1:, ::2],
        "scalar": torch.tensor(7),
        "empty": torch.zeros(0, 3),
        "shared": whole.view(24)[3:],
        "parameter": nn.Parameter(whole.double()),
    }[form]
    torch.save({"x": found, "y": whole}, tmp_path / "x.pt")
    back = read_torch_file(tmp_path / "x.pt")
    assert torch.equal(torch.from_numpy(back["x"]), found.detach()) and back["x"].shape == found.shape
    assert torch.equal(torch.from_numpy(back["y"]), whole)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool])
def test_numbers_of_these_types_are_read(dtype, tmp_path):
    torch.save([torch.tensor([0, 1, 1]).to(dtype)], tmp_path / "x.pt")
    assert torch.from_numpy(read_torch_file(tmp_path / "x.pt")[0]).dtype == dtype


class Runs:
    """Pickles to a call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def parts(saved: object) -> dict[str, bytes]:
    buffer = io.BytesIO()
    torch.save(saved, buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, inside: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in inside.items():
            archive.writestr(name, data)
    return path


def tensor(
    offset: bytes = b"K\0", shape: bytes = b"K\2\x85", steps: bytes = b"K\1\x85", count: bytes = b"K\4"
) -> bytes:
    """The description of a tensor, by hand."""
    word = lambda text: b"X" + struct.pack("<I", len(text)) + text.encode()  # noqa: E731
    place = b"(" + word("storage") + b"ctorch\nFloatStorage\n" + word("0") + word("cpu") + count + b"tQ"
    hooks = b"ccollections\nOrderedDict\n)R"
    return b"\x80\2ctorch._utils\n_rebuild_tensor_v2\n(" + place + offset + shape + steps + b"\x89" + hooks + b"tR."


LARGE = b"\x8a\x05\0\0\0\0\1"


def hostile(marker: Path) -> dict[str, dict[str, bytes]]:
    """Every program would make the marker, if it ran."""
    import os

    good = {"x/data.pkl": tensor(), "x/data/0": np.arange(4, dtype=np.float32).tobytes()}
    call = pickle.dumps({"state_dict": Runs(os.system, f"touch {marker}")}, 2)
    bad = {
        "a command": call,
        "a command behind a tensor": tensor()[:-1] + b"0" + call[2:],
        "torch's own loader": b"\x80\2ctorch\nload\nX\1\0\0\0x\x85R.",
        "a program of torch": b"\x80\2ctorch.jit\nload\nX\1\0\0\0x\x85R.",
        "an offset past the end": tensor(offset=b"K\3"),
        "a negative offset": tensor(offset=b"J\xff\xff\xff\xff"),
        "a shape past the end": tensor(shape=b"K\5\x85"),
        "a huge shape": tensor(shape=LARGE + LARGE + b"\x86", steps=b"K\0K\0\x86"),
        "many copies of one number": tensor(shape=LARGE + b"\x85", steps=b"K\0\x85"),
        "a negative step": tensor(steps=b"J\xff\xff\xff\xff\x85"),
        "a step past the end": tensor(steps=b"K\x04\x85"),
        "fewer steps than sides": tensor(steps=b")"),
        "a shape of fractions": tensor(shape=b"G?\xf0\0\0\0\0\0\0\x85"),
        "more numbers than bytes": tensor(count=b"K\5"),
        "fewer numbers than bytes": tensor(count=b"K\3"),
        "a storage alone": tensor()[tensor().index(b"((") + 1 : tensor().index(b"tQ") + 2] + b".",
        "a class of storage that is not known": tensor().replace(b"FloatStorage", b"UntypedStorage"),
        "state that is no mapping's": tensor()[:-1] + b"K\1b.",
    }
    found = {name: good | {"x/data.pkl": description} for name, description in bad.items()}
    return found | {
        "a tensor that is not there": {"x/data.pkl": tensor()},
        "two descriptions": good | {"y/data.pkl": tensor()},
        "a program beside it": good | {"x/code/__torch__.py": b"print()"},
        "another byte order": good | {"x/byteorder": b"big"},
        "no description": {"x/data/0": b""},
        "a name that leads outside": good | {"../evil": b""},
    }


NAMES = list(hostile(Path("marker")))


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_checkpoint_is_refused_and_nothing_is_run(name, tmp_path, monkeypatch):
    for module, function in ((pickle, "loads"), (pickle, "Unpickler"), (torch, "load")):
        monkeypatch.setattr(module, function, lambda *_, **__: pytest.fail("unpickled"))
    (tmp_path / "in").mkdir()
    path = zipped(tmp_path / "in/x.pt", hostile(tmp_path / "marker")[name])
    with pytest.raises(InputError) as refusal:
        read_torch_file(path)
    said = str(refusal.value)
    assert said.isprintable() and "x.pt" in said and len(said) < 300
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_the_harmless_model_of_the_hostile_checkpoints_is_read(tmp_path):
    good = {"x/data.pkl": tensor(), "x/data/0": np.arange(4, dtype=np.float32).tobytes()}
    assert read_torch_file(zipped(tmp_path / "x.pt", good)).tolist() == [0, 1]


def test_a_packed_zip_is_refused_by_what_it_claims(tmp_path):
    inside = {"x/data.pkl": tensor(), "x/data/0": bytes(90_000_000)}
    path = zipped(tmp_path / "x.pt", inside, zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="packed|larger than|more than"):
        read_torch_file(path)


def test_a_zip_of_many_packed_members_is_refused_though_each_is_smaller_than_the_file(tmp_path):
    inside = {"x/data.pkl": tensor(), "x/noise": random.Random(0).randbytes(50_000)}
    inside |= {f"x/data/{number}": bytes(40_000) for number in range(100)}
    path = zipped(tmp_path / "x.pt", inside, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size > 50_000
    with pytest.raises(InputError, match="it is packed"):
        read_torch_file(path)


def test_repeated_tensors_do_not_take_memory_without_end(tmp_path):
    """A thousand tensors of one storage of a million numbers would be four gigabytes."""
    whole = torch.zeros(1_000_000)
    torch.save([whole.view(1000, 1000) for _ in range(200)], tmp_path / "x.pt")
    start = time.perf_counter()
    with pytest.raises(InputError, match="it has a tensor"):
        read_torch_file(tmp_path / "x.pt")
    assert time.perf_counter() - start < 5


@pytest.mark.fuzz
def test_thousands_of_damaged_checkpoints_are_read_or_refused(tmp_path):
    """Damaged inside, under a zip that is whole, where checksums of the zip do not help."""
    value = {"state_dict": OrderedDict(a=torch.arange(6.0).view(2, 3), b=torch.tensor(3)), "epoch": 1}
    inside = parts(value)
    (description,) = [name for name in inside if name.endswith("data.pkl")]
    draws, read = random.Random(0), 0
    for _ in range(3000):
        data = bytearray(inside[description])
        for _ in range(draws.choice((1, 1, 1, 2, 5))):
            place = draws.randrange(len(data))
            what = draws.randrange(4)
            if what == 0:
                data[place] = draws.randrange(256)
            elif what == 1:
                data[place] ^= 1 << draws.randrange(8)
            elif what == 2:
                del data[place : place + draws.randrange(1, 9)]
            else:
                data[place:place] = bytes(draws.randrange(256) for _ in range(draws.randrange(1, 5)))
        path = zipped(tmp_path / "x.pt", inside | {description: bytes(data)})
        try:
            read_torch_file(path)
            read += 1
        except InputError as error:
            assert str(error).startswith(str(path)), error
    assert 0 < read < 3000


@pytest.mark.fuzz
def test_damaged_files_around_it_are_refused(tmp_path):
    torch.save({"a": torch.arange(6.0)}, tmp_path / "x.pt")
    whole, draws = (tmp_path / "x.pt").read_bytes(), random.Random(1)
    for _ in range(1000):
        data = bytearray(whole)
        for _ in range(draws.choice((1, 3))):
            data[draws.randrange(len(data))] = draws.randrange(256)
        (tmp_path / "y.pt").write_bytes(data[: draws.choice((len(data), draws.randrange(len(data))))])
        try:
            found = read_torch_file(tmp_path / "y.pt")
        except InputError:
            continue
        assert isinstance(found, dict) and found["a"].tolist() == [0, 1, 2, 3, 4, 5]


def verb(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["card", "import", *map(str, words)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout if code == 0 else done.stderr


def test_the_verb_writes_a_card_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(released(network("lrr"), "lrr"), "lrr.pt")
    assert verb("lrr.pt") == f"lrr.pt.card.safetensors: {Path('lrr.pt.card.safetensors').stat().st_size} bytes\n"
    assert unpack(Path("lrr.pt.card.safetensors").read_bytes()).facts.kind == "resnet"


def wrong() -> dict[str, object]:
    state = released(network("lrr"), "lrr")
    return {
        "another network": {"weight": torch.ones(3)},
        "seven classes": state | {"fc.weight": torch.ones(7, 32)},
        "one layer too many": state | {"layer5.0.conv1.weight": torch.ones(1)},
        "one tensor too few": {key: tensor for key, tensor in state.items() if key != "bn1.bias"},
        "another shape": state | {"layer1.0.conv1.weight": torch.ones(4, 4, 1, 1)},
        "a stage that is one number": released(network("binary"), "binary")
        | {"layer1.0.conv1.weight": torch.tensor(1.0)},
        "no numbers": state | {"bn1.bias": torch.full((4,), float("nan"))},
        "no tensors": {"state_dict": [1]},
        "a list": [torch.ones(2)],
    }


WRONG = list(wrong())


@pytest.mark.parametrize("name", WRONG)
def test_other_networks_give_one_line_and_code_two(name, tmp_path):
    torch.save(wrong()[name], tmp_path / "x.pt")
    assert verb(tmp_path / "x.pt", "-o", tmp_path / "y", code=2).count("\n") == 1
    assert not (tmp_path / "y").exists()


def test_files_that_are_no_checkpoints_are_refused(tmp_path):
    assert "no such file" in verb(tmp_path / "nowhere.pt", code=2)
    (tmp_path / "x.pt").write_bytes(b"\x80\2.")
    assert "PyTorch 1.6" in verb(tmp_path / "x.pt", code=2)


def test_paths_that_the_system_refuses_are_told_in_one_line(tmp_path, monkeypatch):
    assert verb("x" * 300, code=2) == f"{'x' * 300} cannot be read: File name too long.\n"
    (tmp_path / "x.pt").write_bytes(b"")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match=r"x\.pt cannot be read: Permission denied\."):
        read_torch_file(tmp_path / "x.pt")
