"""Finds the handler of an event type, if there is one."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from dialtone.domain.call_recordings import with_metadata_jobs
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision, stay
from dialtone.domain.events import OF_CONFERENCES, TRANSCRIPTION, Event
from dialtone.domain.recordings import WORDS, ArchiveJob
from dialtone.flow.loaded_flow import LoadedFlow
from webhook.event_types import UNDERSTOOD
from webhook.failover_legs import led_by_failover

Handler = Callable[[Call, Event, LoadedFlow | None], Decision]
"""Decides on an event of a call. `flow` is the call's, or None if none was found."""

_handlers: dict[str, Handler] = {}


def on(event_type: str) -> Callable[[Handler], Handler]:
    """Register the one handler of an event type. Raises ValueError for a second one."""

    def register(handler: Handler) -> Handler:
        if event_type in _handlers:
            raise ValueError(f"{event_type} has a handler already: {_handlers[event_type].__module__}")
        _handlers[event_type] = handler
        return handler

    return register


def handler_of(event_type: str) -> Handler | None:
    """The handler of an event type, if there is one. Its file is loaded when it is first asked for."""
    if event_type not in _handlers and event_type in UNDERSTOOD:
        import_module(f"webhook.handlers.{event_type.replace('.', '_')}")
    return _handlers.get(event_type)


def load_handlers() -> None:
    """Load all, so that no call waits for it."""
    for event_type in UNDERSTOOD:
        handler_of(event_type)


def route(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Decide on an event. A type without a handler is stored in the timeline and changes nothing.

    Nor does an event that reports the same as an earlier one under another id.
    """
    handler = handler_of(event.type)
    if handler is None:
        return stay(call, "not handled")
    says = event.says
    if says in call.recent:
        return stay(call, "reported before, under another id")
    updated = _updated(call, event, flow)
    decision = with_metadata_jobs(call, led_by_failover(updated, event) or handler(updated, event, flow))
    decision = _with_words_job(call, decision, event)
    if not says or (decision.call == call and not decision.commands):
        return decision
    return decision._replace(call=decision.call.with_recent(says))


def _updated(call: Call, event: Event, flow: LoadedFlow | None) -> Call:
    """The call with what the event says about it and, if it begins, with its flow."""
    if event.about_callee:
        # An event of a conference says nothing about the leg itself.
        return call if event.type.startswith(OF_CONFERENCES) else call.with_callee_update(event)
    if flow and not call.flow:
        days = flow.main.retention_days
        call = call._replace(flow=flow.name, flow_version=flow.version, retention_days=days)
    return call.with_event_details(event)


def _with_words_job(before: Call, decision: Decision, event: Event) -> Decision:
    """The decision with a job that stores the call's transcript, once the call is over and again when more comes."""
    after = decision.call
    if not (after.heard_at and after.ended_at) or (before.ended_at and event.type != TRANSCRIPTION):
        return decision
    job = ArchiveJob(WORDS, after.session_id, after.leg_id)
    return decision._replace(archive=(*decision.archive, job))
