"""`opt_out`: the other side's number is noted with the event that led there, on any kind of call."""

import pytest

from dialtone.domain.campaigns.suppression import OPTED_OUT, Suppression
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.parser import read_flow
from tests.staged_call import BEGAN, CALLED, CALLER, SESSION, StagedCall, actions

FLOW = """
last_resort: sorry
steps:
  ask: {menu: "To get no more calls, press 9.", keys: {9: out}}
  out: {opt_out: campaigns}
  thanks: {say: Noted., next: bye}
  bye: hangup
  sorry: {say: Sorry., next: bye}
  nobody: {say: Who is there?, next: bye}
"""


def pressed_nine(flow: str = FLOW, direction: str = "incoming", caller: str = CALLER) -> StagedCall:
    staged = StagedCall(flow, direction)
    staged.tell("call.initiated", direction=direction, state="parked", **{"from": caller})
    staged.tell("call.answered", state="answered", **{"from": caller})
    staged.tell("call.gather.ended", digits="9", status="valid", **{"from": caller})
    return staged


@pytest.mark.parametrize(("direction", "number"), [("incoming", CALLER), ("outgoing", CALLED)])
def test_the_number_of_the_other_side_is_noted_and_the_call_goes_on(direction: str, number: str) -> None:
    staged = pressed_nine(direction=direction)

    noted = staged.decisions[-1].opted_out
    assert noted == Suppression(number, OPTED_OUT, f"call {SESSION}", int(BEGAN.timestamp()) + 3)
    assert staged.call.step == "thanks"
    assert [each.opted_out for each in staged.decisions[:-1]] == [None] * 2


def test_a_caller_without_a_number_is_led_elsewhere() -> None:
    withheld = pressed_nine(FLOW.replace("campaigns}", "campaigns, no_number: nobody}"), caller="anonymous")
    failing = pressed_nine(caller="anonymous")

    assert (withheld.call.step, withheld.decisions[-1].opted_out) == ("nobody", None)
    assert (failing.call.step, failing.decisions[-1].incidents) == ("sorry", ())
    assert actions(failing.decisions[-1]) == ["speak"]


@pytest.mark.parametrize("written", ["texts", "true", "[campaigns]", "null"])
def test_nobody_opts_out_of_what_is_not_there(written: str) -> None:
    with pytest.raises(FlowInvalid, match="opt_out"):
        read_flow("desk.yaml", f"flow: desk\nsteps:\n  out: {{opt_out: {written}}}\n  bye: hangup\n")
