"""Whatever the bytes, a card file is read or refused with one line: soon, in little memory, and never half."""

import json
import resource

import numpy as np
import pytest
import torch
from fuzzing import refusal
from hostile_cards import FIELDS, plain_files
from safetensors.numpy import save

from shiftpress.core.catalog import component
from shiftpress.core.problems import InputError
from shiftpress.packing import container
from shiftpress.packing.card import pack, unpack

RAW, REPAIRED = 4000, 4000
FORMAT = plain_files()
CARDS = FORMAT.files


@pytest.mark.fuzz
def test_damaged_files_are_refused():
    draw, said = np.random.default_rng(0), set()
    for turn in range(RAW):
        bad = FORMAT.broken(turn, draw)
        found = refusal(FORMAT.read, bad)
        assert FORMAT.is_right(bad, found)
        said.add((found or "").split(":")[0])
    assert len(said) > 3


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_files_with_repaired_digests_are_read_whole_or_refused():
    draw, before = np.random.default_rng(1), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = [refusal(FORMAT.read, FORMAT.lie(turn, draw)) for turn in range(REPAIRED)]
    reasons = {(text or "").split(":")[0][:60] for text in found}
    assert 0 < found.count(None) < REPAIRED / 2 and len(reasons) > 12
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 500_000, f"{grown} kB"


def forged(of: int = 32, arrays: dict | None = None, **facts) -> bytes:
    """A card with other facts or arrays, and a right digest."""
    old, contents = container.read(CARDS[of])
    return container.write(old.model_copy(update=facts), {**contents, **(arrays or {})})


def test_a_forged_file_without_changes_is_the_card_itself():
    assert forged() == CARDS[32] and refusal(FORMAT.read, CARDS[32]) is None


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
        (forged(1, {"kept": np.ones(5, np.complex64)}), "another type or length"),
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
    assert weights / 1024 < len(data) < weights / 1024 + 4096 and refusal(FORMAT.read, data) is None
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


def rewritten(change) -> bytes:
    """A card whose header is changed as JSON."""
    data = CARDS[32]
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    change(header)
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + data[8 + size :]


@pytest.mark.parametrize("width", ["NaN", "-Infinity", "1e999", '"\\ud800"', '{"\\ud800": 1}'])
def test_facts_that_no_card_could_be_written_with_are_refused(width):
    def change(header: dict) -> None:
        facts = header["__metadata__"]["shiftpress"]
        assert '"width": 0.05' in facts
        header["__metadata__"]["shiftpress"] = facts.replace('"width": 0.05', f'"width": {width}')

    with pytest.raises(InputError, match="^The card file's facts are wrong: ") as refused:
        unpack(rewritten(change))
    assert str(refused.value).isprintable() and len(str(refused.value)) < 250


@pytest.mark.parametrize("kind", ['F": 4\n}', "\x1b[2J", "F" * 5000])
def test_what_a_library_quotes_of_a_file_stays_on_a_short_line(kind):
    def change(header: dict) -> None:
        next(entry for name, entry in header.items() if name != "__metadata__")["dtype"] = kind

    said = refusal(plain_files().read, rewritten(change))
    assert said.isprintable() and len(said) < 300
