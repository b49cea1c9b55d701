"""Commands of a leg are obeyed in the order of the decisions, each once: at one moment, half sent, a minute later."""

import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dialtone.adapters.telnyx_api import Outcome, TakenCommand
from dialtone.domain.calls import Call
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command, command, command_id
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from tests.integration.deliveries import CONTROL, LEG, SESSION, event, initiated, phone_call, team_call
from tests.integration.dependencies import AcceptingTelnyx, Died, Line
from webhook.resending import COMMAND_ID_SECONDS, RESEND_SECONDS

AGENT = 2
"""Who answers of the three that are rung."""

ENDED = Outcome("ended", 1, 422, code="90018", title="Call has already ended")
REFUSED = Outcome("refused", 1, 409, code="90000", title="Another command is being processed")

TO_THE_MESSAGE = 7
"""Events of the phone call before the one on which the caller is asked for a message: a recording, then a timer."""
ANSWERED = 6
"""Events of the team's call before the one on which two are connected."""

THREE_PROMPTS = """flow: front-desk
last_resort: sorry
steps:
  hello: {say: [{text: One.}, {text: Two., voice: male}, {text: Three., voice: female}]}
  sorry: {say: We are sorry.}
"""


@pytest.fixture
def line(flows: Path) -> Line:
    return Line.in_memory(flows)


def delivered(line: Line, events: int) -> list[Event]:
    """Deliver so many of the phone call's events, and give them and the next."""
    call = phone_call(line)
    first = [(each, line.deliver(each))[0] for each in itertools.islice(call, events)]
    return [*first, next(call)]


def rung(line: Line, events: int) -> list[Event]:
    """The same of the team's call."""
    call = team_call(line)
    first = [(each, line.deliver(each))[0] for each in itertools.islice(call, events)]
    return [*first, next(call)]


def pound(line: Line) -> Event:
    """The caller ends the message by a key: the event has the state of what Telnyx has obeyed last."""
    return event("call.dtmf.received", 20, digit="#", client_state=line.telnyx.client_state)


def obeyed(line: Line) -> list[str]:
    return [each.action for _, each in line.telnyx.obeyed]


def fail(line: Line, request: int) -> None:
    """Lose the request that comes after so many others."""
    line.faults.plan = {line.faults.place + request: "lost"}


# --- One after the other --------------------------------------------------------------------------------------


def test_a_decision_with_commands_has_the_unconfirmed_ones_before_it_obeyed_first(line: Line) -> None:
    *_, asks = delivered(line, TO_THE_MESSAGE)
    fail(line, 3)
    assert line.deliver(asks).unsent == 1, "the timer"
    line.spent()

    handled = line.deliver(pound(line))

    assert obeyed(line)[-5:] == ["record_start", "gather", "record_stop", "gather_stop", "speak"]
    assert line.telnyx.asked[0] == command_id(asks.id, 1), "what was obeyed is not sent again"
    assert (handled.unsent, handled.call.step) == (0, "thanks")


def test_while_they_cannot_be_sent_nothing_is_decided(line: Line) -> None:
    *_, asks = delivered(line, TO_THE_MESSAGE)
    fail(line, 3)
    line.deliver(asks)
    before = line.store.legs(SESSION)
    fail(line, 2)

    handled = line.deliver(pound(line))

    assert handled.unsent == 1
    assert line.store.legs(SESSION) == before
    assert [entry.event_type for entry in line.store.timeline(SESSION)][-1] == "call.speak.ended"
    assert line.deliver(pound(line)).call.step == "thanks"


def test_an_event_that_decides_nothing_waits_for_nothing(line: Line) -> None:
    *_, asks = delivered(line, TO_THE_MESSAGE)
    fail(line, 3)
    line.deliver(asks)
    line.spent()

    assert line.deliver(event("call.cost", 21, cost_parts=[], status="completed")).unsent == 0

    assert line.spent() == {"BatchGetItem": 1, "TransactWriteItems": 1}


def test_a_call_that_has_ended_waits_for_nothing(line: Line) -> None:
    *_, asks = delivered(line, TO_THE_MESSAGE)
    fail(line, 3)
    line.deliver(asks)

    hung_up = line.deliver(event("call.hangup", 21, hangup_cause="normal_clearing", hangup_source="caller"))
    again = line.deliver(asks)

    assert (hung_up.unsent, hung_up.call.status) == (0, "ended")
    assert (again.unsent, again.sent) == (0, ())


