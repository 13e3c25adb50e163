"""Whatever the bytes, a card file is read or refused with one line: soon, in little memory, and never half."""

import json
import resource
import time

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from shiftpress.core.catalog import component
from shiftpress.core.problems import InputError
from shiftpress.packing import container
from shiftpress.packing.card import pack, unpack
from shiftpress.packing.container import KEY
from shiftpress.packing.sizes import sizes

SHAPE, FIELDS = (1, 8, 8), {"depth": 2, "width": 0.05}
RAW, REPAIRED = 4000, 4000


def card(bits: int, seed: int = 0) -> bytes:
    torch.manual_seed(seed)
    state = component("classifiers", "convn")(**FIELDS).build(SHAPE, 3).state_dict()
    for name, tensor in state.items():
        if name.endswith("weight"):
            kept = tensor.abs() > tensor.abs().median()
            state[name] = (tensor.sign() * 0.1 if bits == 1 else tensor) * kept
    return pack(state, "convn", FIELDS, SHAPE, 3, bits=bits)


CARDS = {bits: card(bits) for bits in (32, 16, 1)}


def outcome(data: bytes) -> str:
    """What reading gives; any exception but the one for bad input is a failure."""
    start = time.process_time()
    try:
        found = unpack(data)
        sizes(data)
    except InputError as error:
        said = str(error)
        assert said and "\n" not in said and len(said) < 500
        return said
    finally:
        assert time.process_time() - start < 3
    assert all(tensor.isfinite().all() for tensor in found.state.values() if tensor.is_floating_point())
    assert found.net()(torch.zeros(1, *found.facts.shape)).shape == (1, found.facts.classes)
    return "read"


def damaged(data: bytes, other: bytes, draw: np.random.Generator) -> bytes:
    """One random damage: cut, flip, splice, insert, delete, overwrite, repeat, or replace everything."""
    out, size = bytearray(data), len(data)
    a, b = sorted(draw.integers(0, size + 1, 2).tolist())
    if draw.random() < 0.5:  # the header is small beside the arrays; half of the damage goes there
        a, b = sorted(draw.integers(0, min(size, 1200), 2).tolist())
    match int(draw.integers(0, 8)):
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
        case 6:
            out += out[a:b] or b"\0"
        case 7:
            out = bytearray(data[:a] + other[b:])
    return bytes(out)


@pytest.mark.fuzz
def test_damaged_files_are_refused():
    draw = np.random.default_rng(0)
    files = list(CARDS.values())
    said = set()
    for turn in range(RAW):
        data = files[turn % 3]
        bad = damaged(data, files[int(draw.integers(3))], draw)
        found = outcome(bad)
        assert found != "read" or bad in files
        said.add(found.split(":")[0])
    assert len(said) > 3


ODD = [-1, 0, 1, 2, 7, 32, 1 << 20, 1 << 40, 1 << 70, 0.5, -1e300, "", "x", "convn", None, True, [], {}, [1], [8, 8, 8]]
KEYS = ["kind", "fields", "shape", "classes", "bits", "folded", "origin", "format"]


def reforged(bits: int, draw: np.random.Generator) -> bytes:
    """A file with a right digest whose facts or arrays are not those of any card, most likely."""
    facts, arrays = container.read(CARDS[bits])
    arrays = {name: array.copy() for name, array in arrays.items()}
    changed = facts.model_dump()
    if draw.random() < 0.5:
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
                arrays[name] = array.astype(str(draw.choice(["f8", "f4", "f2", "i8", "i4", "u1", "?"])))
            case 4:
                del arrays[name]
            case 5 if array.size:
                place = int(draw.integers(array.size))
                value = draw.choice([0, 1, 255, 1 << 62, -(1 << 62), np.nan, np.inf])
                with np.errstate(all="ignore"):
                    array[place] = np.array(value).astype(array.dtype)
    else:
        key, value = str(draw.choice(KEYS)), ODD[int(draw.integers(len(ODD)))]
        where = changed["fields"] if draw.random() < 0.3 else changed
        where[str(draw.choice(["width", "depth", "more"])) if where is not changed else key] = value
    forged = facts.model_construct(**changed)
    text = json.dumps(changed | {"digest": container.digest(forged, arrays)}, sort_keys=True, indent=1) + "\n"
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, {KEY: text})


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_files_with_repaired_digests_are_read_whole_or_refused():
    draw, before = np.random.default_rng(1), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = [outcome(reforged([32, 16, 1][turn % 3], draw)) for turn in range(REPAIRED)]
    reasons = {text.split(":")[0][:60] for text in found}
    assert 0 < found.count("read") < REPAIRED / 2 and len(reasons) > 12
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 500_000, f"{grown} kB"


