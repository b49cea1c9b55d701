"""The bodies of actions: Telnyx's parameters, with the same checks as commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import core_schema

from dialtone.domain.parameter_checks import object_schema
from dialtone.domain.telnyx_actions import ACTIONS

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

ACTION_NAMES = (
    "speak",
    "playback_start",
    "playback_stop",
    "record_start",
    "record_stop",
    "record_pause",
    "record_resume",
    "gather_using_speak",
    "gather_using_audio",
    "transfer",
    "bridge",
    "send_dtmf",
    "hangup",
)
"""The Telnyx actions that the API offers."""

NOT_TAKEN = frozenset({"client_state", "target_leg_client_state"})
"""Dialtone matches events to calls by client_state; `command_id` is derived from the request's key."""


class Parameters(dict[str, Any]):
    """A JSON object. It is validated when the command is made of it."""

    action: ClassVar[str]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401 -- pydantic's
        """Any JSON object."""
        del source, handler
        return core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Any:  # noqa: ANN401 -- pydantic's
        """The JSON Schema, derived from the command's checks."""
        del schema, handler
        return cls.described()

    @classmethod
    def described(cls) -> dict[str, Any]:
        """Its JSON Schema."""
        return schema_of(cls.action)


def parameters_of(action: str) -> type[Parameters]:
    """The type of an action's body."""
    return type(f"{action.title().replace('_', '')}Parameters", (Parameters,), {"action": action})


def schema_of(action: str) -> dict[str, Any]:
    """The JSON Schema of an action's parameters."""
    takes = ACTIONS[action]
    fields = {name: each for name, each in takes.parameters.items() if name not in NOT_TAKEN}
    return object_schema(fields, takes.required)
