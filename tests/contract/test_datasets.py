"""Every dataset in params.yaml keeps the contract of datasets/base.py; where raw files do not ship, on made ones."""

import contextlib
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rawfiles import WRITERS, made_sets, npy, place_made_files, write_office

from shiftpress.assembly import build
from shiftpress.core.catalog import component, kinds
from shiftpress.core.pixels import pixel_digest, set_digest
from shiftpress.core.problems import InputError
from shiftpress.core.rawdata import obtain
from shiftpress.core.splits import SPLITS, as_tensors, load_split
from shiftpress.core.tensors import write_tensors
from shiftpress.datasets.base import UNKNOWN, Part
from shiftpress.loading import load_study
from shiftpress.preparation import prepare
from shiftpress.shifts.base import Others

ROOT = Path(__file__).parents[2]
ENTRIES = load_study([str(ROOT / "params.yaml")]).datasets


@pytest.fixture(scope="module", autouse=True)
def in_root():
    """Raw data are found relative to the repository."""
    with contextlib.chdir(ROOT):
        yield


def made_zip(folder: Path) -> str:
    """A user's own data: two classes of noise."""
    with zipfile.ZipFile(folder / "made.zip", "w") as archive:
        for number in range(200):
            buffer = io.BytesIO()
            noise = np.random.default_rng(number).integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(noise).save(buffer, "PNG")
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", buffer.getvalue())
    return str(folder / "made.zip")


@pytest.fixture(scope="module", params=list(ENTRIES))
def dataset(request, in_root, tmp_path_factory):
    entry = ENTRIES[request.param]
    root, found = tmp_path_factory.mktemp("data"), build("datasets", entry)
    with pytest.MonkeyPatch.context() as monkeypatch:
        if entry.kind == "imagefolder":
            found = found.model_copy(update={"path": made_zip(root)})
        elif entry.kind == "office31":
            write_office(root / "office", found.classes)
            found = found.model_copy(update={"path": str(root / "office")})
            monkeypatch.setattr(type(found), "card", replace(found.card, parts={}))
        elif entry.kind in WRITERS:
            place_made_files(entry.kind, root, monkeypatch)
            monkeypatch.chdir(root)
        else:
            for source, path in zip(found.sources(), found.raw, strict=True):
                obtain(source, path)
        assert found.missing() is None
        yield found


@pytest.fixture(scope="module")
def prepared(dataset):
    return prepare(dataset)


def test_splits_are_tensors_of_the_promised_shape(dataset, prepared):
    splits, card = prepared
    assert tuple(splits) == SPLITS
    for name, split in splits.items():
        if dataset.test_only and name != "test":
            assert len(split) == 0
            continue
        assert split.images.dtype == torch.uint8 and tuple(split.images.shape[1:]) == dataset.shape
        assert split.labels.dtype == split.ids.dtype == torch.int64
        assert len(split.images) == len(split.labels) == len(split.ids) == len(split.positions) > 0
        assert 0 <= split.pixels.min() and split.pixels.max() <= 1
        assert set(split.labels.tolist()) <= set(range(len(card["classes"])))


def test_splits_are_disjoint_and_hold_every_image_once(prepared):
    splits, card = prepared
    ids = torch.cat([split.ids for split in splits.values()])
    assert len(ids.unique()) == len(ids) == card["kept"]


def test_splits_have_about_their_shares_and_every_class(dataset, prepared):
    splits, card = prepared
    classes, official = len(card["classes"]), card["parts"].get("test", {"images": 0})["images"]
    shares = {"val": dataset.val_fraction, **({} if official else {"test": dataset.test_fraction})}
    for name, share in shares.items():
        drawn = card["kept"] - official
        assert abs(len(splits[name].ids) - share * drawn) <= 4 * (share * (1 - share) * drawn) ** 0.5
    # the made labels of an official part take turns; other splits are drawn, and a small one may miss a class
    large = [s for name, s in splits.items() if len(s) >= 8 * classes or (official and name == "test")]
    assert large and all(len(split.labels.unique()) == classes for split in large)


def test_the_official_test_part_is_the_test_split(prepared):
    splits, card = prepared
    if "test" in card["parts"]:
        assert len(splits["test"]) == card["parts"]["test"]["images"]
        assert sorted(splits["test"].positions.tolist()) == list(range(len(splits["test"])))


def test_it_repeats_to_the_bit(dataset, prepared):
    splits, card = prepare(dataset)
    assert card == prepared[1]
    assert all(torch.equal(splits[name].images, split.images) for name, split in prepared[0].items())


