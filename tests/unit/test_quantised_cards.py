"""Quantised networks come out of their files to the last bit, and no other bytes are taken for one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from fuzzing import refusal
from hostile_cards import BITS, quantised_files
from hostile_cards import quantised_card as packed
from hostile_cards import rounded as quantised
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
from shiftpress.packing.quantised import QuantisedFacts, pack, unpack

TURNS = 2000
FORMAT = quantised_files()
CARDS = FORMAT.files


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


@pytest.mark.fuzz
def test_damaged_quantised_files_are_refused():
    draw = np.random.default_rng(0)
    for turn in range(TURNS):
        bad = FORMAT.broken(turn, draw)
        assert FORMAT.is_right(bad, refusal(FORMAT.read, bad))


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_quantised_files_with_repaired_digests_are_read_whole_or_refused():
    draw = np.random.default_rng(1)
    found = [refusal(FORMAT.read, FORMAT.lie(turn, draw)) for turn in range(TURNS)]
    assert 0 < found.count(None) < TURNS / 2 and len({(text or "").split(":")[0][:60] for text in found}) > 8


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
