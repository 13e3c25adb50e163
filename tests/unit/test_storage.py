"""Artefacts are whole, checked, and the same bytes for the same content."""

import json

import pytest
import torch

from shiftpress.core import storage
from shiftpress.core.inventory import damaged_below
from shiftpress.core.storage import DamagedArtefact, fingerprint, read_artefact, write_artefact
from shiftpress.core.tensors import read_tensors, under_prefix, with_prefix, write_tensors


@pytest.fixture
def artefact(tmp_path):
    path = tmp_path / "folder" / "thing.bin"
    write_artefact(path, b"content", "me")
    return path


def test_what_is_written_is_read_back(artefact):
    assert read_artefact(artefact) == b"content"
    assert sorted(p.name for p in artefact.parent.iterdir()) == ["thing.bin", "thing.bin.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: p.write_bytes(b"cOntent"),
        lambda p: p.write_bytes(b"conten"),
        lambda p: p.write_bytes(b""),
        lambda p: p.unlink(),
        lambda p: p.with_name("thing.bin.json").unlink(),
        lambda p: p.with_name("thing.bin.json").write_text("{"),
        lambda p: p.with_name("thing.bin.json").write_text("[]"),
        lambda p: p.with_name("thing.bin.json").write_text(json.dumps({"schema": "another"})),
    ],
)
def test_damage_is_never_read(artefact, damage):
    damage(artefact)
    with pytest.raises(DamagedArtefact):
        read_artefact(artefact)


def test_a_failed_write_leaves_the_old_artefact(artefact, monkeypatch):
    monkeypatch.setattr(storage.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_artefact(artefact, b"new", "me")
    monkeypatch.undo()
    assert read_artefact(artefact) == b"content"
    assert len(list(artefact.parent.iterdir())) == 2


def test_every_damaged_artefact_of_a_folder_is_found(tmp_path):
    for name in "abcd":
        write_artefact(tmp_path / name / "claims.json", b"{}", "me")
    assert damaged_below(tmp_path) == (4, [])
    (tmp_path / "a" / "claims.json").write_bytes(b"{ }")
    (tmp_path / "b" / "claims.json").unlink()
    (tmp_path / "c" / "claims.json.json").unlink()
    count, damaged = damaged_below(tmp_path)
    assert (count, len(damaged)) == (4, 3)


def test_tensors_survive_and_their_file_does_not_depend_on_order(tmp_path):
    state = {"b": torch.arange(6.0).reshape(2, 3).T, "a": torch.tensor([1], dtype=torch.int64)}
    write_tensors(tmp_path / "1", with_prefix("0/50", state), "me")
    write_tensors(tmp_path / "2", with_prefix("0/50", dict(reversed(state.items()))), "me")
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    found = under_prefix("0/50", read_tensors(tmp_path / "1"))
    assert found.keys() == state.keys() and all(torch.equal(found[k], state[k]) for k in state)
    with pytest.raises(KeyError, match="1/50"):
        under_prefix("1/50", read_tensors(tmp_path / "1"))


def test_tensors_are_read_in_sorted_order(tmp_path):
    names = [f"{number * 7919 % 101}/net" for number in range(100)]
    write_tensors(str(tmp_path / "a.safetensors"), {name: torch.zeros(1) for name in names}, "me")
    assert list(read_tensors(str(tmp_path / "a.safetensors"))) == sorted(names)


def test_fingerprints_ignore_key_order_and_nothing_else():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert len({fingerprint(x) for x in ({"a": 1}, {"a": 1.5}, {"a": "1"}, {"b": 1}, [{"a": 1}])}) == 5
