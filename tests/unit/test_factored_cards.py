"""Cards of factors come out of their files to the last bit, and no other bytes are taken for one."""

import math

import numpy as np
import pytest
import torch
from fuzzing import refusal
from hostile_cards import FACTORED_CLASSES as CLASSES
from hostile_cards import FACTORED_FIELDS as FIELDS
from hostile_cards import FACTORED_SHAPE as SHAPE
from hostile_cards import factored_card as packed
from hostile_cards import factored_files
from hostile_cards import factors as made
from toy_hardening import COMPRESSORS, NETS, compressed, hardening

from shiftpress.core.catalog import component
from shiftpress.core.factors import composed
from shiftpress.core.problems import InputError
from shiftpress.packing import codes, container, factored
from shiftpress.packing.accounting import accounts, index_bits, paper_bits
from shiftpress.packing.card import unpack as unpack_plain
from shiftpress.packing.container import FactoredFacts
from shiftpress.packing.factored import pack, unpack
from shiftpress.pruners.base import prunable

TURNS = 3000
FORMAT = factored_files()
CARDS = FORMAT.files


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


@pytest.mark.fuzz
def test_damaged_factored_files_are_refused():
    draw = np.random.default_rng(0)
    for turn in range(TURNS):
        bad = FORMAT.broken(turn, draw)
        assert FORMAT.is_right(bad, refusal(FORMAT.read, bad))


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_factored_files_with_repaired_digests_are_read_whole_or_refused():
    draw = np.random.default_rng(1)
    found = [refusal(FORMAT.read, FORMAT.lie(turn, draw)) for turn in range(TURNS)]
    assert 0 < found.count(None) < TURNS / 2 and len({(text or "").split(":")[0][:60] for text in found}) > 10


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


def alike(width: float) -> dict:
    """A network of factors, each of which keeps all its entries, at one value."""
    net = component("classifiers", "caffe_lenet")(width=width).build(SHAPE, CLASSES)
    state = dict(net.state_dict())
    for name, weight in prunable(net).items():
        m, n = len(weight), weight[0].numel()
        state |= {f"{name}/left": torch.ones(m, min(m, n)), f"{name}/right": torch.ones(min(m, n), n)}
        state[f"{name}/rest"] = torch.full((m, n), 0.5)
        del state[name]
    return state


def test_a_card_cannot_claim_a_huge_network_of_one_value(monkeypatch):
    def file(width: float) -> bytes:
        return pack(alike(width), "caffe_lenet", {"width": width}, SHAPE, CLASSES, free=False)

    assert same(unpack(file(0.02)).state, alike(0.02)), "a few such entries are in order"
    with pytest.raises(InputError, match="keep everything at one value"):
        file(1.0)
    with monkeypatch.context() as patch:
        patch.setattr(factored, "MOST_ALIKE", 1 << 40, raising=False)
        data = file(1.0)
    entries = sum(tensor.numel() for name, tensor in alike(1.0).items() if "/" in name)
    assert entries > 100 * len(data)
    with pytest.raises(InputError, match="keep everything at one value"):
        unpack(data)


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
    net = component("classifiers", "caffe_lenet")().build((1, 28, 28), 10)
    sizes = [(len(w), w[0].numel()) for w in prunable(net).values()]
    assert sum(m * n + min(m, n) * (m + n) for m, n in sizes) == 1_114_000
    assert set(NETS) == {"lenet", "convs"}
