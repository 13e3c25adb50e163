"""The only reader of YAML: strict, with a line number for every place.

Params and claims may come from strangers. So the file is read as a stream of events and built here: no tags
(nothing is ever constructed from a type name), no anchors or aliases (no expansion bombs), no duplicate keys, a limit
on size and depth. Plain scalars follow the YAML 1.2 core schema, so ``1e-3`` is a number and ``on`` is a word, as in
DVC, which reads the same file.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shiftpress.core.problems import InputError, Problem, printable

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", "+.inf"), float("inf")),
    "-.inf": float("-inf"),
    ".nan": float("nan"),
}

Place = tuple[str | int, ...]


@dataclass
class Document:
    """A parsed file: plain data, and the line on which each place of it stands."""

    file: str
    data: dict[str, Any]
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """Line of a place, or of its nearest parent that the file has."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(path: str | Path) -> Document:
    """Parse a mapping from a YAML file.

    Raises InputError with every duplicate key, alias and tag found, or with the first syntax error.
    """
    name = str(path)
    text = _text(Path(path), name)
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise InputError([*builder.problems, _syntax(name, error, text.count("\n") + 1)]) from None
    if builder.problems:
        raise InputError(builder.problems)
    if builder.documents != 1 or not isinstance(builder.root, dict):
        message = "the file must hold one mapping of keys to values"
        if builder.root is None:
            message = "the file is empty"
        raise InputError([Problem(name, 1, "", message + "; compare it with the one in git")])
    return Document(name, builder.root, builder.lines)


def _text(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError([Problem(name, 1, "", f"larger than {MAX_BYTES:,} bytes")])
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError([Problem(name, 1, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise InputError([Problem(name, 1, "", "not a text file in UTF-8")]) from None
    for number, line in enumerate(text.split("\n"), 1):
        if not all(c.isprintable() or c in "\t\r\ufeff" for c in line):
            raise InputError([Problem(name, number, "", "holds a control character, not text")])
        if line[: len(line) - len(line.lstrip())].count("\t"):
            raise InputError([Problem(name, number, "", "indented with a tab; use spaces")])
    return text


def _syntax(name: str, error: yaml.YAMLError, lines: int) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "not valid YAML"
    return Problem(name, min(mark.line + 1, lines) if mark else 1, "", f"not valid YAML: {what}")


class _Builder:
    """Turns parser events into plain data without recursion."""

    def __init__(self, name: str):
        self.name, self.root, self.documents = name, None, 0
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        self.stack: list[tuple[Any, Place]] = []  # open containers and their places
        self.keys: list[str | None] = []  # the key waiting for its value, one per open mapping

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(line, "aliases are not read; write the value out")
            self._add(None, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._check(event, line)
            self._add(self._scalar(event), line)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._check(event, line)
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.stack.pop()
            self.keys.pop()

    def _open(self, container: dict | list, line: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise InputError([Problem(self.name, line, "", f"nested deeper than {MAX_DEPTH}")])
        place = self._add(container, line)
        self.stack.append((container, place))
        self.keys.append(None)

    def _add(self, value: Any, line: int) -> Place:
        if not self.stack:
            self.root, self.lines[()] = value, line
            return ()
        parent, place = self.stack[-1]
        if isinstance(parent, list):
            parent.append(value)
            place = (*place, len(parent) - 1)
        elif self.keys[-1] is None:
            return self._key(value, parent, place, line)
        else:
            place = (*place, self.keys[-1])
            parent[self.keys[-1]], self.keys[-1] = value, None
        self.lines.setdefault(place, line)
        return place

    def _key(self, value: Any, parent: dict, place: Place, line: int) -> Place:
        if isinstance(value, (dict, list)):
            self._refuse(line, "a key must be a word")
        key = str(value)
        if not key.isprintable():
            key = printable(key)
            self._refuse(line, f"the key '{key}' is no plain text; use letters, digits and _", place)
        if key in parent:
            first = self.lines[(*place, key)]
            self._refuse(line, f"duplicate key; it stands on line {first} too", (*place, key))
        self.keys[-1] = key
        self.lines.setdefault((*place, key), line)
        return (*place, key)

    def _check(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor:
            self._refuse(line, "anchors are not read; write the value out")
        if event.tag not in (None, "!"):
            self._refuse(line, f"tag {event.tag!r} is not read; write a plain value")

    @staticmethod
    def _scalar(event: yaml.ScalarEvent) -> Any:
        text = event.value
        if not event.implicit[0]:  # quoted
            return text
        if text in _SPECIAL:
            return _SPECIAL[text]
        if _INT.fullmatch(text) and len(text) < 20:
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        return float(text) if _FLOAT.fullmatch(text) else text

    def _refuse(self, line: int, message: str, place: Place = ()) -> None:
        self.problems.append(Problem(self.name, line, ".".join(map(str, place)), message))
