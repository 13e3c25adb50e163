"""Raw files: the accepted bytes or nothing, from the first place that has them."""

import hashlib
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from shiftpress.core import rawdata
from shiftpress.core.catalog import component
from shiftpress.core.problems import InputError
from shiftpress.core.rawdata import MIRRORS, mirrors_of_user, obtain, origin_file
from shiftpress.core.sources import Source, tracked_source
from shiftpress.core.yamlfile import read_yaml

ROOT = Path(__file__).parents[2]
BYTES = b"\x1f\x8bdata"


@pytest.fixture
def raw(tmp_path):
    md5 = hashlib.md5(BYTES).hexdigest()
    pointer = f"wdir: raw\nouts:\n- md5: {md5}\n  size: {len(BYTES)}\n  hash: md5\n  path: kind/file.gz\n"
    (tmp_path / "pointer.dvc").write_text(pointer)
    return tmp_path / "raw" / "kind" / "file.gz"


@pytest.fixture
def source(raw):
    return tracked_source(raw.parents[2] / "pointer.dvc", None)


@pytest.fixture
def remote(raw, monkeypatch):
    """A remote that answers with these bytes, or without any."""

    def answer(data=None):
        def pull(command, **_):
            if data is not None:
                raw.write_bytes(data)
            return subprocess.CompletedProcess(command, 1, "", "ERROR: not on the remote")

        monkeypatch.setattr(rawdata.subprocess, "run", pull)

    return answer


@pytest.fixture
def no_remote(monkeypatch):
    monkeypatch.setattr(rawdata.subprocess, "run", lambda *_, **__: pytest.fail("asked the remote without need"))


def test_a_package_file_with_the_accepted_bytes_is_taken(raw, source, tmp_path, no_remote):
    (tmp_path / "shipped").write_bytes(BYTES)
    assert "package" in obtain(replace(source, shipped=tmp_path / "shipped"), raw)
    assert raw.read_bytes() == BYTES and "package" in origin_file(raw).read_text()


def test_a_file_that_is_there_is_left_alone(raw, source, no_remote):
    raw.parent.mkdir(parents=True)
    raw.write_bytes(BYTES)
    assert obtain(source, raw) == "was there already"


def test_the_mirrors_of_the_user_come_first_and_in_their_order(raw, source, tmp_path, monkeypatch, no_remote):
    for name, data in (("empty", None), ("wrong", b"other"), ("right", BYTES), ("late", BYTES), ("shipped", BYTES)):
        (tmp_path / name / "kind").mkdir(parents=True)
        if data:
            (tmp_path / name / "kind" / "file.gz").write_bytes(data)
    monkeypatch.setenv(MIRRORS, " ".join(str(tmp_path / name) for name in ("empty", "wrong", "right", "late")))
    shipped = replace(source, shipped=tmp_path / "shipped/kind/file.gz")
    assert obtain(shipped, raw, mirrors_of_user()) == str(tmp_path / "right")


@pytest.mark.parametrize("shipped", [None, b"another release"])
def test_the_remote_is_asked_when_no_package_has_the_bytes(raw, source, tmp_path, remote, shipped):
    (tmp_path / "shipped").write_bytes(shipped or b"")
    remote(BYTES)
    assert obtain(replace(source, shipped=tmp_path / "shipped" if shipped else None), raw) == "DVC remote"


@pytest.mark.parametrize("answer", [None, b"damaged!"])
def test_nothing_else_is_accepted_and_the_remedy_is_named(raw, source, remote, answer):
    remote(answer)
    with pytest.raises(InputError) as refusal:
        obtain(source, raw)
    for words in (str(raw), "not on the remote", "md5:", "6 bytes", "dvc pull", "--mirror", "kind/file.gz"):
        assert words in str(refusal.value)
    assert not raw.exists()


def test_a_file_that_nobody_accepts_is_left_to_its_owner(raw, source, remote):
    raw.parent.mkdir(parents=True)
    raw.write_bytes(b"mine")
    os.utime(raw, (1, raw.stat().st_mtime))  # reading moves the time of access
    remote(None)
    with pytest.raises(InputError, match="4 bytes, not 6"):
        obtain(source, raw)
    assert raw.read_bytes() == b"mine"


def test_a_remote_that_never_answers_is_given_up(raw, source, monkeypatch):
    def pull(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(rawdata.subprocess, "run", pull)
    with pytest.raises(InputError, match="DVC remote: the time for this file is over"):
        obtain(source, raw)


def test_two_processes_do_not_fetch_one_file(raw, source, no_remote):
    raw.parent.mkdir(parents=True)
    with rawdata._alone(raw), pytest.raises(InputError, match="another process is fetching it"):
        obtain(source, raw)


def test_a_folder_that_cannot_be_made_is_said_plainly(raw, source):
    raw.parents[1].write_text("a file where the folder should be")
    with pytest.raises(InputError, match=r"file\.gz: cannot be written"):
        obtain(source, raw)


def test_either_packing_of_one_content_is_accepted(tmp_path):
    source = Source(
        "x", {"md5:" + hashlib.md5(b"one").hexdigest(): 3, "sha256:" + hashlib.sha256(b"other").hexdigest(): 5}
    )
    for data, fault in ((b"one", None), (b"other", None), (b"two", "md5:"), (b"another", "7 bytes, not 3 or 5")):
        (tmp_path / "x").write_bytes(data)
        found = source.fault(tmp_path / "x")
        assert found is None if fault is None else fault in found


def test_a_file_that_is_no_pointer_is_refused(tmp_path):
    (tmp_path / "x.dvc").write_text("outs: []\n")
    with pytest.raises(InputError, match="not a DVC pointer"):
        tracked_source(tmp_path / "x.dvc", None)


def test_every_pointer_names_the_file_its_dataset_reads(monkeypatch):
    monkeypatch.chdir(ROOT)
    for pointer in Path("data/pointers").glob("*.dvc"):
        document = read_yaml(pointer).data
        named = {(pointer.parent / document["wdir"] / out["path"]).resolve() for out in document["outs"]}
        assert named == {path.resolve() for path in component("datasets", pointer.stem)().raw}
