"""Objects of DVC's cache, named by the md5 of their bytes: read again and compared with their names.

DVC itself trusts the names. Folders are kept as lists of names, whose own names end in ``.dir``.
"""

import hashlib
import json
import re
from pathlib import Path

OBJECTS = Path(".dvc/cache/files/md5")
NAME = re.compile(r"[0-9a-f]{32}(\.dir)?")
POINTED = re.compile(r"^\s*(?:- )?md5: ([0-9a-f]{32}(?:\.dir)?)\s*$", re.M)


def damaged_objects(objects: Path = OBJECTS) -> tuple[int, list[str]]:
    """How many objects the cache holds, and what is wrong with each damaged one or with each that a list lacks."""
    found = sorted(path for path in objects.glob("??/*") if path.is_file() and NAME.fullmatch(_name(path)))
    there, damaged, wanted = set(), [], {}
    for path in found:
        data, name = path.read_bytes(), _name(path)
        there.add(name)
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != name.removesuffix(".dir"):
            damaged.append(f"{path}: it is not what its name says; {_remedy(path)}")
        elif name.endswith(".dir"):
            wanted |= {row["md5"]: name for row in json.loads(data)}
    lacking = sorted(set(wanted) - there)
    damaged += [f"{objects / n[:2] / n[2:]}: the folder {wanted[n]} needs it and it is gone; {BRING}" for n in lacking]
    return len(found), damaged


def absent_objects(files: list[Path], objects: Path = OBJECTS) -> list[str]:
    """Names in pointers and lock files that this cache has nothing of, as in a clone that has pulled nothing yet."""
    names = sorted({name for file in files if file.is_file() for name in POINTED.findall(file.read_text())})
    return [name for name in names if not (objects / name[:2] / name[2:]).is_file()]


BRING = "bring it with dvc pull, or keep the workspace's own with make record"


def _name(path: Path) -> str:
    return path.parent.name + path.name


def _remedy(path: Path) -> str:
    return f"delete {path} and {BRING}"
