"""Raw files: the tracked bytes or nothing."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from shiftpress.core import rawdata
from shiftpress.core.catalog import component
from shiftpress.core.problems import InputError
from shiftpress.core.rawdata import obtain, read_pointer
from shiftpress.core.yamlfile import read_yaml

ROOT = Path(__file__).parents[2]
BYTES = b"the data"


@pytest.fixture
def raw(tmp_path):
    md5 = hashlib.md5(BYTES).hexdigest()
    pointer = f"wdir: raw\nouts:\n- md5: {md5}\n  size: {len(BYTES)}\n  hash: md5\n  path: file.gz\n"
    (tmp_path / "pointer.dvc").write_text(pointer)
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw" / "file.gz"


@pytest.fixture
def remote(monkeypatch):
    """A remote that answers with these bytes, or without any."""

    def answer(raw, data=None):
        def pull(command, **_):
            if data is not None:
                raw.write_bytes(data)
            return subprocess.CompletedProcess(command, 1, "", "ERROR: not on the remote")

        monkeypatch.setattr(rawdata.subprocess, "run", pull)

    return answer


def test_a_package_file_with_the_tracked_bytes_is_taken(raw, tmp_path, monkeypatch):
    monkeypatch.setattr(rawdata.subprocess, "run", lambda *a, **k: pytest.fail("asked the remote without need"))
    (tmp_path / "shipped").write_bytes(BYTES)
    assert "package" in obtain(raw, tmp_path / "pointer.dvc", tmp_path / "shipped")
    assert raw.read_bytes() == BYTES


@pytest.mark.parametrize("shipped", [None, b"another release"])
def test_the_remote_is_asked_when_no_package_has_the_bytes(raw, tmp_path, remote, shipped):
    (tmp_path / "shipped").write_bytes(shipped or b"")
    remote(raw, BYTES)
    assert obtain(raw, tmp_path / "pointer.dvc", tmp_path / "shipped" if shipped else None) == "DVC remote"


@pytest.mark.parametrize("answer", [None, b"damaged!"])
def test_nothing_else_is_accepted_and_the_remedy_is_named(raw, remote, answer):
    remote(raw, answer)
    with pytest.raises(InputError, match=r"file\.gz: .*not on the remote.*md5 [0-9a-f]{32}, 8 bytes.*dvc pull"):
        obtain(raw, raw.parents[1] / "pointer.dvc", None)


def test_a_file_that_is_no_pointer_is_refused(tmp_path):
    (tmp_path / "x.dvc").write_text("outs: []\n")
    with pytest.raises(InputError, match="not a DVC pointer"):
        read_pointer(tmp_path / "x.dvc")


def test_every_pointer_names_the_file_its_dataset_reads():
    for pointer in (ROOT / "data/pointers").glob("*.dvc"):
        document = read_yaml(pointer).data
        named = {(pointer.parent / document["wdir"] / out["path"]).resolve() for out in document["outs"]}
        assert named == {(ROOT / path).resolve() for path in component("datasets", pointer.stem)().raw}
