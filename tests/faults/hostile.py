"""Files of tensors, archives, pickles, streams and cards, damaged or made to harm: read whole or refused."""

import os
import pickle
import struct
import time
from pathlib import Path
from unittest import mock

import hostile_cards
import hostile_streams
import numpy as np
import test_hostile_files
import test_released_cards
import torch
from faults.outcome import Outcome
from faults.sharing import shared_out
from fuzzing import damaged, refusal
from safetensors.torch import save

from shiftpress.core import storage
from shiftpress.core.contents import members
from shiftpress.core.problems import InputError
from shiftpress.core.storage import DamagedArtefact, write_artefact
from shiftpress.core.tensors import read_tensors
from shiftpress.core.torchfile import read_torch_file
from shiftpress.core.unpickle import read_pickled


def models(folder: Path, tries: int, seed: int) -> Outcome:
    """M1: safetensors files, damaged under a digest that is right or wrong, never give other tensors in silence."""
    outcome, draw = Outcome(), np.random.default_rng(seed)
    state = {"conv.weight": torch.randn(4, 3, 3, 3), "conv.bias": torch.zeros(4), "steps": torch.tensor(7)}
    good, other = save(state), save({"a": torch.arange(100.0), "b": torch.ones(3, 2, dtype=torch.int64)})
    shapes = {name: (tensor.shape, tensor.dtype) for name, tensor in state.items()}
    path = folder / "x.safetensors"
    net = torch.nn.Module()
    net.conv = torch.nn.Conv2d(3, 4, 3)
    net.register_buffer("steps", torch.tensor(0))
    with mock.patch.object(storage.os, "fsync"):  # nobody pulls the plug here, and it takes nine tenths of the time
        return _models(outcome, tries, draw, path, good, other, shapes, net)


def _models(outcome: Outcome, tries: int, draw, path: Path, good: bytes, other: bytes, shapes: dict, net) -> Outcome:
    read, slowest = 0, 0.0
    for number in range(tries):
        bad, forged, start = damaged(good, other, draw, 300), number % 2, time.perf_counter()
        write_artefact(path, bad if forged else good, "me")
        path.write_bytes(bad)
        try:
            found = read_tensors(str(path))
            sound = bool(forged) or bad == good
            read += 1
            if {name: (tensor.shape, tensor.dtype) for name, tensor in found.items()} != shapes:
                sound = sound and _refused_by(net, found)
        except DamagedArtefact as error:
            sound = "\n" not in str(error) and str(path) in str(error)
        except Exception as error:
            sound = False
            outcome.failures.append(f"{type(error).__name__}: {error}"[:200])
        slowest = max(slowest, time.perf_counter() - start)
        outcome.check(sound, f"try {number}: accepted or not said plainly")
    outcome.worst = f"{1000 * slowest:.0f} ms; {read} under a right digest had other numbers"
    return outcome


def _refused_by(net: torch.nn.Module, state: dict) -> bool:
    """Whether a network takes tensors of other names or shapes."""
    try:
        net.load_state_dict(state)
    except RuntimeError:
        return True
    return all(tensor.shape == state[name].shape for name, tensor in net.state_dict().items())


def _hostile_files(marker: Path) -> dict[str, bytes | dict[str, bytes]]:
    """Malicious .pt files: bytes as they are, or what a zip holds."""
    found = dict(test_released_cards.hostile(marker))
    good = {"x/data/0": np.arange(4, dtype=np.float32).tobytes()}
    for name, program in test_hostile_files.pickles(marker).items():
        if name == "state of a dict":  # torch's own files have it: versions of layers, which nobody reads
            continue
        found[f"pickle: {name}"] = good | {"x/data.pkl": program}
    call = pickle.dumps(test_hostile_files.Runs(os.system, f"touch {marker}"), 2)
    found |= {"a bare pickle": call, "the old format": struct.pack("<Q", 0x1950A86A20F9469C) + call}
    found |= {f"cut at {n}": call[:n] for n in (1, 4, 20)}
    return found | {"a tar": test_hostile_files.plain_tar("pickle", "tensors"), "nothing": b""}


def checkpoints(folder: Path, tries: int, seed: int) -> Outcome:
    """M2: nothing in a .pt file runs, and each is refused with one line."""
    outcome, slowest = Outcome(), 0.0
    folder.mkdir(parents=True, exist_ok=True)
    marker, path = folder / "marker", folder / "x.pt"
    cases = _hostile_files(marker)
    for name, content in cases.items():
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            test_released_cards.zipped(path, content)
        start = time.perf_counter()
        outcome.check(_refused(lambda: read_torch_file(path)) and not marker.exists(), name)
        slowest = max(slowest, time.perf_counter() - start)
    outcome.worst = f"nothing ran; {slowest:.1f} s"
    return outcome


