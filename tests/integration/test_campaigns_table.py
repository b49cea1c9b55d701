"""Campaigns in the table: versions that two workers cannot both write, an index of what is due, one lease."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dialtone.adapters.calls_table import LostRace
from dialtone.adapters.campaigns_table import CampaignsTable, TableThrottled
from dialtone.domain.calls import Call
from dialtone.domain.campaigns.attempt import Attempt
from dialtone.domain.campaigns.call_notes import CallNote
from dialtone.domain.campaigns.campaign import CANCELLED, DONE, PAUSED, RUNNING, RetryRule
from dialtone.domain.campaigns.costs import Spent
from dialtone.domain.campaigns.dial_id import DialId
from dialtone.domain.campaigns.outcomes_and_redials import BUSY, PERSON
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.decisions import Decision
from tests.integration.campaign_example import CAMPAIGN as ORDERED
from tests.integration.campaign_example import FLOW, NOW
from tests.integration.deliveries import CONTROL, LEG, SESSION, event
from tests.integration.dependencies import Line

CAMPAIGN = replace(ORDERED, recipients=2, retries=(RetryRule(BUSY, 2, 300),))
FIRST, SECOND = (
    Attempt.of("water-off", 0, Recipient(row, f"+1555010{row:04}", ("UTC",), {"name": "Zoë"})) for row in (2, 3)
)


@pytest.fixture
def table(line: Line) -> CampaignsTable:
    del line
    found = CampaignsTable(boto3.client("dynamodb"), "calls", lambda _: None)
    found.order(CAMPAIGN, FLOW)
    return found


def test_a_campaign_is_ordered_once_and_changed_by_one_at_a_time(table: CampaignsTable) -> None:
    table.order(replace(CAMPAIGN, id="later", created_at=NOW + 5), FLOW)
    with pytest.raises(LostRace):
        table.order(CAMPAIGN, FLOW)

    table.change(CAMPAIGN.with_status(RUNNING))
    with pytest.raises(LostRace):
        table.change(CAMPAIGN.with_status(PAUSED, "too early"))

    assert table.campaign("water-off") == CAMPAIGN.with_status(RUNNING)
    assert table.campaign("nothing") is None
    assert table.ordered() == ["later", "water-off"]


def test_campaigns_are_active_from_their_start_until_all_is_settled(table: CampaignsTable) -> None:
    assert (table.active(NOW - 1), table.active(NOW)) == ([], ["water-off"])
    cancelled = CAMPAIGN.with_status(CANCELLED)
    table.change(cancelled, Progress())
    assert table.active(NOW) == ["water-off"]

    table.change(replace(cancelled, revision=2), replace(Progress(outcomes={"cancelled": 2}), version=1))
    assert table.active(NOW) == []
    table.change(replace(cancelled, revision=2).with_status(DONE))
    assert table.active(NOW) == []


def test_recipients_are_found_by_what_is_due(table: CampaignsTable) -> None:
    stored, progress = table.commit("water-off", [FIRST.claimed(NOW), SECOND.claimed(NOW)], Progress(), now=NOW)
    assert [each.version for each in stored] == [1, 1]
    assert {each.row for each in table.open_attempts("water-off")} == {2, 3}
    assert table.waiting_attempts("water-off", NOW + 9_999, 10) == []

    busy = stored[0].ended(CAMPAIGN, BUSY, NOW + 20)
    reached = stored[1].ended(CAMPAIGN, PERSON, NOW + 20)
    table.commit("water-off", [busy, reached], progress.with_outcome(PERSON), now=NOW + 20)

    assert table.open_attempts("water-off") == []
    assert table.waiting_attempts("water-off", NOW + 319, 10) == []
    assert [each.row for each in table.waiting_attempts("water-off", NOW + 320, 10)] == [2]
    assert [each.outcomes for each in table.attempts("water-off", 0)] == [(BUSY,), (PERSON,)]
    assert table.read(["water-off"])[0][1].outcomes == {PERSON: 1}


def test_of_two_workers_one_claims_and_the_other_has_written_nothing(table: CampaignsTable) -> None:
    table.commit("water-off", [FIRST.claimed(NOW)], Progress(), now=NOW)

    with pytest.raises(LostRace):
        table.commit("water-off", [SECOND.claimed(NOW), FIRST.claimed(NOW)], Progress(version=1), now=NOW)
    with pytest.raises(LostRace):
        table.commit("water-off", [SECOND.claimed(NOW)], Progress(), now=NOW)

    assert [each.row for each in table.attempts("water-off", 0)] == [2]


def test_one_worker_has_the_lease_until_it_gives_it_up(table: CampaignsTable) -> None:
    nobody = table.lease()
    mine = table.take_lease(nobody, "a", NOW + 15.5)
    with pytest.raises(LostRace):
        table.take_lease(nobody, "b", NOW + 15.5)

    assert table.lease() == mine
    table.take_lease(mine, "", 0.0)
    assert table.lease().until == 0


def test_what_happens_on_a_campaigns_call_is_noted_beside_its_recipient(line: Line, table: CampaignsTable) -> None:
    place = DialId("water-off", 0, 2, 1)
    before = Call(SESSION, LEG)
    rings = before._replace(control_id=CONTROL, campaign=str(place), initiated_at="2026-09-21T12:00:01.000000Z")
    line.store.commit(event("call.initiated"), before, Decision(rings), at_seconds=NOW)
    assert table.notes([place]) == {place: (CallNote(LEG, SESSION, CONTROL),)}

    ended = rings._replace(version=1, hangup_cause="user_busy", ended_at="2026-09-21T12:00:09.000000Z")
    line.store.commit(event("call.hangup", 2), rings._replace(version=1), Decision(ended), at_seconds=NOW)
    later = ended._replace(version=2, errors=1)
    line.wire.bodies.clear()
    line.store.commit(event("call.cost", 3), ended._replace(version=2), Decision(later), at_seconds=NOW)

    ((noted,),) = table.notes([place, place._replace(round=2)]).values()
    assert (noted.outcome, noted.seconds) == (BUSY, 0)
    assert b"CAMPAIGN#" not in line.wire.bodies[0]  # nothing new: no write


def test_what_a_campaigns_calls_cost_counts_once_however_often_and_late_it_is_reported(
    line: Line, table: CampaignsTable
) -> None:
    def report(call: Call, number: int, cost: int) -> Call:
        after = call._replace(cost=cost)
        line.store.commit(event("call.cost", number), call, Decision(after), at_seconds=NOW)
        return after._replace(version=call.version + (after != call))

    rings = Call(
        SESSION, LEG, control_id=CONTROL, campaign="water-off/0/2/1", initiated_at="2026-09-21T12:00:01.000000Z"
    )
    known = report(rings, 1, 13_600)
    with pytest.raises(LostRace):
        report(rings, 1, 13_600)
    again = report(report(known, 2, 13_600), 3, 20_000)
    report(rings._replace(session_id="other", leg_id="other", campaign="water-off/0/34/2"), 4, 7_000)

    assert again.version == 2
    assert table.spent("water-off") == Spent(27_000, calls=2)
    assert table.spent("water-off").amount == 0.027
    assert table.costs("water-off", 0) == {2: 20_000, 34: 7_000}
    assert (table.spent("nothing"), table.costs("water-off", 1)) == (Spent(), {})
    ((noted,),) = table.notes([DialId("water-off", 0, 2, 1)]).values()
    assert noted == CallNote(LEG, SESSION, CONTROL)


def test_a_call_that_says_it_is_of_a_campaign_in_words_that_are_none_is_kept_without_a_note(line: Line) -> None:
    call = Call(SESSION, LEG)._replace(campaign="CAMPAIGN#../../x", initiated_at="2026-09-21T12:00:01.000000Z")

    line.store.commit(event("call.initiated"), Call(SESSION, LEG), Decision(call), at_seconds=NOW)

    assert len(line.dynamodb.scan(TableName=line.table)["Items"]) == 2


def test_other_faults_of_dynamodb_are_not_lost_races(line: Line, table: CampaignsTable) -> None:
    del line
    with pytest.raises(ClientError):
        CampaignsTable(boto3.client("dynamodb"), "none-of-that-name").order(CAMPAIGN, FLOW)

    class Stingy:
        def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803, ANN401 -- boto's own
            return {"Responses": {}, "UnprocessedKeys": RequestItems}

    with pytest.raises(TableThrottled):
        CampaignsTable(Stingy(), "calls", lambda _: None).lease()  # type: ignore[arg-type] # as throttled as can be
    assert table.lease().holder == ""
