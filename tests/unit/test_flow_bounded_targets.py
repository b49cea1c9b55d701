"""Whom a transfer may ring where variables say so: numbers of the team's, and never whom a caller chooses."""

import pytest

from dialtone.domain.decisions import FLOW_ERROR, TARGET_REFUSED
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.lookups import FOUND, Answer
from dialtone.flow.loader import read_script
from tests.staged_call import CALLER, StagedCall, actions, moment

STAFF = "extension,number\n201,+15550191\n202,+1900*\n203,sip:ben@pbx.example.com\n"


def staged(steps: str, **others: str) -> StagedCall:
    flow = f"flow: tested\nlast_resort: sorry\nsteps:\n{steps}\n  sorry: {{say: Sorry.}}\n"
    texts = {"tested.yaml": flow, "data/staff.csv": STAFF, **{f"{name}.yaml": text for name, text in others.items()}}
    loaded = read_script("tested", texts.get)
    assert loaded is not None
    call = StagedCall("steps:\n  bye: hangup\n")
    call.loaded = loaded
    return call


def rung(call: StagedCall) -> list[object]:
    return [command.parameters["to"] for command in call.decisions[-1].commands if command.action == "transfer"]


def keyed(digits: str, transfer: str, noted: str = "{digits.n}", **others: str) -> StagedCall:
    """A caller keys digits in, which are noted under another name before the transfer."""
    steps = f"""
  ask: {{collect: Number, into: n, otherwise: sorry}}
  note: {{set: {{whom: "{noted}"}}}}
  ring: {transfer}
"""
    call = staged(steps, **others)
    call.pick_up()
    call.gather_ends(digits)
    return call


@pytest.mark.parametrize(
    ("noted", "digits"),
    [
        ("+{digits.n}", "19005550166"),
        ("+1{digits.n}", "9005550166"),
        ("sip:{digits.n}", "19005550166"),
        ("{caller}", "0142"),
    ],
)
def test_a_number_that_the_caller_chose_is_refused_when_it_is_rung_though_lint_was_silenced(
    noted: str, digits: str
) -> None:
    call = keyed(digits, '{transfer: "{whom}"}', noted)
    decision = call.decisions[-1]
    assert "transfer" not in actions(decision)
    assert decision.incidents[:2] == (FLOW_ERROR, TARGET_REFUSED)
    assert decision.reason.startswith("refused to ring ")
    assert digits not in decision.reason
    assert call.call.step == "sorry"


def test_what_another_flow_hands_on_is_the_callers_choice_too() -> None:
    steps = """
  ask: {collect: Number, into: n, otherwise: sorry}
  visit: {go: {flow: other}}
  ring: {transfer: "{whom}"}
"""
    other = 'flow: other\nsteps:\n  note: {set: {mine: "+{digits.n}"}}\n  more: {set: {whom: "{mine}"}}\n'
    call = staged(steps, other=other)

    call.pick_up()
    decision = call.gather_ends("19005550166")

    assert TARGET_REFUSED in decision.incidents


@pytest.mark.parametrize(
    ("digits", "transfer", "target"),
    [
        ("4711", '{transfer: "{whom}"}', "+13125554711"),
        ("4711", '{transfer: "+1312555{digits.n}"}', "+13125554711"),
        ("4711", '{transfer: "sip:{digits.n}@pbx.example.com"}', "sip:4711@pbx.example.com"),
        ("4711", '{transfer: "{whom}", allowed: "+1312555*"}', "+13125554711"),
    ],
)
def test_an_extension_of_the_teams_own_may_be_keyed_in(digits: str, transfer: str, target: str) -> None:
    call = keyed(digits, transfer, "+1312555{digits.n}")

    assert rung(call) == [target]


@pytest.mark.parametrize(
    ("allowed", "digits", "rings"),
    [
        ("['+1555*', 'sip:ben*']", "15550191", True),
        ("['+1555*', 'sip:ben*']", "19005550166", False),
        ("'+15550191'", "15550191", True),
        ("'+15550191'", "15550192", False),
        ("{in: staff}", "15550191", True),
        ("{in: staff}", "15550192", False),
        ("{in: staff}", "19005550166", True),
    ],
)
def test_what_a_variable_makes_of_a_target_must_be_allowed(allowed: str, digits: str, *, rings: bool) -> None:
    call = keyed(digits, f'{{transfer: "{{whom}}", allowed: {allowed}}}', "+{digits.n}")

    assert rung(call) == ([f"+{digits}"] if rings else [])
    assert (TARGET_REFUSED in call.decisions[-1].incidents) is not rings


