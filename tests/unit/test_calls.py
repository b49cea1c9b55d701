"""A leg's state and what may happen to it."""

import json

import pytest

from dialtone.domain.call_recordings import (
    NO_TURN,
    pause_refused,
    recording_error,
    recording_refused,
    recording_saved,
    reviewed,
    transcript_saved,
)
from dialtone.domain.call_status import ANSWERED, BRIDGED, ENDED, RINGING
from dialtone.domain.call_variables import OUTCOME
from dialtone.domain.calls import Call
from dialtone.domain.client_state import ClientState
from dialtone.domain.command_effects import with_commands
from dialtone.domain.commands import command
from dialtone.domain.decisions import TURNED_AWAY, Decision, stay
from dialtone.domain.recordings import (
    CERTAIN,
    EXPECTED,
    FAILED,
    LIKELY,
    MAX_TRANSCRIPT_CHARACTERS_IN_A_JOB,
    SAVED,
    UNCERTAIN,
    ArchiveJob,
    Pause,
    Recording,
    Transcription,
)
from dialtone.flow.engine import advance, answer_or_reject, begin, take_error_path
from tests.staged_call import CALLED, CALLER, CONTROL, LEG, SESSION, actions, happened, moment

CALL = Call(SESSION, LEG, CONTROL, from_number=CALLER, to_number=CALLED)
START = command("record_start", CONTROL, format="mp3", channels="single")
ANSWER_RECORDING = command("answer", CONTROL, record="record-from-answer", record_channels="dual", record_format="wav")


def recording_call() -> Call:
    """A call that is recorded from the answer, asked for at second 10."""
    return with_commands(CALL, (ANSWER_RECORDING,), happened("call.initiated", 10)).call


# What came of it


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        ("user_busy", "busy"),
        ("timeout", "no-answer"),
        ("no_answer", "no-answer"),
        ("call_rejected", "rejected"),
        ("originator_cancel", "cancelled"),
        ("not_found", "unreachable"),
        ("time_limit", "cut-off"),
        ("normal_clearing", "cancelled"),
        ("unspecified", "unspecified"),
        ("swallowed_by_a_whale", "swallowed_by_a_whale"),
        ("", ""),
    ],
)
def test_the_hang_up_says_what_came_of_a_call_and_an_unknown_cause_speaks_for_itself(cause: str, outcome: str) -> None:
    assert CALL._replace(hangup_cause=cause).outcome == outcome


def test_a_call_that_an_earlier_version_ended_keeps_its_outcome() -> None:
    ended = CALL._replace(hangup_cause="normal_clearing", answered_at=moment(1), turn=3)

    assert ended.outcome == "completed"


def test_the_flows_own_word_on_the_outcome_comes_before_the_hang_ups() -> None:
    noted = CALL.remembering(OUTCOME, "appointment kept")

    assert noted._replace(hangup_cause="normal_clearing").outcome == "appointment kept"
    assert noted.remembering(OUTCOME, "")._replace(hangup_cause="user_busy").outcome == "busy"


# How far it has come


@pytest.mark.parametrize("further", [RINGING, ANSWERED, BRIDGED, ENDED])
@pytest.mark.parametrize("payload", [RINGING, ANSWERED, BRIDGED, ENDED])
def test_a_call_never_goes_back_whatever_is_reported_late(further: str, payload: str) -> None:
    order = [RINGING, ANSWERED, BRIDGED, ENDED]

    call = CALL.progress_to(further).progress_to(payload)

    assert call.status == max(further, payload, key=order.index)


def test_any_event_may_be_the_first_that_tells_who_is_talking() -> None:
    call = Call(SESSION, LEG).with_event_details(happened("call.speak.ended", 3))

    assert (call.control_id, call.from_number, call.to_number) == (CONTROL, CALLER, CALLED)
    assert call.connection_id == "2815469930127543021"


def test_what_is_known_is_not_overwritten() -> None:
    call = CALL.with_event_details(happened("call.hangup", 9, to="+15550111", call_control_id="v3:other"))

    assert (call.control_id, call.to_number) == (CONTROL, CALLED)


