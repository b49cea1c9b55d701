"""Which handler an event goes to: the one that is named for its type, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from dialtone.domain.calls import Call, Decision
from dialtone.domain.events import Event

Handler = Callable[[Call, Event], Decision]

_handlers: dict[str, Handler] = {}


def on(event_type: str) -> Callable[[Handler], Handler]:
    """Register the one handler of an event type. Raises ValueError for a second one."""

    def register(handler: Handler) -> Handler:
        if event_type in _handlers:
            raise ValueError(f"{event_type} has a handler already: {_handlers[event_type].__module__}")
        _handlers[event_type] = handler
        return handler

    return register


def handlers() -> Mapping[str, Handler]:
    """Every event type that is understood, and its handler."""
    return MappingProxyType(_handlers)


def route(call: Call, event: Event) -> Decision:
    """Decide about an event. One of a type that nobody handles is kept in the timeline and changes nothing.

    Neither does one that says what another has said before, under another id.
    """
    handler = _handlers.get(event.type)
    if handler is None:
        return call.stay("not handled")
    if event.says in call.recent:
        return call.stay("reported before, under another id")
    decision = handler(call.with_callee_update(event) if event.about_callee else call.with_event_details(event), event)
    if not event.says or (decision.call == call and not decision.commands):
        return decision
    return replace(decision, call=decision.call.with_recent(event.says))
