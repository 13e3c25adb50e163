"""Decks are scored as their definitions say, from cards that come out of packed bytes."""

import pytest
import torch

from shiftpress.augmentations.augmix import AugMix
from shiftpress.augmentations.clean import Clean
from shiftpress.augmentations.gaussian import Gaussian
from shiftpress.classifiers.convs import ConvS
from shiftpress.core.decks import Budgets, Deck, Member
from shiftpress.core.params import Analysis
from shiftpress.core.splits import Split
from shiftpress.evaluation.budgets import found_within, search
from shiftpress.evaluation.cells import Cell
from shiftpress.evaluation.decks import score_decks, seen_by
from shiftpress.evaluation.deployed import classify
from shiftpress.evaluation.hands import bank_of, files_of, laid_out, of_deck_storage, varied
from shiftpress.evaluation.streams import PARTS, Streams, View
from shiftpress.gates.confidence import Confidence
from shiftpress.gates.oracle import Oracle
from shiftpress.gates.spectral import Spectral
from shiftpress.gates.uniform import Uniform
from shiftpress.packing.card import pack

CARDS = ["net/augmix/lrr/95", "net/gaussian/lrr/95"]
DECK = Deck(cards=CARDS, copies=2)
FIELDS = {"width": 0.25}
SHARED = {"phase": "decks", "dataset": "d", "seed": 3, "fingerprint": "f"}
SETTINGS = Analysis(deck_images=20, stream_images=40)


def packed(seed: int) -> bytes:
    torch.manual_seed(seed)
    net = ConvS(**FIELDS).build((1, 16, 16), 4)
    return pack(net.state_dict(), "convs", FIELDS, (1, 16, 16), 4)


FILES = {member.key: packed(number) for number, member in enumerate(DECK.members)}
TRAIN = Split(
    torch.randint(0, 256, (30, 1, 16, 16), generator=torch.Generator().manual_seed(1), dtype=torch.uint8),
    torch.arange(30) % 4,
    torch.arange(30),
    torch.arange(30),
)
AUGMENTATIONS = {"augmix": AugMix(), "gaussian": Gaussian()}
BANK = bank_of(TRAIN, "d", AUGMENTATIONS, 20, 0)
GATES = {"uniform": Uniform(), "spectral": Spectral(batches=[1, 7]), "oracle": Oracle(), "confidence": Confidence()}


def cell(shift: str, severity: float, seed: int) -> Cell:
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 4, (25,), generator=random)
    return Cell(shift, severity, "regenerated", torch.rand(25, 1, 16, 16, generator=random), labels)


CELLS = [cell("clean", 0.0, 1), cell("fog", 1.0, 2), cell("fog", 5.0, 3), cell("snow", 1.0, 4)]


@pytest.fixture(scope="module")
def table():
    return laid_out(FILES, {"pair": DECK}, GATES, BANK)


@pytest.fixture(scope="module")
def records(table):
    return list(score_decks(table, CELLS, len(CELLS), SETTINGS, 3, **SHARED))


def value(records, model, shift, metric, severity=None):
    found = [
        r.value
        for r in records
        if (r.model, r.shift, r.metric) == (model, shift, metric) and severity in (None, r.severity)
    ]
    assert len(found) == 1, found
    return found[0]


def test_a_deck_holds_every_copy_of_its_cards_and_a_key_names_one():
    assert [member.key for member in DECK.members] == [f"{card}/{copy}" for card in CARDS for copy in (0, 1)]
    member = Member.of("net/augmix/lrr/95/1")
    assert member == DECK.members[1] and (member.classifier, member.augmentation) == ("net", "augmix")
    assert (member.network, member.pruner, member.level) == ("net/augmix/lrr", "lrr", "95")
    assert Member("net/augmix/dense", 0).level == "0"
    half = Deck(cards=CARDS, copies=1, bits=16).members[1]
    assert half.key == "net/gaussian/lrr/95/0@16" and Member.of(half.key) == half and half.level == "95"
    with pytest.raises(ValueError, match="raise copies"):
        Deck(cards=[CARDS[0], CARDS[0]])


def test_members_come_out_of_their_bytes_with_the_same_logits(table):
    torch.manual_seed(2)
    net = ConvS(**FIELDS).build((1, 16, 16), 4).eval()
    images = CELLS[0].images
    with torch.no_grad():
        wanted = net.to(memory_format=torch.channels_last)(images.contiguous(memory_format=torch.channels_last))
    assert torch.equal(table.nets["net/gaussian/lrr/95/0"](images), wanted)


