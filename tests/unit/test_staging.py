"""Staging brings, checks and records; a copy in any container is told from another dataset."""

import io
import json
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet
from rawfiles import place_made_files, write_idx
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.core import containers

ROOT = Path(__file__).parents[2]


@pytest.fixture
def verb(tmp_path, monkeypatch):
    """The verbs in an empty project."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / "data/pointers", tmp_path / "data/pointers")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHIFTPRESS_MIRRORS", raising=False)
    return lambda *words: CliRunner().invoke(app, ["data", *map(str, words)])


@pytest.fixture
def sets(verb, tmp_path, monkeypatch):
    """MNIST, made small; its files lie in a mirror folder and not yet in data/raw."""
    made = place_made_files("mnist", tmp_path, monkeypatch, {"train": 60, "test": 20})
    (tmp_path / "data/raw/mnist").rename(tmp_path / "mnist")
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mnist").rename(tmp_path / "mirror/mnist")
    return made


@pytest.fixture
def web(tmp_path):
    """The same project as a web host."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_files_come_from_a_mirror_and_status_says_which(verb, sets, web, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    assert verb("status", "mnist").stdout.count("missing") == 4
    done = verb("stage", "mnist", "--mirror", f"{web}/nothing", "--mirror", f"{web}/mirror")
    assert done.exit_code == 0, done.stderr
    assert "mnist: train: 60 images, pixels sha256 " in done.stdout
    told = verb("status", "mnist").stdout.splitlines()
    assert len(told) == 4 and all("there, checked" in line and "from 127.0.0.1:" in line for line in told)
    assert "was there already" in verb("stage", "mnist").stdout


