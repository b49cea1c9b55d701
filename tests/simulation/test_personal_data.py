"""What docs/security.md says about where personal data lies, held to what calls leave while they run and afterwards."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dialtone.adapters.parked_events import ParkedEvents
from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.commands import Command
from dialtone.domain.events import Event
from dialtone.domain.lookups import FAILED, FOUND
from infra.carrier import API_KEY, Caller, Hear, NoAnswer, Person, Press, Silence
from infra.carrier.caller_identity import CallerIdentity
from infra.checkout import SAMPLES
from infra.demo.personal_data import Found, documented, in_items, in_texts, lines_with
from infra.demo.scenes import CARD
from infra.flowkit.scripted_backends import Answering
from infra.flowkit.stage import Stage
from tests.function_output import KeptOutput
from tests.simulation.failing_over import COLLEAGUE, FailingLine, Fails
from tests.simulation.plays import ALL_PLAYS, LANGUAGE_FLOWS, SPEECH_PLAYS, flows_of
from webhook.processor import EventProcessor, EventResult

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
"""The same in every run: digits of an id or a time must not turn into somebody's by chance."""

NAME, ACCOUNT, SIP_USER = "Zebedee Quirke", "314159", "zebedee.quirke"

LINE = "+15550100"

ASKS_AND_SAYS = """\
flow: desk
voice: female
steps:
  account: {collect: "Your account.", into: account, digits: 6, otherwise: bye}
  back: {say: "You keyed {digits.account}."}
  look: {lookup: customers, send: {account: "{digits.account}", caller: "{caller}"}, limit_seconds: 5, on_error: bye}
  bye: hangup
"""


REMEMBERS = """\
flow: desk
voice: female
memory: {days: 1}
steps:
  account: {collect: "Your account.", into: account, digits: 6, otherwise: bye}
  look: {lookup: customers, into: customer, gives: [name], on_error: bye}
  note: {set: {memory.account: "{digits.account}", memory.name: "{customer.name}"}}
  word: {go: {flow: word, given: {who: "{memory.name}"}}, next: bye}
  bye: hangup
"""


@dataclass(frozen=True, slots=True)
class Played:
    """A call that was played, and what was found after each of its decisions."""

    stage: Stage
    found: frozenset[Found]

    def lines(self) -> list[str]:
        return self.stage.endpoint.observer.lines()  # type: ignore[attr-defined, no-any-return]


def _plays(name: str) -> Callable[[Path], Played]:
    def play(_: Path) -> Played:
        stage = Stage(flows=flows_of(name), start=NOON)
        return _watched(stage, lambda: (ALL_PLAYS | SPEECH_PLAYS)[name](stage))

    return play


def _appointment(_: Path) -> Played:
    stage, patient = Stage(flows=SAMPLES, start=NOON), Person(Hear("a call for"), Press("1", after=2), Silence(30))
    given = {"name": NAME, "time": "tomorrow"}
    return _watched(stage, lambda: stage.dial("+15550161", patient, "appointment", given))


def _looked_up(_: Path) -> Played:
    stage = Stage(flows=LANGUAGE_FLOWS, start=NOON)
    stage.systems.answering["customers"] = Answering(FOUND, {"name": NAME})
    return _watched(stage, lambda: stage.ring("+15550119", Caller(Silence(30))))


def _account(folder: Path) -> Played:
    (folder / "desk.yaml").write_text(ASKS_AND_SAYS)
    (folder / "numbers.yaml").write_text(f'"{LINE}": desk\n')
    stage = Stage(flows=folder, start=NOON)
    stage.systems.answering["customers"] = Answering(FAILED)
    return _watched(stage, lambda: stage.ring(LINE, Caller(Hear("account"), Press(ACCOUNT), Silence(9))))


def _remembered(folder: Path) -> Played:
    (folder / "desk.yaml").write_text(REMEMBERS)
    (folder / "word.yaml").write_text("flow: word\ngiven: {who: Whom}\nsteps:\n  a: {say: '{who}'}\n")
    (folder / "numbers.yaml").write_text(f'"{LINE}": desk\n')
    stage = Stage(flows=folder, start=NOON)
    stage.systems.answering["customers"] = Answering(FOUND, {"name": NAME})
    return _watched(stage, lambda: stage.ring(LINE, Caller(Hear("account"), Press(ACCOUNT), Silence(9))))


def _named(_: Path) -> Played:
    stage = Stage(flows=SAMPLES, start=NOON)

    def play() -> None:
        stage.call("+15550142", LINE, Caller(Silence(3)), CallerIdentity(NAME, "A"))
        stage.carrier.run()

    return _watched(stage, play)


def _wrong_number(_: Path) -> Played:
    stage = Stage(flows=SAMPLES, start=NOON)

    def play() -> None:
        for called in ("+15550109", f"sip:{SIP_USER}@desk.sip.telnyx.com"):
            stage.call("+15550142", called, Caller(Silence(3)))
            stage.carrier.run()

    return _watched(stage, play)


def _refused(_: Path) -> Played:
    """Telnyx repeats in its refusal whatever it was sent, and the key."""
    stage = Stage(flows=SAMPLES, start=NOON)
    send = stage.api.send

    class Repeating:
        commands_since = staticmethod(stage.api.commands_since)

        def send(self, asked: Command, command_id: str, deadline: float) -> Outcome:
            if asked.action in {"answer", "hangup"}:
                return send(asked, command_id, deadline)
            said = f"{asked.parameters} of +15550142, {API_KEY}, '{NAME}'"
            return Outcome("refused", 1, 422, code="90010", title="Invalid value", detail=said)

        def send_together(self, asked: list[tuple[Command, str]], deadline: float) -> list[Outcome]:
            return [self.send(command, command_id, deadline) for command, command_id in asked]

    stage.processor.telnyx = Repeating()  # type: ignore[assignment]
    return _watched(stage, lambda: stage.ring("+15550102", Caller(Silence(20))))


