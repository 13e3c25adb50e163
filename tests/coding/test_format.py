"""The bytes of version 2 do not change: old files stay readable, and other versions of libraries agree."""

import struct

import constriction
import google_crc32c
import numpy as np
import pytest
import torch

from shiftpress.coding import container
from shiftpress.coding.container import Header, Part, Sections
from shiftpress.coding.packed import pack, unpack
from shiftpress.coding.parts import Receiver, Sender, chunk_size
from shiftpress.coding.ranked import Models, _Made, models_of
from shiftpress.coding.varints import read_escapes
from shiftpress.core.coding import TABLE_BITS, Symbols, Tables, Uniform
from shiftpress.core.problems import InputError

SHAPE = (1, 8, 8)
TABLES = Tables(
    torch.tensor([[1 << 20, 1 << 21, (1 << 20) - 5, 5], [100, 200, 300, (1 << TABLE_BITS) - 600]], dtype=torch.int32),
    torch.tensor([-1, 3], dtype=torch.int32),
)
SENT = [
    Symbols(torch.arange(70 * 3).reshape(70, 3) * 7 % 12, Uniform(12)),
    Symbols(
        (torch.arange(70 * 4).reshape(70, 4) % 3 - 1).int(), TABLES, torch.arange(70 * 4).reshape(70, 4) % 11 // 10
    ),
    Symbols((torch.arange(140).reshape(70, 2) ** 2 % 5 - 1).int(), TABLES, torch.zeros(2).long().expand(70, 2)),
]
CODED = (
    "89535043023b00000000000000000000000000000000ba350b8075740960046d6164650466756c6c010808465fd00151030c03000400021b"
    "b27eb0e90f98d6042c8c9b56fb27c4d0592ff388b5a8434ad27eb7600d0c240675ca081dbaae67cda8563767ba52c04be2f1546092a09dee"
    "be200f2e2630914a0fc80b1913133436d5903ecf92dc6f462da1982adc11de11f630f286a2379c58b6001749126eeaffbfb76526b13003f3"
    "7709338c6fbaf1ffbf0ffeffbf3f5b9873b1a69f1fbaf2ffbf33eeffff09054d6f46fbffff85f2ffbf4b5af931f42a4f1298eaffbf87faff"
    "bf5b16bc1c65c7c96d11f8ffbf3fecffbf27585555f55be45b6af2ffbf87ebffbfcf71c87f062de15caaecffbfc7f1ffbfef77960eb8b48a"
    "04e2efffbfafecffffff32f7190dfeffffcef7ffbf0b1a9f2718059d21b453c978e34adb6cdfe7c45bb07861372c8bb77d77f848b8a89283"
    "b54bbe2101f82ca79bb97619d4a3086bd9b59b87b815a2000000000102000102000102000102000102000102000102000106060606060606"
    "060606060606060606060606060606060606060606060606060606060606060606060606060606060606060602000606060606"
)  # fmt: skip


def stream() -> bytes:
    sender = Sender()
    for start, real in ((0, 64), (64, 6)):
        rows = slice(start, start + real)
        parts = [Symbols(s.values[rows], s.alphabet, s.rows if s.rows is None else s.rows[rows]) for s in SENT]
        sender.put(parts, real)
    header = Header("made", "full", bytes(16), SHAPE, 70, tuple(sender.parts), sender.symbols_crc)
    return container.write(header, sender.sections())


def receive(data: bytes, sent: list[Symbols] = SENT) -> list[torch.Tensor]:
    receiver, found = Receiver(*container.read(data)), [[] for _ in sent]
    for start, count in ((0, 64), (64, 6)):
        for place, part in enumerate(sent):
            rows = part.rows if part.rows is None else part.rows[start : start + count]
            found[place].append(receiver.take(part.alphabet, (count, part.values.shape[1]), rows))
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


def plainly_read(data: bytes) -> list[torch.Tensor]:
    """The parts with tables by a reader that takes docs/bitstream.md word for word, symbol after symbol."""
    _, sections = container.read(data)
    coder = constriction.stream.stack.AnsCoder(np.frombuffer(sections.coded, "<u4").astype(np.uint32))
    escaped, found = read_escapes(sections.escaped), [part.values.clone() for part in SENT[1:]]
    for chunk in (range(64), range(64, 70)):
        for part, values in zip(SENT[1:], found, strict=True):
            missing = []
            for table, (counts, first) in enumerate(zip(TABLES.counts.tolist(), TABLES.offsets.tolist(), strict=True)):
                ranked = sorted(range(len(counts) - 1), key=lambda place: (-counts[place], place))
                frequencies = np.array([*(counts[place] for place in ranked), counts[-1]], np.float64)
                model = constriction.stream.model.Categorical(frequencies, perfect=False)
                for place, image in ((p, i) for p in range(values.shape[1]) for i in chunk if part.rows[i, p] == table):
                    rank = coder.decode(model)
                    values[image, place] = first + ranked[rank] if rank < len(ranked) else 0
                    missing += [(image, place)] if rank == len(ranked) else []
            for image, place in sorted(missing):
                values[image, place] = next(escaped)
    assert coder.is_empty() and next(escaped, None) is None
    return found


