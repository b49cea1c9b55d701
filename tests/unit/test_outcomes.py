"""What came of a call where its flow does not say it: every ending of every step."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, get_args

import pytest
from telnyx.types import call_hangup

from dialtone.domain.client_state import ClientState
from dialtone.domain.events import Event
from dialtone.domain.hangup_causes import HANGUP_CAUSES
from dialtone.flow.parser import STEP_KINDS
from tests.staged_call import LEG, SESSION, StagedCall, callee_mark_of, happened, moment

if TYPE_CHECKING:
    from collections.abc import Callable

    Happening = Callable[[StagedCall], object]

SPOKEN: Happening = lambda staged: staged.prompt_ends()  # noqa: E731
UNPLAYABLE: Happening = lambda staged: staged.audio_ends("file_not_found")  # noqa: E731
NO_KEY: Happening = lambda staged: staged.gather_ends("", "timeout")  # noqa: E731
BRIDGED: Happening = lambda staged: staged.tell("call.bridged")  # noqa: E731
JOINED: Happening = lambda staged: staged.tell("conference.participant.joined")  # noqa: E731
HELPED: Happening = lambda staged: staged.tell("call.conversation.ended", reason="done")  # noqa: E731
NOT_HELPED: Happening = lambda staged: staged.tell("call.conversation.start_failed", reason="none")  # noqa: E731
ENDS: Happening = lambda staged: staged.hang_up()  # noqa: E731


def key(digits: str) -> Happening:
    return lambda staged: staged.gather_ends(digits)


def saved(staged: StagedCall) -> None:
    staged.tell("call.recording.saved", channels="single")


def rung_in_vain(staged: StagedCall) -> None:
    staged.tell_of_callee("call.hangup", hangup_cause="timeout")


def detected(result: str) -> Happening:
    return lambda staged: staged.tell("call.machine.detection.ended", result=result)


def accepted(staged: StagedCall) -> None:
    said = {"call_session_id": SESSION, "call_leg_id": LEG, "message_id": "message"}
    mark = ClientState(turn=staged.call.turn)
    staged.take(Event("accepted", "dialtone.message.accepted", moment(staged.seconds), said, mark))


def paid(result: str) -> Happening:
    return lambda staged: staged.tell("call.payment.completed", result=result)


ENDINGS: list[tuple[str, str, list[Happening], str]] = [
    ("say", "{say: Hello.}", [], "hung-up"),
    ("say", "{say: Hello.}", [SPOKEN], "completed"),
    ("say", "{say: {audio: 'https://media.example/a.mp3'}}", [UNPLAYABLE], "failed"),
    ("say", "{say: {audio: 'https://media.example/a.mp3'}, on_error: bye}", [UNPLAYABLE], "completed"),
    ("play", "{play: {media: tune}}", [], "hung-up"),
    ("play", "{play: {media: tune}}", [UNPLAYABLE], "failed"),
    ("menu", "{menu: Press 1., keys: {1: bye}, tries: 1}", [], "hung-up"),
    ("menu", "{menu: Press 1., keys: {1: bye}, tries: 1}", [key("1")], "completed"),
    ("menu", "{menu: Press 1., keys: {1: bye}, tries: 1}", [NO_KEY], "completed"),
    ("collect", "{collect: Key it in., into: account, tries: 1}", [], "hung-up"),
    ("collect", "{collect: Key it in., into: account, tries: 1}", [key("123")], "completed"),
    ("choose_language", "{choose_language: Press 1., keys: {1: en-US}, tries: 1}", [], "hung-up"),
    ("choose_language", "{choose_language: Press 1., keys: {1: en-US}, tries: 1}", [key("1")], "completed"),
    ("record", "{record: After the tone.}", [], "hung-up"),
    ("record", "{record: After the tone.}", [SPOKEN], "completed"),
    ("record", "{record: After the tone.}", [SPOKEN, saved], "completed"),
    ("recording", "{recording: start, consent: announce}", [], "hung-up"),
    ("recording", "{recording: start}", [], "completed"),
    ("transfer", '{transfer: "+15550199"}', [], "hung-up"),
    ("transfer", '{transfer: "+15550199"}', [BRIDGED], "completed"),
    ("transfer", '{transfer: "+15550199"}', [rung_in_vain], "failed"),
    ("transfer", '{transfer: "+15550199", no_answer: bye}', [rung_in_vain], "completed"),
    ("queue", "{queue: support, hold: {media: tune}}", [], "hung-up"),
    ("queue", "{queue: support, hold: {media: tune}}", [BRIDGED], "completed"),
    ("take_from", "{take_from: support, hold: {media: tune}}", [], "hung-up"),
    ("take_from", "{take_from: support, hold: {media: tune}}", [BRIDGED], "completed"),
    ("conference", "{conference: board}", [], "hung-up"),
    ("conference", "{conference: board}", [JOINED], "completed"),
    ("split", "{split: [{percent: 100, to: bye}]}", [], "completed"),
    ("text", "{text: Hello.}", [], "hung-up"),
    ("text", "{text: Hello.}", [accepted], "completed"),
    ("pay", "{pay: 12.5}", [], "hung-up"),
    ("pay", "{pay: 12.5}", [paid("success")], "completed"),
    ("pay", "{pay: 12.5}", [paid("payment_error")], "failed"),
    ("lookup", "{lookup: customers}", [], "hung-up"),
    ("lookup", "{lookup: customers, limit_seconds: 1}", [lambda staged: NO_KEY(later(staged, 9))], "failed"),
    ("branch", "{branch: [{when: {caller: '+1*'}, to: bye}]}", [], "completed"),
    ("go", "{go: bye}", [], "completed"),
    ("come_back", "come_back", [], "completed"),
    ("set", "{set: {name: Ann}}", [], "completed"),
    ("opt_out", "{opt_out: campaigns}", [], "completed"),
    ("send_digits", '{send_digits: "12"}', [], "completed"),
    ("wait", "{wait: 5}", [], "hung-up"),
    ("wait", "{wait: 5}", [NO_KEY], "completed"),
    ("answered_by", "{answered_by: {person: bye, machine: bye}}", [], "hung-up"),
    ("answered_by", "{answered_by: {person: bye, machine: bye}}", [detected("human")], "completed"),
    ("answered_by", "{answered_by: {person: bye, machine: bye}}", [detected("machine")], "machine"),
    ("answered_by", "{answered_by: {person: bye, machine: bye}}", [detected("fax_detected")], "machine"),
    ("hangup", "hangup", [], "completed"),
    ("transcribe", "{transcribe: start}", [], "completed"),
    ("deliver", "{deliver: [{chat: front-desk}]}", [], "completed"),
    ("assistant", "{assistant: assistant-1}", [], "completed"),
    ("assistant", "{assistant: assistant-1}", [HELPED], "completed"),
    ("assistant", "{assistant: assistant-1}", [NOT_HELPED], "failed"),
]


def later(staged: StagedCall, seconds: float) -> StagedCall:
    staged.seconds += seconds
    return staged


def led(step: str, *, direction: str = "incoming") -> StagedCall:
    flow = f"last_resort: sorry\nsteps:\n  first: {step}\n  bye: hangup\n  sorry: {{say: Sorry.}}\n"
    staged = StagedCall(flow, direction=direction)
    staged.pick_up()
    return staged


@pytest.mark.parametrize(("kind", "step", "before", "outcome"), ENDINGS)
def test_every_ending_of_every_step_is_named_by_how_far_the_caller_came(
    kind: str, step: str, before: list[Happening], outcome: str
) -> None:
    staged = led(step, direction="outgoing" if kind == "answered_by" else "incoming")
    for happens in before:
        happens(staged)

    ENDS(staged)

    assert staged.call.outcome == outcome


@pytest.mark.parametrize(("kind", "step", "before", "outcome"), ENDINGS)
def test_without_a_cause_the_outcome_is_what_the_flow_shows_of_it(
    kind: str, step: str, before: list[Happening], outcome: str
) -> None:
    """That somebody hung up in the middle is not known of a call that was only found to be over."""
    staged = led(step, direction="outgoing" if kind == "answered_by" else "incoming")
    for happens in before:
        happens(staged)

    staged.tell("call.hangup", hangup_cause="unknown", read_back_by="dialtone")

    assert staged.call.outcome == ("unknown" if outcome == "hung-up" else outcome)


@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_of_a_call_that_was_never_answered_nothing_is_known_without_a_cause(direction: str) -> None:
    staged = StagedCall("steps:\n  first: {say: Hello.}\n", direction=direction)

    staged.tell("call.hangup", hangup_cause="unknown", read_back_by="dialtone")

    assert staged.call.outcome == "unknown"


def test_every_kind_of_step_has_its_endings() -> None:
    in_no_call = {"reject"}  # which is never answered
    left_at_once = {"find", "hours", "on_call"}  # and need a file beside the flow
    beside_a_file = {"directory"}  # tests/unit/test_flow_directory.py has its ending

    assert {kind for kind, *_ in ENDINGS} == set(STEP_KINDS) - in_no_call - left_at_once - beside_a_file


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_outcome_is_the_same_in_whatever_order_the_end_is_reported(order: tuple[int, ...]) -> None:
    staged = led("{transfer: '+15550199', no_answer: bye}")
    far = callee_mark_of(staged.decisions[-1].commands[-1])
    cause = {"hangup_cause": "normal_clearing", "hangup_source": "caller"}
    reported = [
        happened("call.bridged", 20, staged.mark),
        happened("call.hangup", 80, staged.mark, **cause),
        happened("call.hangup", 80.01, far, **cause),
    ]

    for place in order:
        staged.take(reported[place])

    assert staged.call.outcome == "completed"


def test_a_step_that_failed_after_the_hang_up_has_failed_nobody() -> None:
    staged = led("{say: {audio: 'https://media.example/a.mp3'}}")
    staged.take(happened("call.playback.ended", 30, staged.mark, status="file_not_found"))

    staged.take(happened("call.hangup", 29, staged.mark, hangup_cause="normal_clearing"))

    assert staged.call.outcome == "hung-up"


def test_a_limit_that_ends_a_call_is_a_failure_of_the_flow() -> None:
    staged = StagedCall(
        "limits: {steps: 1}\nlast_resort: sorry\nsteps:\n  a: {say: A.}\n  b: {say: B.}\n  sorry: {say: Sorry.}\n"
    )
    staged.pick_up()
    staged.prompt_ends()

    staged.hang_up()

    assert staged.call.outcome == "failed"


@pytest.mark.parametrize(("direction", "outcome"), [("incoming", "cancelled"), ("outgoing", "no-answer")])
def test_a_call_that_was_never_answered_is_not_completed(direction: str, outcome: str) -> None:
    staged = StagedCall("steps:\n  a: {say: A.}\n", direction=direction)
    staged.ring()

    staged.hang_up()

    assert staged.call.outcome == outcome


def test_the_flows_own_word_comes_first() -> None:
    staged = led("{set: {outcome: told}, next: sorry}")

    staged.hang_up()

    assert staged.call.outcome == "told"


def test_every_hangup_cause_that_telnyx_documents_is_in_the_table() -> None:
    (documented, _) = get_args(call_hangup.Payload.model_fields["hangup_cause"].annotation)

    assert set(get_args(documented)) - HANGUP_CAUSES.keys() == {"unspecified"}, "which says nothing"
