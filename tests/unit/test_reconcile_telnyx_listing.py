"""What Telnyx lists, held against the ledger."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.adapters.telnyx_api import COMMANDS_ASKED, RecordingInfo, TakenCommand
from dialtone.domain.events import parse_event
from dialtone.domain.recordings import FAILED, FROM_ANSWER, SAVED, UNASKED, VERIFIED, Recording
from reconcile.telnyx_listing import can_be_taken, new_to, saved_event, was_never_asked_for

ASKED = Recording(
    "session", "leg", 1, 3, "2026-09-21T12:00:00.000000Z", "record_start", channels="dual", file_name="leg-01"
)
CAME = ASKED._replace(status=SAVED, started_at="2026-09-21T12:00:01.123456Z")
UNSOLICITED = CAME._replace(number=2, source=UNASKED, file_name="")
NAMED = {"wav": "https://recordings.example/leg-01-1790000000.wav?X-Amz-Signature=f00"}
UNNAMED = {"wav": "https://recordings.example/leg-1790000001.wav?X-Amz-Signature=f00"}
LISTED = RecordingInfo(
    "r-1", "leg", "session", "dual", "completed", 1_000, "2026-09-21T12:00:01.123Z", "2026-09-21T12:00:09.000Z", NAMED
)


def known(listed: RecordingInfo, *entries: Recording) -> bool:
    return new_to(entries, [listed]) == []


def test_an_expected_one_is_new_and_one_that_has_come_is_not() -> None:
    assert not known(LISTED, ASKED)
    assert known(LISTED, CAME)
    assert known(LISTED, CAME._replace(status=VERIFIED))


def test_one_of_another_leg_is_new() -> None:
    assert not known(LISTED._replace(call_leg_id="another"), CAME)


def test_a_failed_one_is_known_if_it_had_come_and_new_if_it_never_had() -> None:
    assert known(LISTED, CAME._replace(status=FAILED))
    assert not known(LISTED, ASKED._replace(status=FAILED))


def test_telnyx_s_own_id_is_decisive() -> None:
    assert known(LISTED._replace(download_urls=UNNAMED, started_at=""), UNSOLICITED._replace(recording_id="r-1"))
    assert not known(LISTED._replace(download_urls=UNNAMED), UNSOLICITED._replace(recording_id="r-2"))


def test_one_without_an_id_is_not_taken_for_another_without_one() -> None:
    nameless = LISTED._replace(recording_id="", download_urls=UNNAMED, started_at="2026-09-21T12:30:00Z")

    assert not known(nameless, UNSOLICITED)


def test_a_callee_s_recording_is_known_under_the_leg_that_dialled() -> None:
    of_callee = LISTED._replace(call_leg_id="callee", download_urls=UNNAMED)

    assert known(of_callee, UNSOLICITED._replace(recording_id="r-1"))
    assert not known(of_callee, UNSOLICITED._replace(recording_id="r-2"))


@pytest.mark.parametrize(
    ("started_at", "channels", "expected"),
    [
        ("2026-09-21T12:00:01.123Z", "dual", True),
        ("2026-09-21T12:00:01.124Z", "", True),
        ("2026-09-21T12:00:03.000Z", "dual", False),
        ("2026-09-21T12:00:01.123Z", "single", False),
        ("", "dual", False),
        ("then", "dual", False),
    ],
)
def test_one_without_a_name_is_known_by_its_start_and_channels(
    started_at: str, channels: str, *, expected: bool
) -> None:
    listed = LISTED._replace(download_urls=UNNAMED, started_at=started_at, channels=channels)

    assert known(listed, UNSOLICITED) is expected


def test_ours_is_new_though_a_profile_s_recording_began_at_the_same_moment() -> None:
    assert not known(LISTED, ASKED, UNSOLICITED)
    assert known(LISTED, CAME, UNSOLICITED)


def test_the_oldest_is_taken_in_first() -> None:
    later = LISTED._replace(recording_id="r-2", started_at="2026-09-21T12:00:05Z")

    assert new_to([], [later, LISTED]) == [LISTED, later]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"status": ""}, True),
        ({"ended_at": ""}, True),
        ({"status": "processing"}, False),
        ({"download_urls": {}}, False),
        ({"recording_id": ""}, False),
        ({"call_leg_id": ""}, False),
        ({"started_at": "soon"}, False),
    ],
)
def test_only_what_is_whole_is_taken_in(changes: dict[str, Any], *, expected: bool) -> None:
    assert can_be_taken(LISTED._replace(**changes)) is expected


def test_its_event_is_what_its_webhook_would_have_said_and_the_same_each_time() -> None:
    later = LISTED._replace(
        download_urls={"wav": NAMED["wav"].replace("f00", "ba5")}, created_at="2026-09-21T12:00:10Z"
    )
    event, again = (parse_event(json.dumps(saved_event(each)).encode()) for each in (LISTED, later))

    assert event.type == "call.recording.saved"
    assert (event.call_session_id, event.call_leg_id, event.owner_leg_id) == ("session", "leg", "leg")
    assert event.id == again.id
    assert event.payload["recording_urls"] == NAMED
    assert event.text("recording_id") == "r-1"
    assert event.time("recording_started_at") == "2026-09-21T12:00:01.123000Z"
    assert (event.occurred_at, again.occurred_at) == ("2026-09-21T12:00:09.000000Z", "2026-09-21T12:00:10.000000Z")


ANSWER = TakenCommand("answer", "leg", '{"metadata": {}}')


def start(name: str = "", leg: str = "leg") -> TakenCommand:
    return TakenCommand("record_start", leg, f'{{"custom_file_name": "{name}"}}' if name else "{}")


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([ANSWER], True),
        ([ANSWER, start("leg-02")], True),
        ([ANSWER, start("other-01", leg="other")], True),
        ([ANSWER, start("leg-01")], False),
        ([ANSWER, start()], False),
        ([ANSWER, start(leg="")], False),
        ([ANSWER, TakenCommand("something_new", "leg", "{}")], False),
        ([ANSWER, TakenCommand("", "leg", "{}")], False),
        ([ANSWER] * COMMANDS_ASKED, False),
        ([], False),
    ],
)
def test_that_a_command_was_never_taken_is_believed_only_of_an_account_that_shows_it(
    taken: list[TakenCommand], *, expected: bool
) -> None:
    assert was_never_asked_for(ASKED, taken) is expected


def test_a_recording_from_the_answer_is_asked_for_by_the_answer() -> None:
    from_answer = ASKED._replace(source=FROM_ANSWER)
    named = TakenCommand("answer", "leg", '{"record_custom_file_name": "leg-01"}')

    assert not was_never_asked_for(from_answer, [named])
    assert not was_never_asked_for(from_answer, [ANSWER])
    assert was_never_asked_for(from_answer, [start("leg-02")])


TEXT = st.text(max_size=40) | st.sampled_from(
    ["", "2026-09-21T12:00:01Z", "0001-01-01T00:00:00Z", "9999-12-31", "\x00"]
)


@given(
    st.builds(
        RecordingInfo,
        TEXT,
        TEXT,
        st.just("session"),
        TEXT,
        st.sampled_from(["completed", ""]),
        st.none(),
        TEXT,
        TEXT,
        st.dictionaries(TEXT, TEXT, max_size=2),
        TEXT,
    )
)
def test_whatever_telnyx_lists_is_an_event_or_is_not_taken_in(listed: RecordingInfo) -> None:
    new_to([CAME, UNSOLICITED], [listed])
    if can_be_taken(listed):
        json.dumps(saved_event(listed))