def _while_it_is_down(_: Path) -> Played:
    line = FailingLine(COLLEAGUE, flows=SAMPLES)  # it checks signatures by the carrier's clock: now
    line.primary = lambda _type, _now: Fails(503)
    line.carrier.add_callee(COLLEAGUE, NoAnswer())

    def play() -> None:
        line.failover.observer = line.endpoint.observer
        line.ring(LINE, Caller(Silence(60)))
        assert line.times_said() == 1

    return _watched(line, play)


class Bucket:
    """S3, as far as parked events need it."""

    def __init__(self) -> None:
        self.objects: dict[str, str] = {}

    def put_object(self, *, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803 -- boto's names
        self.objects[f"parked/{Key}"] = Body.decode()


class FailsAfterwards:
    """Processes each event, and fails then by a fault of ours, so that each is parked as well."""

    def __init__(self, processor: EventProcessor) -> None:
        self.processor = processor

    def handle(self, event: Event, deadline: float) -> EventResult:
        self.processor.handle(event, deadline)
        raise RuntimeError(f"to {event.text('to')}: {dict(event.payload)}")


def _parked(_: Path) -> Played:
    stage, bucket = Stage(flows=SAMPLES, start=NOON), Bucket()
    stage.endpoint = replace(
        stage.endpoint,
        processor=FailsAfterwards(stage.processor),  # type: ignore[arg-type]
        parked=ParkedEvents(bucket, "parked"),  # type: ignore[arg-type]
    )
    patient = Person(Hear("a call for"), Press("1", after=2), Silence(30))

    def play() -> None:
        ALL_PLAYS["a menu, hours and a message"](stage)
        ALL_PLAYS["a recorded conversation"](stage)
        stage.dial("+15550161", patient, "appointment", {"name": NAME, "time": "tomorrow"})

    played = _watched(stage, play)
    assert bucket.objects
    return replace(played, found=played.found | {*in_texts(bucket.objects, secrets(stage))})


PLAYS: dict[str, Callable[[Path], Played]] = {
    **{
        name: _plays(name)
        for name in (
            "a menu, hours and a message",
            "a recorded conversation",
            "a card keyed in wrong, then right",
            "the third of three on call",
            "a message heard again and deleted",
            "words that are written down while they are said",
        )
    },
    "a name that is given": _appointment,
    "a name that is looked up": _looked_up,
    "an account that is keyed in": _account,
    "an account that is remembered": _remembered,
    "a caller whom the network names": _named,
    "numbers that no flow is for": _wrong_number,
    "refusals that repeat everything": _refused,
    "a webhook function that is down": _while_it_is_down,
    "events that are parked": _parked,
}


def _watched(stage: Stage, play: Callable[[], object]) -> Played:
    """Play; after every decision, look where everything lies."""
    stage.endpoint = replace(stage.endpoint, observer=KeptOutput("watched"))
    found = set[Found]()
    stage.decided = lambda _: found.update(in_items(stage.table.items(), secrets(stage)))
    play()
    found.update(in_items(stage.table.items(), secrets(stage)))
    found.update(
        each for job in stage.jobs.put_jobs for each in in_texts({"ArchiveQueue": job.to_json()}, secrets(stage))
    )
    return Played(stage, frozenset(found))


def in_base64(text: str) -> set[str]:
    """How a text looks within one that is written in base64, as `client_state` is, wherever it begins."""
    return {
        base64.b64encode(b"x" * before + text.encode()).decode()[start:-4] for before, start in enumerate((0, 2, 3))
    }


def secrets(stage: Stage) -> dict[str, str]:
    """What the calls of a stage were about, and what opens doors: text → kind."""
    kinds = {
        "+15550142": "numbers",
        COLLEAGUE: "numbers",
        **dict.fromkeys((NAME, *in_base64(NAME)), "names"),
        SIP_USER: "numbers",
        ACCOUNT: "digits",
        " ".join(ACCOUNT): "digits",
        CARD: "card",
        API_KEY: "key",
    }
    for event in stage.received:
        kinds |= {event.text(name): "numbers" for name in ("from", "to") if event.text(name).startswith("+")}
        kinds |= {words: "transcript" for words in map(event.text, ("transcription_text", "transcript")) if words}
        for name in ("recording_urls", "public_recording_urls"):
            kinds |= dict.fromkeys((event.payload.get(name) or {}).values(), "address")
    return kinds


@cache
def played(name: str) -> Played:
    with TemporaryDirectory() as folder:
        return PLAYS[name](Path(folder))


@pytest.mark.parametrize("play", PLAYS)
def test_no_log_line_and_no_metric_tells_of_a_caller(play: str) -> None:
    call = played(play)

    assert call.lines()
    assert lines_with(call.lines(), secrets(call.stage)) == []


@pytest.mark.parametrize("play", PLAYS)
def test_personal_data_lies_only_where_the_page_says(play: str) -> None:
    rows = documented()

    assert sorted(each for each in played(play).found if not any(row.has(each) for row in rows)) == []


def test_everything_that_the_page_says_of_table_and_queue_is_met() -> None:
    found = frozenset[Found]().union(*(played(play).found for play in PLAYS))
    here = [row for row in documented() if row.attributes or row.place in {"ArchiveQueue", "parked/…"}]

    met = {(row, each.kind) for row in here for each in found if row.has(each)}

    assert [(row.place, kind) for row in here for kind in sorted(row.kinds) if (row, kind) not in met] == []
