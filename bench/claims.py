"""What claims cost: tests over seeds beside plain loops, and all claims of all papers on made records.

``python bench/claims.py [--json FILE]`` flips the signs of twelve seeds' differences in every way (exact, 4,096
patterns), ours in turns with a loop over the patterns, and judges every ledger on made codec records.
"""

import itertools
from pathlib import Path

import numpy as np
from table import ROOT, Row, finish, in_turns, options, row
from toy_records import LAPTOP, codec_records

from shiftpress.claims.model import read_ledgers
from shiftpress.claims.verdict import judge
from shiftpress.core.statistics import sign_flip_tails

SEEDS, CALLS = 12, 3


def looped(values: list[float], threshold: float) -> tuple[float, float]:
    """One pattern after the other: shares of means no smaller, and no larger, than the one that was seen."""
    data = [value - threshold for value in values]
    seen, above, below, patterns = sum(data), 0, 0, 0
    for signs in itertools.product((1, -1), repeat=len(data)):
        found = sum(sign * abs(value) for sign, value in zip(signs, data, strict=True))
        above, below, patterns = above + (found >= seen - 1e-12), below + (found <= seen + 1e-12), patterns + 1
    return above / patterns, below / patterns


def main() -> None:
    given = options(__doc__).parse_args()
    values = np.random.default_rng(0).normal(0.3, 1, SEEDS).tolist()
    found, plain = sign_flip_tails(values, 0.0), looped(values, 0.0)
    assert np.allclose((found.greater, found.less), plain), (found, plain)
    ledgers, scores = read_ledgers(sorted(Path(ROOT / "claims").glob("*.yaml"))), codec_records(LAPTOP)
    ways = {
        "ours": lambda: [sign_flip_tails(values, 0.0) for _ in range(CALLS)],
        "peer": lambda: [looped(values, 0.0) for _ in range(CALLS)],
        "judge": lambda: judge(ledgers, scores, "laptop"),
    }
    seconds = in_turns(ways, 5)
    median = sorted(seconds["judge"])[len(seconds["judge"]) // 2]
    count = sum(len(ledger.claims) for ledger in ledgers)
    name = f"sign flips of {SEEDS} seeds"
    flips = row(name, "a loop over patterns", "ms a test", seconds["ours"], seconds["peer"], CALLS, least=1.0)
    finish([flips, Row(f"{count} claims on {len(scores)} records", "", "s", median, repeats=5)], given)


if __name__ == "__main__":
    main()
