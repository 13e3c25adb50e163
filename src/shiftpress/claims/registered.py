"""Whether a claim stood before its records: the commit that last changed it, beside when the records were made."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from shiftpress.core.history import Version, stamp, versions

Seen = Mapping[tuple[str, str, str], datetime]
"""When the first records of a phase, dataset and model were made."""


class Registration(BaseModel):
    """When a claim was written down as it stands. It says no times of records, which differ from run to run."""

    model_config = ConfigDict(extra="forbid")
    file: str = Field(description="that the claim stands in")
    commit: str | None = Field(description="in which the claim last changed; none: in no commit yet, or not known")
    changed: str | None = Field(description="time of that commit, UTC; none if there is none")
    file_commit: str | None = Field(description="in which anything in the file last changed")
    late: bool | None = Field(
        description="true: changed after an effect it depends on could be seen in the records; none if not known"
    )


class Registry:
    """The histories of claim files, and when the records were made."""

    def __init__(self, files: Iterable[str | Path], made: Iterable[Mapping[str, str]] = ()):
        self.seen: Seen = {
            (row["phase"], row["dataset"], row["model"]): datetime.fromisoformat(row["first"]) for row in made
        }
        self.known: dict[str, tuple[str, Version | None, str | None, datetime | None]] = {}
        for file in files:
            self._read(Path(file))

    def of(self, claim: str, effects: Iterable[Sequence[tuple[str, str, str]]]) -> Registration | None:
        """What is known of a claim, given for each effect it depends on the models it is computed from."""
        if claim not in self.known:
            return None
        file, version, newest, changed = self.known[claim]
        return Registration(
            file=file,
            commit=version.commit if version else None,
            changed=stamp(version.time) if version else None,
            file_commit=newest,
            late=None if changed is None or not self.seen else self._late(changed, effects),
        )

    def _late(self, changed: datetime, effects: Iterable[Sequence[tuple[str, str, str]]]) -> bool:
        """An effect can be seen once every model of it has records."""
        whole = [[self.seen[model] for model in models] for models in effects if self.seen.keys() >= set(models)]
        return any(times and max(times) < changed for times in whole)

    def _read(self, path: Path) -> None:
        history = list(versions(path))
        older = [_claims(version.text) for version in history]
        committed = bool(history) and history[0].text == path.read_text()
        for name, text in _claims(path.read_text()).items():
            version = _last_change(text, [found.get(name) for found in older], history)
            changed = version.time if version else _touched(path) if history else None
            self.known[name] = (path.as_posix(), version, history[0].commit if committed else None, changed)


def _touched(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _last_change(text: str, older: list[str | None], history: list[Version]) -> Version | None:
    """The oldest of the newest versions that say the same; none if not even the newest does."""
    same = None
    for version, said in zip(history, older, strict=True):
        if said != text:
            break
        same = version
    return same


def _claims(text: str) -> dict[str, str]:
    """What the file says of each claim: its own lines, those of all and of the groups it names, without comments.

    By lines and not by meaning, so that old versions need not be valid today. What cannot be told apart counts whole.
    """
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    groups, claims = _under("groups", lines), _under("claims", lines)
    apart = list(_of_all(lines))
    return {
        name: "\n".join([*own, *apart, *(line for group in groups if _names(group, own) for line in groups[group])])
        for name, own in claims.items()
    }


def _of_all(lines: list[str]) -> Iterator[str]:
    """The lines of ``apart``, which decides for every claim of the file which models it is about."""
    inside = False
    for line in lines:
        if not line.startswith((" ", "-")):
            inside = line.split(":")[0] == "apart"
        if inside:
            yield line


def _under(section: str, lines: list[str]) -> dict[str, list[str]]:
    """The lines of every key below a top-level key."""
    found: dict[str, list[str]] = {}
    inside, depth, name = False, None, ""
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if indent == 0:
            inside, depth = line.split(":")[0] == section, None
            continue
        depth = indent if depth is None else depth
        if inside and indent == depth:
            name = line.strip().split(":")[0].strip("\"'")
            found[name] = []
        if inside:
            found[name].append(line)
    return found


def _names(group: str, lines: list[str]) -> bool:
    return any(group in line for line in lines)
