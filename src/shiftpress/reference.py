"""Documents made from typed params and results: JSON Schemas and a page for readers. Never edited by hand."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shiftpress.claims.headline import every, headline
from shiftpress.claims.results import schema as claims_schema
from shiftpress.core.adversarial import Robustness
from shiftpress.core.catalog import component, kinds
from shiftpress.core.component import Component
from shiftpress.core.decks import Budgets, Deck
from shiftpress.core.edge import Edge
from shiftpress.core.params import FAMILIES, Analysis, Formats, Params, Run, Study
from shiftpress.core.recipe import AtmcFit, CardFit, CodecFit, EdgeFit
from shiftpress.core.storage import read_json
from shiftpress.reporting.provenance import in_full, in_short

Schema = dict[str, Any]
PUBLISHED = Path("docs/results/standard")
"""The run whose verdicts the README tells."""
BEGIN, END = "<!-- made by make reference -->", "<!-- end of what make reference makes -->"


def documents() -> dict[str, str]:
    """Text of every generated file, by its path in the repository."""
    schema = params_schema()
    return {
        "docs/params.schema.json": json.dumps(schema, indent=1) + "\n",
        "docs/tier.schema.json": json.dumps(_optional(schema), indent=1) + "\n",
        "docs/params.md": page(),
        "docs/claims.schema.json": json.dumps(claims_schema(), indent=1) + "\n",
        **_pages(),
    }


def _pages() -> dict[str, str]:
    """Pages that people write, with what they tell of the published run. Raises DamagedArtefact if it is damaged."""
    rows, run = read_json(PUBLISHED / "claims.json"), read_json(PUBLISHED / "run.json")
    told = {
        Path("README.md"): f"{in_short(run)}\n\n{headline(rows)}",
        PUBLISHED / "README.md": f"{in_full(run)}\n\n{headline(rows)}\n\n{every(rows)}",
    }
    return {path.as_posix(): _between(path.read_text(), text) for path, text in told.items()}


def _between(page: str, text: str) -> str:
    """The page with another text between its marks."""
    before, after = page[: page.index(BEGIN)], page[page.index(END) :]
    return f"{before}{BEGIN}\n{text}\n{after}"


def params_schema() -> Schema:
    """JSON Schema of params.yaml: the fixed sections, and for every family one alternative per kind."""
    schema = Params.model_json_schema()
    schema["title"] = "Shiftpress params"
    del schema["$defs"]["Entry"]
    for family in FAMILIES:
        schema["properties"][family]["additionalProperties"] = {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"enum": kinds(family)}},
            "allOf": [_branch(family, kind) for kind in kinds(family)],
        }
        schema["properties"][family].pop("patternProperties", None)
        schema["properties"][family]["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]*$"}
    return schema


def _branch(family: str, kind: str) -> Schema:
    """If the kind is this one, the fields are these."""
    own = component(family, kind).model_json_schema()
    fields = {"kind": {"const": kind}, **own.get("properties", {})}
    then = {"properties": fields, "required": own.get("required", []), "additionalProperties": False}
    return {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": then}


def _optional(schema: Any) -> Any:
    """The same schema for an overlay, which need not repeat anything."""
    if isinstance(schema, dict):
        kept = {key: value for key, value in schema.items() if key != "required"}
        return {key: value if key == "if" else _optional(value) for key, value in kept.items()}
    return [_optional(item) for item in schema] if isinstance(schema, list) else schema


def page() -> str:
    """The reference page in Markdown."""
    lines = [
        "# Params, field by field",
        "",
        "Made by `make reference` from the typed models; a test says when it is behind.",
        "",
    ]
    for title, model in (
        ("run", Run),
        ("fit.codecs", CodecFit),
        ("fit.cards", CardFit),
        ("fit.atmc", AtmcFit),
        ("fit.edge", EdgeFit),
        ("analysis", Analysis),
        ("robustness", Robustness),
        ("deck_robustness", Robustness),
        ("study", Study),
        ("formats", Formats),
        ("edge", Edge),
        ("budgets", Budgets),
        ("decks.<name>", Deck),
    ):
        lines += [f"## `{title}`", "", _sentence(model), "", *_table(model), ""]
    for family in FAMILIES:
        purpose = Params.model_fields[family].description
        lines += [f"## `{family}`", "", f"{purpose[0].upper()}{purpose[1:]}. `<name>: {{kind: ...}}`", ""]
        for kind in kinds(family):
            model = component(family, kind)
            lines += [f"### `kind: {kind}`", "", _sentence(model), "", *_table(model), ""]
    return "\n".join(lines)


def _sentence(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")


def _table(model: type[BaseModel] | type[Component]) -> list[str]:
    if not model.model_fields:
        return ["No fields."]
    schema = model.model_json_schema()["properties"]
    rows = ["| field | type | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in model.model_fields.items():
        rows.append(f"| `{name}` | {_type(schema[name])} | {_default(field)} | {field.description} |")
    return rows


def _default(field: FieldInfo) -> str:
    return "needed" if field.is_required() else f"`{json.dumps(field.default)}`"


def _type(schema: Schema) -> str:
    """A field's type and bounds in words."""
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{json.dumps(v)}`" for v in schema.get("enum", [schema.get("const")]))
    name = {"array": "list", "object": "mapping", "null": "none"}.get(schema.get("type"), schema.get("type"))
    bounds = [
        f"{sign} {schema[key]:g}"
        for key, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if key in schema
    ]
    inner = f" of {_type(schema['items'])}" if schema.get("items") else ""
    return " ".join([f"{name}{inner}", *bounds])
