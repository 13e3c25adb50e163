"""Folders and archives give the same files; hostile ones are refused and nothing is written."""

import io
import os
import tarfile
import zipfile

import pytest

from shiftpress.core import contents
from shiftpress.core.contents import digest_of, members, remembered_digest
from shiftpress.core.problems import InputError

FILES = {"cats/1.png": b"one", "dogs/2.png": b"two" * 1000}


def as_folder(root):
    for name, data in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def as_zip(path, files=FILES):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def as_tar(path, files=FILES, kind=tarfile.REGTYPE, link=""):
    with tarfile.open(path, "w:" + (path.suffix[1:] if path.suffix != ".tar" else "")) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, link, len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return path


def test_every_container_gives_the_same_files(tmp_path):
    sources = [
        as_folder(tmp_path / "folder"),
        as_zip(tmp_path / "a.zip"),
        *(as_tar(tmp_path / name) for name in ("a.tar", "a.tar.gz", "a.tar.xz", "a.tar.bz2")),
    ]
    assert {digest_of(source) for source in sources} == {digest_of(sources[0])}
    assert {str(m.name): m.read() for m in members(sources[1])} == FILES


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil"])
@pytest.mark.parametrize("make", [as_zip, as_tar])
def test_members_that_point_outside_are_refused(tmp_path, name, make):
    source = make(tmp_path / ("a.zip" if make is as_zip else "a.tar"), {name: b"x"})
    with pytest.raises(InputError, match="points outside"):
        list(members(source))
    assert os.listdir(tmp_path) == [source.name]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    with pytest.raises(InputError, match="link or a device"):
        list(members(as_tar(tmp_path / "a.tar", {"x": b""}, kind, "/etc/passwd")))


def test_a_link_in_a_folder_is_refused(tmp_path):
    folder = as_folder(tmp_path / "folder")
    (folder / "cats" / "3.png").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match=r"cats/3\.png is a link"):
        list(members(folder))


def test_bombs_stop_at_the_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "MAX_FILE_BYTES", 1000)
    with pytest.raises(InputError, match="larger than"):
        list(members(as_zip(tmp_path / "a.zip")))
    monkeypatch.setattr(contents, "MAX_FILE_BYTES", 10_000)
    monkeypatch.setattr(contents, "MAX_FILES", 1)
    with pytest.raises(InputError, match="more than 1 files"):
        list(members(as_tar(tmp_path / "a.tar")))


@pytest.mark.parametrize("cut", [0, 10, 60, -30, -1])
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar.xz"])
def test_a_truncated_archive_is_refused(tmp_path, name, cut):
    source = as_zip(tmp_path / name) if name.endswith("zip") else as_tar(tmp_path / name)
    source.write_bytes(source.read_bytes()[:cut])
    with pytest.raises(InputError):
        for member in members(source):
            member.read()


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "a.rar").write_bytes(b"Rar!")
    with pytest.raises(InputError, match="neither a folder nor"):
        list(members(tmp_path / "a.rar"))


def test_a_remembered_digest_follows_content_and_not_times(tmp_path, monkeypatch):
    folder, memory = as_folder(tmp_path / "folder"), tmp_path / "memory.json"
    before = remembered_digest(folder, memory)
    monkeypatch.setattr(contents, "digest_of", lambda _: pytest.fail("read again without need"))
    assert remembered_digest(folder, memory) == before
    monkeypatch.undo()
    os.utime(folder / "cats/1.png", (1, 1))
    assert remembered_digest(folder, memory) == before
    (folder / "cats/1.png").write_bytes(b"eno")
    assert remembered_digest(folder, memory) != before
