"""What a test of faults found, and the table of what all of them found."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/faults.json"
README = ROOT / "README.md"
HEAD = ("id", "what", "tries", "failures", "at worst", "on", "commit")
BEGIN, END = "<!-- made by make faults -->", "<!-- end of what make faults makes -->"


@dataclass
class Outcome:
    """How often a fault was tried, each failure in a line, and how bad it was at worst."""

    tries: int = 0
    failures: list[str] = field(default_factory=list)
    worst: str = ""

    def check(self, sound: bool, what: str) -> None:
        """Count a try, and what is wrong if it is not sound."""
        self.tries += 1
        if not sound:
            self.failures.append(what)


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    id: str
    what: str
    tries: int
    failures: int
    worst: str
    date: str
    commit: str


def row(name: str, what: str, outcome: Outcome) -> Row:
    """What a test found, with the day and the commit."""
    told = subprocess.run(["git", "rev-parse", "--short=8", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    commit, day = told.stdout.strip() or "unknown", datetime.now(UTC).date().isoformat()
    return Row(name, what, outcome.tries, len(outcome.failures), outcome.worst, day, commit)


def read_table(path: Path = TABLE) -> dict[str, Row]:
    """The lines by id."""
    return {item["id"]: Row(**item) for item in json.loads(path.read_text())} if path.is_file() else {}


def write_table(rows: Mapping[str, Row], path: Path = TABLE, readme: Path = README) -> None:
    """Keep the lines, and show them in the README."""
    path.write_text(json.dumps([asdict(rows[name]) for name in sorted(rows)], indent=1) + "\n")
    text = readme.read_text()
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    readme.write_text(f"{before}{block(rows)}{after}")


def block(rows: Mapping[str, Row]) -> str:
    """What stands in the README, from its first mark to its last."""
    lines = [
        "| id | what | tries | failures | at worst | on | commit |",
        "| --- | --- | ---: | ---: | --- | --- | --- |",
    ]
    for name in sorted(rows):
        r = rows[name]
        lines.append(f"| {r.id} | {r.what} | {r.tries:,} | {r.failures:,} | {r.worst} | {r.date} | {r.commit} |")
    return "\n".join([BEGIN, *lines, ""])
