"""Quantised networks come out of their files to the last bit, and no other bytes are taken for one."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save
from safetensors.torch import load_file
from toy_quantised import CLASSES, NETS, SHAPE, images_of, toy
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.core.catalog import component
from shiftpress.core.problems import InputError
from shiftpress.packing import container
from shiftpress.packing.card import pack as pack_plain
from shiftpress.packing.card import unpack as unpack_plain
from shiftpress.packing.compressed import unpack_any
from shiftpress.packing.container import KEY
from shiftpress.packing.quantised import QuantisedFacts, pack, unpack
from shiftpress.quantizers.mse import Mse

BITS = {"w8a8": (8, 8), "w6a6": (6, 6), "w4a4": (4, 4), "w3a32": (3, 32)}
TURNS = 2000


def quantised(name, bits, net=None, ends="eight"):
    weight, activation = BITS[bits]
    quantizer = Mse(weight_bits=weight, activation_bits=activation, ends=ends)
    return quantizer.quantise(net or toy(name), images_of(32))


def packed(name, bits, found=None):
    kind, fields = NETS[name]
    return pack(found or quantised(name, bits), kind, fields, SHAPE, CLASSES, origin="test")


def same(a, b):
    return a.keys() == b.keys() and all(a[n].numpy().tobytes() == b[n].numpy().tobytes() for n in a)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("name", ["convn", "convs", "resnet", "preact"])
@torch.no_grad()
def test_the_file_decodes_to_exactly_the_network_that_rounds(name, bits):
    found = quantised(name, bits)
    card, images = unpack(packed(name, bits, found)), images_of(16, seed=3)
    assert same(card.quantised.tensors, found.tensors) and card.quantised.steps == found.steps
    assert card.quantised.scheme == found.scheme
    assert torch.equal(card.net()(images), found.net()(images))


@pytest.mark.parametrize("name", NETS)
def test_every_classifier_has_files(name):
    assert same(unpack(packed(name, "w4a4")).quantised.tensors, quantised(name, "w4a4").tensors)


def test_files_have_the_bytes_of_their_bits():
    net, sizes = toy("lenet"), {}
    weights = sum(p.numel() for p in net.parameters() if p.ndim > 1)
    for bits, (wide, _) in BITS.items():
        found = quantised("lenet", bits, net, ends="same")
        sizes[bits], codes = len(packed("lenet", bits, found)), weights * wide / 8
        assert found.bits / 8 <= sizes[bits] < found.bits / 8 + 1500
        assert found.numbers == sum(p.numel() for p in net.parameters()) + 2 * SHAPE[0]
        assert codes < sizes[bits] < codes + 4 * (sum(len(p) for p in net.parameters() if p.ndim > 1) * 2) + 2500
    assert sizes["w3a32"] < sizes["w4a4"] < sizes["w6a6"] < sizes["w8a8"]


def test_what_does_not_belong_together_is_not_packed():
    found, kind_of = quantised("convn", "w4a4"), NETS["convn"]
    for change in (
        {"conv0a/codes": found.tensors["conv0a/codes"].float()},
        {"conv0b/codes": torch.full_like(found.tensors["conv0b/codes"], 8)},
        {"conv0a/scales": -found.tensors["conv0a/scales"]},
        {"conv0a/scales": found.tensors["conv0a/scales"][:1]},
        {"conv0a/scale": torch.tensor(torch.nan)},
        {"conv0b/zero": torch.tensor(16)},
        {"more": torch.zeros(1)},
    ):
        bad = type(found)(found.scheme, found.steps, {**found.tensors, **change})
        with pytest.raises(InputError):
            pack(bad, *kind_of, SHAPE, CLASSES)
    with pytest.raises(InputError):
        pack(found, *kind_of, SHAPE, CLASSES + 1)
    with pytest.raises(InputError):
        pack(found, "convn", {"depth": 2, "width": 0.1}, SHAPE, CLASSES)


FORMS = (("convn", "w4a4"), ("convs", "w8a8"), ("lenet", "w3a32"))
CARDS = {(name, bits): packed(name, bits) for name, bits in FORMS}


def outcome(data):
    """What reading gives; any exception but the one for bad input is a failure."""
    start = time.process_time()
    try:
        found = unpack(data)
    except InputError as error:
        said = str(error)
        assert said and "\n" not in said and len(said) < 500
        return said
    finally:
        assert time.process_time() - start < 3
    facts = found.facts
    again = pack(found.quantised, facts.kind, facts.fields, tuple(facts.shape), facts.classes, origin=facts.origin)
    assert again == data, "two sequences of bytes stand for one card"
    return "read"


def damaged(data, other, draw):
    """One random damage."""
    out, size = bytearray(data), len(data)
    a, b = sorted(draw.integers(0, size + 1 if draw.random() < 0.5 else min(size, 1500), 2).tolist())
    match int(draw.integers(0, 6)):
        case 0:
            del out[a:]
        case 1:
            for bit in draw.integers(8 * a, 8 * size, draw.integers(1, 9)).tolist():
                out[bit // 8] ^= 1 << bit % 8
        case 2:
            out[a:b] = other[a:b]
        case 3:
            out[a:a] = draw.bytes(int(draw.integers(1, 64)))
        case 4:
            del out[a:b]
        case 5:
            out[a:b] = draw.bytes(b - a)
    return bytes(out)


@pytest.mark.fuzz
def test_damaged_quantised_files_are_refused():
    draw, files = np.random.default_rng(0), list(CARDS.values())
    for turn in range(TURNS):
        bad = damaged(files[turn % 3], files[int(draw.integers(3))], draw)
        assert outcome(bad) != "read" or bad in files


ODD = [-1, 0, 1, 2, 7, 1 << 20, 1 << 70, 0.5, "", "eight", "same", None, True, [], {}, [8, 8, 8]]
KEYS = ["kind", "fields", "shape", "classes", "weight_bits", "activation_bits", "ends", "origin", "format"]


def reforged(which, draw):
    """A file with a right digest whose facts or arrays are not those of any card, most likely."""
    facts, arrays = container.read(CARDS[which], QuantisedFacts)
    arrays, changed = {n: array.copy() for n, array in arrays.items()}, facts.model_dump()
    if draw.random() < 0.6:
        name = str(draw.choice(list(arrays)))
        array = arrays[name]
        match int(draw.integers(0, 6)):
            case 0 if array.size:
                raw = bytearray(array.tobytes())
                raw[int(draw.integers(len(raw)))] ^= 1 << int(draw.integers(8))
                arrays[name] = np.frombuffer(bytes(raw), array.dtype)
            case 1:
                arrays[name] = array[: int(draw.integers(0, array.size + 1))]
            case 2:
                arrays[name] = np.concatenate([array, array[-int(draw.integers(1, 9)) :]])
            case 3:
                arrays[name] = array.astype(str(draw.choice(["f8", "f4", "i8", "i4", "u1", "?"])))
            case 4:
                del arrays[name]
            case 5 if array.size:
                value = draw.choice([0, 1, 255, 1 << 62, -(1 << 62), np.nan, np.inf])
                with np.errstate(all="ignore"):
                    array[int(draw.integers(array.size))] = np.array(value).astype(array.dtype)
    else:
        changed[str(draw.choice(KEYS))] = ODD[int(draw.integers(len(ODD)))]
    forged = facts.model_construct(**changed)
    text = json.dumps(changed | {"digest": container.digest(forged, arrays)}, sort_keys=True, indent=1) + "\n"
    return save({n: np.ascontiguousarray(array) for n, array in arrays.items()}, {KEY: text})


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_quantised_files_with_repaired_digests_are_read_whole_or_refused():
    draw, names = np.random.default_rng(1), list(CARDS)
    found = [outcome(reforged(names[turn % 3], draw)) for turn in range(TURNS)]
    assert 0 < found.count("read") < TURNS / 2 and len({text.split(":")[0][:60] for text in found}) > 8


def forged(which, arrays=None, **facts):
    old, contents = container.read(CARDS[which], QuantisedFacts)
    return container.write(old.model_copy(update=facts), {**contents, **(arrays or {})})


def test_each_way_of_lying_about_whole_numbers_is_refused_for_its_own_reason():
    few = ("convn", "w4a4")
    assert forged(few) == CARDS[few]
    _, own = container.read(CARDS[few], QuantisedFacts)
    full, spare = own["codes"].copy(), own["codes"].copy()
    full[-200:] = 255
    zeros = own["zeros"].copy()
    zeros[1] = 16
    for data, said in [
        (forged(few, {"codes": full}), "out of range"),
        (forged(few, {"codes": spare[:-1]}), "another type or length"),
        (forged(few, {"scales": own["scales"] * 0}), "not all positive"),
        (forged(few, {"grids": own["grids"] * np.float32(np.nan)}), "no finite numbers"),
        (forged(few, {"zeros": zeros}), "off its grid"),
        (forged(few, activation_bits=9), "2 to 8 bits"),
        (forged(few, weight_bits=5), "another type or length"),
        (forged(few, classes=4), "another type or length"),
        (forged(few, fields={"depth": 4, "width": 0.1}), "leaves out what is as usual"),
    ]:
        with pytest.raises(InputError, match=said):
            unpack(data)


def test_files_of_other_kinds_are_not_taken_for_it_and_any_kind_is_known_by_its_facts():
    data = CARDS["convn", "w4a4"]
    with pytest.raises(InputError, match="no card file of format shiftpress/card/1"):
        unpack_plain(data)
    kind, fields = NETS["convn"]
    torch.manual_seed(0)
    state = component("classifiers", kind)(**fields).build(SHAPE, CLASSES).state_dict()
    plain = pack_plain(state, kind, fields, SHAPE, CLASSES)
    with pytest.raises(InputError, match="no card file of format shiftpress/card/3"):
        unpack(plain)
    assert unpack_any(data).facts.format.endswith("/3") and unpack_any(plain).facts.format.endswith("/1")


def test_the_verbs_tell_about_a_quantised_card_and_take_it_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = CARDS["convs", "w8a8"]
    Path("a.card").write_bytes(data)
    done = CliRunner().invoke(app, ["card", "info", "a.card", "--latency"])
    assert done.exit_code == 0, done.output
    said = {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in done.stdout.splitlines()}
    assert said["weight_bits"] == said["activation_bits"] == "8" and said["disk_bytes"] == str(len(data))
    assert "batch 32" in done.stdout
    assert CliRunner().invoke(app, ["card", "unpack", "a.card", "-o", "a.st"]).exit_code == 0
    assert same(load_file("a.st"), unpack(data).quantised.tensors)