def test_a_card_that_diverged_takes_its_deck_along_and_not_the_other_cards(table, records):
    files = {key: file for key, file in FILES.items() if key != DECK.members[0].key}
    alone = Deck(cards=CARDS[1:], copies=2)
    found = laid_out(files, {"pair": DECK, "alone": alone}, GATES, BANK, {"pair": 7})
    assert list(found.nets) == list(files) and [deck.name for deck in found.decks] == ["alone"]
    none = laid_out(files, {"pair": DECK}, GATES, BANK, {"pair": 7})
    assert list(none.nets) == list(files) and not none.decks
    scored = list(score_decks(none, CELLS, len(CELLS), SETTINGS, 3, **SHARED))
    assert {r.model for r in scored} == set(files)
    for key in files:
        assert value(scored, key, "fog", "accuracy", 5.0) == value(records, key, "fog", "accuracy", 5.0)
    with pytest.raises(KeyError):
        laid_out(files, {"pair": DECK}, GATES, BANK)


def test_files_are_told_apart_by_seed():
    tensors = {f"{s}/{key}": torch.tensor([s, 7], dtype=torch.uint8) for s in (1, 11) for key in FILES}
    assert files_of(tensors, 1) == dict.fromkeys(FILES, bytes([1, 7]))


def test_a_batch_goes_once_through_every_card(table, monkeypatch):
    seen = {name: [] for name in table.nets}
    for name, net in table.nets.items():
        monkeypatch.setattr(net, "forward", lambda x, n=name, f=net.forward: (seen[n].append(x), f(x))[1])
    seen_by(table, CELLS[0], 20)
    assert all(len(batches) == 1 for batches in seen.values())
    assert len({batches[0].data_ptr() for batches in seen.values()}) == 1, "one batch, shared by all"


def test_an_even_deck_is_the_mean_of_its_cards(table, records):
    view = seen_by(table, CELLS[2], 20)
    chances = view.logits.double().softmax(2).mean(0)
    wanted = float((chances.argmax(1) == CELLS[2].labels[:20]).double().mean())
    assert value(records, "pair/uniform", "fog", "accuracy", 5.0) == wanted
    assert value(records, "pair/uniform", "fog", "cards_used", 5.0) == 4


def test_every_gate_and_batch_size_is_a_model_in_every_cell(records):
    models = {r.model for r in records}
    own = {"pair/uniform", "pair/spectral/1", "pair/spectral/7", "pair/oracle", "pair/confidence", "pair/best"}
    assert models == own | set(FILES)
    for model in own - {"pair/best"}:
        cells = {(r.shift, r.severity) for r in records if r.model == model}
        assert cells == {("clean", 0), ("fog", 1), ("fog", 5), ("snow", 1), ("mixed", 1)} | {
            ("drift", (k + 1) / PARTS) for k in range(PARTS)
        }
    assert len({(r.model, r.shift, r.severity, r.metric) for r in records}) == len(records)


def test_weights_of_the_augmentations_add_up_and_cost_is_counted(records):
    for model in ("pair/spectral/1", "pair/spectral/7", "pair/oracle", "pair/confidence"):
        for shift, severity in (("clean", 0.0), ("fog", 5.0), ("mixed", 1.0)):
            both = [value(records, model, shift, f"weight_{a}", severity) for a in ("augmix", "gaussian")]
            assert sum(both) == pytest.approx(1)
            used = value(records, model, shift, "cards_used", severity)
            assert used == (4 if model == "pair/confidence" else 2), "to be the surest, all cards have to run"


def test_nobody_beats_the_oracle_among_gates_that_choose_one_augmentation_a_cell(table, records):
    for c in CELLS:
        best = value(records, "pair/oracle", c.shift, "accuracy", c.severity)
        view = seen_by(table, c, 20)
        for rows in (view.logits[:2], view.logits[2:]):
            assert (rows.double().softmax(2).mean(0).argmax(1) == view.labels).double().mean() <= best


def test_the_best_card_is_picked_under_the_corruptions_in_hindsight(records):
    def robust(model):
        fog = [value(records, model, "fog", "accuracy", s) for s in (1.0, 5.0)]
        return (sum(fog) / 2 + value(records, model, "snow", "accuracy")) / 2

    assert robust("pair/best") == max(robust(key) for key in FILES)
    assert value(records, "pair/best", "clean", "accuracy") in [
        value(records, key, "clean", "accuracy") for key in FILES if robust(key) == robust("pair/best")
    ]


def test_the_drifting_stream_goes_from_cell_to_cell_and_the_mixed_one_does_not():
    streams = Streams(4, 400, seed=0)
    for k in range(4):
        none = torch.zeros(200, 1)
        streams.add(View("s", float(k), "regenerated", torch.full((200,), k), torch.zeros(2, 200, 3), {"g": none + k}))
    mixed, *parts = streams.views()
    assert len(mixed.labels) == 400 and mixed.labels.bincount().tolist() == [100] * 4
    assert mixed.labels[:100].float().mean() == pytest.approx(1.5, abs=0.4)
    means = [float(part.labels.float().mean()) for part in parts]
    assert len(parts) == PARTS and means == sorted(means) and means[0] == 0 and means[-1] > 2.8
    assert any(len(part.labels.unique()) > 1 for part in parts), "one fades into the next"
    assert all(torch.equal(part.features["g"][:, 0].long(), part.labels) for part in parts)
    assert [part.severity for part in parts] == [pytest.approx((k + 1) / PARTS) for k in range(PARTS)]


