"""What must not be kept, looked for in everything that a whole call leaves: each item of the table, log and metrics."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_api import Outcome, TakenCommand
from dialtone.domain.commands import Command
from dialtone.domain.compact_json import expanded
from dialtone.domain.events import Event
from infra.carrier import Callee, Caller, HangUp, Hear, NoAnswer, Person, Press, Say, Silence, WebhookFault
from infra.flowkit.scripted_backends import NEVER, Answering
from infra.flowkit.stage import CarrierApi, Stage
from tests.function_output import KeptOutput

DESK, AGENT = "+15550100", "+15550199"
CARD = "4539578763621486"
PART_OF_IT = 5
LOST_STARTS = 3
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
"""Any other moment may have five digits of the card in its microseconds."""
"""So many digits of a card in a row are no coincidence once ids and times are left out."""

CARD_STEP = """
  card:
    collect: Please key your card number in.
    into: card
    digits: 16
    sensitive: true
    otherwise: bye
  thanks: {say: "Thank you.", next: bye}
  bye: hangup
"""
FIRST = {
    "speech": 'first: {say: "Welcome. Have your card ready."}',
    "menu": 'first: {menu: "To pay, press 1.", keys: {1: card}, otherwise: card}',
    "wait": "first: {wait: 10}",
    "music": 'first: {play: {audio: "https://a.example/m"}, keys: {0: bye}}',
    "account": 'first: {collect: "Transcript.", into: account, digits: 6, pattern: "9.*", tries: 1, otherwise: card}',
    "lookup": "first: {lookup: customers, limit_seconds: 9, on_error: card}",
    "agent": 'first: {transfer: "+15550199", hold: {audio: "https://a.example/m"}, no_answer: card, keys: {0: bye}}',
}
"""First steps, which hear the digits that are meant for the second."""


def desk(first: str) -> str:
    """A flow with this first step, and then the one that asks for a card number."""
    return f"flow: desk\nvoice: female\nlast_resort: bye\nsteps:\n  {first}{CARD_STEP}"


def staged(folder: Path, flows: Mapping[str, str], faults: dict[WebhookFault, float] | None = None) -> Stage:
    """A line with these flows, which keeps what it logs and measures."""
    for name, text in flows.items():
        (folder / f"{name}.yaml").write_text(text)
    (folder / "numbers.yaml").write_text(f'"{DESK}": desk\n')
    stage = Stage(flows=folder, faults=faults, start=NOON)
    stage.endpoint = replace(stage.endpoint, observer=KeptOutput("staged"))
    return stage


def left(stage: Stage) -> list[str]:
    """Every item of the table, but its ids, times and the flow's own text; every log line and metric."""
    items = stage.table.items()
    kept = [json.dumps({name: _read(item[name]) for name in item if name not in NAMES_AND_TIMES}) for item in items]
    lines = stage.endpoint.observer.lines()  # type: ignore[attr-defined]
    said = [WHEN_MEASURED.sub("", each) for each in lines]
    ids = {each for event in stage.received for each in (event.id, *_ids(event))}
    return [_without(ids, text) for text in (*kept, *said)]


WHEN_MEASURED = re.compile(r'"(Timestamp":[0-9]{13}|(EventAge|HandlingTime)":\[[0-9.]+\])')
"""Of a metric's blob: it has five digits of the card by chance, now and then."""

NAMES_AND_TIMES = frozenset(
    {"call_session_id", "item", "event_id", "occurred_at", "call_leg_id", "decided_at_millis", "expires_at", "texts"}
)