# Without a flow


def test_an_incoming_call_that_no_flow_is_for_is_rejected() -> None:
    decision = answer_or_reject(CALL, happened("call.initiated"), None)

    assert decision.commands == (command("reject", CONTROL, cause="CALL_REJECTED"),)
    assert decision.reason == "no flow for +1555****"
    assert decision.incidents == (TURNED_AWAY,)
    assert decision.call == CALL


def test_a_call_whose_flow_is_not_there_is_ended_and_not_left_in_silence() -> None:
    dialled = happened("call.answered", 0, ClientState(flow="gone"))

    for decision in (
        begin(CALL, dialled, None),
        advance(CALL._replace(flow="gone"), happened("call.speak.ended"), None),
    ):
        assert decision.commands == (command("hangup", CONTROL),)
        assert decision.reason == "no flow gone"
        assert decision.incidents == (TURNED_AWAY,)


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ({"from": "anonymous"}, ("", CALLED)),
        ({"from": "+266696687"}, ("", CALLED)),
        ({"from": None}, ("", CALLED)),
        ({"from": "13125550142"}, (CALLER, CALLED)),
        ({"from": "sip:+13125550142@carrier.example;user=phone"}, (CALLER, CALLED)),
        ({"to": "15550100"}, (CALLER, CALLED)),
        ({"to": "sip:reception@desk.sip.telnyx.com"}, (CALLER, "sip:reception@desk.sip.telnyx.com")),
    ],
)
def test_a_call_keeps_its_two_numbers_in_one_form_however_they_are_written(
    payload: dict[str, str], kept: tuple[str, str]
) -> None:
    call = Call(SESSION, LEG).with_event_details(happened("call.initiated", **payload))

    assert (call.from_number, call.to_number) == kept


def test_other_events_of_a_call_without_a_flow_change_nothing() -> None:
    event = happened("call.answered")

    for decision in (begin(CALL, event, None), advance(CALL, event, None), take_error_path(CALL, event, None)):
        assert decision == Decision(CALL, reason="no flow")


# Recordings that commands promise


def test_a_recording_from_the_answer_is_expected_from_then_on() -> None:
    decision = with_commands(CALL, (ANSWER_RECORDING,), happened("call.initiated", 10))

    (recording,) = decision.recordings
    assert (recording.status, recording.source) == (EXPECTED, "record-from-answer")
    assert (recording.channels, recording.format) == ("dual", "wav")
    assert (recording.number, recording.turn, recording.requested_at) == (1, 0, moment(10))
    assert (recording.from_number, recording.to_number) == (CALLER, CALLED)
    assert decision.call.recordings == (recording,)
    assert decision.call.recorder == "on"


def test_every_recording_of_a_leg_has_a_number_of_its_own() -> None:
    first = with_commands(CALL, (START, START), happened("call.answered", 1))
    second = with_commands(first.call._replace(turn=4), (START,), happened("call.dtmf.received", 20))

    recordings = (*first.recordings, *second.recordings)
    assert [recording.number for recording in recordings] == [1, 2, 3]
    assert len({recording.name for recording in recordings}) == 3
    assert second.recordings[0].turn == 4
    assert second.recordings[0].source == "record_start"


def test_a_recording_is_expected_with_what_can_make_it_shorter_than_the_recorder_ran() -> None:
    options: dict[str, object] = {"trim": "trim-silence", "timeout_secs": 5, "max_length": 120}
    message = command("record_start", CONTROL, format="mp3", channels="single", **options)
    whole = command("answer", CONTROL, record="record-from-answer", record_trim="trim-silence", record_max_length=600)

    decision = with_commands(CALL, (message, whole, START), happened("call.answered", 1))

    asked = [(each.trimmed, each.silence_seconds, each.max_seconds) for each in decision.recordings]
    assert asked == [(True, 5, 120), (True, 0, 600), (False, 0, 0)]


