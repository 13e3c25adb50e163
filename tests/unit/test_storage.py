"""Artefacts are whole, checked, and the same bytes for the same content."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import torch

from shiftpress.core import storage
from shiftpress.core.cache import absent_objects, damaged_objects
from shiftpress.core.inventory import damaged_below, gone_from, remember
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


def changed(facts):
    return lambda p: p.with_name("thing.bin.json").write_bytes(
        storage.canonical_json(json.loads(p.with_name("thing.bin.json").read_bytes()) | facts)
    )


@pytest.mark.parametrize(
    "damage",
    [
        changed({"producer": "another"}),
        changed({"repeats": "statistical"}),
        changed({"more": 1}),
        lambda p: p.with_name("thing.bin.json").write_bytes(p.with_name("thing.bin.json").read_bytes() + b" "),
    ],
)
def test_a_changed_digest_file_is_damage_whatever_was_changed(artefact, damage):
    damage(artefact)
    with pytest.raises(DamagedArtefact, match="was changed; delete .*thing.bin and .*thing.bin.json and run again"):
        read_artefact(artefact)


def test_an_artefact_in_the_place_of_another_is_not_taken_for_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in "01":
        write_artefact(f"results/seed{seed}/net.bin", seed.encode(), "me")
    assert json.loads(Path("results/seed1/net.bin.json").read_bytes())["place"] == "results/seed1/net.bin"
    for end in ("", ".json"):
        os.replace(f"results/seed1/net.bin{end}", f"results/seed0/net.bin{end}")
    with pytest.raises(DamagedArtefact, match="it is results/seed1/net.bin, put in another place"):
        read_artefact("results/seed0/net.bin")


def test_what_a_killed_writer_left_is_removed_by_the_next_and_a_living_ones_is_not(artefact):
    gone = os.fork()
    if not gone:
        os._exit(0)
    os.waitpid(gone, 0)
    dead, alive = (artefact.with_name(f".thing.bin.{pid}.tmp") for pid in (gone, os.getppid()))
    dead.write_bytes(b"half")
    alive.write_bytes(b"half")
    assert damaged_below(artefact.parent) == (1, []), "halves are no artefacts"
    write_artefact(artefact, b"new", "me")
    assert not dead.exists() and alive.exists()


def test_a_killed_writer_that_nobody_has_asked_about_holds_nothing(artefact):
    """Its number is still taken: kill(number, 0) finds it."""
    killed = subprocess.Popen(["sleep", "60"])
    half = artefact.with_name(f".thing.bin.{killed.pid}.tmp")
    half.write_bytes(b"half")
    killed.kill()
    while Path(f"/proc/{killed.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
        time.sleep(0.01)
    write_artefact(artefact, b"whole", "me")
    killed.wait()
    assert not half.exists() and read_artefact(artefact) == b"whole"


def test_a_process_that_got_the_number_of_a_killed_writer_holds_nothing(artefact):
    half = artefact.with_name(f".thing.bin.{os.getppid()}.tmp")
    half.write_bytes(b"half")
    os.utime(half, (1e9, 1e9))
    write_artefact(artefact, b"whole", "me")
    assert not half.exists()


def test_what_went_away_with_its_digest_is_missed(tmp_path):
    for name in ("a.bin", "b/c.bin"):
        write_artefact(tmp_path / "tier" / name, b"1", "me")
    assert gone_from(tmp_path / "tier", tmp_path / "lists") == []
    remember(tmp_path / "tier", tmp_path / "lists")
    assert gone_from(tmp_path / "tier", tmp_path / "lists") == []
    for end in ("", ".json"):
        (tmp_path / f"tier/b/c.bin{end}").unlink()
    (line,) = gone_from(tmp_path / "tier", tmp_path / "lists")
    assert line == f"{tmp_path}/tier/b/c.bin: it is gone, with its digest; run again"


def test_objects_of_the_cache_are_compared_with_their_names(tmp_path):
    import hashlib

    def keep(data, end=""):
        name = hashlib.md5(data).hexdigest()
        path = tmp_path / "md5" / name[:2] / f"{name[2:]}{end}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return name, path

    (one, first), (two, second) = keep(b"1"), keep(b"2")
    keep(json.dumps([{"md5": one, "relpath": "a"}, {"md5": two, "relpath": "b"}]).encode(), ".dir")
    assert damaged_objects(tmp_path / "md5") == (3, []) and damaged_objects(tmp_path / "none") == (0, [])
    first.write_bytes(b"3")
    second.unlink()
    count, (spoilt, lacking) = damaged_objects(tmp_path / "md5")
    assert count == 2 and str(first) in spoilt and "not what its name says" in spoilt
    assert str(second) in lacking and "it is gone" in lacking
    (tmp_path / "dvc.lock").write_text(f"outs:\n- path: x\n  md5: {two}\n  size: 1\n")
    assert absent_objects([tmp_path / "dvc.lock"], tmp_path / "md5") == [two]


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
