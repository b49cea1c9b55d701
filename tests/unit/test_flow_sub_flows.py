"""Flows that call others: with variables of their own, with what these give back, and for good."""

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.watch import OVERDUE
from dialtone.flow.engine import MAX_VARIABLES_BYTES, MAX_VISITS
from dialtone.flow.parser import read_flow
from tests.staged_call import SESSION, StagedCall, actions, happened
from tests.unit.test_flow_paths import heard, staged

CALLS = """
    last_resort: sorry
    steps:
      known: {set: {name: Ann, secret: "42"}}
      ask: {go: {flow: other, given: {who: "{name}"}, into: got, gives: [mood, nothing]}}
      after: {say: "After {name} {who} {mood} {got.mood} {got.nothing} {outcome}."}
      sorry: {say: "Sorry {name} {got.mood}."}
"""
OTHER = """
    given: {who: Whom}
    steps:
      word: {say: "Word {who} {name}{secret}."}
      note: {set: {mood: glad, outcome: told}}
"""


def test_a_flow_knows_what_it_is_given_and_only_what_it_gives_is_known_after() -> None:
    call = staged(CALLS, other=OTHER)

    call.pick_up()
    inside = heard(call)
    call.prompt_ends()

    assert (inside, heard(call)) == (["Word Ann ."], ["After Ann   glad  told."])
    assert call.call.scopes == ()
    assert "who" not in call.call.variables


def test_what_belongs_to_the_call_is_common_to_all_flows() -> None:
    call = staged(
        "steps:\n  a: {set: {language: es-MX, x: 1}}\n  b: {go: {flow: other, given: {}}}\n"
        '  c: {say: "{language} {x}"}\n',
        other='steps:\n  word: {say: "{language}{x}"}\n  tell: {set: {language: fr-FR, x: 2}}\n',
    )

    call.pick_up()
    inside = heard(call)
    call.prompt_ends()

    assert (inside, heard(call)) == (["es-MX"], ["fr-FR 1"])


def test_a_flow_that_lacks_what_it_must_be_given_is_not_entered() -> None:
    call = staged(
        'steps:\n  ask: {go: {flow: other, given: {who: "{nobody}"}}, on_error: gap}\n'
        "  end: hangup\n  gap: {say: Gap.}\n",
        other=OTHER,
    )

    call.pick_up()

    assert (heard(call), call.call.step) == (["Gap."], "gap")
    assert call.decisions[-1].reason == "other is not given: who"


def test_the_last_resort_of_the_flow_that_leads_the_call_knows_its_variables_again() -> None:
    call = staged(CALLS, other=OTHER)
    call.pick_up()

    call.refuse()

    assert heard(call) == ["Sorry Ann ."]
    assert (call.call.scopes, call.call.back) == ((), ())


def test_flows_within_flows_come_back_one_by_one() -> None:
    call = staged(
        CALLS,
        other="given: {who: Whom}\nsteps:\n  in: {go: {flow: deep, given: {x: '{who}!'}, into: deep, gives: [y]}}\n"
        "  out: {set: {mood: '{deep.y}{x}'}}\n",
        deep="given: {x: X}\nsteps:\n  say: {say: '{x}{who}'}\n  set: {set: {y: '{x}?', mood: bad}}\n",
    )
    call.pick_up()
    depth = len(call.call.scopes)

    call.prompt_ends()

    assert (depth, heard(call)) == (2, ["After Ann   Ann!?  ."])


def test_a_hang_up_reported_too_late_takes_a_call_of_a_flow_back() -> None:
    call = staged(
        "steps:\n  hello: {say: Hello.}\n  out: {go: {flow: other, given: {}}}\n", other="steps:\n  w: {say: W.}\n"
    )
    call.pick_up()
    call.call = call.call._replace(variables={"name": "Ann"})
    call.seconds = 10
    call.prompt_ends()
    assert (call.call.variables, len(call.call.scopes)) == ({}, 1)

    call.seconds = 5
    call.hang_up()

    assert (call.call.step, call.call.variables, call.call.scopes) == ("hello", {"name": "Ann"}, ())


def test_the_state_of_a_call_within_a_flow_is_stored_and_read() -> None:
    call = staged(CALLS, other=OTHER)
    call.pick_up()

    stored = {
        "session_id": SESSION,
        "leg_id": "leg",
        "scopes": [{"depth": 1, "variables": {"name": "Ann"}, "into": "got", "gives": ["mood"], "later": 1}],
    }

    assert call.call.scopes[0].variables == {"name": "Ann", "secret": "42"}
    assert Call.from_json(stored).scopes[0].gives == ("mood",)