@pytest.mark.parametrize("allowed", ["+15550191", "*", "'+*'", "Ada", "'sip:*@x'", "[]", "{in: staff, column: X}"])
def test_what_is_allowed_must_be_targets(allowed: str) -> None:
    with pytest.raises(FlowInvalid):
        staged(f'  ring: {{transfer: "{{whom}}", allowed: {allowed}}}')


def test_one_refused_target_refuses_the_transfer_and_a_step_may_go_on_by_itself() -> None:
    call = keyed("19005550166", '{transfer: ["+15550191", "{whom}"], on_error: bye}\n  bye: {say: Bye.}', "+{digits.n}")

    assert (rung(call), call.call.step) == ([], "bye")


def test_with_allowed_what_the_caller_keys_in_may_be_the_whole_target() -> None:
    with pytest.raises(FlowInvalid, match="list under `allowed` the numbers that it may be"):
        staged('  ring: {transfer: "{caller}"}')

    call = staged('  ring: {transfer: "{caller}", allowed: "+1312*"}')
    call.pick_up()

    assert rung(call) == [CALLER]


@pytest.mark.parametrize(
    ("given", "allowed", "rings"),
    [
        ("+15550191", "", True),
        ("+19005550166", "", False),
        (CALLER, "", False),
        ("+19005550166", ", allowed: '+1900*'", True),
        ("+15550191", ", allowed: '+1900*'", False),
    ],
)
def test_a_lookup_that_hands_back_what_the_caller_chose_is_refused(given: str, allowed: str, *, rings: bool) -> None:
    steps = f"""
  ask: {{collect: Number, into: n, otherwise: sorry}}
  who: {{lookup: customers, send: {{n: "{{digits.n}}"}}, into: customer, gives: [agent]}}
  ring: {{transfer: "{{customer.agent}}"{allowed}}}
"""
    call = staged(steps)
    call.pick_up()
    call.gather_ends("9005550166")

    (asked,) = (each.lookup for each in call.decisions if each.lookup)
    decision = call.take(Answer(FOUND, {"agent": given}).event(asked, moment(9)))

    assert rung(call) == ([given] if rings else [])
    assert (TARGET_REFUSED in decision.incidents) is not rings


def test_an_extension_that_ends_the_number_of_a_colleague_is_no_number_of_the_callers() -> None:
    steps = """
  ask: {collect: Extension, into: n, otherwise: sorry}
  who: {find: staff, where: {extension: "{digits.n}"}, into: colleague, gives: [number], not_found: sorry}
  ring: {transfer: "{colleague.number}"}
"""
    call = staged(steps)
    call.pick_up()
    call.gather_ends("201")

    assert rung(call) == ["+15550191"]


def test_a_beginning_in_a_data_file_is_nobodys_number() -> None:
    call = staged(
        "  who: {find: staff, where: {extension: '202'}, into: colleague, gives: [number], not_found: sorry}\n"
        '  ring: {transfer: "{colleague.number}"}'
    )

    decision = call.pick_up()

    assert (rung(call), decision.reason) == (
        [],
        "no one to ring: {colleague.number}: what it holds is no number or address",
    )


def shown(call: StagedCall) -> list[object]:
    return [command.parameters.get("from") for command in call.decisions[-1].commands if command.action == "transfer"]


def test_a_number_that_the_caller_chose_is_not_shown_though_lint_was_silenced() -> None:
    call = keyed("19005550166", '{transfer: "+15550191", caller_id: "{whom}"}', "+{digits.n}")
    decision = call.decisions[-1]

    assert ("transfer" not in actions(decision), call.call.step) == (True, "sorry")
    assert decision.incidents[:2] == (FLOW_ERROR, TARGET_REFUSED)
    assert decision.reason.startswith("refused to show ")
    assert "19005550166" not in decision.reason


@pytest.mark.parametrize(
    ("noted", "caller_id", "seen"),
    [("x", "{caller}", CALLER), ("", "{whom}", None), ("+15550144", "{whom}", "+15550144")],
)
def test_the_callers_own_number_and_one_of_the_teams_are_shown(noted: str, caller_id: str, seen: object) -> None:
    call = keyed("1", f'{{transfer: "+15550191", caller_id: "{caller_id}"}}', noted)

    assert shown(call) == [seen]
