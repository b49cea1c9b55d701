"""The JSON Schemas of what people write for Dialtone: made from the models that read it, published in docs/schema/."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from dialtone.flow.calendars import Calendar
from dialtone.flow.call_routing import NUMBER, Route
from dialtone.flow.parser import BARE, STEP_KINDS, WrittenFlow
from dialtone.flow.prompts import Piece, Prompt
from dialtone.flow.rotas import Rota
from dialtone.flow.step import Step

if TYPE_CHECKING:
    from pydantic import BaseModel


Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_REFERENCE = "#/$defs/{model}"


def schemas() -> dict[str, Schema]:
    """Every published schema, by what it is of."""
    return {"flow": flow_schema(), "numbers": numbers_schema(), "calendar": calendar_schema(), "rota": rota_schema()}


def written(schema: Schema) -> str:
    """The schema as its file has it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def flow_schema() -> Schema:
    """Of a flow file."""
    schema = _of(WrittenFlow, "A flow of Dialtone")
    definitions = schema.setdefault("$defs", {})
    kinds = [_hoisted(_step(kind, model), definitions, f"step-{kind}") for kind, model in STEP_KINDS.items()]
    schema["properties"]["steps"] |= {
        "propertyNames": {"pattern": "^[^/]+$"},
        "additionalProperties": {"anyOf": [{"enum": sorted(BARE)}, *kinds]},
    }
    prompt, piece = (TypeAdapter(model).json_schema(ref_template=_REFERENCE) for model in (Prompt, Piece))
    prompt = {"anyOf": prompt["anyOf"]}
    named: Schema = _named(_named(schema, "Prompt", prompt), "Piece", piece)
    named["$defs"] |= {"Prompt": _named(prompt, "Piece", piece), "Piece": piece}
    return named


def _named(schema: Any, name: str, said: Schema) -> Any:  # noqa: ANN401 -- a schema, or anything in it
    """The schema with a reference wherever it would say the same all over again."""
    if isinstance(schema, list):
        return [_named(each, name, said) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if said.items() <= schema.items():
        beside = {key: each for key, each in schema.items() if key not in said}
        return {"$ref": f"#/$defs/{name}"} | beside
    return {key: _named(each, name, said) for key, each in schema.items()}


def numbers_schema() -> Schema:
    """Of `numbers.yaml`."""
    route = TypeAdapter(Route).json_schema(ref_template=_REFERENCE)
    definitions = route.pop("$defs", {})
    one = _hoisted(route, definitions, "route")
    return {
        "$schema": DIALECT,
        "title": "Which flow of Dialtone takes a call",
        "description": "Called number, or its beginning with a star → a flow, or routes of which the first that fits.",
        "type": "object",
        "patternProperties": {f"^({NUMBER})$": {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}},
        "additionalProperties": False,
        "$defs": definitions,
    }


def calendar_schema() -> Schema:
    """Of a calendar file."""
    return _of(Calendar, "Opening hours for flows of Dialtone")


def rota_schema() -> Schema:
    """Of a rota file."""
    return _of(Rota, "Who is on call, for flows of Dialtone")


def _of(model: type[BaseModel], title: str) -> Schema:
    schema = model.model_json_schema(ref_template=_REFERENCE)
    return {"$schema": DIALECT, **schema, "title": title}


def _step(kind: str, model: type[Step]) -> Schema:
    schema = model.model_json_schema(ref_template=_REFERENCE)
    del schema["properties"]["name"]
    needed = {*schema.get("required", ()), kind} - {"name"}
    described = inspect.getdoc(model) or ""
    return schema | {"required": sorted(needed), "title": kind, "description": described.partition("\n")[0]}


def _hoisted(schema: Schema, definitions: Schema, name: str) -> Schema:
    """A reference to the schema, put among the definitions together with its own."""
    definitions.update(schema.pop("$defs", {}))
    definitions[name] = schema
    return {"$ref": f"#/$defs/{name}"}