def test_an_answer_without_recording_promises_none() -> None:
    decision = with_commands(CALL, (command("answer", CONTROL),), happened("call.initiated"))

    assert decision.recordings == ()
    assert decision.call == CALL
    assert actions(decision) == ["answer"]


@pytest.mark.parametrize(
    ("asked", "recorder"),
    [("record_pause", "paused"), ("record_resume", "on"), ("record_stop", ""), ("gather_stop", "on")],
)
def test_the_call_knows_whether_its_recorder_runs(asked: str, recorder: str) -> None:
    call = recording_call()

    assert with_commands(call, (command(asked, CONTROL),), happened("call.speak.ended")).call.recorder == recorder


# Recordings that come


def saved(seconds: float, **changes: object) -> Decision:
    payload = {
        "channels": "dual",
        "recording_started_at": moment(11),
        "recording_ended_at": moment(50),
        "recording_urls": {"wav": "https://recordings.example/1.wav"},
    }
    return recording_saved(recording_call(), happened("call.recording.saved", seconds, **(payload | changes)))


def test_a_recording_that_comes_is_the_one_asked_for_and_goes_into_custody() -> None:
    decision = saved(60)

    (recording,) = decision.recordings
    assert (recording.status, recording.number, recording.source) == (SAVED, 1, "record-from-answer")
    assert (recording.started_at, recording.ended_at) == (moment(11), moment(50))
    assert recording.format == "wav"
    assert decision.call.recordings == ()
    assert decision.call.recorder == ""
    assert decision.archive == (ArchiveJob("audio", SESSION, LEG, recording.name),)


def test_a_recordings_times_are_kept_in_utc() -> None:
    decision = saved(
        60, recording_started_at="2026-11-20T16:00:11+02:00", recording_ended_at="2026-11-20T16:00:50+02:00"
    )

    assert decision.recordings[0].started_at == moment(11)
    assert decision.recordings[0].ended_at == moment(50)
    assert decision.call.recordings == ()


def test_a_recording_that_tells_no_beginning_is_dated_by_its_event() -> None:
    decision = saved(60, recording_started_at=None, recording_ended_at=None)

    assert (decision.recordings[0].started_at, decision.recordings[0].ended_at) == (moment(60), "")
    assert decision.recordings[0].source == "record-from-answer"


def test_what_more_telnyx_tells_of_a_recording_is_kept() -> None:
    decision = saved(60, recording_id="9c1a4f0e", format="mp3")

    assert decision.recordings[0].recording_id == decision.archive[0].recording_id == "9c1a4f0e"
    assert decision.recordings[0].format == "mp3"


def test_channels_that_telnyx_leaves_out_are_those_that_were_asked_for() -> None:
    assert saved(60, channels=None).recordings[0].channels == "dual"


def test_a_recording_that_nobody_asked_for_is_taken_into_custody_all_the_same() -> None:
    event = happened("call.recording.saved", 60, recording_started_at=moment(11), channels=None)

    decision = recording_saved(CALL, event)

    (recording,) = decision.recordings
    assert (recording.status, recording.source, recording.turn) == (SAVED, "telnyx", NO_TURN)
    assert (recording.number, recording.channels) == (1, "")
    assert decision.call.recordings_asked == 1
    assert decision.archive[0].recording == recording.name


def test_two_that_nobody_asked_for_are_two_in_the_ledger() -> None:
    first = recording_saved(CALL, happened("call.recording.saved", 60, recording_started_at=moment(11)))
    second = recording_saved(first.call, happened("call.recording.saved", 61, recording_started_at=moment(31)))

    assert first.recordings[0].name != second.recordings[0].name


def test_a_message_and_the_whole_call_are_distinguished_by_when_they_began() -> None:
    call = with_commands(recording_call()._replace(turn=3), (START,), happened("call.speak.ended", 40)).call

    message = recording_saved(call, happened("call.recording.saved", 60, recording_started_at=moment(41)))
    whole = recording_saved(call, happened("call.recording.saved", 61, recording_started_at=moment(12)))

    assert message.recordings[0].source == "record_start"
    assert whole.recordings[0].source == "record-from-answer"


