"""What a card weighs: the bytes of its file beside what the usual ways of counting say.

Counts by mask alone leave out where the kept weights are; a file cannot. The formula of Diffenderfer et al. 2021 is
not known to us; these conventions are ours.
"""

from collections.abc import Iterable

from shiftpress.core.entropy import mask_bits
from shiftpress.packing import container, payload
from shiftpress.packing import layout as layouts
from shiftpress.packing.card import blank


def sizes(data: bytes) -> dict[str, float]:
    """``disk_bytes`` of a card file and what ``conventions`` give for it, with everything else as it is stored."""
    facts, arrays = container.read(data)
    places, counts = layouts.layout(blank(facts), facts.folded), arrays["kept"].tolist()
    rest = sum(arrays[name].nbytes for name in ("floats", "integers", "gains") if name in arrays)
    stored = payload.elsewhere(places)
    found = conventions(zip(places.sizes, counts, strict=True), facts.bits, rest, stored)
    return {"disk_bytes": float(len(data)), **found}


def conventions(layers: Iterable[tuple[int, int]], bits: int, rest: int = 0, dense_rest: int = 0) -> dict[str, float]:
    """Bytes of layers (weights, kept) with so many bits a kept weight, plus those of everything else.

    ``bytes_nonzero`` counts the values of kept weights alone, ``bytes_bitmap`` adds one bit for every weight,
    ``bytes_entropy`` adds instead what no code of independent masks can go below, given how many weights each layer
    keeps, and ``bytes_dense`` is every weight in 32 bits.
    """
    layers = list(layers)
    weights, kept = (sum(column) for column in zip(*layers, strict=True))
    values = kept * bits / 8 + rest
    return {
        "bytes_nonzero": values,
        "bytes_bitmap": values + weights / 8,
        "bytes_entropy": values + mask_bits(layers) / 8,
        "bytes_dense": 4.0 * weights + dense_rest,
    }
