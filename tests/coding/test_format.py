"""The bytes of version 1 do not change: old files stay readable, and other versions of libraries agree."""

import numpy as np
import pytest
import torch

from shiftpress.coding import container
from shiftpress.coding.container import Header, Part, Sections
from shiftpress.coding.packed import pack, unpack
from shiftpress.coding.parts import Receiver, Sender, chunk_size
from shiftpress.core.coding import TABLE_BITS, Symbols, Tables, Uniform
from shiftpress.core.problems import InputError

SHAPE = (1, 8, 8)
TABLES = Tables(
    torch.tensor([[1 << 20, 1 << 21, (1 << 20) - 5, 5], [100, 200, 300, (1 << TABLE_BITS) - 600]], dtype=torch.int32),
    torch.tensor([-1, 3], dtype=torch.int32),
)
SENT = [
    Symbols(torch.arange(70 * 3).reshape(70, 3) * 7 % 12, Uniform(12)),
    Symbols(torch.arange(70 * 4).reshape(70, 4) % 3 - 1, TABLES, torch.arange(70 * 4).reshape(70, 4) % 11 // 10),
    Symbols(torch.arange(70 * 2).reshape(70, 2) ** 2 % 5 - 1, TABLES, torch.zeros(2, dtype=torch.int64).expand(70, 2)),
]
CODED = (
    "89535043013b00000000000000000000000000000000ba350b804335408b046d6164650466756c6c010808465fd00151030c030004000205"
    "a07aa2e90f98d6042c8c9b56fb27c4d0592ff388b5a8434ad27eb7600d0c240675ca081dbaae67cda8563767ba52c04be2f1546092a09dee"
    "be200f2e2630914a0fc80b1913133436d5903ecf92dc6f462da1982adc11de11f630f286a2379c58b600edffff5566526345f1ff3fb7bcdc"
    "e8ecfeff3f8b4b884a39d112b7fdefff3f4ffbff3ff3be749b8a4b1b5cb1f4ff3f87ecff3fe73bdf8c8672689474f5ff3fd7ffff3f77fb65"
    "6ece369d5348efff3fe7efffff40434d989ff4ff3f0ffdff3f6bee0d74a14aa0a4c0f6ff3f77f5ff3f138a906b63c6e26dc1f2ff3f03f6ff"
    "3fab661872ff0b65b7b9f4ff3f73f7ff3fb7217a6a25ab656f3d7c7254c5b864a507a5871042ce706676cb9c4e7417465782a9071e57c8d9"
    "4d7429d69327f9b0d8f1724ac29a96e1f31130932275169b0e02020001020001010200010200000102000102000102000106060606060606"
    "060606060606060606060606060606060606060606060606060606060606060606060606060606060606060600020606060606"
)  # fmt: skip


def stream() -> bytes:
    sender = Sender()
    for start, real in ((0, 64), (64, 6)):
        rows = slice(start, start + real)
        parts = [Symbols(s.values[rows], s.alphabet, s.rows if s.rows is None else s.rows[rows]) for s in SENT]
        sender.put(parts, real)
    header = Header("made", "full", bytes(16), SHAPE, 70, tuple(sender.parts), sender.symbols_crc)
    return container.write(header, sender.sections())


def padded(rows: torch.Tensor | None, start: int) -> torch.Tensor | None:
    return rows if rows is None else torch.cat([rows, rows[:58]])[start : start + 64]


def receive(data: bytes, sent: list[Symbols] = SENT) -> list[torch.Tensor]:
    receiver, found = Receiver(*container.read(data)), [[] for _ in sent]
    for start in (0, 64):
        for place, part in enumerate(sent):
            taken = receiver.take(part.alphabet, (64, part.values.shape[1]), padded(part.rows, start))
            found[place].append(taken[: 70 - start])
        receiver.next_chunk()
    receiver.finish()
    return [torch.cat(chunks) for chunks in found]


def test_a_stream_has_the_bytes_it_always_had():
    assert stream().hex() == CODED


def test_what_was_sent_is_received_by_tables_and_escapes():
    header, sections = container.read(bytes.fromhex(CODED))
    assert header.parts == (Part(12, 3), Part(0, 4), Part(0, 2)) and chunk_size(SHAPE) == 64
    assert sections.packed and sections.coded and sections.escaped
    for sent, found in zip(SENT, receive(bytes.fromhex(CODED)), strict=True):
        assert torch.equal(sent.values, found)


def test_a_packed_number_has_the_bytes_it_always_had():
    symbols = np.arange(40) * 5 % 12
    assert pack([(12, symbols), (3, symbols % 3)]).hex() == "a968ec6452a870e9441e6ef19e4d18428058c24e52b373b21e4d"
    assert np.array_equal(
        unpack(bytes.fromhex("a968ec6452a870e9441e6ef19e4d18428058c24e52b373b21e4d"), [(12, 40), (3, 40)])[0], symbols
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: [parts[1], parts[0], parts[2]],
        lambda parts: parts[:2],
        lambda parts: [*parts, parts[2]],
        lambda parts: [Symbols(parts[0].values, Uniform(13)), *parts[1:]],
        lambda parts: [Symbols(parts[0].values[:, :2], Uniform(12)), *parts[1:]],
        lambda parts: [Symbols(parts[0].values, TABLES, parts[1].rows[:, :3]), *parts[1:]],
    ],
    ids=["swapped", "fewer", "more", "levels", "narrower", "tables"],
)
def test_a_model_that_reads_other_parts_is_refused(change):
    with pytest.raises(InputError, match="parts"):
        receive(stream(), change(SENT))


def test_other_tables_are_noticed():
    swapped = Tables(TABLES.counts.flip(0), TABLES.offsets)
    sent = [SENT[0], Symbols(SENT[1].values, swapped, SENT[1].rows), SENT[2]]
    with pytest.raises(InputError):
        receive(stream(), sent)


def test_a_table_the_model_does_not_have_is_refused():
    for row in (-1, 2):
        rows = torch.full((70, 4), row)
        with pytest.raises(InputError, match="a table it does not have"):
            receive(stream(), [SENT[0], Symbols(SENT[1].values, TABLES, rows), SENT[2]])


def test_the_payload_is_cut_into_sections_as_announced():
    header, sections = container.read(stream())
    moved = Sections(sections.packed, sections.coded + sections.escaped[:4], sections.escaped[4:])
    with pytest.raises(InputError):
        receive(container.write(header, moved))
    for fewer in (sections.coded[:-4], sections.coded[4:], sections.coded[:-1], b""):
        with pytest.raises(InputError):
            receive(container.write(header, Sections(sections.packed, fewer, sections.escaped)))
