"""Lets a synthetic call be played, once a deployment: real code and table, a key of the deployment's, and no Telnyx.

It is imported when it is asked for. IAM decides who may ask: those who may invoke the function directly, and who can
deliver any event as Telnyx's anyway. No webhook comes here, and no key is trusted for one but those of the settings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.published_flows import PublishedFlows
from dialtone.adapters.signature import KeyInvalid, Verifier
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.errors import FlowInvalid, MalformedEvent
from dialtone.domain.synthetic_call import FLOW, FLOW_NAME, SESSION_PREFIX
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
    from dialtone.flow.loaded_flow import LoadedFlow
    from webhook.endpoint import Endpoint
    from webhook.processor import EventResult


def answer(endpoint: Endpoint, api_key: Secret[str], asked: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook of the synthetic call in, its answer out, with the commands that would have gone to Telnyx.

    `asked` has the request, and the public key that it is signed for. Raises KeyInvalid if it is not a key.
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
        archive=_Nobody(),  # type: ignore[arg-type] # the call has no recording
        lookups=_Nobody(),
        watchdog=_Nobody(),
    )
    guarded: Any = _OnlySynthetic(processor)
    verifier = Verifier.from_text(asked["public_key"])
    checked = replace(endpoint, verifier=verifier, processor=guarded, observer=notes, parked=None)  # type: ignore[arg-type] # all that is used
    answered = checked.respond(asked.get("request"))
    return {**answered, "sent": sent, "said": notes.said, "broken_flows": _broken(real.library)}


def _broken(library: object) -> list[str]:
    """What is wrong with the flows that numbers lead to, as they are deployed."""
    library = library.deployed if isinstance(library, PublishedFlows) else library
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
    """Telnyx's answer to a command that it took; the command is noted."""
    sent.append({"path": request.url.path, "parameters": json.loads(request.content)})
    return 200, {"data": {"result": "ok"}}


@dataclass(slots=True)
class _Notes:
    """Stands where the log and the metrics do: this call is not counted among those of people."""

    said: dict[str, str] = field(default_factory=dict)

    def log(self, level: Level, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """Keep what is wrong, for the answer."""
        del level, failed
        names = ("error", "detail", "reason")
        self.said = {"message": message, **{name: str(fields[name]) for name in names if fields.get(name)}}

    def measure(self, *measures: Measure) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class _OnlySynthetic:
    """Processes the events of synthetic calls, and none of another."""

    processor: EventProcessor

    def handle(self, event: Event, deadline: float) -> EventResult:
        """As the processor does. Raises MalformedEvent for any other call's."""
        if not event.call_session_id.startswith(SESSION_PREFIX):
            raise MalformedEvent("call_session_id", f"must begin with {SESSION_PREFIX}")
        return self.processor.handle(event, deadline)


class _OneFlow:
    """The flow that leads a synthetic call, whatever the numbers lead to; no version of it is kept."""

    def with_called_number(self, call: Call, event: Event, deadline: float) -> Call:
        """The call."""
        del event, deadline
        return call

    def flow_for(self, call: Call, event: Event, deadline: float) -> LoadedFlow | None:
        """The one flow."""
        del call, event, deadline
        flow = read_script(FLOW_NAME, {f"{FLOW_NAME}.yaml": FLOW}.get)
        return replace(flow, texts={}) if flow else None


class _Nobody:
    """Stands where nothing is to happen: the call has neither recordings nor lookups, and no callees to look after."""

    def ask(self, lookup: object, deadline: float) -> None:
        """Nothing."""

    def look_later(self, look: Look, seconds: int, deadline: float) -> None:
        """Nothing."""
