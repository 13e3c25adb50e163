"""Progress of unfinished work, kept so that the same command goes on where it was killed.

Checkpoints live in ``work/<fingerprint>/``, outside every rule's outputs: Snakemake may delete outputs, never progress.
The fingerprint covers params, code and inputs, so that nothing goes on from another recipe's state.
"""

import json
import shutil
import time
from pathlib import Path
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from shiftpress.core import preemption
from shiftpress.core.storage import DamagedArtefact, canonical_json, read_artefact, write_artefact

ROOT = Path("work")
INTERVAL_S = 30.0
"""Work between two checkpoints; what a kill costs at most, beside writing them."""

Tree = Any
"""Dicts, lists, tensors, numbers, words and None, nested in any way; keys are words or integers."""


class Checkpoints:
    """Named states of one piece of work. Each is written whole or not at all, and never read unchecked."""

    def __init__(self, fingerprint: str, root: Path = ROOT, interval_s: float = INTERVAL_S):
        self.folder, self._fingerprint, self._interval = root / fingerprint, fingerprint, interval_s
        self._written = time.monotonic()
        self._turns: dict[str, int] = {}
        preemption.leaves_after_steps()

    def due(self) -> bool:
        """Whether the last write, or the start, is long enough ago, or the last chance to write has come."""
        return preemption.told_to_leave() or time.monotonic() - self._written >= self._interval

    def write(self, name: str, tree: Tree) -> None:
        """Keep a state under a name. The state before it stays until this one is complete.

        Raises Preempted, after that, if the process was told to leave.
        """
        tensors: dict[str, Tensor] = {}
        if name not in self._turns:
            self._turns[name] = max((turn for turn, _ in self._slots(name)), default=-1)
        self._turns[name] = turn = self._turns[name] + 1
        outline = {"turn": turn, "tree": _outline(tree, tensors)}
        data = save(tensors, {"outline": canonical_json(outline).decode()})
        write_artefact(self._path(name, turn % 2), data, self._fingerprint)
        self._written = time.monotonic()
        preemption.leave()

    def read(self, name: str) -> Tree | None:
        """The newest complete state of this name, or None."""
        slots = sorted(self._slots(name), key=lambda slot: slot[0])
        return slots[-1][1] if slots else None

    def forget(self, name: str) -> None:
        """Remove a state that is no longer needed."""
        for slot in (0, 1):
            path = self._path(name, slot)
            path.unlink(missing_ok=True)
            Path(f"{path}.json").unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove everything: the work is finished and its result stored."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str, slot: int) -> Path:
        return self.folder / f"{name}.{slot}.safetensors"

    def _slots(self, name: str) -> list[tuple[int, Tree]]:
        """Turn and state of each complete file. A kill leaves at most the older of the two."""
        found = []
        for slot in (0, 1):
            try:
                data = read_artefact(self._path(name, slot))
            except DamagedArtefact:
                continue
            length = int.from_bytes(data[:8], "little")  # of the header of a safetensors file
            outline = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["outline"])
            found.append((outline["turn"], _filled(outline["tree"], load(data))))
        return found


def _outline(tree: Tree, tensors: dict[str, Tensor]) -> Any:
    """The tree in JSON, its tensors replaced by their names in ``tensors``; safetensors knows no nesting."""
    if isinstance(tree, Tensor):
        name = f"{len(tensors):06d}"
        tensors[name] = tree.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(tree, dict):
        return {"pairs": [[key, _outline(value, tensors)] for key, value in tree.items()]}
    if isinstance(tree, (list, tuple)):
        return {"list": [_outline(item, tensors) for item in tree]}
    return {"value": tree}


def _filled(outline: Any, tensors: dict[str, Tensor]) -> Tree:
    ((what, content),) = outline.items()
    if what == "tensor":
        return tensors[content]
    if what == "pairs":
        return {key: _filled(value, tensors) for key, value in content}
    return [_filled(item, tensors) for item in content] if what == "list" else content


def copied(tree: Tree) -> Tree:
    """What would be read of a state after it was written."""
    tensors: dict[str, Tensor] = {}
    outline = _outline(tree, tensors)
    return _filled(outline, tensors)
