"""A call at the caller's ear."""

import math

import pytest

from infra.carrier import trace
from infra.carrier.trace import Happening, LegName
from infra.phone.hearing import LISTENING_SECONDS, CutShort, Lamp, LogLine, Notice, Receiver, Stage, Tone

ME = LegName("v3:me", "leg-me", "session", "incoming", "+15550142", "+15550100")
AGENT = LegName("v3:agent", "leg-agent", "session", "outgoing", "+15550100", "+15550199")
STRANGER = LegName("v3:other", "leg-other", "another session", "incoming", "+15550143", "+15550100")

BEGAN = 100.0


def heard(at: float, what: str, seconds: float, kind: str = "speech", leg: LegName = ME) -> trace.Heard:
    return trace.Heard(at=BEGAN + at, leg=leg, kind=kind, what=what, seconds=seconds)


def silent(at: float, what: str, status: str = "completed", kind: str = "speech") -> trace.FellSilent:
    return trace.FellSilent(at=BEGAN + at, leg=ME, kind=kind, what=what, status=status)


def recorder(at: float, change: str, seconds: float = 0.0) -> trace.RecordingChanged:
    return trace.RecordingChanged(at=BEGAN + at, leg=ME, recording_id="r", change=change, seconds=seconds)


def up() -> Receiver:
    receiver = Receiver(ME)
    take(receiver, trace.Rang(at=BEGAN, leg=ME), trace.Answered(at=BEGAN + 1, leg=ME))
    return receiver


def take(receiver: Receiver, *happened: Happening) -> list[Notice]:
    return [notice for happening in happened for notice in receiver.take(happening)]


def test_a_call_rings_is_answered_and_is_over() -> None:
    receiver = Receiver(ME)
    stages = [receiver.stage]

    for happening in (
        trace.Rang(at=BEGAN, leg=ME),
        trace.Answered(at=BEGAN + 2, leg=ME),
        trace.HungUp(at=BEGAN + 9, leg=ME, cause="normal_clearing", source="callee"),
    ):
        receiver.take(happening)
        stages.append(receiver.stage)

    assert stages == [Stage.RINGING, Stage.RINGING, Stage.UP, Stage.OVER]
    assert receiver.since(BEGAN + 60) == 9.0


def test_times_count_from_the_ringing() -> None:
    assert take(up(), heard(3.0, "Hello.", 1.0)) == [LogLine(3.0, "hears", "Hello.", Tone.SPEECH, 1.0)]


def test_another_call_is_not_heard() -> None:
    receiver = up()

    assert take(receiver, heard(3.0, "Hello.", 1.0, leg=STRANGER), trace.Rang(at=BEGAN, leg=STRANGER)) == []


def test_what_is_cut_short_is_reported() -> None:
    assert take(up(), heard(3.0, "Hello there.", 1.0), silent(3.5, "Hello there.", "cancelled"))[1:] == [CutShort(3.5)]


def test_what_ends_by_itself_needs_no_word() -> None:
    assert len(take(up(), heard(3.0, "Hello.", 1.0), silent(4.0, "Hello."))) == 1


def test_the_line_is_silent_once_the_prompt_is_over_for_a_while() -> None:
    receiver = up()
    take(receiver, heard(3.0, "Hello.", 2.0))

    assert not receiver.is_silent(BEGAN + 4.9)
    assert not receiver.is_silent(BEGAN + 5.0 + LISTENING_SECONDS - 0.1)
    assert receiver.is_silent(BEGAN + 5.0 + LISTENING_SECONDS)


def test_nobody_listens_before_the_answer_nor_after_the_end() -> None:
    receiver = Receiver(ME)
    ringing = receiver.is_silent(BEGAN + 60)
    take(receiver, trace.Answered(at=BEGAN, leg=ME))
    take(receiver, trace.HungUp(at=BEGAN + 1, leg=ME, cause="normal_clearing", source="callee"))

    assert (ringing, receiver.is_silent(BEGAN + 60)) == (False, False)


def test_music_without_an_end_is_no_reason_to_wait() -> None:
    receiver = up()
    take(receiver, heard(3.0, "hold-music", math.inf, "audio"))

    assert receiver.is_silent(BEGAN + 4)


def test_a_ringing_tone_is_waited_for_until_somebody_answers() -> None:
    receiver = up()
    take(receiver, heard(3.0, AGENT.to, 0.0, "ringing"))
    waiting = receiver.is_silent(BEGAN + 60)

    take(receiver, trace.Bridged(at=BEGAN + 60, leg=ME, with_leg=AGENT))

    assert not waiting
    assert receiver.is_silent(BEGAN + 61)


@pytest.mark.parametrize(
    ("cause", "sent"),
    [
        ("user_busy", "is busy"),
        ("timeout", "does not answer"),
        ("normal_clearing", "hung up"),
        ("odd_thing", "odd thing"),
    ],
)
def test_what_became_of_somebody_who_was_rung_is_reported(cause: str, sent: str) -> None:
    receiver = up()
    take(receiver, heard(3.0, AGENT.to, 0.0, "ringing"))

    (notice,) = take(receiver, trace.HungUp(at=BEGAN + 9, leg=AGENT, cause=cause, source="callee"))

    assert notice == LogLine(9.0, "far end", f"+15550199  {sent}", Tone.CALL)
    assert receiver.is_silent(BEGAN + 10)


def test_who_acts_does_not_listen() -> None:
    receiver = up()
    take(receiver, trace.Spoke(at=BEGAN + 3, leg=ME, seconds=4.0, words="Hello."))

    assert not receiver.is_silent(BEGAN + 7)
    assert receiver.is_silent(BEGAN + 8)


def test_the_lamp_follows_the_recorder() -> None:
    receiver = up()
    lamps = [receiver.lamp]
    for change in ("started", "paused", "resumed", "stopped", "saved"):
        take(receiver, recorder(3.0, change, 1.5))
        lamps.append(receiver.lamp)

    assert lamps == [Lamp.OFF, Lamp.RECORDING, Lamp.PAUSED, Lamp.RECORDING, Lamp.OFF, Lamp.OFF]
    assert receiver.recordings == 1


def test_the_agent_is_heard_once_whether_connected_or_not() -> None:
    receiver = up()
    before = take(receiver, trace.Spoke(at=BEGAN + 3, leg=AGENT, seconds=1.0, words="Hello?"))
    take(receiver, trace.Bridged(at=BEGAN + 4, leg=ME, with_leg=AGENT))

    after = take(
        receiver,
        trace.Spoke(at=BEGAN + 5, leg=AGENT, seconds=1.0, words="Grace."),
        heard(5.0, "Grace.", 1.0, "voice"),
    )

    assert [notice.text for notice in before if isinstance(notice, LogLine)] == ["+15550199  “Hello?”"]
    assert after == [LogLine(5.0, "they say", "Grace.", Tone.SPEECH, 1.0)]


def test_a_refused_command_is_reported() -> None:
    refused = trace.Commanded(
        at=BEGAN + 3, leg=ME, action="speak", parameters={}, result="refused", status=422, code="90012", detail="voice"
    )

    assert take(up(), refused) == [LogLine(3.0, "refused", "speak: 90012 voice", Tone.FAULT)]


def test_a_recording_is_called_by_its_file_and_not_by_its_signed_address() -> None:
    address = "http://127.0.0.1:9/recordings-storage/session/message.mp3?X-Amz-Signature=1"

    assert take(up(), heard(1.0, address, 4.0, "audio")) == [LogLine(1.0, "hears", "♪ message.mp3 (4 s)", Tone.SPEECH)]
