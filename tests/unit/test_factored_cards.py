"""Cards of factors come out of their files to the last bit, and no other bytes are taken for one."""

import json
import math
import time

import numpy as np
import pytest
import torch
from safetensors.numpy import save
from toy_hardening import COMPRESSORS, NETS, compressed, hardening

from shiftpress.core.factors import composed
from shiftpress.core.problems import InputError
from shiftpress.packing import codes, container
from shiftpress.packing.accounting import accounts, index_bits, paper_bits
from shiftpress.packing.card import unpack as unpack_plain
from shiftpress.packing.container import KEY, FactoredFacts
from shiftpress.packing.factored import pack, unpack

SHAPE, CLASSES = (1, 32, 32), 2
FIELDS = {"width": 0.1}
TURNS = 3000


def made(name, seed=0):
    """A network as the compressor first makes it, with its numbers moved about, as a state of factors."""
    net = hardening().untrained()
    compressor = COMPRESSORS[name]
    rng = torch.Generator().manual_seed(seed)
    form = compressor.begin({n: p for n, p in net.named_parameters() if p.ndim > 1}, 0.2)
    with torch.no_grad():
        for part in form.trained:
            part.add_(0.05 * torch.randn(part.shape, generator=rng))
    form.after()
    form.finish()
    rest = {n: t for n, t in net.state_dict().items() if n not in form.weights}
    return rest | form.tensors()


def packed(name, state=None):
    return pack(state or made(name), "caffe_lenet", FIELDS, SHAPE, CLASSES, free=COMPRESSORS[name].free, origin="test")


def same(a, b):
    return a.keys() == b.keys() and all(a[n].numpy().tobytes() == b[n].numpy().tobytes() for n in a)


@pytest.mark.parametrize("name", ["alr", "atmc32", "atmc8", "atmc2", "atmc3_counted"])
def test_the_packed_file_decodes_to_exactly_the_trained_values(name, tmp_path):
    task = hardening()
    for ratio, state in compressed(name, tmp_path, task)[1].items():
        card = unpack(packed(name, state))
        assert same(card.state, state), ratio
        plain, free = task.untrained().state_dict(), COMPRESSORS[name].free
        own = {n: t.view(plain[n].shape) for n, t in composed(state, free).items()}
        assert same(card.plain(), own)
        task.untrained().load_state_dict(own)
        images = task.val.images.float() / 255
        net = task.untrained().eval()
        net.load_state_dict(own)
        with torch.no_grad():
            assert torch.equal(card.net()(images), net(images).contiguous()) or torch.allclose(
                card.net()(images), net(images), atol=1e-5
            )
        if name == "atmc2":
            matrices = [t for n, t in card.state.items() if "/" in n]
            assert max(len(m[m != 0].unique()) for m in matrices) <= 4


def test_files_of_few_values_are_smaller_than_those_of_many():
    sizes = {name: len(packed(name)) for name in ("atmc32", "atmc8", "atmc2")}
    assert sizes["atmc2"] < sizes["atmc8"] < sizes["atmc32"]


def test_plain_and_factored_files_are_not_taken_for_each_other():
    data = packed("atmc8")
    with pytest.raises(InputError, match="no card file of format shiftpress/card/1"):
        unpack_plain(data)
    with pytest.raises(InputError, match="not in the safetensors format"):
        unpack(b"")


def test_states_that_are_no_factors_are_refused():
    state = made("atmc8")
    for change in (
        {"conv0.weight/left": torch.zeros(2, 3)},
        {"conv0.weight/left": torch.zeros(2)},
        {"head.bias": torch.full((2,), torch.nan)},
        {"more": torch.zeros(1)},
        {"head.weight/rest": torch.full((2, 50), torch.inf)},
    ):
        with pytest.raises(InputError):
            packed("atmc8", {**state, **change})
    with pytest.raises(InputError, match="identity"):
        pack(made("alr"), "caffe_lenet", FIELDS, SHAPE, CLASSES, free=True)


CARDS = {name: packed(name) for name in ("alr", "atmc32", "atmc8", "atmc2")}


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
    assert all(t.isfinite().all() for t in found.state.values() if t.is_floating_point())
    again = pack(
        found.state,
        found.facts.kind,
        found.facts.fields,
        tuple(found.facts.shape),
        found.facts.classes,
        free=found.facts.free,
        origin=found.facts.origin,
    )
    assert again == data, "two sequences of bytes stand for one card"
    return "read"


def damaged(data, other, draw):
    """One random damage."""
    out, size = bytearray(data), len(data)
    a, b = sorted(draw.integers(0, size + 1 if draw.random() < 0.5 else min(size, 1200), 2).tolist())
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
def test_damaged_factored_files_are_refused():
    draw, files = np.random.default_rng(0), list(CARDS.values())
    for turn in range(TURNS):
        bad = damaged(files[turn % 4], files[int(draw.integers(4))], draw)
        assert outcome(bad) != "read" or bad in files


ODD = [-1, 0, 1, 2, 7, 1 << 20, 1 << 70, 0.5, "", "residual", "product", None, True, False, [], {}, [8, 8, 8]]
KEYS = ["kind", "fields", "shape", "classes", "form", "free", "origin", "format"]


