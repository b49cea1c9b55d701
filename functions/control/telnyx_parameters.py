"""The bodies of actions: Telnyx's own parameters with their limits, as the commands themselves are checked."""

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
"""Those of Telnyx's actions that may be asked for from outside."""

NOT_TAKEN = frozenset({"client_state", "target_leg_client_state"})
"""By these Dialtone knows which events are of which call; `command_id` is made of the request's key."""


class Parameters(dict[str, Any]):
    """A JSON object; what is wrong with it is said by the command that is made of it."""

    action: ClassVar[str]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401 -- pydantic's
        """Any JSON object."""
        del source, handler
        return core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Any:  # noqa: ANN401 -- pydantic's
        """As the command's own checks say."""
        del schema, handler
        return cls.described()

    @classmethod
    def described(cls) -> dict[str, Any]:
        """What JSON Schema can say of it."""
        return schema_of(cls.action)


def parameters_of(action: str) -> type[Parameters]:
    """The type of an action's body."""
    return type(f"{action.title().replace('_', '')}Parameters", (Parameters,), {"action": action})


def schema_of(action: str) -> dict[str, Any]:
    """What JSON Schema can say of an action's parameters."""
    takes = ACTIONS[action]
    fields = {name: each for name, each in takes.parameters.items() if name not in NOT_TAKEN}
    return object_schema(fields, takes.required)
