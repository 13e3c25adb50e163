"""Hostile archives and pickles: nothing written, nothing run, each refused with one clear line."""

import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from shiftpress.core import contents
from shiftpress.core.arrays import from_idx, from_npy
from shiftpress.core.contents import members
from shiftpress.core.problems import InputError
from shiftpress.core.unpickle import read_pickled

REG, SYM, HARD, CHAR, BLOCK, FIFO = (
    tarfile.REGTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
)


def tar(*entries: tuple, **pax: str) -> bytes:
    """Entries are (name, data, type, link)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT) as archive:
        for name, data, kind, link in entries:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size, info.pax_headers = kind, link, len(data), dict(pax)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def plain_tar(*names: str) -> bytes:
    return tar(*((name, b"x", REG, "") for name in names))


def header(name: bytes, size: bytes, kind: bytes = b"0") -> bytes:
    """One tar header block with a right checksum, whatever else is in it."""
    block = bytearray(512)
    block[: len(name)], block[100:108], block[124:136], block[156:157] = name, b"0000644\0", size, kind
    block[257:265] = b"ustar\00000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def archive(*entries: tuple, **changes: object) -> bytes:
    """A zip of (name, data); changes are set on every member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, data in entries:
            info = zipfile.ZipInfo("placeholder")
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            for key, value in changes.items():
                setattr(info, key, value)
            packed.writestr(info, data, info.compress_type)
    return buffer.getvalue()


def patched(data: bytes, old: bytes, new: bytes, count: int = -1) -> bytes:
    assert old in data and len(old) == len(new)
    return data.replace(old, new, count)


def central(data: bytes, offset: int, value: bytes) -> bytes:
    """A zip with bytes of its first central entry replaced."""
    at = data.index(b"PK\1\2") + offset
    return data[:at] + value + data[at + len(value) :]


def overlapping() -> bytes:
    """Two directory entries for the same bytes: how a small zip claims to hold any amount."""
    data = archive(("a", b"x" * 100), ("b", b"x" * 100))
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    return data[: second + 42] + struct.pack("<I", 0) + data[second + 46 :]


ONE = archive(("a", b"some bytes " * 20))
LINK = 0o120777 << 16

TARS = {
    "above": plain_tar("../evil"),
    "far above": plain_tar("a/b/../../../evil"),
    "absolute": plain_tar("/tmp/evil"),
    "backslashes": plain_tar("a\\..\\..\\evil"),
    "drive": plain_tar("C:evil"),
    "control character": plain_tar("evil\x1b[2J"),
    "line break": plain_tar("evil\nname"),
    "reversed text": plain_tar("evil\u202egnp.exe"),
    "long name": plain_tar("x" * 300),
    "deep name": plain_tar("/".join(["dir"] * 400)),
    "symbolic link": tar(("x", b"", SYM, "/etc/passwd")),
    "link and file through it": tar(("x", b"", SYM, "/tmp"), ("x/evil", b"x", REG, "")),
    "hard link": tar(("x", b"", HARD, "/etc/passwd")),
    "character device": tar(("x", b"", CHAR, "")),
    "block device": tar(("x", b"", BLOCK, "")),
    "pipe": tar(("x", b"", FIFO, "")),
    "sparse file": header(b"x", b"00000000000\0", b"S") + b"\0" * 1024,
    "same name twice": plain_tar("a/x", "a/x"),
    "names that differ by case": plain_tar("a/x", "A/X"),
    "names that differ by composition": plain_tar("a/\u00e9", "a/e\u0301"),
    "file as folder": plain_tar("a", "a/x"),
    "folder as file": plain_tar("a/x", "a"),
    "file over folder by case": plain_tar("A/x", "a"),
    "other path in an extra header": tar(("good", b"x", REG, ""), path="../evil"),
    "other size in an extra header": tar(("good", b"x", REG, ""), size="-5"),
    "large extra header": tar(("good", b"x", REG, ""), comment="x" * 100_000),
    "large long name": header(b"././@LongLink", b"77777777777\0", b"L"),
    "negative size": header(b"x", b"\xff" * 12) + b"\0" * 1024,
    "claims of terabytes": header(b"x", b"\x80" + b"\0" * 5 + b"\x10" + b"\0" * 5) + b"\0" * 1024,
    "damaged checksum": patched(plain_tar("name", "other"), b"other", b"0ther"),
    "cut short": plain_tar("a", "b")[:700],
    "more after the end": plain_tar("a") + b"hidden",
    "empty": b"",
    "no tar at all": b"<html>quota exceeded</html>" * 100,
    "a name that is none": plain_tar("."),
}