def test_variables_kept_aside_count_among_all_that_a_call_may_have() -> None:
    call = staged(
        "last_resort: sorry\nsteps:\n  in: {go: {flow: other, given: {x: '{x}'}}}\n  sorry: {say: Sorry.}\n",
        other="steps:\n  w: {say: W.}\n",
    )
    call.call = call.call._replace(variables={"x": "y" * (MAX_VARIABLES_BYTES - 1_010)})

    call.pick_up()

    assert heard(call) == ["W."], "the value that is handed over is cut, and both have room"

    call = staged(
        "last_resort: sorry\nsteps:\n  in: {go: {flow: other, given: {x: '{x}', z: '{x}'}}}\n  sorry: {say: Sorry.}\n",
        other="steps:\n  w: {say: W.}\n",
    )
    call.call = call.call._replace(variables={"x": "y" * (MAX_VARIABLES_BYTES - 1_000)})
    call.pick_up()
    assert heard(call) == ["Sorry."]


# For good


def test_a_flow_that_is_gone_to_for_good_ends_the_call() -> None:
    call = staged(
        "steps:\n  out: {go: {flow: other, come_back: false}}\n  never: {say: Never.}\n",
        other="steps:\n  w: {say: W.}\n",
    )
    call.pick_up()
    inside = (heard(call), call.call.back)

    assert inside == (["W."], ())
    assert actions(call.prompt_ends()) == ["hangup"]


def test_flows_may_lead_to_each_other_for_good_as_often_as_a_caller_likes() -> None:
    call = staged(
        "steps:\n  menu: {menu: One., keys: {1: out}}\n  out: {go: {flow: other, come_back: false}}\n",
        other="steps:\n  menu: {menu: Two., keys: {1: out}}\n  out: {go: {flow: tested, come_back: false}}\n",
    )
    call.pick_up()

    for _ in range(3 * MAX_VISITS):
        call.gather_ends("1")

    assert (call.call.back, call.call.step, call.call.failed_turn) == ((), "menu", 0)


def test_from_a_visit_the_call_comes_back_to_the_visitor_though_it_went_elsewhere_for_good() -> None:
    call = staged(
        "steps:\n  in: {go: {flow: one, into: got, gives: [x]}}\n  after: {say: 'After {got.x}{x}.'}\n",
        one="steps:\n  out: {go: {flow: two, come_back: false}}\n",
        two="steps:\n  w: {say: W.}\n  s: {set: {x: 7}}\n",
    )
    call.pick_up()

    call.prompt_ends()

    assert heard(call) == ["After 7."]


def test_for_good_with_variables_of_its_own_forgets_the_others() -> None:
    call = staged(
        "steps:\n  a: {set: {x: 1, y: 2}}\n  out: {go: {flow: other, come_back: false, given: {z: '{x}'}}}\n",
        other="given: {z: Z}\nsteps:\n  w: {say: '{x}{y}{z}'}\n",
    )

    call.pick_up()

    assert (heard(call), call.call.scopes) == (["1"], ())


@pytest.mark.parametrize(
    "go",
    [
        "{step: a, given: {x: y}}",
        "{step: a, come_back: false}",
        "{flow: b, gives: [x]}",
        "{flow: b, into: x}",
        "{flow: b, come_back: false, into: x, gives: [y]}",
        "{flow: b, given: {caller: '1'}}",
        "{flow: b, given: {digits.x: '1'}}",
        "{flow: b, into: digits, gives: [y]}",
        "{flow: b, into: caller, gives: [y]}",
        "{flow: b, given: {x: [y]}}",
        "{flow: b, given: {" + ", ".join(f"v{each}: a" for each in range(21)) + "}}",
    ],
)
def test_a_call_of_a_flow_that_cannot_be_is_refused(go: str) -> None:
    with pytest.raises(FlowInvalid):
        read_flow("a.yaml", f"flow: a\nsteps: {{a: {{go: {go}}}}}\n")


def test_a_staged_call_is_what_it_was_without_inputs() -> None:
    """Flows that share their variables, as all did, still do."""
    call = staged(
        "steps:\n  a: {set: {x: 1}}\n  b: {go: {flow: other}}\n  c: {say: '{x}'}\n",
        other="steps:\n  s: {set: {x: '{x}2'}}\n",
    )

    call.pick_up()

    assert heard(call) == ["12"]
    assert isinstance(call, StagedCall)


def test_steps_after_the_hang_up_know_the_variables_of_the_flow_that_they_stand_in() -> None:
    other = "given: {who: Whom}\non_hangup: note\nsteps:\n  w: {say: W.}\n  note: {set: {seen: '{who}{name}'}}\n"
    known = {}
    for own, flow in (
        ("", ""),
        ("on_hangup: mine\n", "  mine: {set: {seen: '{who}{name}'}, next: end}\n  end: hangup\n"),
    ):
        steps = "steps:\n  a: {set: {name: Ann}}\n  b: {go: {flow: other, given: {who: Bob}}}\n"
        call = staged(own + steps + flow, other=other.replace("on_hangup: note\n", "") if own else other)
        call.pick_up()
        call.hang_up()
        call.take(happened("call.hangup", 60, version=0, seconds=5)._replace(type=OVERDUE))
        known[own] = (call.call.variables["seen"], call.call.scopes)

    assert list(known.values()) == [("Bob", ()), ("Ann", ())]