def test_the_refusal_of_an_earlier_command_is_followed_before_the_later_event_is_decided(line: Line) -> None:
    *_, asks = delivered(line, TO_THE_MESSAGE)
    fail(line, 3)
    line.deliver(asks)
    line.telnyx.refuses = {"gather": REFUSED}

    handled = line.deliver(pound(line))

    assert handled.reason.startswith("late"), "the step that the key was for is left"
    assert handled.call.step == "sorry"
    kinds = [entry.event_type for entry in line.store.timeline(SESSION)]
    assert kinds[-2:] == ["dialtone.command.refused", "call.dtmf.received"]


class Overtaken(AcceptingTelnyx):
    """Telnyx, where something happens between the commit of a decision and the arrival of one of its commands."""

    action = ""
    meanwhile: Callable[[], object]

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        if command.action == self.action:
            self.action = ""
            self.meanwhile()
        return super().send(command, command_id, deadline)


def test_of_two_events_at_one_moment_the_later_decision_is_obeyed_last(line: Line) -> None:
    """Another process decides on the key while the first has not sent its timer yet: the timer is late, and ignored."""
    line.telnyx = overtaken = Overtaken(line.faults, line.clock)
    *_, asks = delivered(line, TO_THE_MESSAGE)
    overtaken.action, overtaken.meanwhile = "gather", lambda: line.deliver(pound(line))

    line.deliver(asks)

    assert obeyed(line)[-5:] == ["record_start", "gather", "record_stop", "gather_stop", "speak"]
    state = line.telnyx.client_state
    after = line.deliver(event("call.speak.ended", 22, status="completed", client_state=state))
    assert after.call.step == "bye", "the events of the step that the call is in are not late"


def test_an_ordinary_call_sends_nothing_twice(line: Line) -> None:
    for each in phone_call(line):
        line.deliver(each)
    assert len(line.telnyx.asked) == len(set(line.telnyx.asked)) == 13


# --- Half sent ------------------------------------------------------------------------------------------------


def test_where_telnyx_takes_one_command_a_delivery_all_are_obeyed_in_turn(line: Line) -> None:
    """Each delivery comes as far as one command further."""
    (line.flows / "front-desk.yaml").write_text(THREE_PROMPTS, encoding="utf-8")
    *_, answered = delivered(line, 1)
    line.spent()

    for delivery in range(3):
        reads_and_writes = 2 if delivery == 0 else 1
        fail(line, reads_and_writes + 1)
        line.deliver(answered)

    assert obeyed(line) == ["answer", "speak", "speak", "speak"]
    assert line.telnyx.asked == [command_id(answered.id, place) for place in (0, 1, 1, 2, 2)]


def test_that_one_was_obeyed_is_noted_only_where_not_all_were(line: Line) -> None:
    *_, asks = delivered(line, TO_THE_MESSAGE)
    line.spent()
    fail(line, 3)
    line.deliver(asks)
    assert line.spent() == {"BatchGetItem": 1, "TransactWriteItems": 1, "Telnyx": 2, "UpdateItem": 1}

    line.deliver(asks)
    assert line.spent() == {"BatchGetItem": 1, "Telnyx": 1}


def test_of_a_call_in_progress_at_deployment_the_event_that_comes_again_sends_its_commands(line: Line) -> None:
    """The version before kept no account of what is unconfirmed."""
    answered = event("call.answered", 2)
    before = Call(SESSION, LEG, control_id=CONTROL, flow="front-desk")
    asked = command("speak", CONTROL, payload="Hello.", voice="female")
    decided = Decision(before._replace(turn=1, step="hello"), (asked,))
    line.store.commit(answered, before, decided, at_seconds=line.clock.now)

    assert [sent.command.action for sent in line.deliver(answered).sent] == ["speak"]