@pytest.mark.parametrize("kind", WRITERS)
def test_the_images_are_the_ones_that_were_written(kind, tmp_path, monkeypatch):
    """Pixels, their order, labels and parts, against what the file's writer was given."""
    sets = place_made_files(kind, tmp_path, monkeypatch, {"train": 20, "test": 10})
    monkeypatch.chdir(tmp_path)
    entry = next(entry for entry in ENTRIES.values() if entry.kind == kind)
    items = list(build("datasets", entry).read())
    for part in ("test",) if build("datasets", entry).test_only else ("train", "test"):
        images, labels = sets[part]
        darker = getattr(build("datasets", entry), "severity", 1)
        mine = [item for item in items if item.part == part]
        assert [item.label for item in mine] == labels.tolist()
        assert np.array_equal(np.stack([item.image for item in mine]), images // darker)


@pytest.mark.parametrize("kind", WRITERS)
def test_other_bytes_than_the_published_are_not_read(kind, tmp_path, monkeypatch):
    place_made_files(kind, tmp_path, monkeypatch, {"train": 20, "test": 10})
    monkeypatch.chdir(tmp_path)
    dataset = build("datasets", next(entry for entry in ENTRIES.values() if entry.kind == kind))
    with open(dataset.raw[0], "ab") as file:
        file.write(b"x")
    with pytest.raises(InputError, match=f"is not the published file: .*shiftpress data stage {kind}"):
        next(dataset.read())


def test_other_images_than_the_card_promises_are_refused(tmp_path, monkeypatch):
    sets = place_made_files("usps", tmp_path, monkeypatch, {"train": 200, "test": 50})
    monkeypatch.chdir(tmp_path)
    kind = component("datasets", "usps")
    digest = set_digest((pixel_digest(image), int(label)) for image, label in zip(*sets["test"], strict=True))
    for part, fits in ((Part(50), True), (Part(50, digest), True), (Part(51), False), (Part(50, "0" * 64), False)):
        monkeypatch.setattr(kind, "card", replace(kind.card, parts={"test": part}))
        if fits:
            assert prepare(kind())[1]["parts"]["test"]["sha256"] == digest
        else:
            with pytest.raises(InputError, match="these are not the published images: part 'test' has 50"):
                prepare(kind())


@pytest.mark.parametrize(("clean", "published"), [("cifar10", "cifar10_c"), ("mnist", "mnist_c")])
def test_published_shifts_stand_in_for_their_test_set(clean, published, tmp_path, monkeypatch):
    for kind in (clean, published):
        place_made_files(kind, tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    severity = {"severity": 3} if published == "cifar10_c" else {}
    test = prepare(build("datasets", {"kind": clean}))[0]["test"]
    shifted = prepare(build("datasets", {"kind": published, "corruption": "fog", **severity}))[0]["test"]
    shift = build("shifts", {"kind": "official", "severities": [3], "datasets": ["fog"]})
    out = shift.shift(test[:20], 3, 0, Others({"fog": shifted}, {}, {}))
    expected = made_sets(published)["test"][0][test.positions[:20]] // (3 if severity else 1)
    assert np.array_equal(out.images.permute(0, 2, 3, 1).squeeze(-1).numpy(), expected)
    assert torch.equal(out.labels, test.labels[:20])


def test_images_that_a_shift_has_made_equal_keep_their_places(tmp_path, monkeypatch):
    monkeypatch.setattr("rawfiles.made_sets", lambda *_: {"test": (np.zeros((9, 28, 28), np.uint8), np.arange(9))})
    place_made_files("mnist_c", tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    test = prepare(build("datasets", {"kind": "mnist_c", "corruption": "fog"}))[0]["test"]
    assert sorted(test.positions.tolist()) == list(range(9)) and test.positions.equal(test.labels)


def test_a_set_without_training_images_is_not_trained_on():
    with pytest.raises(InputError, match="mnist_fog: it has no images to train on"):
        load_study([str(ROOT / "params.yaml")], {"study": {"datasets": ["mnist_fog"]}})


def test_the_users_own_arrays_need_no_archive(tmp_path, monkeypatch):
    place_made_files("mnist_c", tmp_path, monkeypatch)
    with zipfile.ZipFile(tmp_path / "data/raw/mnist_c/mnist_c.zip") as archive:
        for name in archive.namelist():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(archive.read(name))
    mine = build("datasets", {"kind": "mnist_c", "corruption": "fog", "path": str(tmp_path / "mnist_c")})
    assert not mine.fetched and mine.missing() is None and len(list(mine.read())) == 200
    other = mine.model_copy(update={"corruption": "stripe"})
    with pytest.raises(InputError, match=r"has no stripe/test_images\.npy"):
        list(other.read())


ODD = {
    "five channels": (np.zeros((10, 32, 32, 5), np.uint8), np.zeros(10, np.int64)),
    "no channels": (np.zeros((10, 32, 32, 0), np.uint8), np.zeros(10, np.int64)),
    "no pixels": (np.zeros((10, 0, 32, 3), np.uint8), np.zeros(10, np.int64)),
    "one number for all images": (np.uint8(1), np.zeros(10, np.int64)),
    "one number for all labels": (np.zeros((10, 32, 32, 3), np.uint8), np.int64(1)),
    "fractions": (np.zeros((10, 32, 32, 3)), np.zeros(10, np.int64)),
    "fewer labels": (np.zeros((10, 32, 32, 3), np.uint8), np.zeros(5, np.int64)),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", ["cifar10_c", "mnist_c"])
def test_the_users_own_arrays_of_other_shapes_are_refused(kind, name, tmp_path, monkeypatch):
    images, labels = ODD[name]
    (tmp_path / "fog").mkdir()
    for cifar, mnist, array in (("fog.npy", "test_images.npy", images), ("labels.npy", "test_labels.npy", labels)):
        (tmp_path / cifar if kind == "cifar10_c" else tmp_path / "fog" / mnist).write_bytes(npy(array))
    severity = {"severity": 3} if kind == "cifar10_c" else {}
    mine = build("datasets", {"kind": kind, "corruption": "fog", "path": str(tmp_path), **severity})
    monkeypatch.setattr(type(mine), "card", replace(mine.card, parts={}))
    with pytest.raises(InputError, match=str(tmp_path)):
        prepare(mine)


@pytest.mark.parametrize("path", ["~nobody_here/x", "x" * 300, "x" * 300 + ".zip", "nowhere", "nowhere.zip"])
@pytest.mark.parametrize("entry", [{"kind": "imagefolder"}, {"kind": "office31", "domain": "dslr"},
                                   {"kind": "mnist_c", "corruption": "fog"}], ids=lambda e: e["kind"])  # fmt: skip
def test_a_path_to_nothing_or_to_nobodys_folder_is_missing(entry, path):
    dataset = build("datasets", {**entry, "path": path})
    assert path in dataset.missing() and str(dataset.raw[0]) == path


SPDX = {"MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "BSD-3-Clause"}


@pytest.mark.parametrize("kind", [kind for kind in kinds("datasets") if kind != "imagefolder"])
def test_every_card_has_terms_counts_and_digests(kind):
    card = component("datasets", kind).card
    assert all((card.title, card.origin, card.licence, card.citation)) and card.parts
    assert card.licence.split(" ")[0] in SPDX or re.match(r"custom terms.*, https?://", card.licence)
    for part in card.parts.values():
        assert part.images > 0 and (part.sha256 == UNKNOWN or re.fullmatch("[0-9a-f]{64}", part.sha256))


def test_the_card_names_source_terms_and_digests(prepared):
    card = prepared[1]
    assert all(card[key] for key in ("title", "origin", "licence", "citation", "shape"))
    assert all(len(digest) == 64 for digest in card["pixels_sha256"].values())


def test_a_limit_takes_the_first_of_the_same_order(dataset, prepared):
    few = prepare(dataset.model_copy(update={"limit": 20}))[0]
    assert all(torch.equal(few[name].ids, split.ids[:20]) for name, split in prepared[0].items())


def test_a_split_survives_its_file(prepared, tmp_path):
    split = prepared[0]["val"]
    write_tensors(tmp_path / "val", as_tensors(split), "me")
    found = load_split(tmp_path / "val")
    assert all(torch.equal(getattr(found, k), getattr(split, k)) for k in vars(split))


DIGESTS = {"mnist5k": "38dd2448cbf04d5c", "uci_digits": "d5e8fed5d8df1305"}


@pytest.mark.parametrize("kind", DIGESTS)
def test_the_embedded_sets_and_their_default_splits_are_the_known_ones(kind):
    """Digests of pixels and labels, whatever container they come from."""
    splits = prepare(component("datasets", kind)())[1]["pixels_sha256"]
    assert splits["test"].startswith(DIGESTS[kind])
