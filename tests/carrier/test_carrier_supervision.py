"""Supervisors at the simulated carrier: whom they hear, and who hears them."""

from infra.carrier import Caller, Person, Say, Silence
from infra.carrier.trace import Heard
from tests.carrier.desk import CALLER, CONNECTION, NUMBER, Desk

AGENT, SUPERVISOR = "+15550191", "+15550192"


def conversation(desk: Desk, role: str | None) -> tuple[str, str, str]:
    """A caller, an agent and a supervisor of the agent's leg, each of whom speaks in turn."""
    desk.carrier.add_callee(AGENT, Person(Silence(14), Say(1, "This is the agent."), Silence(60), answers_after=1))
    desk.carrier.add_callee(SUPERVISOR, Person(Silence(16), Say(1, "This is the boss."), Silence(60), answers_after=1))
    caller = Caller(Silence(12), Say(1, "This is the caller."), Silence(60))
    call = desk.answering().carrier.call(CALLER, NUMBER, caller).name.call_control_id
    desk.carrier.run_for(2)
    agent = desk.dial(AGENT, link_to=call)["call_control_id"]
    desk.carrier.run_for(2)
    desk.obeyed(call, "bridge", call_control_id=agent)
    roles = {} if role is None else {"supervisor_role": role}
    supervisor = desk.dial(SUPERVISOR, supervise_call_control_id=agent, **roles)["call_control_id"]
    desk.carrier.run_for(2)
    return call, agent, supervisor


def hears(desk: Desk, call: str) -> list[str]:
    return [
        each.what.removeprefix("This is the ").removesuffix(".")
        for each in desk.carrier.trace
        if isinstance(each, Heard) and each.leg and each.leg.call_control_id == call and each.kind == "voice"
    ]


def test_a_supervisor_hears_both_and_is_heard_by_nobody() -> None:
    desk = Desk()
    call, agent, supervisor = conversation(desk, None)

    desk.carrier.run_for(30)

    assert (hears(desk, call), hears(desk, agent)) == (["agent"], ["caller"])
    assert hears(desk, supervisor) == ["caller", "agent"]


def test_one_who_whispers_is_heard_by_the_supervised_leg_alone() -> None:
    desk = Desk()
    call, agent, _ = conversation(desk, "whisper")

    desk.carrier.run_for(30)

    assert (hears(desk, call), hears(desk, agent)) == (["agent"], ["caller", "boss"])


def test_a_role_is_switched_to_one_whom_both_hear() -> None:
    desk = Desk()
    call, agent, supervisor = conversation(desk, "monitor")

    desk.obeyed(supervisor, "switch_supervisor_role", role="barge")
    desk.carrier.run_for(30)

    assert (hears(desk, call), hears(desk, agent)) == (["agent", "boss"], ["caller", "boss"])


def test_what_a_supervisor_cannot_do_is_refused() -> None:
    desk = Desk()
    call, agent, supervisor = conversation(desk, "monitor")
    dial = {"connection_id": CONNECTION, "from": NUMBER, "to": SUPERVISOR}

    assert desk.code(call, "switch_supervisor_role", role="barge")[0] == 422
    assert desk.code(supervisor, "switch_supervisor_role", role="none")[0] == 422
    assert desk.code(supervisor, "switch_supervisor_role")[0] == 422
    desk.obeyed(agent, "hangup")
    desk.carrier.run_for(1)
    assert desk.api("POST", "/calls", dial | {"supervise_call_control_id": agent}).status == 422
    assert desk.api("POST", "/calls", dial | {"supervise_call_control_id": "v3:nobody"}).status in {404, 422}


def test_with_the_conversation_a_supervisor_hears_nobody_and_stays() -> None:
    desk = Desk()
    call, _, supervisor = conversation(desk, "barge")

    desk.obeyed(call, "hangup")
    desk.carrier.run_for(20)

    assert desk.carrier.exchange.legs[supervisor].alive
    assert hears(desk, supervisor) == []