def zeros() -> bytes:
    return bytes(150_000_000)


BOMBS = {
    "bomb.tar.gz": lambda: gzip.compress(tar(("x", zeros(), REG, "")), 9),
    "bomb.tar.xz": lambda: lzma.compress(tar(("x", zeros(), REG, "")), preset=0),
    "bomb behind the end.tar.gz": lambda: gzip.compress(plain_tar("a") + zeros() + b"x", 9),
    "bomb.zip": lambda: archive(("x", zeros())),
}
"""Made when they are needed: each takes a third of a second, and the zeros much memory."""
PACKED = {
    "cut.tar.gz": gzip.compress(plain_tar("a", "b"))[:-30],
    "other packing.tar.xz": gzip.compress(plain_tar("a")),
}
ZIPS = {
    "above": archive(("../evil", b"x")),
    "absolute": archive(("/tmp/evil", b"x")),
    "backslashes": archive(("a\\..\\evil", b"x")),
    "drive": archive(("C:/evil", b"x")),
    "nothing after a zero": patched(archive(("good_evil", b"x")), b"good_evil", b"good\0evil"),
    "symbolic link": archive(("x", b"/etc/passwd"), external_attr=LINK),
    "device": archive(("x", b""), external_attr=0o020666 << 16),
    "encrypted": central(patched(ONE, b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0"), 8, b"\1"),
    "other compression": archive(("x", b"x" * 1000), compress_type=zipfile.ZIP_BZIP2),
    "overlapping members": overlapping(),
    "larger than declared": central(ONE, 24, struct.pack("<I", 5)),
    "smaller than declared": central(ONE, 24, struct.pack("<I", 5000)),
    "wrong checksum": central(ONE, 16, b"evil"),
    "folder with content": archive(("a/", b"x")),
    "names that differ by case": archive(("a", b"1"), ("A", b"2")),
    "file as folder": archive(("a", b"1"), ("a/x", b"2")),
    "claims of gigabytes": central(ONE, 24, b"\xf0\xff\xff\xff"),
    "cut short": ONE[:-10],
    "no zip at all": b"PK but nothing else",
}
SMALL = {
    **{f"{name}.tar": data for name, data in TARS.items()},
    **PACKED,
    **{f"{name}.zip": data for name, data in ZIPS.items()},
}
ARCHIVES = [*SMALL, *BOMBS]


@cache
def archived(name: str) -> bytes:
    """The archive of this name."""
    return BOMBS[name]() if name in BOMBS else SMALL[name]


def test_there_are_enough_archives():
    assert len(ARCHIVES) >= 40 and len({archived(name) for name in ARCHIVES}) == len(ARCHIVES) == len(set(ARCHIVES))


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_hostile_archive_is_refused_and_nothing_is_written(name, tmp_path, monkeypatch):
    source = tmp_path / "inside" / name.replace(" ", "_")
    source.parent.mkdir()
    source.write_bytes(archived(name))
    monkeypatch.chdir(source.parent)
    monkeypatch.setattr("builtins.open", refuse_writing(open))
    with pytest.raises(InputError) as refusal:
        for member in members(source):
            member.read()
    said = str(refusal.value)
    assert said.startswith(str(source)) and said.isprintable() and len(said) < len(str(source)) + 200
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", source.name]
    assert not Path("/tmp/evil").exists()


def refuse_writing(real):
    def checked(file, mode="r", *rest, **options):
        assert not set(mode) & set("wax+"), f"opened {file} for writing"
        return real(file, mode, *rest, **options)

    return checked


def test_a_bomb_is_refused_by_what_it_claims_and_not_by_unpacking_it(tmp_path, monkeypatch):
    (tmp_path / "bomb.zip").write_bytes(archived("bomb.zip"))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(InputError, match="more than"):
        list(members(tmp_path / "bomb.zip"))
    monkeypatch.setattr(contents, "FREE_BYTES", 10**9)
    assert len(list(members(tmp_path / "bomb.zip"))) == 1


def glob(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


class Runs:
    """Pickles to a call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def array(code: str = "u1", shape: bytes = b"K\x02\x85", data: bytes = b"ab", order: str = "|") -> bytes:
    """An array as Python 2 pickled it; shape is the instructions that make a tuple."""
    words = lambda text: b"U" + bytes([len(text)]) + text.encode()  # noqa: E731
    new = glob("numpy.core.multiarray", "_reconstruct") + glob("numpy", "ndarray") + b"K\0\x85" + words("b") + b"\x87R"
    dtype = glob("numpy", "dtype") + words(code) + b"K\0K\1\x87R(K\3" + words(order) + b"NNNJ\xff\xff\xff\xff"
    dtype += b"J\xff\xff\xff\xffK\0tb"
    return b"\x80\2" + new + b"(K\1" + shape + dtype + b"\x89T" + struct.pack("<I", len(data)) + data + b"tb."


def doubled(kind: str, steps: int = 40) -> bytes:
    """Instructions for a list or tuple of two of one of two of ...: few bytes, and 2^40 things if written out."""
    first, again = {"list": (b"]", b"]q%c(h%ch%ce"), "tuple": (b")", b"h%ch%c\x86q%c")}[kind]
    found = first + b"q\0"
    for step in range(steps):
        found += again % ((step + 1, step, step) if kind == "list" else (step, step, step + 1))
        found += b"" if kind == "list" or step == steps - 1 else b"0"
    return found


def pickles(marker: Path) -> dict[str, bytes]:
    """Every program would make the marker, if it ran."""
    import os
    import subprocess

    touch = f"touch {marker}"
    word = b"X" + struct.pack("<I", len(touch)) + touch.encode()
    code = f"open({str(marker)!r}, 'w')"
    return {
        "a command": pickle.dumps(Runs(os.system, touch), 2),
        "a command, protocol 0": pickle.dumps(Runs(os.system, touch), 0),
        "a command, protocol 4": pickle.dumps(Runs(os.system, touch), 4),
        "a command, protocol 5": pickle.dumps(Runs(os.system, touch), 5),
        "a program": pickle.dumps(Runs(subprocess.Popen, touch.split()), 2),
        "evaluation": pickle.dumps(Runs(eval, code), 2),
        "execution": pickle.dumps(Runs(exec, code), 2),
        "opening a file": pickle.dumps(Runs(open, str(marker), "w"), 2),
        "an import": pickle.dumps(Runs(__import__, "antigravity"), 2),
        "an attribute": pickle.dumps(Runs(getattr, "", "format"), 2),
        "nested in a batch": pickle.dumps({"data": [1, Runs(os.system, touch)], "labels": [1]}, 2),
        "after a real array": array()[:-1] + b"0" + pickle.dumps(Runs(os.system, touch), 2)[2:],
        "instance instruction": b"(" + word + b"ios\nsystem\n.",
        "object instruction": b"(" + glob("os", "system") + word + b"o.",
        "new object": b"\x80\2" + glob("subprocess", "Popen") + word + b"\x85\x81.",
        "new object with names": b"\x80\4" + glob("subprocess", "Popen") + word + b"\x85}\x92.",
        "global from the stack": b"\x80\4\x8c\2os\x8c\6system\x93" + word + b"\x85R.",
        "extension": b"\x80\2\x82\1" + word + b"\x85R.",
        "persistent id": b"Pevil\n.",
        "persistent id from the stack": word + b"Q.",
        "another thing of numpy": glob("numpy.testing._private.utils", "runstring") + word + b"}\x86R.",
        "a file of numpy": glob("numpy", "load") + word + b"\x85R.",
        "a call of a string": word + word + b"\x85R.",
        "state of a dict": b"}" + word + word + b"\x86b.",
        "bytes through another codec": glob("_codecs", "encode") + word + b"X\4\0\0\0zlib\x86R.",
        "array of objects": array("O8", data=word),
        "array of records": array("V9", data=word),
        "array in another byte order": array("i4", data=b"\0" * 8, order=">"),
        "array larger than its bytes": array(shape=b"J\xff\xff\xff\x7f\x85"),
        "array of negative size": array(shape=b"J\xff\xff\xff\xffJ\xfe\xff\xff\xff\x86"),
        "array of no whole size": array(shape=b"G?\xf0\0\0\0\0\0\0\x85"),
        "array without content": array()[: array().index(b"(K\1")] + b".",
        "a list that holds itself": b"]q\0h\0a.",
        "an array through the memory": b"\x80\2h\5.",
        "more marks than there are": b"tt.",
        "a global left over": glob("numpy", "dtype") + b".",
        "too many instructions": b"N0" * 600_000 + b"N.",
        "too many values": b"(" + b"N" * 1_100_000 + b"t.",
        "no end": b"\x80\2N",
        "cut in a word": array()[:90],
        "empty": b"",
        "no pickle": b"<html>quota exceeded</html>",
        "a large claim": b"T\xff\xff\xff\x7fx.",
        "a negative claim": b"T\xff\xff\xff\xffx.",
        "several values": b"NN.",
        "a list that doubles, as a persistent id": b"\x80\2" + doubled("list") + b"Q.",
        "a list that doubles, in a call": glob("_codecs", "encode") + doubled("list") + b"\x85R.",
        "a list that doubles, as a shape": array(shape=doubled("list") + b"\x85"),
        "a tuple that doubles, as a key": b"\x80\2}" + doubled("tuple") + b"Ns.",
        "tuples that double, as keys": b"\x80\2}(" + doubled("tuple") + b"Nu.",
        "a tuple that doubles, as a kind of numbers": glob("numpy", "dtype") + doubled("tuple") + b"K\0K\1\x87R.",
        "a tuple that doubles, as a byte order": array(order="|").replace(b"U\1|", doubled("tuple")),
        "an array of many sides": array(shape=b"(" + b"J\xff\xff\xff\x7f" * 900_000 + b"t"),
        "a long name": glob("numpy." + "\0" * 400, "load") + b".",
        "a long order of bytes": array(order="\0" * 250),
    }


NAMES = list(pickles(Path("marker")))


def test_there_are_enough_pickles():
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_pickle_is_refused_and_nothing_is_run(name, tmp_path, monkeypatch):
    for function in ("loads", "load", "Unpickler"):
        monkeypatch.setattr(pickle, function, lambda *_: pytest.fail("unpickled"))
    with pytest.raises(InputError) as refusal:
        read_pickled(pickles(tmp_path / "marker")[name], "batch_1")
    said = str(refusal.value)
    assert said.startswith("batch_1: ") and said.isprintable() and len(said) < 200
    assert not list(tmp_path.iterdir())


def test_the_harmless_model_of_the_hostile_arrays_is_read():
    assert read_pickled(array(), "batch_1").tolist() == [97, 98]


@pytest.mark.parametrize("protocol", [2, 3])
def test_plain_values_and_arrays_come_out_as_they_went_in(protocol):
    rows = np.arange(24, dtype=np.uint8).reshape(4, 6)
    value = {"data": rows, "wide": rows.astype(np.int64), "labels": [1, 2, 300, 70_000, -1, 2**40], "rest": (None, "x")}
    value |= {"columns": np.asfortranarray(rows), "same": value["labels"], "flags": [True, False, 0.5, b"\xff"]}
    found = read_pickled(pickle.dumps(value, protocol), "batch_1")
    assert found.keys() == value.keys()
    for key in ("data", "wide", "columns"):
        assert found[key].dtype == value[key].dtype and np.array_equal(found[key], value[key])
    assert all(found[key] == value[key] for key in ("labels", "rest", "same", "flags"))


def test_lists_that_double_at_every_step_are_copied_once():
    steps = b"(]q\0" + b"".join(b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(200))
    assert len(read_pickled(steps + b"t.", "batch_1")) == 201


def npy(shape: str, data: bytes) -> bytes:
    """A .npy file of bytes, as its header says of this shape."""
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + data


SHAPES = {
    "two negative sides": (from_npy, npy("(-2, -3)", bytes(6))),
    "a negative side of nothing": (from_npy, npy("(0, -1)", b"")),
    "40 sides": (from_npy, npy(str((1,) * 40), b"x")),
    "70 sides": (from_npy, npy(str((1,) * 70), b"x")),
    "70 sides, as idx": (from_idx, b"\0\0\x08" + bytes([70]) + struct.pack(">I", 1) * 70 + b"x"),
    "more numbers than there are": (from_npy, npy("(2, 3)", bytes(5))),
    "a side that is true": (from_npy, npy("(True,)", b"x")),
    "sides of a thousand digits": (from_npy, npy(str((10**999,) * 8), b"x")),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_array_of_an_impossible_shape_is_refused(name):
    read, data = SHAPES[name]
    with pytest.raises(InputError) as refusal:
        read(data, "x.npy")
    said = str(refusal.value)
    assert said.startswith("x.npy: damaged: its shape is ") and said.isprintable() and len(said) < 350


def test_the_harmless_model_of_the_impossible_shapes_is_read():
    assert from_npy(npy("(2, 3)", b"abcdef"), "x.npy").tolist() == [[97, 98, 99], [100, 101, 102]]
