"""Which artefacts of a tier there are, which are damaged, and which are gone.

Beside what lies in the results there is a list of what lay there when the last run was finished, or when all was last
found sound: without one, an artefact that went away together with its digest would be missed by nobody.
"""

import json
from pathlib import Path

from shiftpress.core.storage import SCHEMA, DamagedArtefact, canonical_json, is_half, read_artefact, replace_file

LISTS = Path("work/inventory")


def damaged_below(root: Path) -> tuple[int, list[str]]:
    """How many artefacts stand below a folder, and what is wrong with each damaged one.

    A file without a sidecar and a sidecar without a file are damage too.
    """
    damaged, artefacts = [], artefacts_below(root)
    for path in artefacts:
        try:
            read_artefact(path)
        except DamagedArtefact as error:
            damaged.append(str(error))
    return len(artefacts), damaged


def artefacts_below(root: Path) -> list[Path]:
    """Every file that is an artefact or ought to be one, whether it is sound or not."""
    files = {path for path in root.rglob("*") if path.is_file() and not is_half(path)}
    sidecars = {path for path in files if path.suffix == ".json" and path.with_suffix("") in files}
    orphans = {path for path in files if path.suffix == ".json" and _is_sidecar(path)} - sidecars
    return sorted((files - sidecars - orphans) | {path.with_suffix("") for path in orphans})


def remember(root: Path, lists: Path = LISTS) -> None:
    """Keep the list of what lies in the results of a tier."""
    lists.mkdir(parents=True, exist_ok=True)
    names = [path.relative_to(root).as_posix() for path in artefacts_below(root)]
    replace_file(lists / f"{root.name}.json", canonical_json(names))


def gone_from(root: Path, lists: Path = LISTS) -> list[str]:
    """What is on the list and neither it nor its sidecar is there any more, each with the remedy."""
    try:
        names = json.loads((lists / f"{root.name}.json").read_bytes())
    except (OSError, ValueError):
        return []
    left = {path.relative_to(root).as_posix() for path in artefacts_below(root)}
    return [f"{root / name}: it is gone, with its digest; run again" for name in sorted({*map(str, names)} - left)]


def _is_sidecar(path: Path) -> bool:
    try:
        facts = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(facts, dict) and facts.get("schema") == SCHEMA
