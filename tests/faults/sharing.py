"""Millions of tries, shared out among processes: one for each core."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

PART = 100_000
"""Tries of a part: minutes, beside the seconds that a process takes to start."""

Found = TypeVar("Found")


def shared_out(tried: Callable[[int, int], Found], tries: int, seed: int, part: int = PART) -> list[Found]:
    """What ``tried``, a function of a module, finds in so many tries with such a seed, part by part.

    Few tries stay in this process. A process that crashes ends all with BrokenProcessPool.
    """
    if tries <= part:
        return [tried(tries, seed)]
    sizes = [min(part, tries - done) for done in range(0, tries, part)]
    seeds = [1_000_000 * seed + number for number in range(len(sizes))]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        return list(pool.map(tried, sizes, seeds))
