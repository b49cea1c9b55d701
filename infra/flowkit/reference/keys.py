"""Every key of a flow, a number file, a calendar and a rota as a page of tables: made from the schemas."""

import json
from collections.abc import Iterator
from typing import Any

from dialtone.flow.parser import STEP_KINDS
from infra.flowkit.reference.parameters import rows as parameter_rows
from infra.flowkit.reference.schemas import Schema, schemas

HEAD = """\
# Every key

Written by `dialtone flow schema --write` from the models that read flows; [flows.md](flows.md) says how they belong
together, with examples.
"""

_OF_STEPS = frozenset({"language", "next", "on_error", "on_hangup", "speed", "voice"})
_LIMITS = {
    "minimum": "from {}",
    "maximum": "to {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "minProperties": "at least {}",
}


def page() -> str:
    """The page's text."""
    flow, numbers, calendar, rota = (schemas()[name] for name in ("flow", "numbers", "calendar", "rota"))
    steps = {kind: flow["$defs"][f"step-{kind}"] for kind in STEP_KINDS}
    parts = [HEAD, "## A flow\n", _table(flow["properties"], flow.get("required", ()))]
    parts += ["## Any step\n", _table({name: steps["say"]["properties"][name] for name in sorted(_OF_STEPS)}, ())]
    for kind, schema in steps.items():
        properties = schema["properties"]
        own = {name: properties[name] for name in (kind, *properties) if name not in _OF_STEPS}
        parts += [f"## `{kind}`\n", f"{schema['description']}\n", _table(own, schema["required"])]
    parts += ["## Mappings within them\n", *_mappings(flow["$defs"])]
    parts += ["## A calendar\n", _table(calendar["properties"], calendar["required"])]
    parts += ["## A rota\n", _table(rota["properties"], rota["required"]), *_mappings(rota["$defs"])]
    route = next(each for each in numbers["$defs"]["route"]["anyOf"] if "properties" in each)
    parts += ["## A route in numbers.yaml\n", _table(route["properties"], route["required"])]
    parts += ["## Telnyx's parameters\n", _COMMANDS_HEAD, _parameters()]
    return "\n".join(parts)


_COMMANDS_HEAD = """\
Every parameter of the commands for speech, audio and recordings, and the keys that set it: found by entering steps with
each key and without.
"""


def _parameters() -> str:
    rows = ["| command | parameter | key |", "|---|---|---|"]
    rows += [f"| `{action}` | `{parameter}` | {keys} |" for action, parameter, keys in parameter_rows()]
    return "\n".join(rows) + "\n"


def _mappings(definitions: Schema) -> Iterator[str]:
    for name, schema in sorted(definitions.items()):
        full = next((each for each in (schema, *schema.get("anyOf", ())) if "properties" in each), None)
        if full is not None and not name.startswith("step-"):
            yield f"### {name}\n"
            yield _table(full["properties"], full.get("required", ()))


def _table(properties: Schema, required: Any) -> str:  # noqa: ANN401 -- a list or tuple out of a schema
    rows = ["| key | type | default | limits | |", "|---|---|---|---|---|"]
    for name, said in properties.items():
        default = "needed" if name in required else _shown(said["default"]) if "default" in said else ""
        cells = (f"`{name}`", _type(said), default, _limits(said), said.get("description", ""))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _shown(default: object) -> str:
    return "" if default in ("", None, {}, []) else f"`{json.dumps(default, ensure_ascii=False)}`"


def _type(said: Schema) -> str:
    if "$ref" in said:
        return str(said["$ref"]).rpartition("/")[2]
    if "enum" in said or "const" in said:
        return ", ".join(f"`{json.dumps(each)}`" for each in said.get("enum", [said.get("const")]))
    if "anyOf" in said:
        kinds = dict.fromkeys(_type(each) for each in said["anyOf"] if each.get("type") != "null")
        return " or ".join(kind for kind in kinds if kind)
    kind = said.get("type", "")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _limits(said: Schema) -> str:
    found = [said, *said.get("anyOf", ())]
    limits = [text.format(f"{each[key]:,}") for each in found for key, text in _LIMITS.items() if key in each]
    return ", ".join(dict.fromkeys(limits))
