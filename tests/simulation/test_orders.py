"""In every order in which Telnyx could deliver a call's events, the call ends in the same state."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.calls import Call
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.events import Event
from dialtone.domain.lookups import ANSWERED, SLOW, Lookup
from dialtone.domain.queues import ANSWERED as QUEUE_ANSWERED
from dialtone.domain.queues import QueueAnswer, QueueQuestion
from dialtone.domain.watch import OVERDUE
from dialtone.flow.gather_timer import TIMER
from infra.carrier import ApiFault, WebhookFault
from infra.carrier.faults import ARRIVING
from infra.flowkit.memory_table import MemoryTable
from infra.flowkit.stage import EndState, Jobs, Stage, Unwatched
from tests.integration.dependencies import AcceptingTelnyx
from tests.simulation.plays import (
    ALL_PLAYS,
    LANGUAGE_PLAYS,
    OTHER_ENDS,
    SPEECH_PLAYS,
    TALKING_PLAYS,
    TIMED_PLAYS,
    flows_of,
)
from tests.simulation.promises import broken_promises, lasted
from webhook.processor import EventProcessor, Queues

pytestmark = pytest.mark.no_cover  # plays again and again what other tests take

ACTIONS = (
    "answer",
    "bridge",
    "conference_create",
    "conference_join",
    "conference_leave",
    "conference_mute",
    "conference_speak",
    "dial",
    "enqueue",
    "gather",
    "gather_using_audio",
    "gather_using_speak",
    "hangup",
    "leave_queue",
    "playback_start",
    "playback_stop",
    "record_pause",
    "record_resume",
    "record_start",
    "record_stop",
    "speak",
    "transfer",
)

NEVER_SENT = frozenset({"conference_create", "conference_end", "dial"})
"""What is not sent when events are delivered again: the first calls, and what follows the refusal of a conference."""

AS_DRAWN = settings(max_examples=4, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""A few of each of some eighty calls. A seed has nothing to be made smaller: to shrink one is to replay a call for
minutes."""

CLOCK_TICK_SECONDS = 0.001
"""Events tell their time in microseconds, rounded down: a command of the same instant must not seem to come after."""


@cache
def library_of(flows: Path) -> FlowLibrary:
    """The flows of a folder, read once."""
    return FlowLibrary.open(flows)


def staged(play: str, *, seed: int = 0, faults: dict[WebhookFault, float] | None = None) -> Stage:
    flows = flows_of(play)
    return Stage(seed=seed, faults=faults, flows=flows, library=library_of(flows))


@pytest.mark.parametrize("play", ALL_PLAYS)
@AS_DRAWN
@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.05, 0.2, 0.5]), fault=st.sampled_from([None, *ARRIVING]))
def test_webhooks_late_twice_at_once_or_unanswered_leave_the_same_call(
    play: str, seed: int, share: float, fault: WebhookFault | None
) -> None:
    faults = dict.fromkeys([fault] if fault else ARRIVING, share)
    stage = staged(play, seed=seed, faults=faults)

    session = ALL_PLAYS[play](stage)

    without = undisturbed(play)
    assert broken_promises(stage, without.seconds) == []
    if play in TIMED_PLAYS or (play in OTHER_ENDS and WebhookFault.LATE in faults):
        assert {leg.outcome for leg in stage.store.legs(session)} <= OTHER_ENDS[play]
    else:
        assert facts(stage.end_state(session)) == facts(without.state)


@pytest.mark.parametrize("play", ALL_PLAYS)
@AS_DRAWN
@given(faults=st.dictionaries(st.sampled_from(ACTIONS), st.sampled_from(list(ApiFault)), min_size=1, max_size=4))
def test_commands_lost_or_their_answers_lost_leave_the_same_call(play: str, faults: dict[str, ApiFault]) -> None:
    stage = staged(play)
    for action, fault in faults.items():
        if action != "dial" or play in LANGUAGE_PLAYS:  # else it is the operator's, who sends nothing again
            stage.carrier.faults.disturb_api(fault, action=action)

    session = ALL_PLAYS[play](stage)

    assert facts(stage.end_state(session)) == facts(undisturbed(play).state)


@pytest.mark.parametrize("play", ALL_PLAYS)
def test_every_webhook_of_a_call_that_is_over_changes_nothing_when_it_comes_again(play: str) -> None:
    stage = staged(play)
    session = ALL_PLAYS[play](stage)
    left = stage.store.legs(session), stage.store.recordings(session), stage.store.timeline(session)

    for event in tuple(stage.received):
        stage.processor.handle(event, NO_DEADLINE)

    assert (stage.store.legs(session), stage.store.recordings(session), stage.store.timeline(session)) == left


def facts(state: EndState) -> EndState:
    """What must be the same though the call itself went differently: a late webhook is a silence for the caller.

    Where the caller was when the call ended, and by which turn, may differ: people hang up by their own clock.
    """
    legs = tuple(
        leg._replace(step="", turn=0, waiting={}, far_legs={}, ending="", failed_turn=min(leg.failed_turn, 1))
        for leg in state.legs
    )
    return EndState(legs, tuple(each._replace(turn=0) for each in state.recordings), state.jobs)