# --- A minute later -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [30, COMMAND_ID_SECONDS + 1, 600])
def test_no_event_that_comes_again_later_is_obeyed_twice(line: Line, seconds: int) -> None:
    line.telnyx = AcceptingTelnyx(line.faults, line.clock, remembers_seconds=COMMAND_ID_SECONDS)
    for each in phone_call(line):
        line.deliver(each)
        before = list(line.telnyx.obeyed)
        line.clock.now += seconds
        assert line.deliver(each).duplicate
        assert again(line, before) == [], each.type


def again(line: Line, before: list[tuple[str, Command]]) -> list[str]:
    """What was obeyed since; not hang-ups: a leg ends once."""
    since = [each.action for _, each in line.telnyx.obeyed[len(before) :]]
    return [action for action in since if action != "hangup"]


@pytest.mark.parametrize("seconds", [30, COMMAND_ID_SECONDS + 1, 600])
def test_no_event_of_a_transfer_that_comes_again_later_is_obeyed_twice(line: Line, seconds: int) -> None:
    line.telnyx = AcceptingTelnyx(line.faults, line.clock, remembers_seconds=COMMAND_ID_SECONDS)
    for each in team_call(line):
        line.deliver(each)
        before = list(line.telnyx.obeyed)
        line.clock.now += seconds
        line.deliver(each)
        assert again(line, before) == [], each.type


def test_if_telnyx_does_not_say_what_it_has_taken_the_event_must_come_again(line: Line) -> None:
    *_, asks = delivered(line, TO_THE_MESSAGE)
    fail(line, 2)
    line.deliver(asks)
    line.clock.now += RESEND_SECONDS + 1
    fail(line, 1)

    handled = line.deliver(asks)

    assert (handled.unsent, handled.sent) == (2, ())
    assert [sent.command.action for sent in line.deliver(asks).sent] == ["record_start", "gather"]


class Listing(AcceptingTelnyx):
    """Telnyx, whose list of a call's commands has another form."""

    listed: Sequence[TakenCommand] = ()

    def commands_since(self, call_session_id: str, since_seconds: float, deadline: float) -> Sequence[TakenCommand]:
        del call_session_id, since_seconds, deadline
        return self.listed


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ((), ["record_start", "gather"]),
        ((TakenCommand("record_start", LEG, "{}"),), ["gather"]),
        ((TakenCommand("record_start", "another-leg", "{}"),), ["record_start", "gather"]),
        ((TakenCommand("speak", LEG, "{}"),), ["record_start", "gather"]),
        ((TakenCommand("record_start", LEG, json.dumps({"command_id": "another"})),), ["record_start", "gather"]),
        ((TakenCommand("a form that we do not know", LEG, "{}"),), []),
    ],
)
def test_what_telnyx_lists_is_not_sent_again(line: Line, listed: Sequence[TakenCommand], sent: list[str]) -> None:
    line.telnyx = listing = Listing(line.faults, line.clock)
    *_, asks = delivered(line, TO_THE_MESSAGE)
    fail(line, 2)
    line.deliver(asks)
    line.clock.now += RESEND_SECONDS + 1
    listing.listed = listed

    handled = line.deliver(asks)

    assert ([each.command.action for each in handled.sent], handled.unsent) == (sent, 0)


def test_a_recording_that_telnyx_did_not_begin_in_a_minute_is_an_incident(line: Line) -> None:
    """The caller answers the question that was asked before; nothing of what followed has come to Telnyx."""
    *_, asks = delivered(line, TO_THE_MESSAGE)
    fail(line, 2)
    line.deliver(asks)
    line.clock.now += RESEND_SECONDS + 1
    [leg] = line.store.legs(SESSION)
    state = ClientState(leg.turn, "front-desk").encode()

    handled = line.deliver(event("call.dtmf.received", 20, digit="#", client_state=state))

    assert "record_start" not in [each.command.action for each in handled.sent]
    assert "recording-error" in handled.incidents


def test_a_new_event_a_minute_later_goes_on_without_what_cannot_be_sent_once_only(line: Line) -> None:
    *_, asks = delivered(line, TO_THE_MESSAGE)
    fail(line, 3)
    line.deliver(asks)
    line.clock.now += RESEND_SECONDS + 1

    handled = line.deliver(pound(line))

    assert [each.command.action for each in handled.sent] == ["record_stop", "gather_stop", "speak"]


# --- A bridge -------------------------------------------------------------------------------------------------


