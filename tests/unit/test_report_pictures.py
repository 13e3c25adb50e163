"""Example images stand in the page once, and come out of it as they went in; figures bring no style of their own."""

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.numpy import save

from shiftpress.core.storage import write_artefact
from shiftpress.reporting.examples import examples
from shiftpress.reporting.figures import against_severity
from shiftpress.reporting.images import png


def opened(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("L"))


def test_sixteen_shades_are_the_nearest_of_sixteen():
    rows = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    seen = opened(png([rows], gap=0, shades=16)).astype(int)
    assert np.abs(seen - rows[0, 0].astype(int)).max() <= 9 and len(np.unique(seen)) == 16
    assert (opened(png([rows], gap=0)) == rows[0, 0]).all()
    noise = [np.random.default_rng(0).integers(0, 256, (8, 1, 28, 28), dtype=np.uint8)]
    assert len(png(noise, shades=16)) < 0.6 * len(png(noise))


@pytest.fixture
def found(tmp_path):
    rng, files = np.random.default_rng(0), []
    seen = {
        f"{key}/input": rng.integers(0, 256, (3, 1, 4, 4), dtype=np.uint8) for key in ("clean/0", "turn/5", "turn/9")
    }
    for model in ("one/erm", "two/erm"):
        path = tmp_path / "toy" / model / "seeds0-2.safetensors"
        given = {key.replace("input", "output"): 255 - rows for key, rows in seen.items()}
        write_artefact(path, save(seen | given), "me")
        files.append(str(path))
    cells = [
        (model, *cell) for model in ("one/erm", "two/erm") for cell in (("clean", 0.0), ("turn", 5.0), ("turn", 9.0))
    ]
    frame = pd.DataFrame(cells, columns=["model", "shift", "severity"])
    frame = frame.assign(phase="codecs", metric="distortion_se", value=frame.severity)
    return examples(frame, "toy", {"run": {"seeds": [0, 1]}}, files), seen


def test_what_all_codecs_saw_is_in_the_page_once(found):
    shown, seen = found
    assert shown["sheet"]["height"] == 3 * 4 and shown["sheet"]["width"] == 3 * 4
    assert [codec["model"] for codec in shown["codecs"]] == ["one/erm", "two/erm"]
    sheet = opened(shown["sheet"]["uri"])
    for strip in shown["codecs"][1]["strips"]:
        rows = seen[f"{strip['shift']}/{strip['severity']:g}/input"]
        own = sheet[strip["seen"] : strip["seen"] + 4, 4:8].astype(int)
        assert np.abs(own - rows[1, 0].astype(int)).max() <= 9


def test_there_are_no_examples_without_files(found):
    frame = pd.DataFrame({"model": [], "shift": [], "severity": [], "phase": [], "metric": [], "value": []})
    assert examples(frame, "toy", {"run": {"seeds": [0]}}, []) == {}


def test_a_figure_needs_no_style_and_says_where_its_marks_are():
    rows = [("a/b", s, seed, s + seed) for s in (0.0, 1.0, 2.0) for seed in range(3)]
    svg, _ = against_severity(pd.DataFrame(rows, columns=["model", "severity", "seed", "value"]), "n", "x", "y", "t")
    assert "style=" not in svg and "<style" not in svg and not re.search(r' (?:d|x|y)="[^"]*\.\d{3,}', svg)
    assert "&quot;a/b&quot;,&quot;x&quot;,&quot;y&quot;" in svg
    marks = re.findall(r"\[([\d.]+),([\d.]+),&quot;(\d)&quot;,&quot;(\d)&quot;\]", svg)
    assert [(x, y) for _, _, x, y in marks] == [("0", "1"), ("1", "2"), ("2", "3")]
    # the marks of the line stand there
    drawn = re.findall(r'<use [^>]*x="([\d.]+)" y="([\d.]+)" fill="#', svg)
    places = np.array([[float(x), float(y)] for x, y in drawn])
    for x, y, _, _ in marks:
        assert (np.abs(places - [float(x), float(y)]) <= 0.06).all(axis=1).any()
