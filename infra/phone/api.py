"""The API by which telephones of this machine call a line that is up: the page in a browser and `dialtone call --line`.

GET  /api/line                        what can be called
GET  /api/line/events                 the same, and again when it changes
GET  /api/route?called=…&caller=…     the flow that would take a call
GET  /api/pictures/FLOW               its picture
POST /api/calls                       {"called", "caller", "at"}: a call, by its id
GET  /api/calls/ID/events             what there is to tell of it; who stops listening has hung up
POST /api/calls/ID/press              {"digits"}
POST /api/calls/ID/speak              {"words"}
POST /api/calls/ID/hang-up            {}
POST /api/calls/ID/switch             {}: become the agent whom the flow rang, or the caller again
GET  /api/calls/ID/conversation       the call as a conversation's file has it
GET  /api/calls/ID/recordings/NAME    a recording or transcript
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.decisions import EnteredStep
from dialtone.domain.errors import DialtoneError, FlowInvalid
from infra.carrier.parties import Caller
from infra.flowkit.drawing.file_graph import graph_in
from infra.flowkit.drawing.picture import picture_of
from infra.flowkit.drawing.svg import svg_of
from infra.pages.feed import HEARTBEAT_SECONDS, Feed
from infra.pages.server import Refusal, Reply, Stream, as_json
from infra.phone.flow_folder import FlowFolder, called, check_caller
from infra.phone.hearing import CutShort
from infra.phone.moment import moment
from infra.phone.typing import KEYPAD
from infra.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from infra.pages.server import Asked, Route
    from infra.phone.call import Call, CallState, Entry
    from infra.phone.call_service import CallService

CALLER = "+15550142"
"""Who calls unless they say otherwise: the caller of conversations."""

STATE_SECONDS = 0.1
"""Between two looks at how a call stands: less than a spoken word."""

LONGEST_WORDS = 2_000
MOST_DIGITS = 100

TIMEOUT_SECONDS = 600.0
"""How long a person lets it ring: long enough to fix a flow meanwhile."""

_FLOW = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


@dataclass(slots=True)
class PhoneApi:
    """Calls on one line, for telephones that are other programs."""

    service: CallService
    flows: Path
    pace: float
    """Seconds of a call per second."""
    line: Feed = field(init=False)

    def __post_init__(self) -> None:
        self.line = Feed(self._line())

    def changed(self) -> None:
        """Flows, numbers or calendars were saved."""
        self.line.publish(self._line())

    def routes(self) -> list[Route]:
        """What is asked how, and what answers."""
        call = "/api/calls/([^/]+)"
        return [
            ("GET", "/api/line", lambda _asked: as_json(self.line.shown)),
            ("GET", "/api/line/events", lambda _asked: Stream(self.line.events())),
            ("GET", "/api/route", self._route),
            ("GET", "/api/pictures/([^/]+)", self._picture),
            ("POST", "/api/calls", self._place),
            ("GET", f"{call}/events", self._events),
            ("POST", f"{call}/press", self._press),
            ("POST", f"{call}/speak", self._speak),
            ("POST", f"{call}/hang-up", self._hang_up),
            ("POST", f"{call}/switch", self._switch),
            ("GET", f"{call}/conversation", self._conversation),
            ("GET", f"{call}/recordings/([^/]+)", self._recording),
        ]

    def _line(self) -> dict[str, Any]:
        numbers: Mapping[str, str] = {}
        error = ""
        try:
            numbers = FlowLibrary.open(self.flows).flows_by_number
        except FlowInvalid as fault:
            error = str(fault)
        return {
            "dialtone": VERSION,
            "flows": str(self.flows.resolve()),
            "pace": self.pace,
            "caller": CALLER,
            "numbers": [{"number": number, "flow": flow} for number, flow in numbers.items()],
            "error": error,
        }

    def _route(self, asked: Asked) -> Reply:
        query = asked.query
        folder = self._folder(query.get("called", ""), query.get("caller", ""), query.get("at", ""))
        return as_json({"called": folder.called, "flow": folder.flow()})

    def _folder(self, number: str, caller: str, at: str) -> FlowFolder:
        """Raises DialtoneError for what is not a caller, or not a time."""
        caller = caller.strip() or CALLER
        check_caller(caller)
        when = moment(at) if at.strip() else None
        return FlowFolder(self.flows, called(number.strip(), self.flows), caller, when)

    def _picture(self, _asked: Asked, flow: str) -> Reply:
        if not _FLOW.fullmatch(flow):
            raise Refusal(HTTPStatus.NOT_FOUND, f"{flow} is not a flow")
        return Reply(svg_of(picture_of(graph_in(self.flows / f"{flow}.yaml")), on_page=True).encode(), "image/svg+xml")

    def _place(self, asked: Asked) -> Reply:
        folder = self._folder(asked.text("called"), asked.text("caller"), asked.text("at"))
        flow = folder.flow()
        who = Caller(gives_up_after=TIMEOUT_SECONDS)
        call = self.service.place(folder.called, who, caller=folder.caller, at=folder.at)
        return as_json({"id": call.session, "called": folder.called, "flow": flow}, HTTPStatus.CREATED)

    def _events(self, asked: Asked, session: str) -> Stream:
        return Stream(self._followed(self._call(session), asked.last_event))

    def _followed(self, call: Call, sent: int) -> Iterator[tuple[int, dict[str, Any]] | None]:
        """What there is to tell, and how the call stands, each time that something of it has changed."""
        before: dict[str, Any] = {}
        quiet_seconds = 0.0
        with self.service.listening(call):
            while True:
                state = stated(call.state())
                entries = call.entries(sent)
                standing = {**state, "seconds": 0}
                if entries or standing != before:
                    sent, before, quiet_seconds = sent + len(entries), standing, 0.0
                    yield sent, {"entries": [written(each) for each in entries], "state": state}
                elif quiet_seconds >= HEARTBEAT_SECONDS:
                    quiet_seconds = 0.0
                    yield None
                quiet_seconds += STATE_SECONDS
                with call.changed:
                    if len(call.log) == sent:
                        call.changed.wait(STATE_SECONDS)

    def _press(self, asked: Asked, session: str) -> Reply:
        digits = asked.text("digits")
        if not digits or len(digits) > MOST_DIGITS or not KEYPAD.issuperset(digits):
            raise DialtoneError(f"keys are 0-9, * and #, up to {MOST_DIGITS} at once")
        self._call(session).press(digits)
        return as_json({})

    def _speak(self, asked: Asked, session: str) -> Reply:
        words = " ".join(asked.text("words").split())
        if not words or len(words) > LONGEST_WORDS:
            raise DialtoneError(f"give a text of 1 to {LONGEST_WORDS:,} characters")
        self._call(session).speak(words)
        return as_json({})

    def _hang_up(self, asked: Asked, session: str) -> Reply:
        call = self._call(session)
        if asked.body.get("caller"):
            call.leave()
        else:
            call.hang_up()
        return as_json({})

    def _switch(self, _asked: Asked, session: str) -> Reply:
        return as_json({"is_agent": self._call(session).switch()})

    def _conversation(self, _asked: Asked, session: str) -> Reply:
        conversation = self._call(session).conversation()
        return as_json({**conversation, "at": conversation["at"].isoformat()})

    def _recording(self, _asked: Asked, session: str, name: str) -> Reply:
        return Reply(self._call(session).recorded(name), "application/octet-stream")

    def _call(self, session: str) -> Call:
        return self.service.call(session)


def stated(state: CallState) -> dict[str, Any]:
    """How a call stands, as JSON has it."""
    return asdict(state)


def written(entry: Entry) -> dict[str, Any]:
    """An entry, as JSON has it: its kind, and what it holds."""
    if isinstance(entry, EnteredStep):
        return {"kind": "step", **entry._asdict()}
    return {"kind": "cut" if isinstance(entry, CutShort) else "line", **asdict(entry)}
