"""A trained codec of the pipeline's results as a model file."""

from shiftpress.coding.model import model_bytes
from shiftpress.core import paths
from shiftpress.core.params import Params
from shiftpress.core.problems import InputError, suggestion
from shiftpress.core.seeds import blocks, seeds_of
from shiftpress.core.storage import DamagedArtefact, read_json
from shiftpress.core.tensors import read_tensors, under_prefix


def exported(name: str, params: Params, tier: str, seed: int) -> bytes:
    """The model file of ``dataset/codec/objective``, trained with a run seed in a tier. Raises InputError."""
    words = name.split("/")
    if len(words) != 3:
        raise InputError(f"{name!r} names no model; write dataset/codec/objective.")
    places = dict(zip(("dataset", "codec", "objective"), words, strict=True))
    for family, word in places.items():
        entries = list(getattr(params, f"{family}s"))
        if word not in entries:
            raise InputError(f"The params have no {family} {word!r}.{suggestion(word, entries)}")
    block = next((b for b in blocks(params.run.seeds, params.run.seeds_per_job) if seed in seeds_of(b)), None)
    if block is None:
        raise InputError(f"Tier {tier!r} runs no seed {seed}; its seeds are {params.run.seeds}.")
    try:
        card = read_json(_path(paths.DATA_CARD, tier, places))
        state = under_prefix(f"{seed}/net", read_tensors(_path(paths.CODEC, tier, {**places, "seeds": block})))
    except (DamagedArtefact, KeyError) as error:
        raise InputError(f"{error.args[0]}. Has the tier been run?") from None
    entry = params.codecs[places["codec"]]
    return model_bytes(entry.kind, entry.fields, tuple(card["shape"]), state, f"{tier}/{name}/seed{seed}")


def _path(path: str, tier: str, places: dict[str, str]) -> str:
    return path.replace("<results>", f"results/{tier}").format(**places)