def test_a_reader_that_takes_the_document_at_its_word_reads_the_same():
    for part, found in zip(SENT[1:], plainly_read(bytes.fromhex(CODED)), strict=True):
        assert torch.equal(part.values, found)


def test_a_stream_of_version_1_is_refused_in_words():
    data = bytearray(bytes.fromhex(CODED))
    data[4] = 1
    data[55:59] = struct.pack("<I", google_crc32c.value(bytes(data[:55])))
    assert data[5] == 59
    with pytest.raises(InputError, match="^The stream has version 1; this program reads version 2.$"):
        container.read(bytes(data))


def random_tables(draw: np.random.Generator, count: int = 40) -> Tables:
    """Narrow and wide ones, many with places that never occur."""
    places = np.arange(-64, 65)
    made = []
    for width in np.exp(draw.uniform(-3, 4, count)):
        shape = np.exp(-np.abs(places - draw.integers(-3, 4)) / width)
        counts = np.floor(shape / shape.sum() * ((1 << TABLE_BITS) - 1)).astype(int)
        made.append([*counts, (1 << TABLE_BITS) - counts.sum()])
    return Tables(torch.tensor(made, dtype=torch.int32), torch.full((count,), -64, dtype=torch.int32))


def test_both_ways_to_decode_read_the_same_stream():
    """Which one is the quicker may change from version to version, so neither may be part of the format."""
    models = Models(random_tables(np.random.default_rng(0)))
    counts, ways = models.decoders._counts, models.decoders._lazy
    assert len(ways) == 40 and 5 < sum(ways) < 35, "some tables of each way"
    symbols = np.random.default_rng(1).integers(0, 130, (40, 500)).astype(np.int32)
    every = [models.encoders, models.decoders, *(_Made(counts, [lazy] * 40) for lazy in (False, True))]
    streams = []
    for made in every:
        coder = constriction.stream.stack.AnsCoder()
        for row in range(40):
            coder.encode_reverse(symbols[row], made[row])
        streams.append(coder.get_compressed())
    assert all(np.array_equal(streams[0], other) for other in streams[1:])
    for made in every:
        coder = constriction.stream.stack.AnsCoder(streams[0])
        for row in reversed(range(40)):
            assert np.array_equal(coder.decode(made[row], 500), symbols[row])
        assert coder.is_empty()


@pytest.mark.parametrize("shared", [True, False], ids=["the same tables for every image", "other tables for each"])
def test_integers_of_any_size_come_back_as_they_were(shared):
    draw = np.random.default_rng(2)
    tables = random_tables(draw)
    tables = Tables(tables.counts, torch.tensor(draw.integers(-200, 200, 40), dtype=torch.int32))
    tables.offsets[:2] = torch.tensor([-(1 << 20), 1 << 20])
    values = draw.integers(-300, 300, (70, 50))
    odd = [
        -(1 << 31),
        (1 << 31) - 1,
        -(1 << 31) + 63,
        (1 << 31) - 64,
        (1 << 20) + 128,
        (1 << 20) + 129,
        -(1 << 20) - 1,
        0,
    ]
    values[draw.integers(0, 70, 400), draw.integers(0, 50, 400)] = draw.choice(odd, 400)
    rows = torch.from_numpy(draw.integers(0, 40, (1 if shared else 70, 50))).expand(70, -1)
    sent, sender = [Symbols(torch.from_numpy(values).int(), tables, rows)], Sender()
    for start, real in ((0, 64), (64, 6)):
        sender.put([Symbols(sent[0].values[start : start + 64], tables, rows[start : start + 64])], real)
    header = Header("made", "full", bytes(16), SHAPE, 70, tuple(sender.parts), sender.symbols_crc)
    (found,) = receive(container.write(header, sender.sections()), sent)
    assert torch.equal(found, sent[0].values) and found.dtype == torch.int32


def test_integers_that_could_overflow_are_not_taken():
    with pytest.raises(TypeError, match="int32"):
        Sender().put([Symbols(SENT[1].values.long(), TABLES, SENT[1].rows)], 70)


def test_models_are_made_again_when_the_tables_change():
    tables = Tables(TABLES.counts.clone(), TABLES.offsets.clone())
    made = models_of(tables)
    assert models_of(Tables(tables.counts.clone(), tables.offsets.clone())) is made
    tables.offsets.add_(1)
    assert models_of(tables) is not made


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