def _read(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute, with compressed text as it was before."""
    compressed = value.get("S", "").startswith("zlib:")
    return {"S": json.dumps(expanded(value["S"]))} if compressed else value


def _ids(event: Event) -> list[str]:
    names = ("call_session_id", "call_leg_id", "call_control_id", "connection_id", "from", "to", "recording_id")
    return [event.text(name) for name in names if event.text(name)]


def _without(ids: set[str], text: str) -> str:
    for each in ids:
        text = text.replace(each, "")
    return text


def telling_digits(stage: Stage, digits: str = CARD) -> list[str]:
    """What is left of the call that holds a part of these digits, or one of them as a key that was pressed."""
    parts = {digits[place : place + PART_OF_IT] for place in range(len(digits) - PART_OF_IT + 1)}
    pressed = {f'\\"digit\\": \\"{each}\\"' for each in digits} | {f'\\"digit\\":\\"{each}\\"' for each in digits}
    return [text for text in left(stage) if any(part in text for part in parts | pressed)]


@pytest.mark.parametrize("first", FIRST)
def test_digits_keyed_before_a_sensitive_step_are_kept_nowhere(first: str, tmp_path: Path) -> None:
    stage = staged(tmp_path, {"desk": desk(FIRST[first])})
    stage.carrier.add_callee(AGENT, NoAnswer())
    stage.systems.answering["customers"] = Answering(NEVER)

    stage.ring(DESK, Caller(Press(CARD, after=0.5), Silence(5), Press(CARD), Silence(60), HangUp()))

    assert [each.type for each in stage.received].count("call.dtmf.received") > len(CARD)
    assert telling_digits(stage) == []


def test_digits_keyed_after_the_gather_has_ended_are_kept_nowhere(tmp_path: Path) -> None:
    stage = staged(tmp_path, {"desk": f"flow: desk\nvoice: female\nsteps:{CARD_STEP}"})

    stage.ring(DESK, Caller(Hear("card number"), Press(CARD + CARD), Silence(20)))

    assert telling_digits(stage) == []


def test_digits_keyed_in_another_flow_that_can_be_followed_by_a_card_are_kept_nowhere(tmp_path: Path) -> None:
    visitor = "flow: desk\nvoice: female\nsteps:\n  visit: {go: {flow: talk}}\n  bye: hangup\n"
    talk = (
        'flow: talk\nsteps:\n  talk: {say: "We talk for a while, and for a while longer."}\n  pay: {go: {flow: pay}}\n'
    )
    stage = staged(tmp_path, {"desk": visitor, "talk": talk, "pay": f"flow: pay\nsteps:{CARD_STEP}"})

    stage.ring(DESK, Caller(Press(CARD, after=0.5), Silence(20), HangUp()))

    assert telling_digits(stage) == []


@pytest.mark.parametrize(
    "agent", [Person(Press(CARD, after=1), Silence(9), HangUp()), Person(Silence(60))], ids=["agent", "caller"]
)
def test_digits_keyed_in_a_conversation_are_kept_nowhere_whoever_presses_them(agent: Callee, tmp_path: Path) -> None:
    stage = staged(tmp_path, {"desk": desk(f'agent: {{transfer: "{AGENT}", after: card}}')})
    stage.carrier.add_callee(AGENT, agent)

    stage.ring(DESK, Caller(Silence(8), Press(CARD), Silence(60), HangUp()))

    assert [each.type for each in stage.received].count("call.dtmf.received") >= len(CARD)
    assert telling_digits(stage) == []


def test_digits_of_a_call_whose_flow_is_not_known_are_kept_nowhere(tmp_path: Path) -> None:
    stage = staged(tmp_path, {"desk": desk(FIRST["wait"])})
    stage.carrier.call("+15550142", DESK, Caller(Silence(2), Press(CARD), Silence(20), HangUp()))
    stage.carrier.run(until=1.0)
    for item in stage.table.items():
        if item["item"]["S"].startswith("LEG#"):
            stage.table.delete_item(Key=item)
    (tmp_path / "desk.yaml").rename(tmp_path / "other.yaml")
    (tmp_path / "numbers.yaml").write_text('"+15550109": other')
    stage.processor.library = FlowLibrary.open(tmp_path)

    stage.carrier.run()

    assert "call.dtmf.received" in [each.type for each in stage.received]
    assert telling_digits(stage) == []


def test_keys_that_a_menu_offers_are_kept_beside_a_sensitive_step(tmp_path: Path) -> None:
    stage = staged(tmp_path, {"desk": desk(FIRST["menu"])})

    session = stage.ring(DESK, Caller(Hear("press 1"), Press("1", after=1), Hear("card number"), Press(CARD)))

    gathered = [each.payload["digits"] for each in stage.store.timeline(session) if "digits" in each.payload]
    assert gathered == ["1", "*" * len(CARD)]


def test_digits_of_a_flow_without_sensitive_steps_are_kept(tmp_path: Path) -> None:
    flow = dedent("""\
        flow: desk
        voice: female
        steps:
          account: {collect: "Your account.", into: account, digits: 6, otherwise: bye}
          bye: hangup
    """)
    stage = staged(tmp_path, {"desk": flow})

    session = stage.ring(DESK, Caller(Hear("account"), Press("314159"), Silence(5)))

    timeline = stage.store.timeline(session)
    assert [each.payload["digits"] for each in timeline if "digits" in each.payload] == ["314159"]
    assert "".join(each.payload.get("digit", "") for each in timeline) == "314159"


@dataclass
class LosesTheStart:
    """Telnyx, where the first requests to start recording are lost."""

    telnyx: CarrierApi
    lost: int = 0

    def send(self, asked: Command, command_id: str, deadline: float) -> Outcome:
        if asked.action == "record_start" and self.lost < LOST_STARTS:
            self.lost += 1
            return Outcome("unavailable", 1, reason="timeout")
        return self.telnyx.send(asked, command_id, deadline)

    def commands_since(self, call_session_id: str, since_seconds: float, deadline: float) -> Sequence[TakenCommand]:
        return self.telnyx.commands_since(call_session_id, since_seconds, deadline)

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        return [self.send(command, command_id, deadline) for command, command_id in asked]


def test_a_recording_whose_start_was_lost_begins_before_it_is_paused_for_a_card(tmp_path: Path) -> None:
    """The detection that leads on to the card comes while the start is still unsent."""
    flow = desk("who: {answered_by: {person: card, machine: bye}}").replace(
        "steps:", "record: {channels: dual}\nsteps:"
    )
    stage = staged(tmp_path, {"desk": flow})
    losing = LosesTheStart(stage.api)
    stage.processor.telnyx = losing

    session = stage.dial("+15550161", Person(Say(1, "Hello?"), Hear("card number"), Silence(6), Press(CARD)), "desk")

    assert losing.lost == LOST_STARTS
    obeyed = [command.action for _, command in stage.api.log]
    assert [each for each in obeyed if each in {"record_start", "record_pause", "gather_using_speak"}][:3] == [
        "record_start",
        "record_pause",
        "gather_using_speak",
    ]
    assert telling_digits(stage) == []
    [recording] = stage.store.recordings(session)
    assert recording.status == "saved"
    [leg] = stage.store.legs(session)
    assert leg.variables["digits.card"] == "*" * len(CARD), "the events of the card's step were not taken for late ones"


# Addresses of recordings, and what was said

REVIEW = """\
flow: desk
voice: female
last_resort: bye
steps:
  message:
    record: Please leave a message after the tone.
    transcription: true
    review: {say: "To keep it, press 1. To record it anew, press 2. To hear it again, press 3."}
    on_error: bye
  bye: hangup
"""
WORDS = "Please call me back about the invoice."
_LEFT_MESSAGE = (Hear("leave a message"), Hear("beep", kind="beep"), Say(3, WORDS), Press("#", after=0.5))
REVIEWS = {
    "kept": (*_LEFT_MESSAGE, Hear("To keep it"), Press("1", after=1), Silence(30)),
    "heard again": (
        *_LEFT_MESSAGE,
        Hear("To keep it"),
        Press("3"),
        Hear("To keep it"),
        Press("1", after=1),
        Silence(9),
    ),
    "recorded anew": (*_LEFT_MESSAGE, Hear("To keep it"), Press("2"), *_LEFT_MESSAGE, Hear("To keep it"), Press("1")),
    "hung up while it is saved": (*_LEFT_MESSAGE, HangUp(after=0.3)),
    "hung up while it is played back": (*_LEFT_MESSAGE, Silence(4), HangUp()),
    "hung up in the review": (*_LEFT_MESSAGE, Hear("To keep it"), HangUp(after=1)),
    "without a decision": (*_LEFT_MESSAGE, Silence(120)),
}


def recording_addresses(stage: Stage) -> set[str]:
    """Every address of a recording that an event brought."""
    found = (
        event.payload.get(name) or {}
        for event in stage.received
        for name in ("recording_urls", "public_recording_urls")
    )
    return {address for each in found for address in each.values()}


def items_containing(stage: Stage, *secrets: str) -> list[str]:
    """What is left of the call that holds one of these, or what opens an address."""
    return [text for text in left(stage) if any(secret in text for secret in (*secrets, "X-Amz-", "Signature="))]


@pytest.mark.parametrize("review", REVIEWS)
@pytest.mark.parametrize("fault", [None, WebhookFault.TWICE], ids=["once", "twice"])
def test_no_address_of_a_recording_and_no_transcript_is_left_of_a_call(
    review: str, fault: WebhookFault | None, tmp_path: Path
) -> None:
    stage = staged(tmp_path, {"desk": REVIEW}, faults={fault: 1.0} if fault else None)

    stage.ring(DESK, Caller(*REVIEWS[review]))

    addresses = recording_addresses(stage)
    assert addresses
    assert items_containing(stage, *addresses, WORDS) == []
    jobs = stage.jobs.put_jobs
    assert {address for job in jobs for address in (job.urls or {}).values()} == addresses
    assert {job.transcript for job in jobs if job.kind == "transcript"} == {WORDS}


def test_no_address_is_left_when_the_review_fails(tmp_path: Path) -> None:
    stage = staged(tmp_path, {"desk": REVIEW})
    stage.api.refuses = lambda asked: asked.action == "gather_using_speak"

    stage.ring(DESK, Caller(*_LEFT_MESSAGE, Silence(30)))

    assert items_containing(stage, *recording_addresses(stage), WORDS) == []


def test_while_a_message_is_reviewed_only_the_state_knows_where_it_can_be_heard(tmp_path: Path) -> None:
    stage = staged(tmp_path, {"desk": REVIEW})
    stage.carrier.call("+15550142", DESK, Caller(*_LEFT_MESSAGE, Silence(60)))
    stage.carrier.run(when=lambda: any(asked.action == "gather_using_audio" for _, asked in stage.api.log))

    [address] = recording_addresses(stage)

    knowing = [item for item in stage.table.items() if address in json.dumps(item)]
    assert [item["item"]["S"].partition("#")[0] for item in knowing] == ["LEG"]
    assert [name for name, value in knowing[0].items() if address in json.dumps(value)] == ["variables"]


def test_a_playback_that_was_lost_is_sent_again_with_the_address_that_its_event_does_not_bring(tmp_path: Path) -> None:
    stage = staged(tmp_path, {"desk": REVIEW})
    playbacks: list[Command] = []

    class LosesPlaybacks(LosesTheStart):
        def send(self, asked: Command, command_id: str, deadline: float) -> Outcome:
            if asked.action == "gather_using_audio":
                playbacks.append(asked)
                if len(playbacks) % 2:
                    return Outcome("unavailable", 1, reason="timeout")
            return self.telnyx.send(asked, command_id, deadline)

    stage.processor.telnyx = LosesPlaybacks(stage.api)

    session = stage.ring(DESK, Caller(*REVIEWS["heard again"]))

    assert [asked.parameters["audio_url"] for asked in playbacks] == [*recording_addresses(stage)] * 4
    assert [recording.review for recording in stage.store.recordings(session)] == ["kept"]
    assert items_containing(stage, *recording_addresses(stage)) == []


def test_an_address_that_telnyx_repeats_is_not_logged(tmp_path: Path) -> None:
    stage = staged(tmp_path, {"desk": REVIEW})
    refused = Outcome(
        "refused", 1, 422, code="90040", title="Download failed", detail="of https://a.example/m?X-Amz-S=1"
    )

    class RefusesPlaybacks(LosesTheStart):
        def send(self, asked: Command, command_id: str, deadline: float) -> Outcome:
            return refused if asked.action == "gather_using_audio" else self.telnyx.send(asked, command_id, deadline)

    stage.processor.telnyx = RefusesPlaybacks(stage.api)

    stage.ring(DESK, Caller(*_LEFT_MESSAGE, Silence(30)))

    assert any("Download failed" in text for text in left(stage))
    assert items_containing(stage, *recording_addresses(stage)) == []


def test_the_address_of_audio_that_the_flow_names_is_kept(tmp_path: Path) -> None:
    flow = 'flow: desk\nsteps:\n  a: {play: {audio: "https://audio.example/hello.wav"}}\n  bye: hangup\n'
    stage = staged(tmp_path, {"desk": flow})

    session = stage.ring(DESK, Caller(Silence(10)))

    timeline = stage.store.timeline(session)
    assert [each.payload["media_url"] for each in timeline if each.event_type == "call.playback.ended"] == [
        "https://audio.example/hello.wav"
    ]
