"""What operators are shown of a call: three lanes, as text and drawn."""

import re
from decimal import Decimal
from functools import cache
from xml.etree import ElementTree as ET

import pytest

from control.timeline import SENT, UNCONFIRMED, CallTimeline, call_timeline, leg_json
from dialtone.adapters.calls_table import TimelineEntry
from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.calls import Call
from dialtone.domain.commands import command
from dialtone.domain.events import CONTROL_ACTION, Event
from dialtone.domain.message_addresses import withheld
from dialtone.domain.unconfirmed_commands import Unconfirmed
from infra.carrier.account import AGENT, AGENT_SCRIPT
from infra.checkout import ROOT
from infra.demo import scenes
from infra.demo.scenes import Incoming
from infra.flowkit.stage import Stage
from infra.operations.calls.lanes import lanes, list_lines, one_line, wrap
from infra.operations.calls.page import drawing, page_of, picture_of
from tests.benchmarks.cost import MORNING
from webhook.refused_commands import Sent, refused

CONTROL = "v3:here"


@cache
def played(scene: Incoming) -> CallTimeline:
    """The timeline of a call of the demo, by the real code."""
    stage = Stage(start=MORNING)
    stage.carrier.add_callee(AGENT, AGENT_SCRIPT)
    session, store = stage.ring(scene.number, scene.script), stage.store
    return call_timeline(session, store.legs(session), store.timeline(session), store.recordings(session))


def entry(event_type: str, second: int = 0, **changes: object) -> TimelineEntry:
    """One event of a timeline."""
    fields: dict[str, object] = {
        "event_id": f"event-{second}",
        "event_type": event_type,
        "occurred_at": f"2026-09-21T14:00:{second:02d}.000000Z",
        "call_leg_id": "leg",
        "payload": {},
        "reason": "",
        "step": "",
        "turn": 0,
        "commands": (),
    }
    return TimelineEntry(**{**fields, **changes})  # type: ignore[arg-type] # any field of an entry


def test_a_call_is_reported_by_what_its_caller_did_and_heard() -> None:
    caller = [row.caller for row in played(scenes.IVR).rows if row.caller]

    assert caller[0].endswith(f"calls {scenes.IVR.number}")
    assert caller[1] == "is answered"
    assert caller[2].startswith("“Welcome to Harbour Dental.")
    assert [each for each in caller if each.startswith("presses")] == [
        "presses 7",
        "presses 1",
        "presses 2",
        "presses #",
    ]
    assert caller[-1] == "is hung up on"


def test_a_message_that_is_played_back_is_named_without_its_address() -> None:
    address = "https://example.com/message.mp3"
    plays = withheld(command("playback_start", CONTROL, audio_url=address), {address})
    played_back = entry("call.recording.saved", commands=(plays,))
    leg = Call(leg_id="leg", session_id="session", control_id=CONTROL)

    (row,) = [each for each in call_timeline("session", [leg], [played_back], []).rows if each.caller]

    assert row.caller == "♪ the message"


def test_what_a_flow_keeps_secret_is_asterisks_in_one_row_and_nowhere_a_digit() -> None:
    call = played(scenes.RECORDED)

    assert "presses *****************" in [row.caller for row in call.rows]
    assert re.search(r"\d{13,}", "".join(line for line, _ in lanes(call, 200))) is None


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"choice": "2", "spoke": True}, "says the choice 2"),
        ({"choice": "none", "spoke": True}, "says none of the choices"),
        ({"choice": "", "spoke": True}, "says none of the choices"),
        ({"choice": "", "spoke": False}, ""),
    ],
)
def test_a_choice_that_was_said_is_reported_by_its_key(payload: dict[str, object], said: str) -> None:
    rows = call_timeline("session", [Call("session", "leg")], [entry("call.ai_gather.ended", payload=payload)], []).rows

    assert [row.caller for row in rows] == [said]


def test_who_asked_from_outside_stands_beside_what_was_done() -> None:
    asked = entry(
        CONTROL_ACTION, payload={"action": "record_pause", "asked_by": "ada"}, reason="record_pause from outside"
    )

    (row,) = call_timeline("session", [Call("session", "leg")], [asked], []).rows

    assert row.dialtone == "record_pause from outside, by ada"


@pytest.mark.parametrize(
    ("ended_at", "recorder", "shown"),
    [("", "", None), ("", "paused", "paused"), ("2026-09-21T14:00:00.000000Z", "on", None)],
)
def test_a_leg_says_whether_it_is_recorded_now(ended_at: str, recorder: str, shown: str | None) -> None:
    assert leg_json(Call("session", "leg", ended_at=ended_at, recorder=recorder))["recorder"] == shown


def test_the_other_side_of_a_transfer_has_its_number() -> None:
    caller = [row.caller for row in played(scenes.RECORDED).rows]

    assert [each for each in caller if AGENT in each] == [
        f"{AGENT} is rung",
        f"{AGENT} answers",
        f"{AGENT} is connected",
        f"{AGENT} is hung up on",
    ]


@pytest.mark.parametrize(
    ("cause", "source", "said"),
    [
        ("user_busy", "callee", "+15550161 is busy"),
        ("timeout", "unknown", "+15550161 does not answer"),
        ("normal_clearing", "callee", "+15550161 hangs up"),
        ("normal_clearing", "caller", "+15550161 is hung up on"),
    ],
)
def test_what_became_of_somebody_who_was_rung_is_said(cause: str, source: str, said: str) -> None:
    rung = entry("call.initiated", 1, payload={"to": "+15550161"})
    over = entry("call.hangup", 2, payload={"hangup_cause": cause, "hangup_source": source})

    rows = call_timeline("session", [Call("session", "leg", direction="outgoing")], [rung, over], []).rows

    assert [row.caller for row in rows] == ["+15550161 is rung", said]


