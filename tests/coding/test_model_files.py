"""A model file says what it is; one that is not what it says is refused in one line."""

import json
import struct

import pytest
import torch
from safetensors.torch import load, save
from trained_codecs import FIELDS, trained

from shiftpress.assembly import build
from shiftpress.coding.model import KEY, Description, _digest, model_bytes, read_model
from shiftpress.core.problems import InputError


def forged(kind: str, state=None, changes=None) -> bytes:
    """The kind's model file with other facts or tensors, and the digest of those."""
    data = trained(kind).data
    size = struct.unpack_from("<Q", data)[0]
    facts = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][KEY]) | (changes or {})
    state = load(data) if state is None else state
    facts["digest"] = _digest(Description.model_construct(**facts), state)
    return save(state, {KEY: json.dumps(facts)})


def with_tensor(kind: str, name: str, change) -> bytes:
    state = load(trained(kind).data)
    state[name] = change(state[name].clone())
    return forged(kind, state)


def filled(value):
    return lambda tensor: tensor.fill_(value)


def spoiled(row, column, value):
    def change(counts):
        counts[row, column] = value
        return counts

    return change


@pytest.mark.parametrize("kind", FIELDS)
def test_a_model_file_is_the_same_each_time_and_comes_back(kind):
    codec = trained(kind)
    again = model_bytes(kind, FIELDS[kind], codec.model.shape, codec.model.net.state_dict(), "test")
    assert again == codec.data and read_model(forged(kind)).digest == codec.model.digest
    model = read_model(codec.data)
    assert (model.kind, model.shape, model.origin) == (kind, codec.model.shape, "test")
    for name, tensor in model.net.state_dict().items():
        assert torch.equal(tensor, codec.model.net.state_dict()[name])


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"kind": "jpeg2000"}, "no kind 'jpeg2000'"),
        ({"kind": "_variable"}, "is no name"),
        ({"kind": "../fixed_rate"}, "is no name"),
        ({"kind": "nested"}, "fields.* unknown key|other tensors"),
        ({"format": "shiftpress/codec/2"}, "no codec's model file of format"),
        ({"fields": {"width": 4, "latent": 3}}, "fields.latent: unknown key"),
        ({"fields": {"width": 4.5}}, "fields.width"),
        ({"fields": {"width": 8}}, "another type or shape"),
        ({"fields": {"width": 10**6}}, "fields.width"),
        ({"fields": {"width": 512, "latents": 4096}, "shape": [1, 16, 16]}, "another type or shape"),
        ({"shape": [1, 30, 32]}, "shape: sides must be multiples of 16"),
        ({"shape": [1, 32]}, "shape"),
        ({"shape": [2, 32, 32]}, "no shape of grey or colour images"),
        ({"shape": [3, 16384, 16384]}, "no shape of grey or colour images"),
        ({"shape": [1, 32, 2**40]}, "shape"),
        ({"shape": [1, 32, True]}, "shape"),
        ({"origin": "x" * 301}, "origin"),
        ({"surprise": 1}, "surprise: unknown key"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_wrong_facts_are_refused(facts, message):
    with pytest.raises(InputError, match=message) as caught:
        read_model(forged("fixed_rate", changes=facts))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("kind", "name", "change", "message"),
    [
        ("fixed_rate", "encoder.0.weight", filled(float("nan")), "no finite numbers"),
        ("fixed_rate", "decoder.0.bias", filled(float("inf")), "no finite numbers"),
        ("fixed_rate", "encoder.0.weight", lambda t: t.double(), "another type or shape"),
        ("fixed_rate", "encoder.0.weight", lambda t: t.half(), "another type or shape"),
        ("fixed_rate", "encoder.0.weight", lambda t: t[:1].contiguous(), "another type or shape"),
        ("factorized", "bottleneck.counts", filled(0), "no frequencies"),
        ("factorized", "bottleneck.counts", spoiled(0, 3, -1), "no frequencies"),
        ("factorized", "bottleneck.counts", spoiled(0, -1, 0), "no frequencies"),
        ("factorized", "bottleneck.counts", spoiled(1, 64, 2**31 - 1), "add up to"),
        ("factorized", "bottleneck.offsets", filled(-(2**31)), "too far from zero"),
        ("hyperprior", "gaussian.counts", spoiled(63, 0, 2**30), "add up to"),
    ],
)
def test_wrong_tensors_are_refused(kind, name, change, message):
    with pytest.raises(InputError, match=message) as caught:
        read_model(with_tensor(kind, name, change))
    assert len(str(caught.value).splitlines()) == 1


def test_missing_and_surplus_tensors_are_refused():
    state = load(trained("fixed_rate").data)
    for changed in ({**state, "more": torch.zeros(1)}, {n: t for n, t in state.items() if n != "encoder.0.bias"}):
        with pytest.raises(InputError, match="other tensors"):
            read_model(forged("fixed_rate", changed))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 100_000) + b"[" * 100_000,
        struct.pack("<Q", 20) + b'{"__metadata__": 10} ',
        save({"a": torch.zeros(3)}),
        save({"a": torch.zeros(3)}, {KEY: "[]"}),
        save({"a": torch.zeros(3)}, {KEY: "[" * 100_000}),
        save({"a": torch.zeros(3)}, {KEY: '{"kind": "\\ud800", "fields": {}, "shape": [1, 32, 32], "origin": ""}'}),
        save({"a": torch.zeros(3)}, {KEY: '{"kind": "fixed_rate", "fields": {"a\\n\\u001b[31mb": 1}}'}),
    ],
    ids=range(12),
)
def test_what_is_no_model_file_is_refused(data):
    with pytest.raises(InputError, match="no model file|no codec's model file|facts are wrong") as caught:
        read_model(data)
    assert len(str(caught.value).splitlines()) == 1 and str(caught.value).isprintable()


def test_a_codec_that_was_not_frozen_is_not_exported():
    net = build("codecs", {"kind": "factorized", **FIELDS["factorized"]}).build((1, 32, 32))
    with pytest.raises(InputError, match="frozen after training"):
        model_bytes("factorized", FIELDS["factorized"], (1, 32, 32), net.state_dict(), "")


def test_a_codec_whose_images_depend_on_their_neighbours_is_not_exported():
    fields = {"width": 4, "norm": "batch"}
    net = build("codecs", {"kind": "fixed_rate", **fields}).build((1, 32, 32))
    with pytest.raises(InputError, match="depend on its neighbours"):
        model_bytes("fixed_rate", fields, (1, 32, 32), net.state_dict(), "")