@dataclass(slots=True)
class DeliveryOrder:
    """A webhook of a call that was played, and the commands without which it could not have come."""

    event: Event
    caused_by: Counter[str]
    shows: str
    """The content of the command whose state it carries."""

    def event_after(self, telnyx: AcceptingTelnyx, lookups: SilentLookups) -> Event:
        """The event as it comes in this order: with the numbers that the command, or the lookup, has in it."""
        shown = [decoded for decoded, asked in states(command for _, command in telnyx.obeyed) if asked == self.shows]
        asked = lookups.decisions.get(self.event.id)
        state = self.event.client_state
        if shown:
            state = state._replace(decision=shown[-1].decision, place=shown[-1].place)
        elif asked is not None:
            state = state._replace(decision=asked)
        return self.event._replace(client_state=state)


class SilentLookups:
    """Answers nothing: the answers that came are delivered as every other event is."""

    def __init__(self) -> None:
        self.decisions: dict[str, int] = {}
        """By the id that a lookup's answer has: the decision that asked."""

    def ask(self, lookup: Lookup, deadline: float) -> None:
        del deadline
        for event_type in (SLOW, ANSWERED):
            self.decisions[lookup.event(event_type, "", {}).id] = lookup.decision


ANSWERS: dict[str, dict[str, QueueAnswer]] = {}
"""What was asked about queues in a play, and answered."""