def test_what_a_call_cost_is_summed_over_its_legs_and_a_cost_that_comes_twice_counts_once() -> None:
    cost = {"total_cost": "0.0050", "billed_duration_secs": 60, "cost_parts": [{"call_part": "sip", "currency": "USD"}]}
    timeline = [
        entry("call.cost", 1, payload={**cost, "total_cost": "0.0030"}),
        entry("call.cost", 2, payload=cost),
        entry("call.cost", 3, payload=cost, call_leg_id="callee"),
        entry("call.cost", 4, payload={"total_cost": "dear", "cost_parts": "none"}, call_leg_id="odd"),
        entry("call.cost", 5, payload={"total_cost": "NaN"}, call_leg_id="odder"),
    ]

    assert call_timeline("session", [], timeline, []).total == {"USD": Decimal("0.0100")}


def test_a_command_that_telnyx_refused_says_why_and_was_not_heard() -> None:
    said = (command("answer", CONTROL), command("speak", CONTROL, payload="Hello.", voice="female"))
    answered = entry("call.answered", 1, commands=said)
    refusal_id = refusal_of("event-1", place=1)
    refusal = entry("dialtone.command.refused", 2, event_id=refusal_id, payload={"reason": "speak refused: 422 Bad"})

    rows = call_timeline("session", [], [answered, refusal], []).rows

    assert [(row.dialtone, row.telnyx, row.caller, row.trouble) for row in rows[1:3]] == [
        ("answer", SENT, "", False),
        ("speak", "speak refused: 422 Bad", "", True),
    ]


def refusal_of(event_id: str, place: int) -> str:
    """The id that the webhook function gives to the refusal of a command."""
    sent = Sent(command("speak", CONTROL, payload="Hello.", voice="female"), Outcome("refused", 1, 422))
    return refused(Event(event_id, "call.answered", "2026-09-21T14:00:01.000000Z", {}), 1, place, sent).id


def test_a_command_that_nothing_shows_to_be_obeyed_is_said_to_be_so_while_the_call_goes_on() -> None:
    answered = entry("call.answered", 1, commands=(command("answer", CONTROL),))
    going_on = Call("session", "leg", unconfirmed=Unconfirmed("event-1", answered.occurred_at, 1, ((0,),)))
    over = going_on._replace(ended_at="2026-09-21T14:00:09.000000Z")

    assert [call_timeline("session", [leg], [answered], []).rows[1].telnyx for leg in (going_on, over)] == [
        UNCONFIRMED,
        SENT,
    ]


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("scene", [scenes.IVR, scenes.RECORDED], ids=["menu", "recorded"])
def test_no_line_is_wider_than_the_terminal(columns: int, scene: Incoming) -> None:
    lines = [line for line, _ in lanes(played(scene), columns)]

    assert max(map(len, lines)) <= columns
    assert {"CALLER", "TELNYX", "DIALTONE"} <= set(" ".join(lines).split())


def test_a_line_is_broken_between_words_and_a_long_word_at_its_dots() -> None:
    assert wrap("gather.ended valid 1", 18) == ["gather.ended valid", "1"]
    assert wrap("recording.transcription.saved now", 20) == ["recording.", "transcription.saved", "now"]
    assert wrap("0123456789", 4) == ["0123", "4567", "89"]
    assert wrap("", 4) == []


def test_what_a_caller_or_telnyx_sends_cannot_move_the_cursor_nor_write_a_page() -> None:
    evil = "\x1b[2J<script>alert(1)</script>\u202e"
    calling = entry("call.initiated", 1, payload={"from": evil, "to": evil, "status": evil}, reason=evil)
    call = call_timeline(evil, [Call(evil, "leg", flow=evil, from_number=evil)], [calling], [])

    text = "".join(line for line, _ in (*lanes(call, 80), *list_lines(list(call.legs), 40)))
    text += one_line(call.rows[0], 200)[0]
    page = page_of(call)

    assert all(each.isprintable() for each in text)
    assert "<script" not in page
    assert "\x1b" not in page


def test_a_page_needs_nothing_from_elsewhere_and_its_picture_is_well_formed() -> None:
    call = played(scenes.RECORDED)

    picture = ET.fromstring(drawing(call))  # noqa: S314 -- our own
    page = page_of(call)

    arrows = [each for each in picture if each.get("class", "").startswith("arrow")]
    assert len(arrows) >= len(call.rows)
    assert "prefers-color-scheme: dark" in page
    assert re.findall(r"(?:src|href)=|url\(|@import|<script", page) == []
    assert page.count(call.session_id) >= 1


def test_the_picture_in_the_docs_is_what_the_code_draws() -> None:
    # To draw it anew: python -c "from tests.unit.test_call_timeline import *; PICTURE.write_text(picture())"
    assert PICTURE.read_text(encoding="utf-8") == picture()


PICTURE = ROOT / "docs" / "calls.svg"


def picture() -> str:
    """The recorded call of the demo."""
    return picture_of(played(scenes.RECORDED))


def test_a_list_fits_a_narrow_terminal_in_two_lines_a_call() -> None:
    (leg,) = played(scenes.IVR).legs

    wide, narrow = ([line for line, _ in list_lines([leg, leg], columns)] for columns in (200, 60))

    assert len(wide) == 2
    assert len(narrow) == 4
    assert all(len(line) <= 60 for line in narrow)
    assert f"{leg.from_number} → {leg.to_number}" in wide[0]
