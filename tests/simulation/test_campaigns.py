"""A campaign ends with every recipient accounted for, and nobody dialled twice in a round, whatever fails meanwhile."""

from collections import Counter
from dataclasses import replace

import pytest

from campaigns.list_parts import PartUnreadable
from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.campaigns.attempt import SETTLED
from dialtone.domain.campaigns.campaign import CANCELLED, DONE, PAUSED, RUNNING, Window
from dialtone.domain.campaigns.outcomes_and_redials import CANCELLED as NEVER_DIALLED
from dialtone.domain.campaigns.outcomes_and_redials import INVALID, NO_ANSWER, PERSON, UNKNOWN
from dialtone.domain.commands import Command
from tests.simulation.campaigning import STARTS, Faults, Simulation

EVERYTHING = Faults(throttled=0.006, unanswered=0.004, dies=0.001, too_many=0.03, fails=0.03, silent=0.01)
QUICK = {PERSON: 0.8, INVALID: 0.02, NO_ANSWER: 0.18}


def assert_accounted_for(simulation: Simulation) -> None:
    """Every recipient has one end, the counts are those of the items, and no round rang twice."""
    progress, campaign = simulation.progress, simulation.campaign
    parts = range(-(-campaign.recipients // 1_000))
    attempts = [each for part in parts for each in simulation.store.attempts(campaign.id, part)]

    assert {each.state for each in attempts} <= {SETTLED}
    assert progress.settled == campaign.recipients
    outcomes = Counter(each.outcome for each in attempts if each.outcome)
    never = campaign.recipients - len(attempts)
    assert Counter(progress.outcomes) == outcomes + Counter({NEVER_DIALLED: never})
    assert Counter(progress.refused) == Counter(each.refused for each in attempts if not each.outcome)
    assert sum(progress.calls.values()) == sum(len(each.outcomes) for each in attempts if each.outcome != NEVER_DIALLED)
    assert progress.dials >= len(simulation.rung)
    assert set(simulation.rung.values()) <= {1}, "somebody was dialled twice in a round"
    assert not simulation.observer.measured["CampaignCallsTwice"]
    assert simulation.most_in(5.0) <= 150


@pytest.mark.parametrize("seed", range(3))
def test_whatever_fails_everybody_is_accounted_for_and_nobody_is_dialled_twice_in_a_round(seed: int) -> None:
    simulation = Simulation(300, seed=seed, faults=replace(EVERYTHING))

    simulation.run()

    assert simulation.store.campaign("water-off").status == DONE  # type: ignore[union-attr]
    assert_accounted_for(simulation)


def test_a_worker_that_dies_at_any_request_leaves_nothing_undone_and_nothing_done_twice() -> None:
    def few(faults: Faults) -> Simulation:
        return Simulation(4, faults=faults, shares={PERSON: 1.0}, rate_per_second=4.0)

    quiet = few(Faults())
    quiet.run()
    assert quiet.requests > 60

    for place in [*range(14), *range(14, quiet.requests, 9)]:  # each of the first, which all campaigns send
        for when in ("before", "after"):
            simulation = few(Faults(at={place: when}))
            simulation.run()
            assert simulation.deaths == 1
            assert_accounted_for(simulation)


@pytest.mark.parametrize(
    "refusal", [Outcome("refused", 2, 409, code="10016"), Outcome("refused", 2, 403, code="90041")], ids=str
)
def test_a_dial_that_rings_and_is_refused_as_it_is_sent_again_is_not_over(refusal: Outcome) -> None:
    """Telnyx has obeyed the first try and not answered; the second is refused, be it for want of the channel."""
    simulation = Simulation(6, shares={PERSON: 1.0})
    obey, sent = simulation.send, Counter[str]()

    def send(command: Command, command_id: str, deadline: float) -> Outcome:
        sent[command_id] += 1
        outcome = obey(command, command_id, deadline)
        return outcome if sent[command_id] > 1 else refusal

    simulation.send = send  # type: ignore[method-assign] # the first answer to each dial is lost

    simulation.run()

    assert simulation.progress.outcomes == {PERSON: 6}
    assert_accounted_for(simulation)


def test_dials_come_at_the_campaigns_rate_and_calls_in_flight_stay_below_their_limit() -> None:
    simulation = Simulation(150, rate_per_second=25.0, max_in_flight=60, retries=(), last_round_seconds=0)

    simulation.run()

    assert simulation.most_alive <= 60
    assert simulation.most_in(1.0) <= 26
    assert_accounted_for(simulation)


def test_nobody_is_dialled_two_seconds_after_a_pause_and_everybody_after_it_is_over() -> None:
    simulation = Simulation(250, retries=(), last_round_seconds=0)
    paused_at: list[float] = []

    def pause() -> None:
        simulation.change(PAUSED)
        paused_at.append(simulation.now)

    simulation.after(7.3, pause)
    simulation.invoke()
    simulation.invoke()
    last = simulation.rings[-1]
    assert paused_at[0] - 0.1 < last < paused_at[0] + 2.0

    simulation.change(RUNNING)
    simulation.run()
    assert_accounted_for(simulation)


def test_a_cancelled_campaign_lets_calls_end_and_counts_those_never_dialled() -> None:
    simulation = Simulation(400, faults=Faults(too_many=0.1))
    simulation.after(9.0, lambda: simulation.change(CANCELLED))

    simulation.run()

    assert simulation.progress.outcomes[NEVER_DIALLED] > 150
    assert simulation.rings[-1] < STARTS + 11.5
    assert_accounted_for(simulation)


def test_a_campaign_whose_calls_fail_pauses_itself_and_lists_the_last_twenty() -> None:
    simulation = Simulation(2_000, shares={PERSON: 0.3, INVALID: 0.7})

    simulation.run(hours=0.1)

    paused = simulation.store.campaign("water-off")
    assert paused is not None
    assert paused.status == PAUSED
    assert "calls failed" in paused.reason
    assert len(simulation.progress.failures) == 20
    assert len(simulation.rings) < 900


def test_a_worker_without_its_lease_does_no_harm_to_the_one_that_has_it() -> None:
    simulation = Simulation(60, rate_per_second=3.0)
    zombie = simulation.worker()
    zombie.worker_lease.take(STARTS + 60.0)
    zombie.tick()
    simulation.sleep(16.0)  # it hangs, and its lease runs out

    simulation.invoke()
    zombie.tick()

    simulation.run()
    assert_accounted_for(simulation)


def test_recipients_are_held_back_until_their_window_opens() -> None:
    simulation = Simulation(120, window=Window(9 * 60, 20 * 60), shares={PERSON: 1.0})
    # 2027-01-15 03:00 in New York
    simulation.run(hours=12)

    assert simulation.rings[0] >= STARTS + 6 * 3_600
    assert_accounted_for(simulation)


def test_an_account_that_telnyx_locks_out_pauses_its_campaigns() -> None:
    simulation = Simulation(50)
    simulation.locked_out = True

    simulation.run(hours=0.05)

    paused = simulation.store.campaign("water-off")
    assert paused is not None
    assert paused.status == PAUSED
    assert "API key" in paused.reason
    assert not simulation.rings

    simulation.locked_out = False
    simulation.change(RUNNING)
    simulation.run()
    assert UNKNOWN not in simulation.progress.outcomes
    assert_accounted_for(simulation)


@pytest.mark.parametrize("fault", [None, PartUnreadable("part 0 is not as it was written")])
def test_a_list_that_has_lost_a_part_pauses_the_campaign(fault: PartUnreadable | None) -> None:
    simulation = Simulation(30)
    simulation.parts_lost, simulation.part_fault = fault is None, fault

    simulation.run(hours=0.02)

    paused = simulation.store.campaign("water-off")
    assert paused is not None
    assert (paused.status, "part 0 of its list" in paused.reason) == (PAUSED, True)


def test_a_fault_of_ours_is_not_taken_for_a_list_that_has_lost_a_part() -> None:
    simulation = Simulation(30)
    simulation.part_fault = KeyError("documentation")

    with pytest.raises(KeyError):
        simulation.run(hours=0.02)

    kept = simulation.store.campaign("water-off")
    assert kept is not None
    assert kept.status == RUNNING