@dataclass(frozen=True, slots=True)
class RecordedQueues:
    """Says of queues what was said of them in a play, whose events have the same ids."""

    answers: dict[str, QueueAnswer]
    real: Queues | None = None

    def ask(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        if self.real:
            self.answers[question.id] = self.real.ask(question, deadline)
        return self.answers.get(question.id, QueueAnswer())


class Undisturbed(NamedTuple):
    """A play in which every webhook comes once and in time."""

    state: EndState
    seconds: float
    deliveries: tuple[DeliveryOrder, ...]


@cache
def undisturbed(play: str) -> Undisturbed:
    stage = staged(play)
    stage.processor.queues = RecordedQueues(ANSWERS.setdefault(play, {}), stage.processor.queues)
    session = (ALL_PLAYS | SPEECH_PLAYS)[play](stage)
    return Undisturbed(stage.end_state(session), lasted(stage), tuple(_deliveries(stage)))


def deliveries_of(play: str) -> tuple[DeliveryOrder, ...]:
    return undisturbed(play).deliveries


def _deliveries(stage: Stage) -> Iterator[DeliveryOrder]:
    for event in stage.received:
        before = [asked for at, asked in stage.api.log if at <= stage.seconds(event.occurred_at) + CLOCK_TICK_SECONDS]
        shown = [asked for state, asked in states(before) if _numbers(state) == _numbers(event.client_state)]
        yield DeliveryOrder(
            event,
            counted(asked for asked in before if asked.action not in NEVER_SENT or "link_to" in asked.parameters),
            shown[0] if shown and event.client_state.decision else "",
        )


def answers_of(play: str) -> dict[str, QueueAnswer]:
    """What was asked about queues in a play, and answered."""
    deliveries_of(play)
    return ANSWERS[play]


def states(commands: Iterable[Command]) -> Iterator[tuple[ClientState, str]]:
    """Every state that these commands left, and the content of the command."""
    for asked in commands:
        for name in ("client_state", "target_leg_client_state"):
            if text := asked.parameters.get(name):
                yield ClientState.decode(str(text)), content(asked)


def _numbers(state: ClientState) -> tuple[int, int]:
    return state.decision, state.place


def sent(telnyx: AcceptingTelnyx) -> Counter[str]:
    return counted(asked for _, asked in telnyx.obeyed)


def counted(commands: Iterable[Command]) -> Counter[str]:
    """How often each was sent. A timer counts once: whether it is begun again depends on what is reported first."""
    contents = Counter[str]()
    for asked in commands:
        contents[content(asked)] = 1 if is_timer(asked.parameters) else contents[content(asked)] + 1
    return contents


def content(asked: Command) -> str:
    """The command without the number of its decision, which depends on how many events came before."""
    parameters = dict(asked.parameters)
    for name in ("client_state", "target_leg_client_state"):
        if text := parameters.get(name):
            parameters[name] = ClientState.decode(str(text))._replace(decision=0, place=0).encode()
    if is_timer(parameters):
        # What is left of a timer that ended early depends on what had been reported by then.
        parameters = {name: value for name, value in parameters.items() if not name.endswith("_millis")}
    return json.dumps({**asked.to_json(), "parameters": parameters}, sort_keys=True)


def is_timer(parameters: Mapping[str, object]) -> bool:
    return str(parameters.get("gather_id", "")).startswith(TIMER)


def may_come(delivery: DeliveryOrder, left: Sequence[DeliveryOrder], sent: Counter[str]) -> bool:
    """No event comes before the commands that caused it, and no timer is over before what happened in its time."""
    if delivery.caused_by - sent:
        return False
    over = (is_timer(delivery.event.payload) and delivery.event.text("status") == "timeout") or is_due(delivery.event)
    return not over or all(each.event.occurred_at >= delivery.event.occurred_at for each in left)


def is_asked(event: Event, lookups: SilentLookups) -> bool:
    """Nothing answers before it is asked; a step after the hang-up has no timer of Telnyx's that would show it."""
    return event.type not in {SLOW, ANSWERED} or event.id in lookups.decisions


def is_due(event: Event) -> bool:
    return event.type == OVERDUE


def now_due(event: Event, processor: EventProcessor) -> Event:
    """The event as the watchdog makes it of what the call is like by then."""
    leg = processor.store.leg(event.call_session_id, event.call_leg_id)
    if not is_due(event) or leg is None:
        return event
    return event._replace(payload={**event.payload, "version": leg.version})


@pytest.mark.parametrize("play", [play for play in ALL_PLAYS if play not in TALKING_PLAYS])
@AS_DRAWN
@given(chance=st.randoms(use_true_random=False))
def test_every_order_that_causes_allow_ends_in_the_same_state(play: str, chance: random.Random) -> None:
    in_order, in_order_commands = replay(play, list(deliveries_of(play)))

    shuffled, shuffled_commands = replay_shuffled(play, list(deliveries_of(play)), chance)

    assert shuffled == in_order
    assert in_order_commands <= shuffled_commands


def test_a_recording_outlives_every_redelivery_while_a_card_is_keyed_in() -> None:
    """Each event comes again after each that follows: a start sent long ago is neither repeated nor called failed."""
    play = "a card keyed in wrong, then right"
    in_order, _ = replay(play, list(deliveries_of(play)))

    processor, telnyx, lookups = fresh(play)
    deliveries = list(deliveries_of(play))
    for place, delivery in enumerate(deliveries):
        processor.handle(delivery.event_after(telnyx, lookups), NO_DEADLINE)
        for earlier in deliveries[:place]:
            processor.handle(earlier.event, NO_DEADLINE)

    assert _left(processor, deliveries) == in_order


def replay(play: str, deliveries: list[DeliveryOrder]) -> tuple[object, Counter[str]]:
    processor, telnyx, lookups = fresh(play)
    for delivery in deliveries:
        processor.handle(delivery.event_after(telnyx, lookups), NO_DEADLINE)
    return _left(processor, deliveries), sent(telnyx)


def replay_shuffled(play: str, deliveries: list[DeliveryOrder], chance: random.Random) -> tuple[object, Counter[str]]:
    """Any order, with doubles, in which events may come."""
    processor, telnyx, lookups = fresh(play)
    left, done = list(deliveries), []
    while left:
        already = sent(telnyx)
        ready = [each for each in left if may_come(each, left, already) and is_asked(each.event, lookups)]
        assert ready, f"never caused: {[delivery.event.type for delivery in left]}"
        chosen = chance.choice(ready)
        left.remove(chosen)
        done.append(chosen)
        processor.handle(now_due(chosen.event_after(telnyx, lookups), processor), NO_DEADLINE)
        if chance.random() < 0.3:
            processor.handle(chance.choice(done).event, NO_DEADLINE)
    return _left(processor, deliveries), sent(telnyx)


def fresh(play: str) -> tuple[EventProcessor, AcceptingTelnyx, SilentLookups]:
    telnyx, lookups = AcceptingTelnyx(), SilentLookups()
    store = CallsTable(MemoryTable(), "calls")  # type: ignore[arg-type]
    library, jobs = library_of(flows_of(play)), Jobs()
    processor = EventProcessor(
        store,
        library,
        telnyx,
        jobs,  # type: ignore[arg-type]
        lookups,
        Unwatched(),
        now_seconds=lambda: 0.0,
        queues=RecordedQueues(answers_of(play)),
    )
    return processor, telnyx, lookups


def _momentless(leg: Call) -> Call:
    """A leg without the count of writes and the times in its step: of a bridge, each leg reports a time of its own."""
    return leg._replace(
        version=0, waiting={name: at for name, at in leg.waiting.items() if not name.endswith("_millis")}
    )


def _left(processor: EventProcessor, deliveries: list[DeliveryOrder]) -> object:
    sessions = sorted({each.event.call_session_id for each in deliveries})
    store = processor.store
    legs = tuple(_momentless(leg) for session in sessions for leg in store.legs(session))
    # A call that has moved on by the time that an interval's end is reported asks nothing any more.
    entries = [entry for session in sessions for entry in store.timeline(session)]
    events = {entry.event_id for entry in entries if entry.event_type != QUEUE_ANSWERED}
    jobs = sorted(job.to_json() for job in processor.archive.put_jobs if job.kind != "metadata")  # type: ignore[attr-defined]
    recordings = [each for session in sessions for each in store.recordings(session)]
    return legs, recordings, events, sorted(set(jobs))
