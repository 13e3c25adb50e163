"""The model file: a trained codec as one safetensors file that says what it is. Its reader trusts nothing in it."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from shiftpress.codecs.base import Codec
from shiftpress.coding.container import MOST_SIDE, Header
from shiftpress.coding.ranked import flaw
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.coding import Tables
from shiftpress.core.component import Name
from shiftpress.core.described import KEY, built, checked, header_of
from shiftpress.core.problems import InputError, told
from shiftpress.core.splits import Shape
from shiftpress.core.storage import canonical_json
from shiftpress.core.tensors import State

FORMAT, WHAT = "shiftpress/codec/1", "model file"
MOST_VALUES = 1 << 24
DTYPES = {torch.float32: "F32", torch.int32: "I32", torch.int64: "I64"}

Side = Annotated[int, Field(ge=1, le=MOST_SIDE)]


class Description(BaseModel):
    """What a model file says about itself; ``digest`` is over everything else and the tensors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    format: str = FORMAT
    kind: Name
    fields: dict[Name, Any]
    shape: Annotated[list[Side], Field(min_length=3, max_length=3)]
    origin: Annotated[str, Field(max_length=300)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = "0" * 64


@dataclass(frozen=True)
class Model:
    """A codec ready for use, and the first 16 bytes of its digest."""

    kind: str
    shape: Shape
    net: CodecNet
    digest: bytes
    origin: str = ""

    def owns(self, header: Header) -> None:
        """Raises InputError unless a stream with this header was written with the model."""
        if header.model != self.digest or header.kind != self.kind or header.shape != self.shape:
            raise InputError("The stream was written with another model; decode it with the one it was encoded with.")


def model_bytes(kind: str, fields: dict[str, Any], shape: Shape, state: State, origin: str) -> bytes:
    """The model file of a trained codec. Raises InputError if the parts do not belong together."""
    described = _described({"kind": kind, "fields": fields, "shape": list(shape), "origin": origin})
    described = described.model_copy(update={"digest": _digest(described, state)})
    ordered = {name: state[name].detach().cpu().contiguous() for name in sorted(state)}
    data = save(ordered, {KEY: canonical_json(described.model_dump()).decode()})
    read_model(data)
    return data


def read_model(data: bytes) -> Model:
    """The codec of a model file. Raises InputError, with one line, whatever the bytes are."""
    header, facts = header_of(data, WHAT)
    described = _described(facts)
    shape = tuple(described.shape)
    codec = _codec(described, shape)
    with torch.device("meta"):  # names, sizes and types of its tensors, without the memory
        _compare(codec.build(shape).state_dict(), header)
    try:
        state = load(data)
    except SafetensorError as error:
        raise InputError(f"The model file is damaged: {told(error)}.") from None
    if _digest(described, state) != described.digest:
        raise InputError("The model file is damaged: its digest differs.")
    net = codec.build(shape).eval()
    net.load_state_dict(state)
    _usable(net)
    digest = bytes.fromhex(described.digest)[:16]
    return Model(described.kind, shape, net.to(memory_format=torch.channels_last), digest, described.origin)


def _described(facts: Any) -> Description:
    if not isinstance(facts, dict) or facts.get("format", FORMAT) != FORMAT:
        raise InputError(f"This is no codec's model file of format {FORMAT}; make one with shiftpress codec export.")
    return checked(facts, Description, WHAT)


def _codec(described: Description, shape: Shape) -> Codec:
    codec = built("codecs", described.kind, described.fields, WHAT)
    reason = codec.misfit(shape)
    if shape[0] not in (1, 3) or shape[0] * shape[1] * shape[2] > MOST_VALUES:
        reason = f"{shape} is no shape of grey or colour images of at most {MOST_VALUES} values"
    if reason:
        raise InputError(f"The {WHAT}'s facts are wrong: shape: {reason}")
    return codec


def _compare(expected: State, header: dict[str, Any]) -> None:
    """Raises InputError unless the file has just these tensors."""
    if names := sorted(expected.keys() ^ header.keys()):
        raise InputError(f"The model file has other tensors than its kind and fields say, such as {names[0][:60]!r}.")
    for name, tensor in expected.items():
        entry = header[name]
        wanted = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape)}
        if not isinstance(entry, dict) or any(entry.get(key) != value for key, value in wanted.items()):
            raise InputError(f"The model file's tensor {name!r} has another type or shape than its fields say.")


def _usable(net: CodecNet) -> None:
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise InputError(f"The model file's tensor {name!r} holds values that are no finite numbers.")
    for module in net.modules():
        tables = getattr(module, "tables", None)
        if isinstance(tables, Tables) and (problem := flaw(tables)):
            raise InputError(f"The model file's tables are {problem}. Was the codec frozen after training?")
    if not has_streams(net):
        raise InputError("Codecs with norm: batch have no streams: an image would depend on its neighbours.")


def has_streams(net: CodecNet) -> bool:
    """Whether an image's code and reconstruction are the same whatever else is in the batch."""
    return all(module.track_running_stats for module in net.modules() if isinstance(module, nn.BatchNorm2d))


def _digest(described: Description, state: State) -> str:
    facts = described.model_dump(exclude={"digest"})
    whole = hashlib.sha256(canonical_json(facts))
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        whole.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        whole.update(tensor.numpy().tobytes())
    return whole.hexdigest()
