"""The control API's actions take Telnyx's own parameters, each that Dialtone's commands know, with its limits."""

from collections.abc import Iterator
from typing import Any

import pytest

from control.telnyx_parameters import ACTION_NAMES, NOT_TAKEN, schema_of
from dialtone.domain.parameter_checks import Check, ListOf, MapOf, Parameter, Shape
from dialtone.domain.telnyx_actions import ACTIONS


def checks(parameter: Parameter) -> Iterator[Check]:
    match parameter:
        case Check():
            yield parameter
        case ListOf(item=inner) | MapOf(value=inner):
            yield from checks(inner)
        case Shape(fields=fields):
            for each in fields.values():
                yield from checks(each)


@pytest.mark.parametrize("action", ACTION_NAMES)
def test_every_parameter_of_the_command_is_in_the_schema(action: str) -> None:
    schema = schema_of(action)

    assert schema["properties"].keys() == ACTIONS[action].parameters.keys() - NOT_TAKEN
    assert tuple(schema.get("required", ())) == ACTIONS[action].required
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("action", [*ACTION_NAMES, "dial"])
def test_the_schema_and_the_checks_agree_at_below_and_above_every_limit(action: str) -> None:
    for parameter in ACTIONS[action].parameters.values():
        for check in checks(parameter):
            assert check.schema, f"{check.allowed} has no schema"
            agree(check, dict(check.schema))


def agree(check: Check, schema: dict[str, Any]) -> None:
    for limit, beyond in (("minimum", -1), ("maximum", 1)):
        if limit in schema:
            assert check.accepts(schema[limit])
            assert not check.accepts(schema[limit] + beyond)
    for limit, beyond in (("minLength", -1), ("maxLength", 1)):
        if limit in schema and schema[limit] + beyond >= 0 and "pattern" not in schema:
            assert check.accepts("x" * schema[limit])
            assert not check.accepts("x" * (schema[limit] + beyond))
    for choice in schema.get("enum", ()):
        assert check.accepts(choice)
    if "enum" in schema:
        assert not check.accepts("none of them")
