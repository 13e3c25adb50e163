"""A user's own images are read from any container, and bad ones are refused one by one."""

import io

import numpy as np
import pytest
from PIL import Image

from shiftpress.core.problems import InputError
from shiftpress.datasets.imagefolder import ImageFolder, decode
from shiftpress.preparation import prepare


def picture(seed: int, mode: str = "RGB", size=(40, 30), kind: str = "PNG", **options) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise, "RGBA").convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    for label, name in enumerate(("ant", "bee")):
        (tmp_path / "set" / name).mkdir(parents=True)
        for seed in range(40):
            (tmp_path / "set" / name / f"{seed}.png").write_bytes(picture(100 * label + seed))
    (tmp_path / "set" / "notes.txt").write_text("not an image")
    return tmp_path / "set"


def test_images_get_the_labels_of_their_folders(folder):
    splits, card = prepare(ImageFolder(path=str(folder), size=16, channels=1))
    assert card["classes"] == ["ant", "bee"] and card["kept"] == 80
    assert all(split.images.shape[1:] == (1, 16, 16) for split in splits.values())
    assert sum(int((split.labels == 0).sum()) for split in splits.values()) == 40


def test_a_folder_around_the_class_folders_is_ignored(folder, tmp_path):
    (folder / "notes.txt").unlink()
    bare = ImageFolder(path=str(folder), size=16)
    wrapped = ImageFolder(path=str(tmp_path), size=16)
    assert wrapped.classes == bare.classes == ("ant", "bee")
    assert prepare(wrapped)[1]["pixels_sha256"] == prepare(bare)[1]["pixels_sha256"]


def test_an_image_that_stands_twice_is_kept_once(folder):
    (folder / "ant" / "again.png").write_bytes((folder / "ant" / "0.png").read_bytes())
    card = prepare(ImageFolder(path=str(folder), size=16))[1]
    assert (card["read"], card["kept"]) == (81, 80)


def test_one_class_is_not_enough(tmp_path):
    (tmp_path / "set" / "ant").mkdir(parents=True)
    (tmp_path / "set" / "ant" / "1.png").write_bytes(picture(1))
    with pytest.raises(InputError, match="at least two class folders"):
        _ = ImageFolder(path=str(tmp_path / "set")).classes


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA"])
def test_eight_bit_modes_are_read(mode):
    from pathlib import PurePosixPath

    assert decode(PurePosixPath("a/b.png"), picture(1, mode)).dtype == np.uint8


BAD = {
    "cut.png": picture(1)[:200],
    "empty.png": b"",
    "text.png": b"<html>quota exceeded</html>",
    "other.jpg": picture(1),
    "deep.png": None,
    "moving.webp": None,
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_image_is_refused_by_name(name):
    from pathlib import PurePosixPath

    data, buffer = BAD[name], io.BytesIO()
    if name == "deep.png":
        Image.fromarray(np.zeros((8, 8), np.uint16)).save(buffer, "PNG")
    if name == "moving.webp":
        frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
        frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        decode(PurePosixPath("c") / name, data if data is not None else buffer.getvalue())
