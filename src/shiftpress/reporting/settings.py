"""The params of a run as tables, with what each field means where the typed params say so."""

import json
from typing import Any

from pydantic import BaseModel

from shiftpress.core.params import FAMILIES, Params


def settings(params: dict[str, Any]) -> list[dict[str, Any]]:
    """A table per section: its name, what it is about, and rows of field, value and meaning."""
    found: list[dict[str, Any]] = []
    for name, value in params.items():
        if isinstance(value, dict):
            field = Params.model_fields.get(name)
            about = (field.description if field else "") or ""
            if name in FAMILIES:
                found.append({"name": name, "about": about, "rows": [_entry(*pair) for pair in value.items()]})
            else:
                found += _section(name, about, value, _model(Params, name))
    return [section for section in found if section["rows"]]


def _entry(name: str, entry: dict[str, Any]) -> dict[str, str]:
    fields = {key: value for key, value in entry.items() if key != "kind"}
    words = ", ".join(f"{key} {_short(value)}" for key, value in fields.items())
    return {"name": name, "value": str(entry.get("kind", "")), "meaning": words or "–"}


def _section(name: str, about: str, value: dict[str, Any], model: type[BaseModel] | None) -> list[dict[str, Any]]:
    rows, inside = [], []
    for key, own in value.items():
        field = model.model_fields.get(key) if model else None
        meaning = (field.description if field else "") or ""
        if isinstance(own, dict) and own:
            inside += _section(f"{name}.{key}", meaning, own, _model(model, key) if model else None)
        else:
            rows.append({"name": key, "value": _short(own), "meaning": meaning or "–"})
    return [{"name": name, "about": about, "rows": rows}, *inside]


def _model(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The model of a field, if it is one."""
    field = model.model_fields.get(key)
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(_short(item) for item in value) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
