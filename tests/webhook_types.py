"""Every webhook that the installed SDK of Telnyx knows, with a value of the described type in each of its fields."""

import datetime as dt
import typing
from typing import Any

import pydantic
from telnyx.types.unwrap_webhook_event import UnwrapWebhookEvent

MAX_LEVELS = 6


def _value(annotation: Any, level: int = 0) -> Any:  # noqa: ANN401 -- a type of any shape, a value of it
    """Some value of the type, as JSON has it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None:
        return _plain(annotation, level)
    if origin is typing.Literal:
        return arguments[0]
    if origin in {list, dict}:
        inside = [] if level > MAX_LEVELS else [_value(arguments[-1], level + 1)]
        return inside if origin is list else dict(zip(["key"], inside, strict=False))
    return _value(next(each for each in arguments if each is not type(None)), level)


def _plain(kind: Any, level: int) -> Any:  # noqa: ANN401 -- as above
    if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
        fields = kind.model_fields.items() if level < MAX_LEVELS else ()
        return {each.alias or name: _value(each.annotation, level + 1) for name, each in fields}
    values = {bool: True, int: 7, float: 1.5, str: "v3:text", dt.datetime: "2026-09-21T12:00:00Z"}
    return values.get(kind, {"any": 1})


def _type_of(whole: dict[str, Any]) -> str:
    """What the event is kept as."""
    data = whole.get("data", {})
    named = [data.get("event_type"), whole.get("event_type"), whole.get("event"), data.get("record_type")]
    return next(str(each) for each in [*named, whole.get("type")] if each and each != "event")


def _every() -> dict[str, tuple[dict[str, Any], str]]:
    models = typing.get_args(UnwrapWebhookEvent)
    if typing.get_origin(UnwrapWebhookEvent) is typing.Annotated:
        models = typing.get_args(models[0])
    wholes = {model.__name__: _value(model) for model in models}
    return {name: (whole, _type_of(whole)) for name, whole in wholes.items()}


WEBHOOK_TYPES = _every()