def test_the_recorder_rests_only_when_nothing_is_expected_any_more() -> None:
    call = with_commands(recording_call()._replace(turn=3), (START,), happened("call.speak.ended", 40)).call

    one_left = recording_saved(call, happened("call.recording.saved", 60, recording_started_at=moment(41))).call
    none_left = recording_saved(one_left, happened("call.recording.saved", 61, recording_started_at=moment(12))).call

    assert (one_left.recorder, none_left.recorder) == ("on", "")


@pytest.mark.parametrize(
    ("addresses", "taken"),
    [
        ({"recording_urls": {"mp3": "https://a.example"}}, {"mp3": "https://a.example"}),
        ({"recording_urls": {}, "public_recording_urls": {"mp3": "https://b.example"}}, {"mp3": "https://b.example"}),
        ({"recording_urls": None, "public_recording_urls": None}, {}),
        ({"recording_urls": {"mp3": None, "wav": 7, "ogg": "https://c.example"}}, {"ogg": "https://c.example"}),
    ],
)
def test_the_archive_is_given_the_addresses_that_are_there(addresses: dict[str, object], taken: object) -> None:
    event = happened("call.recording.saved", 60, **addresses)

    [job] = recording_saved(CALL, event).archive

    assert job.urls is None, "what is kept with the decision knows none"
    assert (job.completed_from(event).urls or {}) == taken


# Recordings that do not come


def error_of(call: Call, seconds: float = 60) -> Decision:
    return recording_error(call, happened("call.recording.error", seconds, reason="Internal server error"))


def two_recordings() -> Call:
    """A call that is recorded as a whole, and a message in it."""
    return with_commands(recording_call()._replace(turn=3), (START,), happened("call.speak.ended", 40)).call


def come(call: Call, number: int, began: float) -> Decision:
    address = f"https://s3.example/2026/{LEG}-{number:02d}-1763647437.mp3?signature=x"
    payload = {"recording_started_at": moment(began), "recording_urls": {"mp3": address}}
    return recording_saved(call, happened("call.recording.saved", 90 + number, **payload))


def test_an_error_of_the_only_recording_expected_is_in_the_ledger_with_the_reason_and_counts() -> None:
    decision = error_of(recording_call())

    (recording,) = decision.recordings
    assert (recording.status, recording.reason) == (FAILED, "Telnyx: Internal server error")
    assert recording.identity == LIKELY
    assert decision.call.recorder == ""
    assert decision.incidents == ("recording-error",)


def test_one_that_comes_after_all_is_filed_under_its_name_whatever_the_error_was_about() -> None:
    failed = error_of(recording_call()).call

    decision = come(failed, 1, 11)

    (recording,) = decision.recordings
    assert (recording.name, recording.status, recording.reason) == (f"{LEG}-01", SAVED, "")
    assert (recording.identity, recording.source) == (CERTAIN, "record-from-answer")
    assert decision.call.recordings == ()


def test_an_error_while_two_run_makes_both_doubtful_and_both_stay_expected() -> None:
    decision = error_of(two_recordings())

    assert [(each.status, each.identity) for each in decision.recordings] == [(EXPECTED, UNCERTAIN)] * 2
    assert decision.call.recordings == decision.recordings
    assert decision.call.recorder == "on"
    assert decision.incidents == ("recording-error",)


@pytest.mark.parametrize(("number", "began", "lost"), [(1, 11, 2), (2, 41, 1)])
def test_what_comes_of_two_after_an_error_says_which_of_them_is_lost(number: int, began: float, lost: int) -> None:
    doubtful = error_of(two_recordings()).call

    decision = come(doubtful, number, began)

    kept, failed = decision.recordings
    assert (kept.number, kept.status, kept.identity) == (number, SAVED, CERTAIN)
    assert (failed.number, failed.status, failed.identity) == (lost, FAILED, LIKELY)
    assert failed.reason == "Telnyx: Internal server error"
    assert (decision.incidents, decision.call.recorder) == ((), "")