def connecting(line: Line) -> Event:
    """Lead the team's call to the moment when the process dies before it connects the two."""
    *_, answered = rung(line, ANSWERED)
    line.faults.plan = {line.faults.place + 2: "dies before"}
    with pytest.raises(Died):
        line.deliver(answered)
    return answered


def state_after(line: Line, action: str, to: str = "") -> object:
    """The state that a command left."""
    found = (command for _, command in line.telnyx.obeyed if command.action == action)
    return next(each.parameters["client_state"] for each in found if str(each.parameters.get("to", "")).endswith(to))


def hangs_up(line: Line, agent: int) -> Event:
    state = state_after(line, "dial", str(agent))
    about = {"call_leg_id": f"{LEG}-{agent}", "call_control_id": f"{CONTROL}-{agent}", "client_state": state}
    return event("call.hangup", 30 + agent, hangup_cause="normal_clearing", hangup_source="callee", **about)


def test_an_agent_who_is_gone_before_the_bridge_leaves_no_caller_with_music(line: Line) -> None:
    answered = connecting(line)
    line.telnyx.refuses = {"bridge": ENDED}

    handled = line.deliver(hangs_up(line, AGENT))

    assert handled.call.step == "nobody"
    assert obeyed(line)[-1] == "speak"
    assert line.deliver(answered).call.step == "nobody"


def test_an_agent_who_was_to_be_connected_is_not_left_alone_by_a_caller_who_hangs_up(line: Line) -> None:
    connecting(line)

    line.deliver(event("call.hangup", 40, hangup_cause="normal_clearing", hangup_source="caller"))

    ended = {command.call_control_id for _, command in line.telnyx.obeyed if command.action == "hangup"}
    assert ended == {f"{CONTROL}-1", f"{CONTROL}-2", f"{CONTROL}-3"}


def test_two_who_have_talked_are_no_refused_bridge(line: Line) -> None:
    """The bridge was obeyed, its answer lost; they talk, the agent hangs up, and then the event comes again."""
    *_, answered = rung(line, ANSWERED)
    line.faults.plan = {line.faults.place + 2: "unanswered"}
    assert line.deliver(answered).unsent
    state = line.telnyx.client_state
    line.deliver(event("call.bridged", 31, client_state=state))
    line.telnyx.refuses = {"bridge": ENDED}

    handled = line.deliver(answered)

    assert (handled.call.step, handled.unsent) == ("ring", 0)


def test_two_who_have_talked_unreported_are_no_refused_bridge_either(line: Line) -> None:
    """What Telnyx reports of the conversation is late, its end included: only Telnyx's own account shows the bridge."""
    *_, answered = rung(line, ANSWERED)
    line.deliver(answered)
    line.telnyx.refuses = {"bridge": ENDED, "playback_start": ENDED}

    handled = line.deliver(answered)

    assert (handled.call.step, handled.unsent) == ("ring", 0)


def test_a_bridge_is_not_sent_again_before_telnyx_says_whether_it_has_taken_it(line: Line) -> None:
    answered = connecting(line)
    line.faults.plan = {line.faults.place + 1: "lost"}

    handled = line.deliver(answered)
    again = line.deliver(answered)

    assert (handled.unsent, handled.sent) == (3, ())
    assert [each.command.action for each in again.sent] == ["bridge", "hangup", "hangup"]


# --- A hang-up ------------------------------------------------------------------------------------------------


def test_a_refused_hang_up_is_sent_with_every_delivery_until_it_is_obeyed(line: Line) -> None:
    (line.flows / "front-desk.yaml").write_text("flow: front-desk\nsteps: {bye: hangup}\n", encoding="utf-8")
    line.deliver(initiated())
    line.telnyx.refuses = {"hangup": REFUSED}
    answered = event("call.answered", 2, client_state=line.telnyx.client_state)

    refused = [line.deliver(answered) for _ in range(3)]
    line.clock.now += COMMAND_ID_SECONDS * 2
    line.telnyx.refuses = {}
    last = line.deliver(answered)

    assert [(each.unsent, each.incidents) for each in refused] == [(1, ("hangup-refused",))] * 3
    assert ([each.command.action for each in last.sent], last.unsent) == (["hangup"], 0)
