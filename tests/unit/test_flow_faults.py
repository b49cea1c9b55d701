"""What a step that cannot be done leaves behind: the reason, and a count that operators hear of."""

import pytest

from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import command
from dialtone.domain.decisions import FLOW_ERROR, LAST_RESORT
from tests.staged_call import CALLED, CONTROL, StagedCall, actions, happened
from webhook.refused_commands import Sent, refused

LAST = "last_resort: sorry\nsteps:\n"
SORRY = "  sorry: {say: Sorry., next: bye}\n  bye: hangup\n"


@pytest.mark.parametrize(
    "step",
    [
        "say: [Hello., {media: opening-hours}]",
        "play: {media: opening-hours}",
        "{play: {media: opening-hours}, keys: {1: bye}}",
        "{menu: {media: opening-hours}, keys: {1: bye}}",
        "record: {media: opening-hours}",
        "{recording: start, consent: {how: announce, say: {media: opening-hours}}}",
        "{recording: start, consent: {how: ask, say: {media: opening-hours}}}",
    ],
)
def test_media_that_is_not_there_is_named_and_counted_where_it_leads_to_the_last_resort(step: str) -> None:
    staged = StagedCall(LAST + f"  first: {step if step[0] == '{' else '{' + step + '}'}\n" + SORRY)
    staged.pick_up()

    decision = staged.tell("call.playback.ended", status="file_not_found", media_name="opening-hours")

    assert decision.reason == "audio could not be played: file_not_found opening-hours"
    assert decision.incidents == (FLOW_ERROR, LAST_RESORT)
    assert staged.call.step == "sorry"


def test_an_error_that_the_step_has_a_way_for_is_counted_and_rings_no_alarm() -> None:
    staged = StagedCall(LAST + "  first: {play: {media: x}, on_error: bye}\n" + SORRY)
    staged.pick_up()

    decision = staged.audio_ends("file_not_found")

    assert (decision.incidents, staged.call.step) == ((FLOW_ERROR,), "bye")


def test_an_address_is_named_without_what_signs_it() -> None:
    staged = StagedCall(LAST + "  first: {play: {audio: 'https://media.example/a.mp3?sig=abc'}}\n" + SORRY)
    staged.pick_up()

    decision = staged.tell(
        "call.playback.ended", status="failed", media_url="https://media.example/a.mp3?X-Amz-Signature=abc"
    )

    assert decision.reason == "audio could not be played: failed https://media.example/a.mp3"


@pytest.mark.parametrize(
    ("flow", "why"),
    [
        ("steps:\n  first: {play: {media: x}}\n", "hung up: there is neither on_error nor last_resort"),
        ("last_resort: first\nsteps:\n  first: {play: {media: x}}\n", "hung up: the last resort failed"),
    ],
)
def test_a_call_that_an_error_ends_says_why_nothing_else_was_left(flow: str, why: str) -> None:
    staged = StagedCall(flow)
    staged.pick_up()

    decision = staged.audio_ends("file_not_found")

    assert actions(decision) == ["hangup"]
    assert decision.reason == f"audio could not be played: file_not_found; {why}"
    assert decision.incidents == (FLOW_ERROR, LAST_RESORT)


def test_a_call_that_only_meets_errors_says_how_many() -> None:
    staged = StagedCall(
        LAST + "  first: {say: One., on_error: second}\n  second: {say: Two., on_error: first}\n" + SORRY
    )
    staged.pick_up()

    for _ in range(6):
        staged.refuse()

    assert staged.decisions[-1].reason == "speak refused: 90012; hung up after 6 errors"


@pytest.mark.parametrize("cause", ["user_busy", "timeout"])
def test_people_who_do_not_answer_are_no_fault(cause: str) -> None:
    staged = StagedCall(LAST + f"  first: {{transfer: '{CALLED}'}}\n" + SORRY)
    staged.pick_up()
    staged.tell_of_callee("call.initiated")

    decision = staged.tell_of_callee("call.hangup", hangup_cause=cause)

    assert (decision.reason, decision.incidents) == (f"transfer to +1555****: {cause}", ())
    assert staged.call.step == "sorry"


def test_music_that_is_not_there_while_somebody_is_rung_is_reported_and_the_ringing_goes_on() -> None:
    staged = StagedCall(LAST + f"  first: {{transfer: '{CALLED}', hold: {{media: hold-music}}}}\n" + SORRY)
    staged.pick_up()
    before = staged.call

    decision = staged.tell("call.playback.ended", status="file_not_found", media_name="hold-music")

    assert (decision.commands, decision.call) == ((), before)
    assert decision.reason == "audio could not be played: file_not_found hold-music"
    assert decision.incidents == (FLOW_ERROR,)


def test_music_in_the_background_that_is_not_there_is_reported_though_its_step_was_left() -> None:
    flow = LAST + "  first: {play: {media: x}, times: infinity, background: true}\n  then: {say: Hello.}\n" + SORRY
    staged = StagedCall(flow)
    staged.pick_up()

    decision = staged.tell(
        "call.playback.ended", ClientState(turn=1, flow="tested"), status="file_not_found", media_name="x"
    )

    assert decision.reason == "late: of turn 1, now 2; audio could not be played: file_not_found x"
    assert decision.incidents == (FLOW_ERROR,)


@pytest.mark.parametrize(
    ("asked", "about"),
    [
        (command("playback_start", CONTROL, media_name="hold-music"), "(media_name: hold-music)"),
        (
            command("playback_start", CONTROL, audio_url="https://x.example/a.mp3?s=1"),
            "(audio_url: https://x.example/a.mp3)",
        ),
        (command("transfer", CONTROL, to="+13125550177"), "(to: +1312555****)"),
        (command("speak", CONTROL, payload="Hello", voice="AWS.Polly.Nobody"), "(voice: AWS.Polly.Nobody)"),
    ],
)
def test_a_refusal_names_what_telnyx_did_not_know(asked: object, about: str) -> None:
    outcome = Outcome("refused", 1, 422, code="10005", title="Resource not found")

    event = refused(happened("call.answered"), 1, 0, Sent(asked, outcome))  # type: ignore[arg-type]  # a command

    assert event.text("reason").endswith(f"10005 Resource not found {about}")
