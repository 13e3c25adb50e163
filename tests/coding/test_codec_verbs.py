"""Export, encode, decode and info, from the results of a tier to PNG files and back."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from trained_codecs import FIELDS, trained
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.coding.codec import reconstruct
from shiftpress.core.storage import write_json
from shiftpress.core.tensors import with_prefix, write_tensors

ROOT = Path(__file__).parents[2]


@pytest.fixture
def verb(tmp_path, monkeypatch):
    """The command line, in a folder with the results of a tier that trained one codec."""
    (tmp_path / "params.yaml").write_text(
        json.dumps(
            {
                "run": {"tier": "laptop", "seeds": [0, 1, 2, 3], "seeds_per_job": 3},
                "datasets": {"digits": {"kind": "uci_digits", "size": 32}},
                "shifts": {"clean": {"kind": "none"}},
                "codecs": {"small": {"kind": "nested", **FIELDS["nested"]}, "plain": {"kind": "fixed_rate"}},
                "objectives": {"erm": {"kind": "erm"}, "steps": {"kind": "nested_schedule"}},
                "classifiers": {"conv2": {"kind": "convn", "depth": 2}},
                "augmentations": {"clean": {"kind": "clean"}},
                "pruners": {"lrr": {"kind": "lrr"}},
            }
        )
    )
    state = trained("nested").model.net.state_dict()
    weights = with_prefix("3/net", state) | with_prefix("3/memory", {"a": torch.zeros(1)})
    write_tensors(tmp_path / "results/laptop/codecs/digits/small/steps/seeds3.safetensors", weights, "me")
    write_json(tmp_path / "results/laptop/data/digits/card.json", {"shape": [1, 32, 32]}, "me")
    folder = tmp_path / "in"
    folder.mkdir()
    for number, image in enumerate(trained("nested").images[:70]):
        Image.fromarray(image[0].numpy()).save(folder / f"{number:03}.png")
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["codec", *words])


def test_a_stream_for_each_image_bears_its_name_and_so_does_the_image_again(verb):
    Path("model").write_bytes(trained("nested").data)
    done = verb("encode", "model", "in", "-o", "streams", "--each")
    assert done.exit_code == 0, done.stderr
    streams = sorted(Path("streams").iterdir())
    assert [file.name for file in streams] == [f"{n:03}.spc" for n in range(70)]
    assert f"streams: 70 images, {sum(file.stat().st_size for file in streams)} bytes" in done.stdout
    done = verb("decode", "model", *map(str, streams), "-o", "out")
    assert done.exit_code == 0 and done.stdout == "out: 70 images\n", done.stderr
    found = torch.from_numpy(np.stack([np.array(Image.open(f"out/{n:03}.png")) for n in range(70)]))
    assert torch.equal(found, reconstruct(trained("nested").model, trained("nested").images[:70])[:, 0])
    shutil.copy("in/001.png", "001.png")
    for words in (("encode", "model", "in", "001.png", "--each"), ("decode", "model", "in/001.png", "001.png")):
        done = verb(*words, "-o", "other")
        assert done.exit_code == 2 and len(done.stderr.splitlines()) == 1 and "001" in done.stderr


def test_a_codec_is_exported_and_its_images_come_back(verb):
    done = verb("export", "digits/small/steps", "--seed", "3", "-o", "small.safetensors")
    assert done.exit_code == 0, done.stderr
    done = verb("encode", "small.safetensors", "in", "-o", "a.spc")
    assert done.exit_code == 0, done.stderr
    size = Path("a.spc").stat().st_size
    assert done.stdout == f"a.spc: 70 images, {size} bytes, {8 * size / 70 / 1024:.4f} bits per pixel\n"
    done = verb("decode", "small.safetensors", "a.spc", "-o", "out")
    assert done.exit_code == 0 and done.stdout == "out: 70 images\n"
    found = torch.from_numpy(np.stack([np.array(Image.open(file)) for file in sorted(Path("out").iterdir())]))
    assert [file.name for file in sorted(Path("out").iterdir())] == [f"{n:02}.png" for n in range(70)]
    assert torch.equal(found[:, None], reconstruct(trained("nested").model, trained("nested").images[:70]))


def test_files_say_what_they_are(verb):
    verb("export", "digits/small/steps", "--seed", "3", "-o", "m")
    said = verb("info", "m").stdout
    assert "shiftpress codec" in said and "stages           prefix, full" in said
    assert "origin           laptop/digits/small/steps/seed3" in said
    verb("encode", "m", "in/000.png", "in/001.png", "-o", "a.spc", "--stage", "prefix")
    said = verb("info", "a.spc").stdout
    assert "stage            prefix" in said and "images           2 of 1x32x32" in said
    assert "code             6 symbols of 12 levels" in said and "6 payload)" in said


def test_colour_becomes_grey_and_a_wrong_size_is_refused(verb):
    verb("export", "digits/small/steps", "--seed", "3", "-o", "m")
    Image.open("in/000.png").convert("RGB").save("colour.png")
    verb("encode", "m", "colour.png", "-o", "colour.spc")
    verb("encode", "m", "in/000.png", "-o", "grey.spc")
    assert Path("colour.spc").read_bytes() == Path("grey.spc").read_bytes()
    Image.open("in/000.png").resize((28, 32)).save("narrow.png")
    done = verb("encode", "m", "narrow.png", "-o", "b.spc")
    assert done.exit_code == 2
    assert done.stderr == "narrow.png has 32x28 pixels, the model codes 32x32; resize it first.\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["export", "digits/small"], "names no model; write dataset/codec/objective"),
        (["export", "digits/smal/steps"], "no codec 'smal'. Did you mean 'small'?"),
        (["export", "digits/small/steps", "--seed", "7"], "runs no seed 7; its seeds are [0, 1, 2, 3]"),
        (["export", "digits/small/steps", "--seed", "1"], "Has the tier been run?"),
        (["export", "digits/plain/erm", "--seed", "3"], "Has the tier been run?"),
        (["export", "digits/small/steps", "--tier", "huge"], "No params are known for tier 'huge'"),
        (["info", "nothing"], "nothing cannot be read: No such file"),
        (["info", "in/000.png"], "no model file"),
        (["info", "in"], "in cannot be read: Is a directory"),
        (["encode", "m", "empty", "-o", "a.spc"], "There are no images in empty"),
        (["encode", "m", "m", "-o", "a.spc"], "m is of no known kind"),
        (["encode", "m", "fake.png", "-o", "a.spc"], "fake.png: not a readable image"),
        (["encode", "m", "gone.png", "-o", "a.spc"], "gone.png cannot be read"),
        (["encode", "m", "x" * 300, "-o", "a.spc"], "cannot be read: File name too long"),
        (["encode", "m", "closed", "-o", "a.spc"], "closed cannot be read: Permission denied"),
        (["encode", "m", "in", "-o", "a.spc", "--stage", "half"], "no stage 'half'"),
        (["encode", "m", "in", "-o", "m/a.spc"], "m/a.spc cannot be written"),
        (["encode", "in/000.png", "in", "-o", "a.spc"], "no model file"),
        (["decode", "m", "m", "-o", "out"], "no shiftpress stream"),
        (["decode", "m", "a.spc", "-o", "m"], "m cannot be written"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)
def test_mistakes_are_said_in_one_line(verb, words, message, monkeypatch):
    Path("m").write_bytes(trained("nested").data)
    Path("closed").mkdir()
    monkeypatch.setattr(Path, "iterdir", open_only(Path.iterdir))
    Path("empty").mkdir()
    Path("fake.png").write_bytes(b"\x89PNG and nothing")
    if words[:3] == ["decode", "m", "a.spc"]:
        assert verb("encode", "m", "in/000.png", "-o", "a.spc").exit_code == 0
    done = verb(*words)
    assert done.exit_code == 2 and message in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1 and "Traceback" not in done.stderr
    shutil.rmtree("empty")
    Path("closed").rmdir()


def open_only(real):
    def checked(path):
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    return checked
