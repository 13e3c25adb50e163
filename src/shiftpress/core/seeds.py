"""Named randomness: a seed is derived from what it is for."""

import hashlib

STRIDE = 10_000
"""From the seed of a card to that of its next copy; run seeds are smaller."""


def seed_for(*key: object) -> int:
    """A 63-bit seed that depends on its key alone, so that adding a component moves no other stream.

    >>> seed_for(0, "train_codec", "mnist5k") == seed_for(0, "train_codec", "mnist5k")
    True
    """
    digest = hashlib.sha256(repr(key).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def blocks(seeds: list[int], size: int) -> list[str]:
    """Labels of the runs of consecutive seeds that one job takes, at most ``size`` each.

    Runs start at multiples of ``size``, so that adding a seed changes no other block.

    >>> blocks([0, 1, 2, 3, 7], 2)
    ['0-1', '2-3', '7']
    """
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and runs[-1][-1] == seed - 1 and seed % size:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return [f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]


def seeds_of(block: str) -> list[int]:
    """The seeds a block's label stands for.

    >>> seeds_of("2-4"), seeds_of("2-3x1-2")
    ([2, 3, 4], [10002, 10003, 20002, 20003])
    """
    seeds, _, copies = block.partition("x")
    return [seed + STRIDE * copy for copy in _numbers(copies or "0") for seed in _numbers(seeds)]


def blocks_of_copies(block: str, copies: int, size: int) -> list[str]:
    """Labels of the files that hold so many copies of the cards of a block, its own first; at most ``size`` a file.

    >>> blocks_of_copies("0-2", 4, 2)
    ['0-2', '0-2x1', '0-2x2-3']
    """
    return [block, *(f"{block}x{part}" for part in blocks(list(range(1, copies)), size))]


def _numbers(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))
