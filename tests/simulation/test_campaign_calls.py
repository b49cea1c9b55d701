"""A campaign's calls through the real webhook code: what each recipient does is the outcome that is counted."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaigns.engine import Engine
from dialtone.adapters.campaign_numbers import CampaignNumbers
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_api import CallInfo, Outcome
from dialtone.domain.campaigns.attempt import Attempt
from dialtone.domain.campaigns.campaign import DONE, GREETING_END, PREMIUM, Campaign, RetryRule, Window, list_key
from dialtone.domain.campaigns.costs import Spent
from dialtone.domain.campaigns.outcomes_and_redials import (
    ACKNOWLEDGED,
    BUSY,
    CUT_OFF,
    FAX,
    INVALID,
    MACHINE,
    NO_ANSWER,
    PERSON,
    REJECTED,
    UNKNOWN,
)
from dialtone.domain.campaigns.recipient import Recipient
from infra.carrier import (
    Busy,
    Callee,
    Fax,
    HangUp,
    Hear,
    Machine,
    NoAnswer,
    Person,
    Press,
    Rejects,
    Unknown,
    WebhookFault,
)
from infra.carrier.account import CONNECTION_ID, SHOWN_NUMBER
from infra.carrier.cost import BILLED_SECONDS, RATES_USD
from infra.carrier.legs import Nature
from infra.flowkit.stage import Stage
from tests.simulation.campaigning import Quiet

FLOWS = Path(__file__).with_name("flows")
STARTS = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)

PEOPLE: Sequence[tuple[str, Callee]] = (
    (ACKNOWLEDGED, Person(Hear("press 1"), Press("1"))),
    (PERSON, Person()),
    (CUT_OFF, Person(Hear("off until"), HangUp())),
    (MACHINE, Machine()),
    (FAX, Fax()),
    (BUSY, Busy()),
    (NO_ANSWER, NoAnswer()),
    (REJECTED, Rejects()),
    (INVALID, Unknown()),
)


class Town(Stage):
    """Everybody's phones, and a worker's dependencies."""

    def __init__(self, people: Sequence[tuple[str, Callee]], detection: str = PREMIUM) -> None:
        super().__init__(flows=FLOWS, start=STARTS, seed=7)
        self.recipients = []
        for row, (_, callee) in enumerate(people, start=2):
            self.carrier.add_callee(f"+1555010{row:04}", callee)
            self.recipients.append(Recipient(row, f"+1555010{row:04}", ("UTC",), {"street": "Main Street"}))
        begins = int(STARTS.timestamp())
        self.campaign = Campaign(
            "water-off",
            "water-off",
            SHOWN_NUMBER,
            "customers",
            list_key("water-off"),
            len(self.recipients),
            "user/ada",
            begins,
            begins,
            connection_id=CONNECTION_ID,
            detection=detection,
            window=Window(0, 1_440),
            rate_per_second=2.0,
        )
        self.campaigns = CampaignsTable(self.table, "calls")  # type: ignore[arg-type] # in memory
        flow = FlowLibrary.open(FLOWS).flow("water-off")
        assert flow is not None
        self.flow = flow
        self.campaigns.order(self.campaign, flow)

    def announce(self) -> dict[int, Attempt]:
        """Let workers work until the campaign is done; gives how it went with each row."""
        while self.campaigns.active(int(self.now_seconds())):
            numbers = CampaignNumbers(self.table, "calls", self.sleep)  # type: ignore[arg-type] # in memory
            worker = Engine(
                self.campaigns,
                numbers,
                self,
                self,
                self,
                Quiet(),  # type: ignore[arg-type] # it only counts
                now=self.now_seconds,
                clock=lambda: self.carrier.clock.now,
                sleep=self.sleep,
            )
            worker.run(self.now_seconds() + 60)
            self.sleep(1.0)
        return {each.row: each for each in self.campaigns.attempts("water-off", 0)}

    def sleep(self, seconds: float) -> None:
        """Let the carrier's time pass."""
        self.carrier.run_for(seconds)
        self.carrier.clock.move_to(self.carrier.clock.now)

    def submit(self, work: Callable[[], Outcome], /) -> Future[Outcome]:
        """As a pool of threads."""
        future: Future[Outcome] = Future()
        future.set_result(work())
        return future

    def part(self, campaign_id: str, part: int) -> Sequence[Recipient]:
        """As `Lists.part`."""
        del campaign_id, part
        return self.recipients

    def send(self, *asked: object) -> Outcome:
        """As `TelnyxApi.send`."""
        return self.api.send(*asked)  # type: ignore[arg-type]

    def find_call(self, call_control_id: str) -> CallInfo | None:
        """As `TelnyxApi.find_call`, of a carrier that forgets calls at once."""
        del call_control_id
        return None


