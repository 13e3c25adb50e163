"""A card of the pipeline's results, by name."""

from string import Formatter

from shiftpress.core import paths
from shiftpress.core.params import Params
from shiftpress.core.problems import InputError, suggestion
from shiftpress.core.storage import DamagedArtefact, read_json
from shiftpress.core.tensors import read_tensors, under_prefix
from shiftpress.packing.card import pack
from shiftpress.packing.results import block_of, path_of

PLACES = [name for _, name, _, _ in Formatter().parse(paths.CARD) if name and name != "seeds"]
"""What a card's path names, in order: dataset, classifier, ..., pruner."""
DENSE = "dense"
BEST = "best"
FORM = "/".join([*PLACES, "sparsity in percent"])


def packed(name: str, params: Params, tier: str, seed: int, *, bits: int | None = None, fold: bool = False) -> bytes:
    """The card file of ``dataset/classifier/.../pruner/percent``, or of ``.../dense``. Raises InputError.

    ``/best`` behind it stands for the epoch picked on the validation split instead of the last.
    """
    places, level = _places(name, params)
    block = block_of(params, tier, seed)
    try:
        card = read_json(path_of(paths.DATA_CARD, tier, places))
        tensors = read_tensors(path_of(paths.CARD, tier, {**places, "seeds": block}))
        state = under_prefix(f"{seed}/{level}", tensors)
    except DamagedArtefact as error:
        raise InputError(f"{error}. Has the tier been run?") from None
    except KeyError:
        levels = sorted({n.split("/")[1] for n in tensors if n.startswith(f"{seed}/")})
        raise InputError(f"{name!r} has no sparsity {level} %; it has {', '.join(levels) or 'none'}.") from None
    entry, origin = params.classifiers[places["classifier"]], f"{name}, seed {seed}"
    shape, classes = tuple(card["shape"]), len(card["classes"])
    return pack(state, entry.kind, entry.fields, shape, classes, bits=bits, fold=fold, origin=origin)


def _places(name: str, params: Params) -> tuple[dict[str, str], str]:
    """Entries of the params by place, and the sparsity as it stands in a file's tensor names."""
    words = name.removesuffix(f"/{BEST}").split("/")
    if len(words) == len(PLACES) and words[-1] == DENSE:
        words.append("0")
    if len(words) != len(PLACES) + 1:
        raise InputError(f"{name!r} names no card; write {FORM}, or dense instead of the last two.")
    places = dict(zip(PLACES, words[:-1], strict=True))
    for place, word in places.items():
        entries = list(getattr(params, f"{place}s"))
        if word not in entries and not (place == "pruner" and word == DENSE):
            raise InputError(f"The params have no {place} {word!r}.{suggestion(word, entries)}")
    try:
        return places, f"{float(words[-1]):g}" + (f"-{BEST}" if name.endswith(f"/{BEST}") else "")
    except ValueError:
        raise InputError(f"{words[-1]!r} is no sparsity; write it in percent, such as 95.") from None