def test_a_file_that_cannot_be_had_is_told_with_each_place_and_the_next_step(verb, sets, web, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    done = verb("stage", "mnist", "uci", "--mirror", f"{web}/nothing", "--mirror", "no/such/folder")
    assert done.exit_code == 2 and "uci: all: 1,797 images" in done.stdout, "the others are staged all the same"
    for words in ("train-images-idx3-ubyte.gz cannot be had", "127.0.0.1:", "404", "no/such/folder", "Next, one of"):
        assert words in done.stderr


def test_what_has_begun_and_what_is_wrong_stands_in_the_table(verb, sets, tmp_path):
    folder = tmp_path / "data/raw/mnist"
    folder.mkdir(parents=True)
    (folder / ".train-images-idx3-ubyte.gz.part").write_bytes(b"12345")
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(b"other")
    told = verb("status", "mnist").stdout
    assert "begun: 5 bytes" in told and "another file: it has 5 bytes" in told


def test_status_tells_of_every_dataset_without_any(verb):
    told = verb("status")
    assert told.exit_code == 0
    for name in ("mnist5k", "cifar10_fog_1", "office_amazon", "mine"):
        assert name in told.stdout
    assert "yours to bring" in told.stdout


def test_without_names_the_datasets_of_the_study_are_staged(verb):
    done = verb("stage")
    assert done.exit_code == 0 and "mnist5k: all: 5,000 images" in done.stdout and "cifar" not in done.stdout


def test_an_unknown_name_is_answered_with_the_likely_one(verb):
    done = verb("stage", "cifar11")
    assert done.exit_code == 2 and "Did you mean 'cifar10'?" in done.stderr


def test_what_the_user_must_bring_is_asked_for(verb):
    done = verb("stage", "mine", "office31")
    assert done.exit_code == 2 and "mine: 'data/raw/mine.zip' is neither" in done.stderr
    assert "office31: 'data/raw/office31' is neither" in done.stderr and "says how to get it" in done.stderr


def test_other_images_than_at_the_first_stage_are_refused(verb, sets, tmp_path):
    assert verb("stage", "mnist", "--mirror", "mirror").exit_code == 0
    record = tmp_path / "data/raw/pixels/mnist.json"
    facts = json.loads(record.read_bytes())
    facts["test"]["sha256"] = "0" * 64
    record.write_text(json.dumps(facts))
    done = verb("stage", "mnist")
    assert done.exit_code == 2 and "other images than when first staged" in done.stderr


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def as_idx(folder, sets):
    folder.mkdir()
    write_idx(folder, sets)
    return folder


def as_npz(folder, sets):
    arrays = {f"{w}_{part}": a for part, pair in sets.items() for w, a in zip("xy", pair, strict=True)}
    np.savez_compressed(f"{folder}.npz", **arrays)
    return f"{folder}.npz"


def as_pictures(folder, sets):
    """In another order, one folder per class."""
    for part, (images, labels) in sets.items():
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            place = folder / part / str(label) / f"{len(images) - number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(png(image))
    return folder


def as_zipped_pictures(folder, sets):
    return shutil.make_archive(str(folder) + "_packed", "zip", as_pictures(folder, sets))


def as_parquet(folder, sets):
    folder.mkdir()
    for part, (images, labels) in sets.items():
        pictures = [{"bytes": png(image), "path": f"{number}.png"} for number, image in enumerate(images)]
        table = pa.table({"image": pictures, "label": pa.array(labels.tolist())})
        parquet.write_table(table, folder / f"{part}-00000-of-00001.parquet")
    return folder


CONTAINERS = [as_idx, as_npz, as_pictures, as_zipped_pictures, as_parquet]


@pytest.mark.parametrize("written", CONTAINERS, ids=lambda f: f.__name__)
def test_the_same_images_verify_from_any_container(written, verb, sets, tmp_path):
    copy = written(tmp_path / "copy", sets)
    early = verb("verify", "mnist", copy)
    assert early.exit_code == 2 and "run shiftpress data stage mnist first" in early.stderr
    verb("stage", "mnist", "--mirror", "mirror")
    done = verb("verify", "mnist", copy)
    assert done.exit_code == 0, done.stderr
    assert "the 60 images of mnist, part train" in done.stdout and "the 20 images of mnist, part test" in done.stdout


@pytest.mark.parametrize("written", CONTAINERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("change", ["pixel", "label", "one less"])
def test_other_images_do_not_verify(written, change, verb, sets, tmp_path):
    verb("stage", "mnist", "--mirror", "mirror")
    images, labels = sets["test"]
    other = images.copy(), labels.copy()
    if change == "pixel":
        other[0][3, 5, 5] ^= 1
    elif change == "label":
        other[1][3] = (labels[3] + 1) % 10
    else:
        other = images[1:], labels[1:]
    done = verb("verify", "mnist", written(tmp_path / "copy", {**sets, "test": other}))
    assert done.exit_code == 2 and "are no part of mnist" in done.stderr


@pytest.mark.parametrize("written", [as_npz, as_parquet], ids=lambda f: f.__name__)
@pytest.mark.parametrize("wrong", [0.7, np.nan, np.inf])
def test_labels_that_are_no_whole_numbers_are_refused(written, wrong, verb, sets, tmp_path):
    verb("stage", "mnist", "--mirror", "mirror")
    images, labels = sets["test"]
    done = verb("verify", "mnist", written(tmp_path / "copy", {**sets, "test": (images, labels + wrong)}))
    assert done.exit_code == 2 and "whole number" in done.stderr, (done.output, done.exception)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("written", [as_npz, as_parquet], ids=lambda f: f.__name__)
def test_labels_that_are_whole_numbers_in_floating_point_verify(written, verb, sets, tmp_path):
    verb("stage", "mnist", "--mirror", "mirror")
    floating = {part: (images, labels.astype(float)) for part, (images, labels) in sets.items()}
    assert verb("verify", "mnist", written(tmp_path / "copy", floating)).exit_code == 0


def test_an_npz_holds_no_more_than_is_read_of_an_idx_file(verb, sets, tmp_path, monkeypatch):
    verb("stage", "mnist", "--mirror", "mirror")
    copy = as_npz(tmp_path / "copy", sets)
    monkeypatch.setattr(containers, "MAX_BYTES", 60 * 28 * 28)
    done = verb("verify", "mnist", copy)
    assert done.exit_code == 2 and "copy.npz: holds more than 47,040 bytes" in done.stderr, done.output


def test_paths_that_the_system_refuses_are_told_in_one_line(verb, sets, tmp_path, monkeypatch):
    verb("stage", "mnist", "--mirror", "mirror")
    done = verb("verify", "mnist", "x" * 300)
    assert done.exit_code == 2 and done.stderr == f"{'x' * 300} cannot be read: File name too long.\n", done.exception
    (tmp_path / "closed").mkdir()

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    done = verb("verify", "mnist", "closed")
    assert done.exit_code == 2 and done.stderr == "closed cannot be read: Permission denied.\n", done.exception


def test_a_container_without_images_is_refused(verb, sets, tmp_path):
    verb("stage", "mnist", "--mirror", "mirror")
    (tmp_path / "empty").mkdir()
    (tmp_path / "table.parquet").write_bytes(b"PAR1 but no table")
    parquet.write_table(pa.table({"picture": [1]}), tmp_path / "columns.parquet")
    for name, words in (
        ("empty", "no labelled images"),
        ("table.parquet", "no table"),
        ("columns.parquet", "no table"),
    ):
        done = verb("verify", "mnist", tmp_path / name)
        assert done.exit_code == 2 and words in done.stderr, done.stderr