def test_the_bank_is_made_of_the_same_images_under_each_augmentation_and_repeats():
    again = bank_of(TRAIN, "d", AUGMENTATIONS | {"clean": Clean()}, 20, 0)
    assert all(torch.equal(again[name], BANK[name]) for name in BANK) and len(BANK["augmix"]) == 20
    noisy = (again["gaussian"] != again["clean"]).flatten(1).any(1).double().mean()
    assert 0.2 < noisy < 0.8
    jsd = varied(TRAIN, "d", {"a": AugMix(jsd=12.0)}, 0)["a"]
    assert not torch.equal(jsd, TRAIN.pixels), "not the view that is the image itself"


def test_bytes_of_a_deck_are_those_of_its_files():
    rows = {r.metric: r.value for r in of_deck_storage("pair", DECK.members, FILES, **SHARED)}
    assert rows["disk_bytes"] == sum(map(len, FILES.values()))
    assert rows["disk_per_dense"] == rows["disk_bytes"] / rows["bytes_dense"] > 1, "four whole networks"
    assert rows["card/net/augmix/lrr/95/1"] == 1
    assert {"nonzero_per_dense", "bitmap_per_dense", "entropy_per_dense"} <= rows.keys()


LABELS = torch.tensor([0, 1, 0, 1])
GOOD = torch.tensor([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.7, 0.3]]).double()
MATE = torch.tensor([[0.6, 0.4], [0.6, 0.4], [0.6, 0.4], [0.1, 0.9]]).double()
BAD = torch.tensor([[0.1, 0.9], [0.9, 0.1], [0.1, 0.9], [0.9, 0.1]]).double()


def test_the_search_adds_what_helps_and_stops_at_the_budget():
    chances = torch.stack([BAD, MATE, GOOD])
    assert search(chances, LABELS, [10, 10, 10], 30, 6) == [2, 1]
    assert search(chances, LABELS, [10, 10, 10], 15, 6) == [2]
    assert search(chances, LABELS, [10, 10, 40], 30, 6) == [1]
    assert search(chances, LABELS, [10, 10, 10], 5, 6) == []
    assert search(chances, LABELS, [10, 10, 10], 30, 1) == [2]


def test_of_equal_cards_the_lighter_is_taken():
    assert search(torch.stack([GOOD, GOOD]), LABELS, [20, 10], 30, 1) == [1]


def test_decks_within_a_budget_hold_no_more_than_it_and_see_no_test_image():
    views = varied(TRAIN, "d", AUGMENTATIONS, 0)
    budgets = Budgets(bytes=[1, len(FILES[CARDS[0] + "/0"]), 10**6])
    table, members = found_within(budgets, FILES, list(FILES), TRAIN, views, Uniform())
    assert list(members) == [f"budget_{b}" for b in budgets.bytes[1:]], "no card has one byte"
    for name, own in members.items():
        assert sum(len(FILES[m.key]) for m in own) <= int(name.split("_")[1])
        (deck,) = (d for d in table.decks if d.name == name)
        assert [list(table.nets)[place] for place in deck.places] == [m.key for m in own]


@pytest.mark.parametrize("keys", [[], list(FILES)])
def test_where_no_card_fits_or_all_diverged_there_is_no_deck(keys):
    table, members = found_within(Budgets(bytes=[1]), FILES, keys, TRAIN, {}, Uniform())
    assert not members and not table.nets and not table.decks


@pytest.mark.parametrize(("gate", "batch"), [("uniform", 20), ("spectral", 1), ("spectral", 7), ("confidence", 20)])
def test_a_deployed_deck_says_what_the_scored_one_says_and_runs_no_card_in_vain(
    table, records, monkeypatch, gate, batch
):
    calls = []
    for name, net in table.nets.items():
        monkeypatch.setattr(net, "forward", lambda x, n=name, f=net.forward: (calls.append(len(x)), f(x))[1])
    for c in CELLS:
        calls.clear()
        chances = classify(table, table.decks[0], gate, batch, c.images[:20], torch.Generator())
        model = f"pair/{gate}" + (f"/{batch}" if gate == "spectral" else "")
        right = float((chances.argmax(1) == c.labels[:20]).double().mean())
        assert right == value(records, model, c.shift, "accuracy", c.severity)
        assert sum(calls) / 20 == pytest.approx(value(records, model, c.shift, "cards_used", c.severity))


def test_the_oracle_cannot_be_deployed(table):
    with pytest.raises(ValueError, match="nobody can deploy it"):
        classify(table, table.decks[0], "oracle", 10, CELLS[0].images, torch.Generator())
