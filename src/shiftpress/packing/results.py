"""Where a tier's results have what names stand for."""

from shiftpress.core.params import Params
from shiftpress.core.problems import InputError
from shiftpress.core.seeds import blocks, seeds_of


def block_of(params: Params, tier: str, seed: int) -> str:
    """Label of the block of seeds that a seed of the tier is trained in. Raises InputError if there is none."""
    for block in blocks(params.run.seeds, params.run.seeds_per_job):
        if seed in seeds_of(block):
            return block
    raise InputError(f"Tier {tier!r} runs no seed {seed}; its seeds are {params.run.seeds}.")


def path_of(path: str, tier: str, places: dict[str, str]) -> str:
    """A path of ``core.paths`` in a tier's results."""
    return path.replace("<results>", f"results/{tier}").format(**places)
