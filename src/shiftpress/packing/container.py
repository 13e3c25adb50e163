"""The card file: a safetensors file of a few arrays whose metadata says what they are. Its reader trusts nothing in it.

Only one sequence of bytes stands for a card: whatever is read is written again and compared.
"""

import hashlib
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.numpy import load, save

from shiftpress.core.component import Name
from shiftpress.core.described import KEY, checked, header_of
from shiftpress.core.problems import InputError, told
from shiftpress.core.storage import canonical_json
from shiftpress.packing.values import Arrays

FORMAT, FACTORED, QUANTISED = "shiftpress/card/1", "shiftpress/card/2", "shiftpress/card/3"
WHAT = "card file"
MOST_SIDE = 1 << 14
DTYPES = {"<f4": "F32", "<f2": "F16", "<i8": "I64", "|u1": "U8"}

Side = Annotated[int, Field(ge=1, le=MOST_SIDE)]


class Network(BaseModel):
    """What every card file says about itself; ``digest`` is over everything else and the arrays."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    kind: Name = Field(description="file name of the classifier")
    fields: dict[Name, Any] = Field(description="what the classifier is configured with")
    shape: Annotated[list[Side], Field(min_length=3, max_length=3)] = Field(description="of an image, C, H, W")
    classes: int = Field(ge=1, le=1 << 16, description="number of logits")
    origin: str = Field("", max_length=300, description="where the card was trained")
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = "0" * 64


class Facts(Network):
    """Of a card whose weights stand as they are."""

    format: str = FORMAT
    bits: Literal[1, 16, 32] = Field(description="of a kept weight; 1 is a sign, with a gain for each layer")
    folded: bool = Field(False, description="whether normalisations have no statistics of their own")


class FactoredFacts(Network):
    """Of a card whose weights are made of factors."""

    format: str = FACTORED
    form: Literal["residual", "product"] = Field(description="W = U V + C, or W = U V")
    free: bool = Field(description="whether the identity is added to the square factor; never of a product")


def write(facts: Network, arrays: Arrays) -> bytes:
    """The bytes of a card file; the digest is filled in."""
    facts = facts.model_copy(update={"digest": digest(facts, arrays)})
    return save(arrays, {KEY: canonical_json(facts.model_dump()).decode()})


def read(data: bytes, model: type[Network] = Facts) -> tuple[Any, Arrays]:
    """Facts of this model and arrays of a card file, its digest checked. Raises InputError, whatever the bytes are."""
    facts = _facts(data, model)
    try:
        arrays = load(data)
    except (SafetensorError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise InputError(f"The card file is damaged: {told(error)}.") from None
    if digest(facts, arrays) != facts.digest:
        raise InputError("The card file is damaged: its digest differs.")
    if write(facts, arrays) != data:
        raise InputError("The card file is not written as cards are.")
    return facts, arrays


def check_form(arrays: Arrays, form: dict[str, tuple[str, int | None]]) -> None:
    """Raises InputError unless there are just these arrays, of this type, length and one dimension."""
    if names := sorted(form.keys() ^ arrays.keys()):
        raise InputError(f"The card file has other arrays than its facts say, such as {names[0][:60]!r}.")
    for name, (dtype, length) in form.items():
        array = arrays[name]
        if _dtype(array) != dtype or array.ndim != 1 or length not in (None, array.size):
            raise InputError(f"The card file's array {name!r} has another type or length than its facts say.")


def digest(facts: Network, arrays: Arrays) -> str:
    """Over the facts and all arrays."""
    whole = hashlib.sha256(canonical_json(facts.model_dump(exclude={"digest"})))
    for name in sorted(arrays):
        whole.update(f"{name} {_dtype(arrays[name])} {arrays[name].shape}\n".encode())
        whole.update(np.ascontiguousarray(arrays[name]).data)
    return whole.hexdigest()


def _dtype(array: np.ndarray) -> str:
    return DTYPES.get(array.dtype.newbyteorder("<").str, "other")


def _facts(data: bytes, model: type[Network]) -> Network:
    _, facts = header_of(data, WHAT)
    known = model.model_fields["format"].default
    if not isinstance(facts, dict) or facts.get("format") != known:
        raise InputError(f"This is no card file of format {known}; make one with shiftpress card pack.")
    found = checked(facts, model, WHAT)
    try:
        canonical_json(found.model_dump())
    except (ValueError, RecursionError) as error:  # the reader of JSON takes more than any card is written with
        raise InputError(f"The card file's facts are wrong: {told(error)}.") from None
    return found
