"""A phone line in one process: the real webhook code, the simulated carrier, a table in memory."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from dialtone.adapters.calls_table import CallsTable, memory_item
from dialtone.adapters.flow_library import FlowLibrary, read_numbers
from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Measure
from dialtone.adapters.telnyx_api import (
    CALL_ENDED,
    Outcome,
    QueueInfo,
    TakenCommand,
    count_in,
    first_of,
    queue_info,
    request_of,
    taken_command,
)
from dialtone.domain.after_hangup import SETTLING_SECONDS
from dialtone.domain.callee_legs import CalleeLeg
from dialtone.domain.calls import Call
from dialtone.domain.commands import SEND_MESSAGE, Command
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.decisions import Decision
from dialtone.domain.errors import TelnyxUnavailable
from dialtone.domain.events import Event, parse_event
from dialtone.domain.own_events import event_to_json
from dialtone.domain.recordings import ArchiveJob, Recording
from dialtone.domain.watch import LOOK_SECONDS, Look
from dialtone.domain.watchdog_schedule import overdue_event
from dialtone.flow.steps.assistant import Assistant
from dialtone.flow.steps.queue import AVERAGE, AVERAGE_MINUTES
from dialtone.flow.templating import WAITING_SINCE
from infra.carrier import API_KEY, Application, Callee, Caller, Carrier, Line, Request, WebhookFault
from infra.carrier.account import CONNECTION_ID, SHOWN_NUMBER, upload_audio
from infra.carrier.caller_identity import UNKNOWN_CALLER, CallerIdentity
from infra.carrier.clock import Clock
from infra.carrier.parties import as_carriers_show
from infra.checkout import SAMPLES
from infra.flowkit.dialling import dial, dial_command
from infra.flowkit.memory_table import MemoryTable
from infra.flowkit.scripted_backends import ScriptedBackends
from infra.flowkit.watched_flows import WatchedFlows
from webhook.endpoint import Endpoint
from webhook.processor import EventProcessor
from webhook.queue_answers import QueueAnswers

ADDRESS_AUDIO_SECONDS = 3
"""How long the audio lasts that flows name by its address: nothing is fetched here."""
SAMPLES_A_SECOND = 8_000

REFUSED = Outcome("refused", 1, HTTPStatus.UNPROCESSABLE_ENTITY, code="90033", title="Unable to execute command")
"""What Telnyx says where no code of its own fits."""


class FaultOfOurs(AssertionError):  # noqa: N818 -- reads as the sentence it is: a fault of ours
    """The webhook's code failed: a real line would answer 500 and be called again and again."""


