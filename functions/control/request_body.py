"""The base of the API's request bodies."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """A request's body, or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)
