"""Plays a synthetic call, once a deployment: with the real code and table and the deployment's key, without Telnyx.

The module is imported only on request. IAM decides who may request it: those who may invoke the function directly, and
who can therefore deliver any event as Telnyx's anyway. No webhook gets here, and webhooks are verified only with the
keys of the settings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.flow_versions import FlowVersions
from dialtone.adapters.signature import KeyInvalid, Verifier
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.errors import FlowInvalid, MalformedEvent
from dialtone.domain.synthetic_call import FLOW, FLOW_NAME, SESSION_PREFIX
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.loader import read_script
from webhook.processor import EventProcessor

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from dialtone.adapters.secrets import Secret
    from dialtone.adapters.telemetry import Level, Measure
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.domain.watch import Look
    from webhook.endpoint import Endpoint
    from webhook.processor import EventResult


def answer(endpoint: Endpoint, api_key: Secret[str], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Handle a webhook of the synthetic call. Returns the answer, and the commands that would have gone to Telnyx.

    `asked` holds the request and the public key of its signature. Raises KeyInvalid if that is not a key.
    """
    if not isinstance(asked.get("public_key"), str):
        raise KeyInvalid("a webhook of a synthetic call needs the public key that it is signed for")
    sent: list[dict[str, Any]] = []
    notes = _Notes()
    real = endpoint.processor
    processor = EventProcessor(
        store=real.store,
        library=_OneFlow(),
        telnyx=TelnyxApi(api_key).over(partial(_obeying, sent)),
        archive=_NoService(),  # type: ignore[arg-type] # the call has no recording
        lookups=_NoService(),
        watchdog=_NoService(),
    )
    guarded: Any = _OnlySynthetic(processor)
    verifier = Verifier.from_text(asked["public_key"])
    checked = replace(endpoint, verifier=verifier, processor=guarded, observer=notes, parked=None)  # type: ignore[arg-type] # all that is used
    answered = checked.respond(asked.get("request"))
    return {**answered, "sent": sent, "said": notes.said, "broken_flows": _broken(real.library)}


def _broken(library: object) -> list[str]:
    """The errors of the deployed flows to which numbers lead."""
    library = library.deployed if isinstance(library, FlowVersions) else library
    if not isinstance(library, FlowLibrary):
        return []
    broken = []
    for name in sorted(set(library.flows_by_number.values())):
        try:
            library.flow(name)
        except FlowInvalid as error:
            broken.append(str(error))
    return broken


def _obeying(sent: list[dict[str, Any]], request: httpx.Request) -> tuple[int, dict[str, Any]]:
    """Note a command, and answer as Telnyx does when it takes one."""
    sent.append({"path": request.url.path, "parameters": json.loads(request.content)})
    return 200, {"data": {"result": "ok"}}


@dataclass(slots=True)
class _Notes:
    """Takes the place of log and metrics, so that this call is not counted among real ones."""

    said: dict[str, str] = field(default_factory=dict)

    def log(self, level: Level, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """Keep an error, for the answer."""
        del level, failed
        names = ("error", "detail", "reason")
        self.said = {"message": message, **{name: str(fields[name]) for name in names if fields.get(name)}}

    def measure(self, *measures: Measure) -> None:
        """Count nothing."""


@dataclass(frozen=True, slots=True)
class _OnlySynthetic:
    """Processes the events of synthetic calls and rejects all others."""

    processor: EventProcessor

    def handle(self, event: Event, deadline: float) -> EventResult:
        """Handle the event as the processor does. Raises MalformedEvent for any other call's."""
        if not event.call_session_id.startswith(SESSION_PREFIX):
            raise MalformedEvent("call_session_id", f"must begin with {SESSION_PREFIX}")
        return self.processor.handle(event, deadline)


class _OneFlow:
    """The library of a synthetic call: always the same flow, whatever number was called; no version of it is stored."""

    def with_called_number(self, call: Call, event: Event, deadline: float) -> Call:
        """The call, unchanged."""
        del event, deadline
        return call

    def flow_for(self, call: Call, event: Event, deadline: float) -> LoadedFlow | None:
        """The synthetic call's flow."""
        del call, event, deadline
        flow = read_script(FLOW_NAME, {f"{FLOW_NAME}.yaml": FLOW}.get)
        return LoadedFlow(flow.main) if flow else None


class _NoService:
    """Takes the place of queues and functions: the call has no recordings, lookups or callees."""

    def ask(self, lookup: object, deadline: float) -> None:
        """Do nothing."""

    def look_later(self, look: Look, seconds: int, deadline: float) -> None:
        """Do nothing."""
