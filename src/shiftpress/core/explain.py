"""Pydantic's verdicts in words a user can act on."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from shiftpress.core.problems import suggestion
from shiftpress.core.yamlfile import Place


def explain(error: ValidationError, model: type[BaseModel]) -> list[tuple[Place, str]]:
    """One place and one sentence for each mistake; several attempts at one union count once."""
    found: dict[Place, str] = {}
    for item in error.errors(include_url=False):
        place = tuple(step for step in item["loc"] if not _is_union_tag(step))
        found.setdefault(place, _sentence(item, model, place))
    return list(found.items())


def _is_union_tag(step: str | int) -> bool:
    """Pydantic adds the branch of a union or the ``[key]`` marker to a location; users wrote neither."""
    return isinstance(step, str) and (
        step == "[key]" or step.startswith(("literal[", "list[", "function-", "constrained"))
    )


def _sentence(item: dict[str, Any], model: type[BaseModel], place: Place) -> str:
    kind, message = item["type"], item["msg"]
    if kind == "extra_forbidden":
        return f"unknown key.{suggestion(str(place[-1]), _keys(model, place[:-1]))}"
    if kind == "missing":
        return f"missing; it is needed{_purpose(model, place)}"
    if kind == "string_pattern_mismatch":
        return f"{_shown(item['input'])} is no name: use lower-case letters, digits and _"
    if kind == "literal_error":
        expected = item["ctx"]["expected"]
        options = "'all' or a list of names" if expected == "'all'" else expected
        return f"must be {options}, not {_shown(item['input'])}"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"must be a mapping of keys to values, not {_shown(item['input'])}"
    return f"{message[0].lower()}{message[1:]}, not {_shown(item['input'])}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _model_at(model: type[BaseModel] | None, place: Place) -> type[BaseModel] | None:
    kind: Any = model
    for step in place:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(step))
            kind = field.annotation if field else None
        else:  # a mapping of names to models
            kind = get_args(kind)[1] if get_origin(kind) is dict else None
        kind = _given(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _given(kind: Any) -> Any:
    """The type of a field that may also be none."""
    options = get_args(kind)
    return next(option for option in options if option is not type(None)) if type(None) in options else kind


def _keys(model: type[BaseModel], place: Place) -> list[str]:
    inner = _model_at(model, place)
    return list(inner.model_fields) if inner else []


def _purpose(model: type[BaseModel], place: Place) -> str:
    inner = _model_at(model, place[:-1])
    field = inner.model_fields.get(str(place[-1])) if inner else None
    return f" ({field.description})" if field and field.description else ""
