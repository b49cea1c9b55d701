"""Queues with more than one caller, and agents who take at the same moment."""

from dataclasses import dataclass, field

from dialtone.domain.queues import Callback, QueueAnswer, QueueQuestion
from infra.carrier import Caller, HangUp, Hear, Person, Press, Say, Silence
from infra.flowkit.stage import Stage
from tests.simulation.plays import LANGUAGE_FLOWS
from webhook.processor import Queues

LINE, AGENTS = "+15550131", "+15550132"
PATIENT = Caller(Silence(300), HangUp())
AGENT = Caller(Silence(20), HangUp())


@dataclass
class Stale:
    """Answers first what has been true a moment ago: somebody is to be called back, whom another agent has claimed."""

    real: Queues
    asked: list[QueueQuestion] = field(default_factory=list)

    def ask(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        self.asked.append(question)
        if len(self.asked) == 1:
            gone = Callback("support", "session", "leg", 1)
            return QueueAnswer("support", callback=gone, number="+15550177", shown="+15550100")
        return self.real.ask(question, deadline)


@dataclass
class Unconnectable:
    """Always says that somebody waits, whom Telnyx does not connect."""

    asked: list[QueueQuestion] = field(default_factory=list)

    def ask(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        del deadline
        self.asked.append(question)
        return QueueAnswer("support")


def outcomes(stage: Stage, *sessions: str) -> list[str]:
    return [stage.store.legs(session)[0].outcome for session in sessions]


def test_callers_are_served_in_the_order_in_which_they_came() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    first = stage.call("+15550141", LINE, PATIENT).name.call_session_id
    stage.carrier.run_for(2)
    second = stage.call("+15550142", LINE, PATIENT).name.call_session_id
    stage.carrier.run_for(10)

    stage.call("+15550191", AGENTS, AGENT)
    stage.carrier.run_for(30)
    served_first = outcomes(stage, first, second)
    stage.call("+15550192", AGENTS, AGENT)
    stage.carrier.run()

    assert served_first == ["served", ""]
    assert outcomes(stage, first, second) == ["served", "served"]


def test_a_queue_that_is_full_sends_the_next_caller_elsewhere() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    for number in (1, 2):
        stage.call(f"+1555014{number}", LINE, PATIENT)
        stage.carrier.run_for(2)

    session = stage.ring(LINE, Caller(Hear("All our agents"), Silence(30)))

    assert outcomes(stage, session) == ["completed"]


def test_two_agents_who_call_in_at_once_get_two_callers() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    callers = [stage.call(f"+1555014{number}", LINE, PATIENT).name.call_session_id for number in (1, 2)]
    stage.carrier.run_for(10)

    agents = [stage.call(f"+1555019{number}", AGENTS, AGENT).name.call_session_id for number in (1, 2)]
    stage.carrier.run()

    assert outcomes(stage, *callers, *agents) == ["served", "served", "completed", "completed"]


def test_who_is_to_be_called_back_comes_before_those_who_came_later() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    talked: list[str] = []
    stage.carrier.add_callee("+15550141", Person(Say(2, "Hello again."), HangUp(after=5)))
    stage.call("+15550141", LINE, Caller(Hear("press 2"), Press("3", after=5), Silence(30)))
    stage.carrier.run_for(5)
    later = stage.call("+15550142", LINE, PATIENT).name.call_session_id
    stage.carrier.run_for(60)
    stage.decided = lambda decision: talked.extend(
        str(each.parameters.get("to", each.parameters.get("queue")))
        for each in decision.commands
        if each.action in {"dial", "bridge"}
    )

    for _ in range(2):
        stage.call("+15550191", AGENTS, AGENT)
        stage.carrier.run_for(40)
    stage.carrier.run()

    assert talked == ["+15550141", "None", "support"]
    assert outcomes(stage, later) == ["served"]


def test_an_agent_who_lost_the_race_for_a_callback_asks_again_and_rings_nobody() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    caller = stage.call("+15550141", LINE, PATIENT).name.call_session_id
    stage.carrier.run_for(10)
    stale = Stale(stage.processor.queues)
    stage.processor.queues = stale

    agent = stage.call("+15550191", AGENTS, AGENT).name.call_session_id
    stage.carrier.run()

    assert outcomes(stage, caller, agent) == ["served", "completed"]
    assert stale.asked[0] == stale.asked[1]
    assert [each.action for _, each in stage.api.log if each.action == "dial"] == []


def test_a_caller_who_is_listed_and_cannot_be_connected_is_tried_three_times_a_look() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    queues = Unconnectable()
    stage.processor.queues = queues

    session = stage.call("+15550191", AGENTS, Caller(Silence(12), HangUp())).name.call_session_id
    stage.carrier.run()

    assert len(queues.asked) == 3 * 3, "at once, after five seconds, after ten"
    assert [asked.action for _, asked in stage.api.log].count("bridge") == 3 * 3
    assert stage.store.legs(session)[0].status == "ended"
