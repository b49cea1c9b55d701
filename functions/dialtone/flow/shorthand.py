"""Values that a flow may write in short or in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class Shorthand(BaseModel):
    """A mapping; the short form is expanded into it before validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    short_form: ClassVar[dict[str, Any]]
    """The short form as JSON Schema has it."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [cls.short_form, handler(core)]}
