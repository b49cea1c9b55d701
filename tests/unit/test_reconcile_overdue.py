"""What is done about an open recording, by how long it is overdue, and about an open leg."""

import pytest

from dialtone.adapters.telnyx_api import CallInfo
from dialtone.domain.calls import Call
from dialtone.domain.recordings import COPIED, SAVED, UNASKED, UNCERTAIN, Recording
from reconcile.overdue import (
    ARCHIVE_SECONDS,
    DELIVERIES_SECONDS,
    GIVE_UP_SECONDS,
    LONGEST_CALL_SECONDS,
    LONGEST_LEG_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    NEVER_TAKEN,
    NEXT_SWEEP_SECONDS,
    OVERDUE_SECONDS,
    Do,
    Look,
    Over,
    look_at,
    next_leg_look,
    not_made,
    over_by_age,
    seconds,
    unlisted,
    when_over,
)

ASKED = Recording("session", "leg", 1, 3, "2026-09-21T12:00:00.000000Z", "record_start")
CAME = ASKED._replace(status=SAVED, started_at="2026-09-21T12:00:01Z", ended_at="2026-09-21T12:01:00.000000Z")
ENDED = seconds("2026-09-21T12:01:00Z")
LEG = Call("session", "leg", answered_at="2026-09-21T11:59:59.000000Z", ended_at="2026-09-21T12:01:00.000000Z")


@pytest.mark.parametrize(
    ("age", "do"),
    [(0, "wait"), (DELIVERIES_SECONDS - 1, "wait"), (DELIVERIES_SECONDS, "ask"), (GIVE_UP_SECONDS, "ask")],
)
def test_an_expected_one_is_asked_for_once_its_webhook_cannot_come_any_more(age: float, do: Do) -> None:
    assert look_at(ASKED, ENDED, ENDED + age) == Look(do, age)


def test_an_expected_one_waits_as_long_as_its_call_goes_on() -> None:
    look = look_at(ASKED, None, ENDED + GIVE_UP_SECONDS)

    assert look == Look("wait")
    assert not look.overdue


@pytest.mark.parametrize("status", [SAVED, COPIED])
@pytest.mark.parametrize(
    ("age", "do"),
    [
        (0, "wait"),
        (ARCHIVE_SECONDS - 1, "wait"),
        (ARCHIVE_SECONDS, "queue"),
        (GIVE_UP_SECONDS - 1, "queue"),
        (GIVE_UP_SECONDS, "give up"),
    ],
)
def test_a_saved_one_is_queued_again_when_the_archive_must_be_done(status: str, age: float, do: Do) -> None:
    """Whether its call goes on or not: a message is archived while its caller goes on."""
    assert look_at(CAME._replace(status=status), None, ENDED + age) == Look(do, age)


def test_a_saved_one_without_its_end_counts_from_its_start() -> None:
    assert look_at(CAME._replace(ended_at=""), None, ENDED).age_seconds == 59
    assert look_at(CAME._replace(ended_at="", started_at=""), None, ENDED).age_seconds == 60


def test_it_is_looked_at_in_every_sweep_and_more_and_more_rarely_once_the_alarm_has_rung() -> None:
    assert Look("wait").next_at(1_000.5) == 1_000 + NEXT_SWEEP_SECONDS
    assert Look("ask", OVERDUE_SECONDS - 1).next_at(1_000) == 1_000 + NEXT_SWEEP_SECONDS
    assert Look("ask", OVERDUE_SECONDS).next_at(1_000) == 1_000 + OVERDUE_SECONDS
    assert Look("ask", GIVE_UP_SECONDS).next_at(1_000) == 1_000 + LONGEST_PAUSE_SECONDS


def test_one_of_five_sweeps_is_within_the_quarter_of_an_hour() -> None:
    assert OVERDUE_SECONDS + 300 + 60 <= 15 * 60
    assert DELIVERIES_SECONDS + 300 < OVERDUE_SECONDS, "Telnyx is asked before it is too late"


def test_a_recording_that_is_not_listed_says_why() -> None:
    doubtful = CAME._replace(number=2, source=UNASKED, identity=UNCERTAIN)
    of_another_leg = doubtful._replace(call_leg_id="other")

    assert unlisted(ASKED, "", [ASKED]).reason == "Telnyx lists no such recording"
    assert unlisted(ASKED, "", [ASKED, of_another_leg]).reason == "Telnyx lists no such recording"
    assert unlisted(ASKED, "", [doubtful]).reason == "Telnyx lists none under its name; leg-02 may be it"
    assert unlisted(ASKED, NEVER_TAKEN, [doubtful]).reason == NEVER_TAKEN


@pytest.mark.parametrize(
    ("leg", "reason"),
    [
        (None, ""),
        (LEG, ""),
        (LEG._replace(answered_at=""), "not made: the call ended before it was answered"),
        (LEG._replace(answered_at="", ended_at=""), ""),
        (LEG._replace(ended_at=ASKED.requested_at), "not made: the call had ended when it was asked for"),
    ],
)
def test_that_a_recording_cannot_have_begun_is_known_from_its_call(leg: Call | None, reason: str) -> None:
    assert not_made(ASKED, leg) == reason


GOING_ON = Call("session", "leg", initiated_at="2026-09-21T12:00:00.000000Z")
BEGAN = seconds(GOING_ON.initiated_at)


@pytest.mark.parametrize(("age", "pause"), [(10, NEXT_SWEEP_SECONDS), (600, 600), (9_000, LONGEST_LEG_PAUSE_SECONDS)])
def test_a_leg_that_goes_on_is_looked_at_the_later_the_longer_it_has(age: float, pause: float) -> None:
    assert next_leg_look(GOING_ON, BEGAN + age) == BEGAN + age + pause


def test_a_leg_of_which_only_later_events_came_is_as_old_as_its_first_known_moment() -> None:
    answered = GOING_ON._replace(initiated_at="", answered_at="2026-09-21T12:10:00.000000Z")

    assert next_leg_look(answered, BEGAN + 900) == BEGAN + 900 + 300
    assert next_leg_look(Call("session", "leg"), BEGAN) == BEGAN + NEXT_SWEEP_SECONDS


def ended_at(moment: str) -> CallInfo:
    return CallInfo(is_alive=False, ended_at=moment)


@pytest.mark.parametrize(
    ("call", "over"),
    [
        (CallInfo(is_alive=True, ended_at=""), Over.NOT),
        (None, BEGAN + 900),
        (ended_at(""), BEGAN + 900),
        (ended_at("2026-09-21T12:10:00Z"), BEGAN + 600),
        (ended_at("2026-09-21T12:13:00.000Z"), BEGAN + 780),
        (ended_at("2026-09-21T12:13:01Z"), Over.NOT_YET),
        (ended_at("2026-09-21T12:15:30Z"), Over.NOT_YET),
        (ended_at("2026-09-21T13:15:00Z"), BEGAN + 900),
        (ended_at("2026-09-21T11:59:59Z"), BEGAN + 900),
    ],
    ids=str,
)
def test_a_leg_is_over_when_telnyx_says_so_and_its_hang_up_cannot_come_any_more(
    call: CallInfo | None, over: float | Over
) -> None:
    assert when_over(GOING_ON, call, BEGAN + 900) == over


def test_a_leg_that_cannot_be_asked_about_is_over_when_no_call_lasts_any_longer() -> None:
    assert over_by_age(GOING_ON, BEGAN + LONGEST_CALL_SECONDS - 1) is Over.NOT_YET
    assert over_by_age(GOING_ON, BEGAN + LONGEST_CALL_SECONDS) == BEGAN + LONGEST_CALL_SECONDS
