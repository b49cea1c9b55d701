"""Campaigns dial evenly, whatever a worker sleeps through; failures pause them; some people are dialled again."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.call_variables import ANSWERED_BY, OUTCOME
from dialtone.domain.calls import Call
from dialtone.domain.campaigns.attempt import (
    ADOPT,
    ASK,
    CLAIMED,
    DIALLED,
    END,
    LOOK,
    SEND,
    SETTLED,
    WAITING,
    Attempt,
    ended_by,
    next_step,
    pause_before_send,
)
from dialtone.domain.campaigns.automatic_pause import FEWEST, failure_share, pauses
from dialtone.domain.campaigns.call_notes import CallNote
from dialtone.domain.campaigns.campaign import Campaign, RetryRule
from dialtone.domain.campaigns.dial_id import DialId
from dialtone.domain.campaigns.outcomes_and_redials import (
    ACKNOWLEDGED,
    BUSY,
    CANCELLED,
    CUT_OFF,
    FAILED,
    FAX,
    INVALID,
    MACHINE,
    NO_ANSWER,
    OUTCOMES,
    PERSON,
    REJECTED,
    UNKNOWN,
    again_after,
    outcome_of_call,
)
from dialtone.domain.campaigns.pacing import ACCOUNT_RATE, RECOVERS_SECONDS, Pace
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.outcomes import COMPLETED, FLOW_FAILED, HUNG_UP

NOW = 1_800_000_000
CAMPAIGN = Campaign(
    "water-off",
    "water-off",
    "+15550100",
    "customers",
    "campaigns/water-off/list.json",
    1,
    "user/ada",
    NOW,
    NOW,
    retries=(RetryRule(BUSY, 2, 300), RetryRule(NO_ANSWER, 1, 900)),
    last_round_seconds=3_600,
)
NEW = Attempt.of("water-off", 0, Recipient(2, "+15550142", ("America/New_York",), {"name": "Ada"}))
NOTE = CallNote("leg", "session", "control")


@given(st.lists(st.floats(0.01, 90), max_size=30), st.floats(0.1, ACCOUNT_RATE))
def test_no_five_seconds_have_more_dials_than_the_rate_however_late_a_worker_looks(
    pauses_between_looks: list[float], rate: float
) -> None:
    pace, now, dialled = Pace(rate), 0.0, list[float]()
    for late in pauses_between_looks:
        moments, pace = pace.slots(now, now + 1, 1_000)
        dialled += moments
        now += late

    assert all(later - at >= 1 / rate - 1e-6 for at, later in pairwise(dialled))
    assert all(sum(at <= each < at + 5 for each in dialled) <= 5 * rate + 1 for at in dialled)


def test_a_slot_that_nobody_takes_is_kept_for_the_next() -> None:
    moments, pace = Pace(10).slots(100, 101, 3)

    assert [round(each, 3) for each in moments] == [100, 100.1, 100.2]
    assert pace.slots(100.25, 101, 1)[0] == pytest.approx((100.3,))
    assert pace.slots(101, 102, 0) == ((), replace(pace, as_of=101))


def test_too_many_requests_hold_the_dials_then_halve_them_and_they_recover() -> None:
    pace = Pace(20).slowed(100, 3.0)

    assert pace.slots(100, 103, 99)[0] == ()
    assert len(pace.slots(103, 104, 99)[0]) == pytest.approx(10, abs=1)
    assert pace.share_at(103 + RECOVERS_SECONDS) == 1
    for _ in range(20):
        pace = pace.slowed(200, None)
    assert len(pace.slots(201, 202, 99)[0]) >= 1  # it never stops for good


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        ({"hangup_cause": "user_busy"}, BUSY),
        ({"hangup_cause": "timeout"}, NO_ANSWER),
        ({"hangup_cause": "call_rejected"}, REJECTED),
        ({"hangup_cause": "not_found"}, INVALID),
        ({"hangup_cause": "some_new_cause"}, UNKNOWN),
        ({"answered_at": "t", "ending": COMPLETED, "variables": {ANSWERED_BY: "human"}}, PERSON),
        ({"answered_at": "t", "ending": COMPLETED, "variables": {ACKNOWLEDGED: "yes"}}, ACKNOWLEDGED),
        ({"answered_at": "t", "ending": HUNG_UP, "variables": {OUTCOME: ACKNOWLEDGED}}, ACKNOWLEDGED),
        ({"answered_at": "t", "ending": COMPLETED, "variables": {OUTCOME: "not acknowledged"}}, PERSON),
        ({"answered_at": "t", "ending": COMPLETED, "variables": {ANSWERED_BY: "machine"}}, MACHINE),
        ({"answered_at": "t", "ending": COMPLETED, "variables": {ANSWERED_BY: "fax_detected"}}, FAX),
        ({"answered_at": "t", "ending": HUNG_UP, "variables": {ANSWERED_BY: "machine"}}, CUT_OFF),
        ({"answered_at": "t", "ending": COMPLETED, "hangup_cause": "time_limit"}, CUT_OFF),
        ({"answered_at": "t", "ending": FLOW_FAILED}, FAILED),
    ],
)
def test_each_call_has_one_outcome(call: dict[str, object], outcome: str) -> None:
    assert outcome_of_call(Call("s", "l")._replace(**call)) == outcome  # type: ignore[arg-type]
    assert outcome in OUTCOMES


@pytest.mark.parametrize(
    ("outcomes", "had_last", "again"),
    [
        ((PERSON,), False, None),
        ((INVALID,), False, None),
        ((BUSY,), False, (NOW + 300, False)),
        ((BUSY, BUSY), False, (NOW + 300, False)),
        ((BUSY, BUSY, BUSY), False, (NOW + 3_600, True)),
        ((BUSY, NO_ANSWER), False, (NOW + 900, False)),
        ((BUSY, NO_ANSWER, NO_ANSWER), False, (NOW + 3_600, True)),
        ((NO_ANSWER,), True, None),
        ((CUT_OFF,), False, (NOW + 3_600, True)),
        ((UNKNOWN,), False, (NOW + 60, False)),
        ((UNKNOWN, UNKNOWN), False, (NOW + 3_600, True)),
        ((BUSY,) * 20, False, None),
    ],
)
def test_who_is_dialled_again_and_when(
    outcomes: tuple[str, ...], *, had_last: bool, again: tuple[int, bool] | None
) -> None:
    assert again_after(CAMPAIGN, outcomes, NOW, had_last=had_last) == again


def test_the_guard_judges_by_the_last_calls_and_not_by_few() -> None:
    assert not pauses([INVALID] * (FEWEST - 1), FEWEST)
    assert pauses([INVALID] * FEWEST, FEWEST) == "20 of the last 20 calls failed: 20 invalid"
    assert not pauses([INVALID] * 40 + [PERSON] * 40, 50)
    assert "20 of the last 50" in pauses([PERSON] * 400 + [INVALID] * 15 + [REJECTED] * 5, 50)
    assert not pauses([NO_ANSWER, BUSY, MACHINE] * 30, 50)
    assert failure_share([PERSON] * 5, 5) is None


def test_the_guard_expects_failures_first_since_they_are_known_first() -> None:
    progress = Progress().with_dials(100, 25.0, NOW)
    for row in range(20):
        progress = progress.with_call(row, 1, INVALID, NOW)
    progress = progress.with_dials(60, 25.0, NOW + 3)

    assert progress.dialled_meanwhile == 60
    assert not pauses(progress.recent, progress.dialled_meanwhile)
    assert pauses(progress.recent, 20)
    assert (progress.judged_anew().recent, progress.judged_anew().dialled_meanwhile) == ((), 0)


def test_a_place_reads_back_and_nothing_else_does() -> None:
    place = DialId("water-off", 3, 3_017, 2)

    assert DialId.read(str(place)) == place
    assert place.command_id == DialId("water-off", 3, 3_017, 2).command_id != place._replace(round=3).command_id
    for text in ("", "water-off/3/17", "water-off/3/17/2/1", "WATER/3/17/2", "a#b/3/17/2", "a/٣/1/1", "a/1/1/-1"):
        assert DialId.read(text) is None


CLAIM = NEW.claimed(NOW)
TAKEN = CLAIM.taken("leg", "session", "control")


@pytest.mark.parametrize(
    ("attempt", "note", "since", "in_doubt", "what"),
    [
        (CLAIM, None, 10, True, SEND),
        (CLAIM, None, 44, True, SEND),
        (CLAIM, None, 46, True, LOOK),  # Telnyx may have forgotten the command id
        (CLAIM, None, 600, False, SEND),  # it said that it took none
        (CLAIM, None, 150, True, END),
        (CLAIM, NOTE, 10, True, ADOPT),  # it was dialled after all
        (CLAIM, NOTE._replace(outcome=PERSON), 200, True, END),
        (TAKEN, NOTE, 30, True, LOOK),
        (TAKEN, NOTE._replace(outcome=BUSY), 30, True, END),
        (TAKEN, None, 130, True, ASK),
        (TAKEN, NOTE, 5 * 3_600, True, END),
    ],
)
def test_a_dial_in_doubt_is_sent_again_only_while_telnyx_remembers_it(
    attempt: Attempt, note: CallNote | None, since: int, *, in_doubt: bool, what: str
) -> None:
    assert next_step(attempt, note, NOW + since, in_doubt=in_doubt).what == what


def test_an_attempt_goes_from_round_to_round_to_its_outcome() -> None:
    busy = ended_by(TAKEN, NOTE._replace(outcome=BUSY, at=NOW + 20), CAMPAIGN, NOW + 30)

    assert (busy.state, busy.due_at, busy.outcomes) == (WAITING, NOW + 320, (BUSY,))
    again = busy.claimed(NOW + 320)
    assert (again.state, again.round, again.leg_id) == (CLAIMED, 2, "")
    reached = ended_by(again, NOTE._replace(outcome=PERSON, seconds=12), CAMPAIGN, NOW + 360)
    assert (reached.state, reached.outcome, reached.seconds) == (SETTLED, PERSON, 12)
    assert Attempt.from_json(reached.to_json()) == reached
    assert again.given_back(NOW + 400).claimed(NOW + 500).dial_id == again.dial_id


def test_what_ends_an_attempt_without_a_dial() -> None:
    assert NEW.held_back("quiet_hours", NOW + 60, NOW).state == WAITING
    for forbidden in (NEW.held_back("suppressed", None, NOW), NEW.held_back("suppressed", NOW + 7 * 86_400, NOW)):
        assert (forbidden.state, forbidden.refused, forbidden.outcome) == (SETTLED, "suppressed", "")
    assert NEW.cancelled(NOW).outcome == CANCELLED
    assert replace(NEW, outcomes=(BUSY,)).cancelled(NOW).outcome == BUSY
    refused = CLAIM.refused_by_telnyx(CAMPAIGN, "10016", NOW)
    assert (refused.outcome, refused.code, refused.state) == (INVALID, "10016", SETTLED)
    assert ended_by(TAKEN, None, CAMPAIGN, NOW).outcomes == (UNKNOWN,)
    assert (TAKEN.state, pause_before_send(1), pause_before_send(9)) == (DIALLED, 1.0, 8.0)


def test_dials_after_a_time_without_any_are_first_ones_again() -> None:
    steady = Progress().with_dials(20, 20.0, NOW).with_dials(20, 20.0, NOW + 5)
    assert (steady.began_at, steady.dialling_since, steady.dials) == (NOW, NOW, 40)
    assert steady.with_dials(1, 20.0, NOW + 60).dialling_since == NOW + 60
    assert steady.with_dials(1, 0.02, NOW + 60).dialling_since == NOW  # no more are expected of a slow one


def test_progress_counts_calls_and_recipients_apart() -> None:
    progress = Progress().took(3, end_of_part=False).with_call(2, 1, BUSY, NOW).with_call(2, 2, INVALID, NOW)
    progress = progress.with_outcome(INVALID).with_refusal("suppressed").took(5, end_of_part=True)

    assert (progress.calls, progress.outcomes, progress.refused) == (
        {BUSY: 1, INVALID: 1},
        {INVALID: 1},
        {"suppressed": 1},
    )
    assert (progress.settled, progress.recipients, progress.part, progress.taken) == (2, 8, 1, 0)
    assert (progress.recent, progress.failures) == ((BUSY, INVALID), ("2 2 invalid",))
