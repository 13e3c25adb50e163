"""Cards of every kind: weights as they are, made of factors, or whole numbers; and compressed networks, by name."""

from typing import Any

from shiftpress.core import paths
from shiftpress.core.catalog import component
from shiftpress.core.described import header_of
from shiftpress.core.params import Params
from shiftpress.core.problems import InputError, suggestion
from shiftpress.core.storage import DamagedArtefact, read_json
from shiftpress.core.tensors import State, read_tensors, under_prefix
from shiftpress.packing import card, factored, quantised
from shiftpress.packing.container import FACTORED, FORMAT, QUANTISED, WHAT
from shiftpress.packing.results import block_of, path_of

AnyCard = card.Card | factored.FactoredCard | quantised.QuantisedCard
READERS = {FACTORED: factored.unpack, QUANTISED: quantised.unpack}
"""By what a file says it is."""


def pack_either(
    state: State,
    kind: str,
    fields: dict[str, Any],
    shape: tuple[int, int, int],
    classes: int,
    *,
    free: bool,
    origin: str = "",
) -> bytes:
    """The card file of a network's state, in which weights may stand as factors. Raises InputError."""
    if any("/" in name for name in state):
        return factored.pack(state, kind, fields, shape, classes, free=free, origin=origin)
    return card.pack(state, kind, fields, shape, classes, origin=origin)


def unpack_any(data: bytes) -> AnyCard:
    """What a card file of any kind holds. Raises InputError, with one line, whatever the bytes are."""
    _, facts = header_of(data, WHAT)
    said = facts.get("format") if isinstance(facts, dict) else None
    return READERS.get(said if isinstance(said, str) else FORMAT, card.unpack)(data)


def plain_state(found: AnyCard) -> State:
    """The state of the classifier itself; of a quantised one its whole numbers, scales and grids."""
    if isinstance(found, quantised.QuantisedCard):
        return found.quantised.tensors
    return found.plain() if isinstance(found, factored.FactoredCard) else found.state


def names_compressed(name: str, params: Params) -> bool:
    """Whether a name is that of a compressed network: dataset/classifier/compressor, and a ratio in percent or none."""
    words = name.split("/")
    return len(words) in (3, 4) and words[2] in params.compressors


def packed_compressed(name: str, params: Params, tier: str, seed: int) -> bytes:
    """The card file of a compressed network of a tier's results. Raises InputError."""
    dataset, classifier, compressor, *level = name.split("/")
    block = block_of(params, tier, seed)
    if classifier not in params.classifiers:
        raise InputError(
            f"The params have no classifier {classifier!r}.{suggestion(classifier, [*params.classifiers])}"
        )
    places = {"dataset": dataset, "classifier": classifier, "compressor": compressor, "seeds": block}
    try:
        facts = read_json(path_of(paths.DATA_CARD, tier, places))
        tensors = read_tensors(path_of(paths.COMPRESSED, tier, places))
        state = under_prefix(f"{seed}/{level[0] if level else '100'}", tensors)
    except DamagedArtefact as error:
        raise InputError(f"{error}. Has the tier been run?") from None
    except KeyError:
        levels = sorted({n.split("/")[1] for n in tensors if n.startswith(f"{seed}/")})
        raise InputError(f"{name!r} is of no ratio that there is; it has {', '.join(levels) or 'none'}.") from None
    entry, made = params.classifiers[classifier], params.compressors[compressor]
    free = component("compressors", made.kind)(**made.fields).free
    shape, classes = tuple(facts["shape"]), len(facts["classes"])
    return pack_either(state, entry.kind, entry.fields, shape, classes, free=free, origin=f"{name}, seed {seed}")