def test_an_error_without_an_expected_recording_moves_nothing_and_counts() -> None:
    decision = error_of(CALL)

    assert (decision.call, decision.recordings) == (CALL, ())
    assert decision.incidents == ("recording-error",)


def test_of_several_the_one_that_was_refused_fails() -> None:
    call = two_recordings()

    decision = recording_refused(
        call, "refused", names=[call.recordings[1].file_name], turns=[call.recordings[0].turn], call_ended=False
    )

    assert [(each.source, each.status, each.identity) for each in decision.recordings] == [
        ("record_start", FAILED, CERTAIN)
    ]
    assert decision.call.recordings == recording_call().recordings
    assert decision.call.recorder == "on"


def test_a_verdict_about_a_recording_that_is_still_to_come_is_not_lost_when_it_comes() -> None:
    call = reviewed(recording_call(), 1, "deleted").call

    assert come(call, 1, 11).recordings[0].review == "deleted"


# What its metadata says of it


def test_a_recording_knows_what_asked_for_it() -> None:
    call = CALL._replace(flow="front-desk", flow_version="0c1d", step="message", direction="incoming", turn=4)
    start = command(
        "record_start", CONTROL, format="mp3", channels="single", transcription=True, transcription_language="en"
    )

    (recording,) = with_commands(call, (start,), happened("call.speak.ended", 40)).recordings

    assert (recording.flow, recording.flow_version, recording.step) == ("front-desk", "0c1d", "message")
    assert (recording.direction, recording.pauses) == ("incoming", ())
    assert recording.transcription == Transcription("requested", "A", "en")
    assert recording_call().recordings[0].transcription == Transcription("none")


def test_the_kind_of_the_calling_party_is_taken_from_the_event_that_says_it() -> None:
    known = CALL.with_event_details(happened("call.recording.transcription.saved", 90, calling_party_type="sip"))

    assert (CALL.calling_party_type, known.calling_party_type) == ("", "sip")


def switched(call: Call, action: str, seconds: float, pausing: str = "sensitive") -> Call:
    return with_commands(
        call, (command(action, CONTROL),), happened("call.gather.ended", seconds), pausing=pausing
    ).call


def test_pauses_are_reported_with_their_times_and_their_reasons() -> None:
    call = switched(recording_call(), "record_pause", 20)
    call = switched(call, "record_resume", 25)
    call = switched(call, "record_pause", 30, "flow")

    whole = come(call, 1, 11).recordings[0]
    ended = recording_saved(
        call, happened("call.recording.saved", 60, recording_started_at=moment(11), recording_ended_at=moment(50))
    ).recordings[0]

    assert whole.pauses == (Pause(moment(20), moment(25), "sensitive"), Pause(moment(30), "", "flow"))
    assert ended.pauses == (Pause(moment(20), moment(25), "sensitive"), Pause(moment(30), moment(50), "flow"))
    assert Recording.from_json(json.loads(json.dumps(ended.to_json()))) == ended


def test_pauses_after_a_recording_ended_are_another_ones() -> None:
    call = switched(switched(recording_call(), "record_pause", 55), "record_resume", 58)

    event = happened("call.recording.saved", 60, recording_started_at=moment(11), recording_ended_at=moment(50))

    assert recording_saved(call, event).recordings[0].pauses == ()


def test_a_pause_that_telnyx_refused_is_not_reported_as_one() -> None:
    paused = switched(recording_call(), "record_pause", 20)

    call = pause_refused(paused, happened("call.gather.ended", 20))

    assert (call.recordings[0].pauses, call.recorder) == ((), "on")


def test_a_recording_asked_for_by_an_earlier_version_does_not_claim_to_know_its_pauses() -> None:
    call = recording_call()._replace(recordings=(recording_call().recordings[0]._replace(pauses=None),))

    assert switched(call, "record_pause", 20).recordings[0].pauses is None


# Recordings of which it is doubtful whose they are