def _refused(read) -> bool:
    try:
        read()
    except InputError as error:
        return "\n" not in str(error) and str(error).isprintable()
    except Exception:
        return False
    return False


def archives(folder: Path, tries: int, seed: int) -> Outcome:
    """D4: every hostile archive is refused, and nothing is written beside it."""
    outcome, slowest = Outcome(), 0.0
    for name in test_hostile_files.ARCHIVES:
        data = test_hostile_files.archived(name)
        source = folder / "inside" / name.replace(" ", "_")
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(data)
        start = time.perf_counter()
        refused = _refused(lambda source=source: [member.read() for member in members(source)])
        slowest = max(slowest, time.perf_counter() - start)
        outcome.check(refused and [p.name for p in folder.rglob("*")] == ["inside", source.name], name)
        source.unlink()
    outcome.worst = f"nothing written; {slowest:.1f} s"
    return outcome


def pickles(folder: Path, tries: int, seed: int) -> Outcome:
    """D5: gadgets and damaged batches run nothing, and give arrays or one line."""
    outcome, draw, read, slowest = Outcome(), np.random.default_rng(seed), 0, 0.0
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / "marker"
    gadgets = test_hostile_files.pickles(marker)
    for name, program in gadgets.items():
        outcome.check(_refused(lambda program=program: read_pickled(program, "batch")) and not marker.exists(), name)
    rows = np.arange(240, dtype=np.uint8).reshape(10, 24)
    batch = pickle.dumps({"data": rows, "labels": list(range(10)), "batch_label": "one"}, 2)
    others = list(gadgets.values())
    for number in range(max(0, tries - len(gadgets))):
        bad = damaged(batch, others[int(draw.integers(len(others)))], draw)
        start = time.perf_counter()
        try:
            read += refusal(lambda data: read_pickled(data, "batch"), bad) is None
            sound = True
        except Exception as error:
            sound = False
            outcome.failures.append(f"{type(error).__name__}: {error}"[:200])
        slowest = max(slowest, time.perf_counter() - start)
        outcome.check(sound and not marker.exists(), f"try {number}")
    outcome.worst = f"nothing ran; {slowest:.1f} s; {read} damaged in numbers alone"
    return outcome


def streams(folder: Path, tries: int, seed: int) -> Outcome:
    """B1: streams and codec files, damaged with and without right checksums."""
    outcome, parts, slowest, grown = Outcome(), ("plain", "wrong_model", "repaired", "models"), 0.0, 0
    for found in shared_out(_streams, tries, seed):
        outcome.tries += sum(found[part]["cases"] for part in parts)
        accepted = {part: found[part]["accepted"] for part in parts if part != "repaired"}
        outcome.failures += [f"{count} {part} were accepted" for part, count in accepted.items() if count]
        long = sum(found[part]["long_messages"] for part in parts)
        outcome.failures += [f"{long} long messages"] * bool(long)
        worst = max(found[part]["worst_s"] for part in parts)
        outcome.failures += [f"{worst:.1f} s"] * (worst > 2) + ["1 GiB of memory"] * (found["peak"] > 1 << 30)
        slowest, grown = max(slowest, worst), max(grown, found["grown"])
    outcome.worst = f"{slowest:.2f} s, {grown / 1e6:.0f} MB more memory"
    return outcome


def _streams(tries: int, seed: int) -> dict:
    return hostile_streams.main(int(0.95 * tries), int(0.045 * tries), int(0.005 * tries), seed)


def cards(folder: Path, tries: int, seed: int) -> Outcome:
    """B2: card files of every format, damaged, or with lies under a right digest."""
    found = shared_out(_cards, tries, seed)
    outcome = Outcome(sum(part.tries for part, *_ in found), [line for part, *_ in found for line in part.failures])
    outcome.worst = f"{max(part[1] for part in found):.2f} s; {sum(part[2] for part in found)} were whole after all"
    return outcome


def _cards(tries: int, seed: int) -> tuple[Outcome, float, int]:
    """What was found, the longest reading in seconds, and how many were read."""
    outcome, draw, slowest, read = Outcome(), np.random.default_rng(seed), 0.0, 0
    kinds = [files() for files in hostile_cards.FORMATS]
    for number in range(tries):
        kind, lying = kinds[number % len(kinds)], number // len(kinds) % 2
        data = (kind.lie if lying else kind.broken)(number // 6, draw)
        start = time.perf_counter()
        try:
            said = refusal(kind.read, data)
            read += said is None
            sound = bool(lying) or kind.is_right(data, said)
        except Exception as error:
            sound = False
            outcome.failures.append(f"{type(error).__name__}: {error}"[:200])
        slowest = max(slowest, time.perf_counter() - start)
        outcome.check(sound, f"try {number}: a damaged file was read")
    return outcome, slowest, read