def forged(of: int = 32, arrays: dict | None = None, **facts) -> bytes:
    """A card with other facts or arrays, and a right digest."""
    old, contents = container.read(CARDS[of])
    return container.write(old.model_copy(update=facts), {**contents, **(arrays or {})})


def test_a_forged_file_without_changes_is_the_card_itself():
    assert forged() == CARDS[32] and outcome(CARDS[32]) == "read"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not in the safetensors format"),
        (b"PK\3\4" + bytes(100), "not in the safetensors format"),
        (save({"a": np.zeros(3)}), "no card file of format shiftpress/card/1"),
        (forged(format="shiftpress/card/2"), "no card file of format"),
        (forged(kind="nothing"), "has no kind 'nothing'"),
        (forged(kind="base"), "has no kind 'base'"),
        (forged(fields={"depth": 3}), "fields.depth"),
        (forged(fields={**FIELDS, "width": 8.0}, shape=[3, 4096, 4096]), "too large"),
        (forged(fields={"depth": 2, "width": 8.0}, shape=[1, 4000, 4000]), "larger than 134217728 numbers"),
        (forged(shape=[1, 1, 1]), "sides must be at least"),
        (forged(classes=4), "another type or length|another number"),
        (forged(bits=16), "another type or length"),
        (forged(bits=1), "other arrays"),
        (CARDS[1] + b"\0", "damaged"),
        (CARDS[1][:-1], "damaged"),
        (CARDS[1][:-1] + bytes([CARDS[1][-1] ^ 1]), "digest differs"),
        (CARDS[1].replace(b'\\"classes\\": 3', b'\\"classes\\": 4'), "digest differs"),
        (CARDS[1].replace(b"{", b"{ ", 1), "damaged|not written|not JSON"),
        (forged(arrays={"more": np.zeros(1, np.float32)}), "other arrays"),
        (forged(arrays={"kept": np.full(5, 1 << 40)}), "another type or length|more weights than"),
        (forged(1, {"mask": np.zeros(4, np.uint8)}), "another length|another number"),
        (forged(1, {"mask": np.zeros(3, np.uint8)}), "another length"),
        (forged(1, {"gains": np.full(5, np.inf, np.float32)}), "no finite numbers"),
        (forged(1, {"gains": np.full(5, np.nan, np.float32)}), "gains or signs"),
        (forged(1, {"gains": np.full(5, -0.1, np.float32)}), "gains or signs"),
    ],
)
def test_each_way_of_lying_is_refused_for_its_own_reason(data, said):
    with pytest.raises(InputError, match=said):
        unpack(data)


def test_a_mask_that_claims_a_huge_network_needs_bytes_for_it():
    wide = {"depth": 2, "width": 2.0}
    net = component("classifiers", "convn")(**wide).build((1, 64, 64), 3)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    data = pack(net.state_dict(), "convn", wide, (1, 64, 64), 3)
    weights = sum(parameter.numel() for parameter in net.parameters())
    assert weights / 1024 < len(data) < weights / 1024 + 4096 and outcome(data) == "read"
    facts, arrays = container.read(data)
    with pytest.raises(InputError, match="another length"):
        unpack(container.write(facts, {**arrays, "mask": arrays["mask"][:-4]}))


def test_signs_have_one_way_to_be_written():
    facts, arrays = container.read(CARDS[1])
    spare = 8 * arrays["signs"].size - int(arrays["kept"].sum())
    assert spare, "the last byte is not full"
    signs = arrays["signs"].copy()
    signs[-1] |= 1
    with pytest.raises(InputError, match="not written as cards are"):
        unpack(container.write(facts, {**arrays, "signs": signs}))
