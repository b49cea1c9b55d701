"""A phone line in one process: the real webhook code, the simulated carrier, a table in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialtone.client_state import ClientState
from dialtone.commands import Command, command
from dialtone.flow_library import FlowLibrary, read_numbers
from dialtone.signature import Verifier
from dialtone.store import Store
from dialtone.telnyx_api import Outcome
from infra.carrier import API_KEY, Application, Carrier, Request, UndeliveredError, WebhookFault
from tests.simulation.memory_table import MemoryTable
from webhook.endpoint import Endpoint
from webhook.switchboard import Switchboard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.calls import Call
    from dialtone.recordings import ArchiveJob, Recording
    from infra.carrier import Callee, Caller

FLOWS = Path(__file__).resolve().parents[2] / "functions" / "flows"
CONNECTION_ID = "1684641123236054244"


class QuietObserver:
    """Where log lines and metrics go when nobody reads them; faults of ours are raised, not logged."""

    def log(self, level: str, message: str, fields: Mapping[str, Any], *, failed: bool = False) -> None:
        del level, message
        if failed:
            raise AssertionError(fields)

    def measure(self, name: str, value: float = 1, **dimensions: object) -> None:
        """Nothing."""


@dataclass(slots=True)
class CarrierApi:
    """The carrier's API without HTTP between. `lose` may say that an answer never arrives."""

    carrier: Carrier | None = None
    log: list[tuple[float, Command]] = field(default_factory=list)
    """Every command taken, with the carrier's time."""
    obeyed: dict[str, Command] = field(default_factory=dict)
    """Every command id ever sent, with what was sent under it."""

    def send(self, asked: Command, command_id: str, deadline: float) -> Outcome:
        """As `TelnyxApi.send`; the same id must never carry another command."""
        del deadline
        assert self.obeyed.setdefault(command_id, asked) == asked
        assert self.carrier is not None
        path = "/v2/calls" if asked.action == "dial" else f"/v2/calls/{asked.call_control_id}/actions/{asked.action}"
        body = json.dumps({**asked.parameters, "command_id": command_id}).encode()
        headers = {"authorization": f"Bearer {API_KEY}", "content-type": "application/json"}
        response = self.carrier.handle(Request("POST", path, {}, headers, body))
        self.log.append((self.carrier.clock.now, asked))
        if response.lost is not None:
            return Outcome("unavailable", 1, reason="timeout")
        if response.status == 200:
            return Outcome("accepted", 1, 200, response.json())
        if response.status in {429, 503}:
            return Outcome("unavailable", 1, response.status, reason="server-error")
        error = response.json()["errors"][0]
        kind = "ended" if error["code"] == "90018" else "refused"
        return Outcome(kind, 1, response.status, code=error["code"], title=error["title"])  # type: ignore[arg-type]


@dataclass(slots=True)
class Jobs:
    """The archive's queue."""

    put_jobs: list[ArchiveJob] = field(default_factory=list)

    def put(self, job: ArchiveJob) -> None:
        self.put_jobs.append(job)


class Stage:
    """Numbers ring, flows answer; nothing leaves the process."""

    def __init__(self, *, seed: int = 0, faults: dict[WebhookFault, float] | None = None, flows: Path = FLOWS) -> None:
        self.api = CarrierApi()
        self.jobs = Jobs()
        self.table = MemoryTable()
        self.store = Store(self.table, "calls")  # type: ignore[arg-type]
        self.carrier = Carrier(self._post, seed=seed, fault_chances=faults, keep_trace=False)
        self.api.carrier = self.carrier
        self.switchboard = Switchboard(
            self.store,
            FlowLibrary.open(flows),
            self.api,
            self.jobs,  # type: ignore[arg-type]
            now_seconds=lambda: self.carrier.clock.now,
        )
        self.endpoint = Endpoint(
            Verifier.from_text(self.carrier.public_key),
            self.switchboard,
            QuietObserver(),  # type: ignore[arg-type]
        )
        self.bodies: list[bytes] = []
        application = Application(CONNECTION_ID, "https://app.invalid/webhooks/telnyx", call_cost_in_webhooks=True)
        self.carrier.add_application(application, read_numbers(flows))
        for audio in (FLOWS / "audio").iterdir():
            self.carrier.media.upload(audio.stem, audio.read_bytes())

    def ring(self, number: str, caller: Caller) -> str:
        """Somebody calls; gives the session once nothing more is to come."""
        line = self.carrier.call("+15550142", number, caller)
        self.carrier.run()
        return line.name.call_session_id

    def dial(self, number: str, callee: Callee, flow: str) -> str:
        """We call somebody for a flow; gives the session once nothing more is to come."""
        self.carrier.add_callee(number, callee)
        state = ClientState(flow=flow).encode()
        asked = command(
            "dial",
            to=number,
            connection_id=CONNECTION_ID,
            answering_machine_detection="greeting_end",
            client_state=state,
            **{"from": "+15550101"},
        )
        dialled = self.api.send(asked, "dial-1", 0.0)
        self.carrier.run()
        return str(dialled.data["call_session_id"])

    def end_state(self, session: str) -> EndState:
        """What is left of the call, without what depends on when things were told."""
        legs = tuple(timeless(leg) for leg in self.store.legs(session))
        recordings = tuple(timeless_recording(each) for each in self.store.recordings(session))
        return EndState(legs, recordings, frozenset((job.kind, job.recording != "") for job in self.jobs.put_jobs))

    def seconds(self, moment: str) -> float:
        """The carrier's time at which something occurred."""
        return (datetime.fromisoformat(moment) - self.carrier.clock.datetime(0.0)).total_seconds()

    def _post(self, request: Request, timeout_seconds: float) -> int:
        del timeout_seconds
        self.bodies.append(request.body)
        gateway = {"body": request.body.decode(), "headers": dict(request.headers), "isBase64Encoded": False}
        status: int = self.endpoint.respond(gateway)["statusCode"]
        if status == 0:
            raise UndeliveredError("no answer")
        return status


@dataclass(frozen=True, slots=True)
class EndState:
    """What must be the same however a call's events were delivered."""

    legs: tuple[Call, ...]
    recordings: tuple[Recording, ...]
    jobs: frozenset[tuple[str, bool]]


def timeless(leg: Call) -> Call:
    """A leg without ids, times and the count of writes: those differ from run to run."""
    return replace(
        leg,
        session_id="",
        leg_id="",
        control_id="",
        initiated_at=_whether(leg.initiated_at),
        answered_at=_whether(leg.answered_at),
        bridged_at=_whether(leg.bridged_at),
        ended_at=_whether(leg.ended_at),
        entered_at="",
        left=None,
        recordings=tuple(timeless_recording(each) for each in leg.recordings),
        version=0,
    )


def timeless_recording(recording: Recording) -> Recording:
    """A ledger entry without ids and times."""
    return replace(
        recording,
        call_session_id="",
        call_leg_id="",
        requested_at=_whether(recording.requested_at),
        started_at=_whether(recording.started_at),
        ended_at=_whether(recording.ended_at),
    )


def _whether(moment: str) -> str:
    return "then" if moment else ""
