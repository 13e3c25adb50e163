"""Safetensors files of strangers whose metadata says what they are: checked before a tensor is read."""

import json
import struct
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shiftpress.core.catalog import UnknownKind, component
from shiftpress.core.component import Component
from shiftpress.core.explain import explain
from shiftpress.core.problems import InputError
from shiftpress.core.yamlfile import Place

KEY = "shiftpress"
"""The one key of the file's metadata, so that no order of keys is left open."""
MOST_HEADER = 1 << 22

Facts = TypeVar("Facts", bound=BaseModel)


def header_of(data: bytes, what: str) -> tuple[dict[str, Any], Any]:
    """What is said of each tensor, by its name, and the facts. Raises InputError if these are no safetensors bytes.

    ``what`` the file should be, such as "card file", is for messages.
    """
    size = struct.unpack_from("<Q", data)[0] if len(data) >= 8 else MOST_HEADER
    header = _json(data[8 : 8 + size], what) if size <= min(MOST_HEADER, len(data) - 8) else None
    metadata = header.pop("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(metadata, dict):
        raise InputError(f"This is no {what}: it is not in the safetensors format.")
    return header, _json(metadata.get(KEY, "null"), what)


def checked(facts: Any, form: type[Facts], what: str) -> Facts:
    """The facts, typed. Raises InputError with the first mistake."""
    try:
        return form.model_validate(facts)
    except ValidationError as error:
        place, text = explain(error, form)[0]
        raise InputError(f"The {what}'s facts are wrong: {_shown(place)}: {text}") from None


def built(family: str, kind: str, fields: dict[str, Any], what: str) -> Component:
    """The component that the facts name. Raises InputError if there is none, or its fields are wrong."""
    try:
        return component(family, kind)(**fields)
    except UnknownKind as error:
        raise InputError(f"The {what}'s facts are wrong: {error}") from None
    except ValidationError as error:
        place, text = explain(error, component(family, kind))[0]
        raise InputError(f"The {what}'s facts are wrong: {_shown(('fields', *place))}: {text}") from None


def _shown(place: Place) -> str:
    """A place among the facts of a stranger, on one line."""
    return ".".join(step if (step := str(part)).isidentifier() else repr(step)[:60] for part in place)


def _json(text: bytes | str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise InputError(f"This is no {what}: its header is not JSON.") from None
