"""Every dataset in params.yaml that can be read here keeps the contract of datasets/base.py."""

import contextlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from shiftpress.assembly import build, load_study
from shiftpress.core.rawdata import obtain
from shiftpress.core.splits import SPLITS, as_tensors, load_split
from shiftpress.core.tensors import write_tensors
from shiftpress.datasets.imagefolder import ImageFolder
from shiftpress.preparation import prepare

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
    found = build("datasets", ENTRIES[request.param])
    if isinstance(found, ImageFolder):
        found = found.model_copy(update={"path": made_zip(tmp_path_factory.mktemp("data"))})
    for path in found.raw:
        if found.fetched and not path.is_file():
            obtain(path, Path("data/pointers") / f"{path.parent.name}.dvc", found.embedded(path.name))
    assert found.missing() is None
    return found


@pytest.fixture(scope="module")
def prepared(dataset):
    return prepare(dataset)


def test_splits_are_tensors_of_the_promised_shape(dataset, prepared):
    splits, card = prepared
    assert tuple(splits) == SPLITS
    for split in splits.values():
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
    shares = {"test": dataset.test_fraction, "val": dataset.val_fraction}
    for name, share in shares.items():
        expected, error = share * card["kept"], 4 * (share * (1 - share) * card["kept"]) ** 0.5
        assert abs(len(splits[name].ids) - expected) < error
        assert len(splits[name].labels.unique()) == len(card["classes"])


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


DIGESTS = {"mnist5k": "38dd2448cbf04d5c", "uci": "d5e8fed5d8df1305"}


@pytest.mark.parametrize("name", DIGESTS)
def test_the_embedded_sets_are_the_known_ones(name):
    """Digests of pixels and labels, whatever container they come from."""
    card = prepare(build("datasets", ENTRIES[name]))[1]
    assert card["pixels_sha256"]["test"].startswith(DIGESTS[name])
