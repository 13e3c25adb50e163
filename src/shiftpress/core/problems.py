"""What is wrong with an input, where, and how to mend it."""

from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file a user wrote."""

    file: str
    line: int
    place: str
    message: str

    def __str__(self) -> str:
        place = f" {self.place}:" if self.place else ""
        return f"{self.file}:{self.line}:{place} {self.message}"


class InputError(Exception):
    """Mistakes in the user's input. Front doors print it and leave with exit code 2."""

    exit_code = 2

    def __init__(self, problems: list[Problem] | str):
        self.problems = [] if isinstance(problems, str) else sorted(set(problems))
        super().__init__(problems if isinstance(problems, str) else self._listing())

    def _listing(self) -> str:
        count = len(self.problems)
        noun = "1 mistake" if count == 1 else f"{count} mistakes"
        return "\n".join([*map(str, self.problems), f"{noun} found; nothing was run."])


def printable(text: str) -> str:
    """One line in which nothing makes a terminal do anything: of words that a stranger or a library wrote."""
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in " ".join(text.split()))


def told(error: Exception) -> str:
    """What a library says of a damaged file, in one short line: it may quote the file."""
    return printable(str(error))[:150] or type(error).__name__


def suggestion(word: str, known: list[str]) -> str:
    """A sentence that names the likely word, then all known ones."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} Known: {', '.join(known) or 'none'}."