def test_a_recording_that_the_number_makes_itself_does_not_take_the_entry_of_the_message_asked_for_next() -> None:
    call = with_commands(CALL._replace(turn=2), (START,), happened("call.speak.ended", 3)).call
    own = {"recording_started_at": moment(0), "recording_urls": {"mp3": f"https://s3.example/{LEG}-1763647437.mp3"}}

    first = recording_saved(call, happened("call.recording.saved", 60, **own))
    second = come(first.call, 1, 3.2)

    assert (first.recordings[0].source, first.recordings[0].number) == ("telnyx", 2)
    assert (second.recordings[0].source, second.recordings[0].number) == ("record_start", 1)
    assert [first.recordings[0].identity, second.recordings[0].identity] == [CERTAIN, CERTAIN]


def test_a_doubtful_one_has_an_entry_of_its_own_and_what_was_asked_for_stays_expected() -> None:
    call = with_commands(CALL._replace(turn=2), (START,), happened("call.speak.ended", 3)).call
    event = happened("call.recording.saved", 60, recording_started_at=moment(0))

    decision = recording_saved(call, event)

    (recording,) = decision.recordings
    assert (recording.name, recording.source, recording.identity) == (f"{LEG}-02", "telnyx", UNCERTAIN)
    assert recording.identity_reason
    assert decision.archive[0].recording == f"{LEG}-02"
    assert decision.call.recordings == call.recordings
    assert decision.incidents == ("recording-unidentified",)


def test_one_reported_again_under_its_name_asks_the_archive_again_and_makes_no_second_entry() -> None:
    first = come(recording_call(), 1, 11)

    again = come(first.call, 1, 11)

    assert (again.call, again.recordings) == (first.call, ())
    assert [job.recording for job in again.archive] == [f"{LEG}-01"]


# Transcripts


def test_a_transcript_goes_to_the_archive_with_its_text_which_its_decision_does_not_keep() -> None:
    event = happened(
        "call.recording.transcription.saved",
        90,
        recording_id="3e5d7f6b",
        recording_transcription_id="b8a3c2d1",
        transcription_text="Hello.",
    )

    decision = transcript_saved(CALL, event)

    job = ArchiveJob("transcript", SESSION, LEG, recording_id="3e5d7f6b", transcription_id="b8a3c2d1")
    assert decision == Decision(CALL, archive=(job,))
    assert job.completed_from(event) == job._replace(transcript="Hello.")


@pytest.mark.parametrize(("characters", "carried"), [(0, True), (1, False)])
def test_a_transcript_too_long_for_a_message_is_asked_for_instead(characters: int, carried: bool) -> None:  # noqa: FBT001 -- a case of the table
    text = "x" * (MAX_TRANSCRIPT_CHARACTERS_IN_A_JOB + characters)
    event = happened("call.recording.transcription.saved", transcription_text=text)

    [job] = transcript_saved(CALL, event).archive

    assert bool(job.completed_from(event).transcript) is carried


def test_a_job_that_an_earlier_version_kept_whole_is_handed_on_as_it_is() -> None:
    job = ArchiveJob("audio", SESSION, LEG, urls={"mp3": "https://a.example/1.mp3"})

    assert job.completed_from(happened("call.recording.saved")) == job


# Decisions


def test_a_decision_followed_by_another_is_both_in_order() -> None:
    first = error_of(recording_call())

    both = first.then(lambda call: with_commands(call._replace(turn=9), (START,), happened("call.speak.ended", 40)))

    assert both.call.turn == 9
    assert actions(both) == ["record_start"]
    assert [recording.status for recording in both.recordings] == [FAILED, EXPECTED]
    assert both.reason == "Telnyx: Internal server error"
    assert both.incidents == ("recording-error",)


def test_the_reasons_of_two_decisions_are_both_reported() -> None:
    assert stay(CALL, "late").then(lambda call: stay(call, "after the hang-up")).reason == "late; after the hang-up"
    assert stay(CALL).then(lambda call: stay(call, "late")).reason == "late"
    assert stay(CALL, "late").then(lambda call: stay(call, "late")).reason == "late"
