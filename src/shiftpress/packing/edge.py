"""Networks for the edge, by name. Results hold them as files already, so that the same bytes come out."""

from shiftpress.core import paths
from shiftpress.core.edge import FORM, Method
from shiftpress.core.params import Params
from shiftpress.core.problems import InputError, suggestion
from shiftpress.core.storage import DamagedArtefact
from shiftpress.core.tensors import read_tensors
from shiftpress.packing.results import block_of, path_of


def names_edge(name: str, params: Params) -> bool:
    """Whether a name is that of a network for the edge: dataset/classifier/method, and a percentage of bits."""
    words = name.split("/")
    if len(words) != 4 or words[3] == "dense":
        return False
    return words[1] in params.edge.sizes or _method(words[2], params) is not None


def packed_edge(name: str, params: Params, tier: str, seed: int) -> bytes:
    """The card file of a network for the edge in a tier's results. Raises InputError."""
    dataset, classifier, word, share = name.split("/")
    method, sizes = _method(word, params), params.edge.sizes
    if classifier not in sizes:
        raise InputError(f"{classifier!r} is not in edge.sizes of the params.{suggestion(classifier, sizes)}")
    if method is None:
        raise InputError(f"{word!r} names no method of the phase edge; write {FORM}.")
    try:
        key = f"{method.name}/{float(share):.6g}"
    except ValueError:
        raise InputError(f"{share!r} is no share of bits; write it in percent, such as 25.") from None
    places = {"dataset": dataset, "classifier": classifier, "seeds": block_of(params, tier, seed)}
    path = path_of(paths.EDGE_ROUNDED if method.quantizer else paths.EDGE, tier, places)
    try:
        files = read_tensors(path)
    except DamagedArtefact as error:
        raise InputError(f"{error}. Has the tier been run?") from None
    if f"{seed}/{key}" not in files:
        there = [own.split("/", 1)[1] for own in sorted(files) if own.startswith(f"{seed}/")]
        raise InputError(f"There is no {key!r} of {dataset}/{classifier}; there are {', '.join(there) or 'none'}.")
    return files[f"{seed}/{key}"].numpy().tobytes()


def _method(word: str, params: Params) -> Method | None:
    try:
        return Method.of(word, params.filters, params.quantizers)
    except ValueError:
        return None
