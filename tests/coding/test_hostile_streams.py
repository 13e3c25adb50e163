"""No file makes a reader crash, hang, take much memory, or give back wrong pixels as if they were right."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fuzzing import damaged
from trained_codecs import trained
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.coding.codec import encode

SCRIPT = Path(__file__).parents[1] / "hostile_streams.py"
PLAIN, REPAIRED, MODELS = 20_600, 3_000, 400


@pytest.fixture(scope="module")
def found() -> dict:
    """What became of all cases, in a process of its own: a crash would end it, a hang run into the time limit."""
    words = [sys.executable, "-W", "ignore", str(SCRIPT), str(PLAIN), str(REPAIRED), str(MODELS)]
    limits = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, env=limits)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.fuzz
def test_every_damaged_stream_is_refused(found):
    assert found["plain"]["cases"] >= 20_000
    assert found["plain"]["accepted"] == 0 and found["plain"]["refused"] == found["plain"]["cases"]


@pytest.mark.fuzz
def test_nothing_decodes_symbols_before_the_checksums_are_right(found):
    assert found["reached"] == 0
    assert found["decoded"] > 1000, "those with repaired checksums get there"


@pytest.mark.fuzz
def test_streams_with_repaired_checksums_are_refused_or_decoded(found):
    case = found["repaired"]
    assert case["refused"] + case["accepted"] == case["cases"] == REPAIRED
    assert case["accepted"] > 100 and case["refused"] > 1000


@pytest.mark.fuzz
def test_every_stream_of_another_model_is_refused(found):
    assert found["wrong_model"]["refused"] == found["wrong_model"]["cases"] == 30


@pytest.mark.fuzz
def test_every_damaged_model_file_is_refused(found):
    assert found["models"]["refused"] == found["models"]["cases"] > 350


@pytest.mark.fuzz
def test_refusals_are_one_line_quick_and_small(found):
    cases = [found[name] for name in ("plain", "wrong_model", "repaired", "models")]
    assert not sum(case["long_messages"] for case in cases)
    assert max(case["worst_s"] for case in cases) < 2
    assert found["peak"] < 1 << 30 and found["grown"] < 1 << 28


@pytest.mark.fuzz
def test_the_command_line_ends_with_code_2_and_one_line(tmp_path, monkeypatch):
    codec, other = trained("fixed_rate"), trained("nested")
    data = encode(codec.model, codec.images[:5])
    monkeypatch.chdir(tmp_path)
    Path("model").write_bytes(codec.data)
    files = {
        "cut": data[:-1],
        "flip": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "long": data + b"\0",
        "empty": b"",
        "noise": bytes(range(256)),
        "other": encode(other.model, other.images[:5]),
    }
    draw = np.random.default_rng(0)
    files |= {f"random{number}": damaged(data, files["other"], draw) for number in range(24)}
    for name, content in files.items():
        Path(name).write_bytes(content)
        done = CliRunner().invoke(app, ["codec", "decode", "model", name, "-o", "out"])
        assert content != data and done.exit_code == 2 and len(done.stderr.splitlines()) == 1, (name, done.stderr)
        assert not Path("out").exists()
    words = [sys.executable, "-W", "ignore", "-m", "shiftpress.cli", "codec", "decode", "model", "flip", "-o", "out"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr == "The stream is damaged: the checksum of its payload differs.\n"