def reforged(name, draw):
    """A file with a right digest whose facts or arrays are not those of any card, most likely."""
    facts, arrays = container.read(CARDS[name], FactoredFacts)
    arrays, changed = {n: array.copy() for n, array in arrays.items()}, facts.model_dump()
    if draw.random() < 0.7:
        which = str(draw.choice(list(arrays)))
        array = arrays[which]
        match int(draw.integers(0, 6)):
            case 0 if array.size:
                raw = bytearray(array.tobytes())
                raw[int(draw.integers(len(raw)))] ^= 1 << int(draw.integers(8))
                arrays[which] = np.frombuffer(bytes(raw), array.dtype)
            case 1:
                arrays[which] = array[: int(draw.integers(0, array.size + 1))]
            case 2:
                arrays[which] = np.concatenate([array, array[-int(draw.integers(1, 9)) :]])
            case 3:
                arrays[which] = array.astype(str(draw.choice(["f8", "f4", "i8", "i4", "u1", "?"])))
            case 4:
                del arrays[which]
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
def test_factored_files_with_repaired_digests_are_read_whole_or_refused():
    draw, names = np.random.default_rng(1), list(CARDS)
    found = [outcome(reforged(names[turn % 4], draw)) for turn in range(TURNS)]
    assert 0 < found.count("read") < TURNS / 2 and len({text.split(":")[0][:60] for text in found}) > 10


def forged(name, arrays=None, **facts):
    old, contents = container.read(CARDS[name], FactoredFacts)
    return container.write(old.model_copy(update=facts), {**contents, **(arrays or {})})


def test_each_way_of_lying_about_factors_is_refused_for_its_own_reason():
    assert forged("atmc8") == CARDS["atmc8"]
    _, own = container.read(CARDS["atmc8"], FactoredFacts)
    _, low = container.read(CARDS["alr"], FactoredFacts)
    zeroed = container.read(CARDS["atmc32"], FactoredFacts)[1]["values"].copy()
    zeroed[0] = 0
    unordered = own["codebooks"].copy()
    unordered[:2] = unordered[1::-1]
    for data, said in [
        (forged("alr", form="residual"), "other ranks|another type or length"),
        (forged("atmc8", form="product"), "no identity"),
        (forged("alr", free=True), "no identity"),
        (forged("alr", {"ranks": low["ranks"] * 0}), "ranks"),
        (forged("alr", {"ranks": low["ranks"] + 1000}), "ranks"),
        (forged("alr", {"ranks": low["ranks"][:-1]}), "another type or length"),
        (forged("atmc8", {"levels": own["levels"] * 0}), "another type or length"),
        (forged("atmc8", {"levels": own["levels"] - 5}), "codebooks"),
        (forged("atmc8", {"kept": own["kept"] + 10**6}), "another type or length|more weights"),
        (forged("atmc8", {"codebooks": unordered}), "not in order"),
        (forged("atmc8", {"codebooks": own["codebooks"] * np.float32(np.nan)}), "not in order"),
        (forged("atmc8", {"codes": own["codes"] * 0}), "not in order"),
        (forged("atmc32", {"values": zeroed}), "zero or no finite"),
    ]:
        with pytest.raises(InputError, match=said):
            unpack(data)


def test_numbers_that_a_codebook_would_shorten_must_have_one():
    kept = [np.tile(np.array([0.5, -1.0], np.float32), 40)]
    arrays = codes.encode(kept)
    assert arrays["levels"].tolist() == [2] and np.array_equal(codes.decode(arrays, [80])[0], kept[0])
    plain = {**codes.encode([np.empty(0, np.float32)]), "values": kept[0]}
    with pytest.raises(InputError, match="a codebook is missing"):
        codes.decode(plain, [80])


def test_the_paper_charges_values_and_codebook_and_32_bits_for_small_matrices():
    few = np.tile(np.array([0.0, 1.0, 2.0, 3.0], np.float32), 100)
    assert paper_bits(few) == 300 * 2 + 32 * 3
    assert paper_bits(few[:4]) == 3 * 32, "2^s values or fewer are left as they are"
    assert paper_bits(np.random.default_rng(0).normal(size=50).astype(np.float32)) == 50 * 32
    assert paper_bits(np.zeros(9, np.float32)) == 0
    assert index_bits(1000, 10) == pytest.approx(math.log2(math.comb(1000, 10)))
    found = accounts([few, np.zeros(100, np.float32)], 400, 200, 50)
    assert found["size_paper"] == 696 / 12800 and found["size_values"] == 600 / 12800
    assert found["size_indexed"] == pytest.approx((696 + math.log2(math.comb(400, 300))) / 12800)
    assert found["size_disk"] == 8 * 150 / 12800 and found["nonzero"] == 0.75 and found["codebook_values"] == 3


def test_lenet_and_resnet_have_the_factors_that_the_dossier_counted():
    from shiftpress.core.catalog import component
    from shiftpress.pruners.base import prunable

    net = component("classifiers", "caffe_lenet")().build((1, 28, 28), 10)
    sizes = [(len(w), w[0].numel()) for w in prunable(net).values()]
    assert sum(m * n + min(m, n) * (m + n) for m, n in sizes) == 1_114_000
    assert set(NETS) == {"lenet", "convs"}