@dataclass(slots=True)
class StrictObserver:
    """Where log lines and metrics go when nobody reads them; a fault of ours is kept for the stage to raise."""

    fault: FaultOfOurs | None = None

    warned: Callable[[str], None] = lambda _: None
    """Receives the reason of every warning."""

    def log(self, level: str, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """Nothing, unless there is a warning or something failed."""
        if level == "warning" and fields.get("reason"):
            self.warned(str(fields["reason"]))
        if failed:
            self.fault = FaultOfOurs(f"{message}: {dict(fields)}")
            self.fault.__cause__ = failed if isinstance(failed, Exception) else None

    def measure(self, *measures: Measure) -> None:
        """Nothing."""


@dataclass(slots=True)
class CarrierApi:
    """The carrier's API without HTTP between."""

    carrier: Carrier | None = None
    refuses: Callable[[Command], bool] = lambda _: False
    """Says which commands Telnyx is to refuse for good, whatever the carrier would say."""
    log: list[tuple[float, Command]] = field(default_factory=list)
    """Every command, with the carrier's time when it was sent first."""
    obeyed: dict[str, Command] = field(default_factory=dict)
    """Every command id ever sent, with what was sent under it."""

    def send(self, asked: Command, command_id: str, deadline: float) -> Outcome:
        """As `TelnyxApi.send`; the same id must never carry another command."""
        del deadline
        if self.carrier is None:
            raise LookupError("no carrier is connected")
        if command_id not in self.obeyed:
            self.log.append((self.carrier.clock.now, asked))
        if self.obeyed.setdefault(command_id, asked) != asked:
            raise FaultOfOurs(f"{asked} was sent under the id of {self.obeyed[command_id]}")
        if self.refuses(asked):
            return REFUSED
        path, given = request_of(asked, command_id)
        body = json.dumps(given).encode()
        headers = {"authorization": f"Bearer {API_KEY}", "content-type": "application/json"}
        if asked.action == SEND_MESSAGE:
            path, headers["idempotency-key"] = "/messages", command_id
            body = json.dumps(dict(sorted(asked.parameters.items()))).encode()
        response = self.carrier.handle(Request("POST", f"/v2{path}", {}, headers, body))
        if response.lost is not None:
            return Outcome("unavailable", 1, reason="timeout")
        if response.status == HTTPStatus.OK:
            return Outcome("accepted", 1, response.status, response.json())
        if response.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            return Outcome("unavailable", 1, response.status, reason="server-error")
        error = response.json()["errors"][0]
        kind = "ended" if error["code"] == CALL_ENDED else "refused"
        return Outcome(kind, 1, response.status, code=error["code"], title=error["title"], detail=error["detail"])  # type: ignore[arg-type]

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        """As `TelnyxApi.send_together`; the carrier takes them in the order in which they are named."""
        return [self.send(command, command_id, deadline) for command, command_id in asked]

    def commands_since(self, call_session_id: str, since_seconds: float, deadline: float) -> tuple[TakenCommand, ...]:
        """As `TelnyxApi.commands_since`."""
        del deadline
        since = datetime.fromtimestamp(since_seconds, UTC).isoformat()
        query = {
            "filter[application_session_id]": call_session_id,
            "filter[occurred_at][gte]": since,
            "filter[type]": "command",
        }
        found = self._get("/call_events", query)
        return tuple(taken_command(each) for each in found or ())

    def queue_position(self, queue: str, call_control_id: str, *, deadline: float | None = None) -> int:
        """As `TelnyxApi.queue_position`."""
        del deadline
        return count_in(self._get(f"/queues/{queue}/calls/{call_control_id}") or {}, "queue_position") or 0

    def find_queue(self, queue: str, *, deadline: float | None = None) -> QueueInfo | None:
        """As `TelnyxApi.find_queue`."""
        del deadline
        found = self._get(f"/queues/{queue}")
        return None if found is None else queue_info(found)

    def first_in_queue(self, queue: str, *, deadline: float | None = None) -> int:
        """As `TelnyxApi.first_in_queue`."""
        del deadline
        return first_of(self._get(f"/queues/{queue}/calls") or [])

    def conference_status(self, conference: str, *, deadline: float | None = None) -> str:
        """As `TelnyxApi.conference_status`."""
        del deadline
        return str((self._get(f"/conferences/{conference}") or {}).get("status", ""))

    def _get(self, path: str, query: dict[str, str] | None = None) -> Any:  # noqa: ANN401 -- JSON
        """The data of what is asked for; None if there is none."""
        if self.carrier is None:
            raise LookupError("no carrier is connected")
        request = Request("GET", f"/v2{path}", query or {}, {"authorization": f"Bearer {API_KEY}"}, b"")
        response = self.carrier.handle(request)
        if response.lost is None and response.status == HTTPStatus.NOT_FOUND:
            return None
        if response.lost is not None or response.status != HTTPStatus.OK:
            raise TelnyxUnavailable("server-error", 1, None)
        return response.json()["data"]


@dataclass(slots=True)
class Jobs:
    """The archive's queue."""

    put_jobs: list[ArchiveJob] = field(default_factory=list)

    def put(self, job: ArchiveJob, deadline: float = NO_DEADLINE) -> None:
        """Take a job; nobody does it."""
        del deadline
        self.put_jobs.append(job)


class Unwatched:
    """Takes the place of the watchdog queue. Every event arrives here, so no call needs a watchdog."""

    def look_later(self, look: Look, seconds: int, deadline: float) -> None:
        """Nothing."""


@dataclass(slots=True)
class AfterHangups:
    """Takes the place of the watchdog queue.

    It moves on calls that nothing else does: ended ones, and those with an assistant that keeps talking.
    """

    clock: Clock
    leg: Callable[[str, str], Call | None]
    """A leg, by its session's id and its own."""
    deliver: Callable[[Event], bool]
    """Take an event of ours to the call; whether it was taken."""
    talks_on: Callable[[Call], bool] = lambda _: False
    """Whether a call is with an assistant, whose time only the watchdog limits."""
    is_up: Callable[[Call], bool] = lambda _: False
    """Whether the carrier has a call still: one whose hang-up was lost is looked after no more."""

    def look_later(self, look: Look, seconds: int, deadline: float = NO_DEADLINE) -> None:
        """Look at a call in so many seconds."""
        del deadline
        self.clock.after(seconds, lambda: self._look(look))

    def _look(self, look: Look) -> None:
        leg = self.leg(look.call_session_id, look.call_leg_id)
        if leg is None or leg.watch is None or leg.watch.chain != look.chain or not (leg.goes_on or self.is_up(leg)):
            return
        led_by_nothing_else = leg.goes_on or self.talks_on(leg)
        if led_by_nothing_else and self.clock.datetime().timestamp() >= leg.watch.until:
            self.deliver(overdue_event(leg, leg.watch))
        self.look_later(look, SETTLING_SECONDS if leg.ended_at else LOOK_SECONDS)


class StageTable(CallsTable):
    """The calls table, which shows every decision that it stores."""

    def __init__(self, client: MemoryTable, decided: Callable[[Decision], None]) -> None:
        super().__init__(client, "calls")  # type: ignore[arg-type]
        self._decided = decided

    def commit(self, event: Event, before: Call, decision: Decision, **options: Any) -> None:  # noqa: ANN401 -- passed on
        """As CallsTable's."""
        super().commit(event, before, decision, **options)
        self._decided(decision)


class Stage:
    """Numbers ring, flows answer; nothing leaves the process."""

    def __init__(  # noqa: PLR0913 -- what may differ from play to play, each with its default
        self,
        *,
        seed: int = 0,
        faults: dict[WebhookFault, float] | None = None,
        flows: Path = SAMPLES,
        library: FlowLibrary | WatchedFlows | None = None,
        start: datetime | None = None,
        audio_missing: Collection[str] = (),
    ) -> None:
        """`library` saves reading the flows again; `start` is when it is, now without it."""
        self.api = CarrierApi()
        self.jobs = Jobs()
        self.table = MemoryTable()
        self.decided: Callable[[Decision], None] = lambda _: None
        """Is shown every decision once it is stored."""
        self.store: CallsTable = StageTable(self.table, lambda decision: self.decided(decision))  # noqa: PLW0108 -- it may be set later
        self.carrier = Carrier(
            self._post,
            seed=seed,
            fault_chances=faults,
            start=start,
            fetch=lambda address: _fetched(address, audio_missing),
            keep_trace=False,
        )
        self.api.carrier = self.carrier
        self.systems = ScriptedBackends(self.carrier, self._hear)
        self._library = replace(library, kept=self.store) if library else FlowLibrary.open(flows, self.store)
        self.processor = EventProcessor(
            self.store,
            self._library,
            self.api,
            self.jobs,  # type: ignore[arg-type]
            self.systems,
            AfterHangups(self.carrier.clock, self._leg, self._hear, self._talks_on, self._is_up),
            now_seconds=self.now_seconds,
            queues=QueueAnswers(self.api, self.store),
        )
        self.observer = StrictObserver()
        self.endpoint = Endpoint(
            Verifier.from_text(self.carrier.public_key),
            self.processor,
            self.observer,  # type: ignore[arg-type]
            handling_seconds=NO_DEADLINE,  # the carrier's clock is virtual, and this machine may be busy
        )
        self.received: list[Event] = []
        """Every event that the webhook function received, in this order."""
        application = Application(CONNECTION_ID, "https://app.invalid/webhooks/telnyx", call_cost_in_webhooks=True)
        self.carrier.add_application(application, read_numbers(flows))
        self.carrier.exchange.any_pay_connector = True
        self.carrier.exchange.messaging.webhook_url = application.webhook_event_url
        upload_audio(self.carrier, flows, audio_missing)

    def now_seconds(self) -> float:
        """The carrier's time, in unix seconds."""
        return self.carrier.clock.datetime().timestamp()

    def remember(self, person: str, variables: Mapping[str, str]) -> None:
        """Let earlier calls have set these variables, which flows remember of a person."""
        item = memory_item(person, variables, self.carrier.clock.datetime().isoformat(), days=1)
        self.table.transact_write_items(TransactItems=[{"Put": {"Item": item}}])

    def _leg(self, session: str, leg: str) -> Call | None:
        return self.store.leg(session, leg)  # of the store as it is then: a stage may replace it

    def _talks_on(self, call: Call) -> bool:
        flow = self._library.flow_for(call, overdue_event(call, call.watch)) if call.watch else None
        return flow is not None and isinstance(flow.step_of(call), Assistant)

    def _is_up(self, call: Call) -> bool:
        return any(each.alive for each in self.carrier.legs if each.name.call_leg_id == call.leg_id)

    def ring(self, number: str, caller: Caller) -> str:
        """Somebody calls; returns the session once nothing more is to come."""
        line = self.call("+15550142", number, caller)
        self.carrier.run()
        return line.name.call_session_id

    def call(
        self,
        from_: str,
        number: str,
        caller: Caller | None = None,
        identity: CallerIdentity = UNKNOWN_CALLER,
    ) -> Line:
        """Somebody calls a number or SIP address that leads here, whether or not numbers.yaml lists it."""
        self.carrier.add_application(self.carrier.exchange.applications[CONNECTION_ID], [number])
        return self.carrier.call(as_carriers_show(from_), number, caller, identity=identity)

    def dial(
        self,
        number: str,
        callee: Callee,
        flow: str,
        given: Mapping[str, str] | None = None,
        detection: str = "greeting_end",
    ) -> str:
        """We call somebody for a flow; returns the session once nothing more is to come."""
        self.carrier.add_callee(number, callee)
        dialled = self.place(number, flow, given, detection)
        self.carrier.run()
        return str(dialled.data["call_session_id"])

    def place(
        self, number: str, flow: str, given: Mapping[str, str] | None = None, detection: str = "greeting_end"
    ) -> Outcome:
        """Begin to ring somebody for a flow. Raises DialtoneError saying why Telnyx did not accept it."""
        asked = dial_command(
            number, caller=SHOWN_NUMBER, flow=flow, connection_id=CONNECTION_ID, detection=detection, given=given
        )
        return dial(asked, self.api)

    def end_state(self, session: str) -> EndState:
        """The call's end state, without details that depend on the delivery times of its events."""
        legs = tuple(timeless(leg) for leg in self.store.legs(session))
        recordings = tuple(timeless_recording(each) for each in self.store.recordings(session))
        # Whether metadata is written once, or again with what came of the call, depends on what comes first.
        jobs = (job for job in self.jobs.put_jobs if job.kind != "metadata")
        return EndState(legs, recordings, frozenset((job.kind, job.recording != "") for job in jobs))

    def seconds(self, moment: str) -> float:
        """The carrier's time at which something occurred."""
        return (datetime.fromisoformat(moment) - self.carrier.clock.datetime(0.0)).total_seconds()

    def _post(self, request: Request, timeout_seconds: float) -> int:
        del timeout_seconds
        self.received.append(parse_event(request.body))
        gateway = {"body": request.body.decode(), "headers": dict(request.headers), "isBase64Encoded": False}
        return self._status(self.endpoint.respond(gateway))

    def _status(self, response: Mapping[str, Any]) -> int:
        """What was answered. Raises FaultOfOurs if a real line would be called again and again."""
        if self.observer.fault:
            raise self.observer.fault
        status: int = response["statusCode"]
        return status

    def _hear(self, event: Event) -> bool:
        self.received.append(event)
        response = self.endpoint.handle_internal_event(json.loads(json.dumps(event_to_json(event))))
        return self._status(response) == HTTPStatus.OK


def _fetched(address: str, missing: Collection[str]) -> bytes:
    if address in missing:
        raise OSError("HTTP error code 404")
    return silent_audio()


def silent_audio() -> bytes:
    """A few seconds of silence as a file, in place of audio that is not here."""
    audio = io.BytesIO()
    with wave.open(audio, "wb") as file:
        file.setparams((1, 1, SAMPLES_A_SECOND, 0, "NONE", "not compressed"))
        file.writeframes(b"\x80" * SAMPLES_A_SECOND * ADDRESS_AUDIO_SECONDS)
    return audio.getvalue()


@dataclass(frozen=True, slots=True)
class EndState:
    """What must be the same however a call's events were delivered."""

    legs: tuple[Call, ...]
    recordings: tuple[Recording, ...]
    jobs: frozenset[tuple[str, bool]]


def timeless(leg: Call) -> Call:
    """A leg without ids, times and the count of writes: those differ from run to run."""
    return leg._replace(
        session_id="",
        leg_id="",
        control_id="",
        initiated_at=_whether(leg.initiated_at),
        answered_at=_whether(leg.answered_at),
        bridged_at=_whether(leg.bridged_at),
        ended_at=_whether(leg.ended_at),
        entered_at="",
        left=None,
        far_legs={
            str(place): each for place, each in enumerate(sorted(map(_nameless, leg.far_legs.values()), key=str))
        },
        variables=_timeless_variables(leg.variables),
        waiting={name: 0 if name.endswith("_millis") else value for name, value in leg.waiting.items()},
        unnoted=None if leg.unnoted is None else _timeless_variables(leg.unnoted),
        consent=leg.consent and leg.consent._replace(at="then"),
        recordings=tuple(timeless_recording(each) for each in leg.recordings),
        texts={str(place): status for place, status in enumerate(sorted(leg.texts.values()))},
        version=0,
    )


def timeless_recording(recording: Recording) -> Recording:
    """A ledger entry without ids and times."""
    return recording._replace(
        call_session_id="",
        call_leg_id="",
        requested_at=_whether(recording.requested_at),
        started_at=_whether(recording.started_at),
        ended_at=_whether(recording.ended_at),
        pauses=recording.pauses and tuple(each._replace(began="", ended="") for each in recording.pauses),
        file_name=_whether(recording.file_name),
        identity_reason=_whether(recording.identity_reason),
        consent=recording.consent and recording.consent._replace(at="then"),
    )


_OF_TIME = frozenset({WAITING_SINCE, AVERAGE, AVERAGE_MINUTES})


def _timeless_variables(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: _whether(value) if name in _OF_TIME else value for name, value in variables.items()}


def _nameless(callee_leg: CalleeLeg) -> CalleeLeg:
    return callee_leg._replace(control_id="")


def _whether(moment: str) -> str:
    return "then" if moment else ""
