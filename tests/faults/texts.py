"""Params and claims files with mistakes: every one is answered with file and line, and a single typo with the word."""

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

from faults.outcome import Outcome
from projects import ROOT

from shiftpress.claims.model import read_ledgers
from shiftpress.core.problems import InputError
from shiftpress.loading import load_study

WORD = re.compile(r"^( *)([a-z_]{4,})(?=:)", re.M)
NUMBER = re.compile(r"(?<=: )-?\d[\d.e-]*(?=[,}\n])")
ODD = ("many", "[]", "{a: 1}", "null", ".nan", "-.inf", "-1", "1e400", "99999999999999999999", '""', "[1, [2]]", "true")
WHOLE = [
    lambda text, draw: text.replace("\n  ", "\n\t", draw.randint(1, 3)),
    lambda text, draw: "a: &a [1]\nb: *a\n" + text,
    lambda text, draw: text + "\nextra: !!python/object/apply:os.system ['touch pwned']\n",
    lambda text, draw: text + "\nextra: " + "[" * draw.randint(25, 2000) + "\n",
    lambda text, draw: text + "#" * 10_000_000,
    lambda text, draw: text[: draw.randrange(len(text) // 8)] + "\0" + text,
    lambda text, draw: "- " + text,
    lambda text, draw: text + "\n---\n" + text,
    lambda text, draw: "",
    lambda text, draw: text + "\n" + text[text.index("run:") : text.index("run:") + 40] if "run:" in text else "- a",
]


def typo(text: str, draw: random.Random) -> tuple[str, str] | None:
    """One letter of a key doubled, dropped, changed, or two swapped; with the key as it was."""
    found = draw.choice(list(WORD.finditer(text)))
    word, at = found[2], draw.randrange(1, len(found[2]) - 1)
    wrong = draw.choice(
        [
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1 :],
            word[:at] + draw.choice("qxzj") + word[at + 1 :],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        ]
    )
    return (text[: found.start(2)] + wrong + text[found.end(2) :], word) if wrong != word else None


def odd_value(text: str, draw: random.Random) -> str:
    """A number that is something else."""
    found = draw.choice(list(NUMBER.finditer(text)))
    return text[: found.start()] + draw.choice(ODD) + text[found.end() :]


def noise(text: str, draw: random.Random) -> str:
    """A few letters anywhere changed, lost or repeated."""
    for _ in range(draw.choice((1, 1, 2, 5))):
        at = draw.randrange(len(text))
        letters = draw.choice(["", draw.choice("{}[]:,&*!|>#%@'\"\t-x0"), text[at : at + 9], "\n"])
        text = text[:at] + letters + text[at + draw.randint(0, 3) :]
    return text


def _tried(name: str, good: str, read: Callable[[str], object], folder: Path, tries: int, seed: int) -> Outcome:
    outcome, draw, slowest, accepted = Outcome(), random.Random(seed), 0.0, 0
    typos = helped = 0
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    while outcome.tries < tries:
        kind, word = draw.choices(("typo", "odd", "noise", "whole"), (40, 25, 25, 10))[0], None
        if kind == "typo":
            if (made := typo(good, draw)) is None:
                continue
            text, word = made
        else:
            text = {"odd": odd_value, "noise": noise, "whole": draw.choice(WHOLE)}[kind](good, draw)
        path.write_text(text)
        start = time.process_time()
        try:
            read(str(path))
            said, sound = None, kind in ("odd", "noise", "typo")
            accepted += 1
        except InputError as error:
            said = str(error)
            sound = bool(re.search(rf"{re.escape(name)}:\d+: ", said)) and "Traceback" not in said
        except Exception as error:
            said, sound = f"{type(error).__name__}: {error}", False
        took = time.process_time() - start
        slowest = max(slowest, took)
        if word and said:
            typos += 1
            helped += f"{word!r}" in said
        outcome.check(sound and took < 1, f"{kind}: {took:.1f} s: {(said or 'accepted')[:200]!r}")
        assert not (folder / "pwned").exists() and not Path("pwned").exists()
    if typos and helped < 0.9 * typos:
        outcome.failures.append(f"only {helped} of {typos} typos were answered with the word")
    share = f"{helped} of {typos} typos answered with the word" if typos else "no typos"
    outcome.worst = f"{slowest:.2f} s; {share}; {accepted} were no mistakes"
    return outcome


def params(folder: Path, tries: int, seed: int) -> Outcome:
    """C1: params.yaml with a mistake."""
    good = (ROOT / "params.yaml").read_text()
    return _tried("params.yaml", good, lambda path: load_study([path]), folder, tries, seed)


def claims(folder: Path, tries: int, seed: int) -> Outcome:
    """C2: a file of claims with a mistake."""
    good = (ROOT / "claims/lei2021.yaml").read_text()
    return _tried("lei2021.yaml", good, lambda path: read_ledgers([path]), folder, tries, seed)