def test_each_recipient_ends_with_the_outcome_of_what_they_did() -> None:
    town = Town(PEOPLE)

    attempts = town.announce()

    assert {PEOPLE[row - 2][0]: each.outcome for row, each in attempts.items()} == {each: each for each, _ in PEOPLE}
    assert town.campaigns.campaign("water-off").status == DONE  # type: ignore[union-attr]
    acknowledged = attempts[2]
    leg = town.store.leg(acknowledged.session_id, acknowledged.leg_id)
    assert leg is not None
    assert (leg.campaign, leg.variables["street"]) == ("water-off/0/2/1", "Main Street")
    assert acknowledged.seconds > 0
    assert attempts[7].seconds == 0


@pytest.mark.parametrize(
    ("detection", "taken_for", "outcome"),
    [
        (PREMIUM, Nature.FAX, FAX),
        (GREETING_END, Nature.FAX, MACHINE),
        (PREMIUM, Nature.NOT_SURE, PERSON),
        (GREETING_END, Nature.NOT_SURE, PERSON),
    ],
)
def test_a_fax_is_reported_by_premium_detection_only(detection: str, taken_for: Nature, outcome: str) -> None:
    town = Town([(outcome, replace(Fax(), nature=taken_for))], detection)

    attempts = town.announce()

    assert attempts[2].outcomes == (outcome,)


def test_a_fax_that_hangs_up_before_a_flow_that_is_not_sure_has_ended_is_cut_off() -> None:
    town = Town([(CUT_OFF, replace(Fax(), nature=Nature.NOT_SURE, records_seconds=1))], GREETING_END)

    attempts = town.announce()

    assert attempts[2].outcomes == (CUT_OFF,)


@pytest.mark.parametrize("fault", [WebhookFault.TWICE, WebhookFault.LATE])
def test_webhooks_that_come_twice_or_late_change_no_outcome_and_no_cost(fault: WebhookFault) -> None:
    town = Town(PEOPLE)
    town.carrier.faults.disturb_webhooks(fault, times=1_000)

    attempts = town.announce()
    town.sleep(600)

    assert {each.outcome for each in attempts.values()} == {each for each, _ in PEOPLE}
    billed = [each for each in attempts.values() if each.seconds]
    assert town.campaigns.spent("water-off") == Spent(sum(map(price, billed)), len(billed))
    assert town.campaigns.costs("water-off", 0) == Counter({each.row: price(each) for each in billed})


def price(attempt: Attempt) -> int:
    """What the carrier asks for a call, in millionths of a dollar."""
    return round(sum(RATES_USD.values()) * 1_000_000) * -(-attempt.seconds // BILLED_SECONDS)


def test_who_does_not_press_the_key_is_dialled_again_where_a_rule_says_so() -> None:
    town = Town([(PERSON, Person()), (ACKNOWLEDGED, Person(Hear("press 1"), Press("1"), HangUp()))])
    asked = replace(town.campaign, id="again", list_key=list_key("again"), retries=(RetryRule(PERSON, 1, 300),))
    town.campaigns.order(asked, town.flow)

    town.announce()

    again = {each.row: each.outcomes for each in town.campaigns.attempts("again", 0)}
    assert again == {2: (PERSON, PERSON), 3: (ACKNOWLEDGED,)}


def test_a_call_of_which_nothing_is_ever_reported_ends_as_unknown_and_is_dialled_once_more() -> None:
    town = Town(PEOPLE[:1])
    town.carrier.faults.disturb_webhooks(WebhookFault.LOST, times=1_000)

    attempts = town.announce()

    assert attempts[2].outcomes == (UNKNOWN, UNKNOWN)
    assert [each.action for _, each in town.api.log].count("dial") == 2
