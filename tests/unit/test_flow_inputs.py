"""What a call that we dial is given to know."""

import base64

import pytest

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.client_state import ClientState
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.flow import Flow
from dialtone.flow.flow_inputs import MAX_GIVEN_BYTES, NotGiven, check_given
from dialtone.flow.parser import read_flow
from infra.checkout import SAMPLES
from infra.cli.main import main
from infra.flowkit.dialling import dial_command
from tests.staged_call import StagedCall, actions, mark_of

REMINDER = """
    last_resort: sorry
    given: {name: Who is reminded}
    steps:
      tell:
        say: Hello {name}.
        next: bye
      bye: hangup
      sorry: {say: "We are sorry.", next: bye}
"""


def reminder(name: str = "reminder") -> Flow:
    return read_flow(f"{name}.yaml", f"flow: {name}\ngiven: {{name: Who it is, time: When}}\nsteps: {{a: hangup}}\n")


def dialled(given: dict[str, str]) -> StagedCall:
    staged = StagedCall(REMINDER, "outgoing")
    staged.mark = ClientState(flow="tested", given=given)
    return staged


def said(staged: StagedCall) -> list[object]:
    return [each.parameters.get("payload") for decision in staged.decisions for each in decision.commands]


def test_what_a_call_is_given_is_heard() -> None:
    staged = dialled({"name": "Ada"})

    staged.pick_up()

    assert said(staged) == ["Hello Ada."]


def test_what_a_call_is_given_goes_with_its_first_commands_no_further() -> None:
    staged = dialled({"name": "Ada"})

    staged.pick_up()

    assert [mark_of(each).given for each in staged.decisions[-1].commands] == [{}]
    assert staged.call.variables["name"] == "Ada"


def test_what_a_flow_has_set_since_is_not_undone_by_a_late_event() -> None:
    given = ClientState(flow="tested", given={"name": "Ada"})
    staged = StagedCall("""
        given: {name: Who is reminded}
        steps:
          a: {set: {name: Grace}}
          b: {say: "Hello {name}."}
    """)
    staged.direction = "outgoing"
    staged.mark = given
    staged.pick_up()

    staged.tell("call.cost", given)

    assert staged.call.variables["name"] == "Grace"


def test_a_call_that_lacks_what_its_flow_expects_takes_the_last_resort() -> None:
    staged = dialled({})

    staged.pick_up()

    assert staged.call.step == "sorry"
    assert staged.decisions[-1].reason == "not given: name"
    assert said(staged) == ["We are sorry."]


def test_a_call_that_lacks_it_is_hung_up_where_there_is_no_last_resort() -> None:
    staged = StagedCall("given: {name: Who}\nsteps: {a: {say: 'Hello {name}.'}}", "outgoing")

    staged.pick_up()

    assert actions(staged.decisions[-1]) == ["hangup"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": "Ada"}, "the flow reminder expects to be given more (time: When)"),
        ({"name": "Ada", "time": ""}, "the flow reminder expects to be given more (time: When)"),
        ({"nmae": "Ada"}, "the flow reminder is given no nmae; did you mean name?"),
        ({"colour": "red"}, "the flow reminder is given no colour; declare it under `given`, or leave it out"),
        ({"name": "A" * MAX_GIVEN_BYTES, "time": "now"}, "the variables have 1,027 bytes; 1,000 go with a call"),
        ({"name": "\udcff", "time": "now"}, "the variables are not UTF-8 text"),
    ],
)
def test_a_call_is_not_dialled_with_other_variables_than_its_flow_expects(given: dict[str, str], why: str) -> None:
    with pytest.raises(NotGiven) as refused:
        check_given(reminder(), given)

    assert str(refused.value).startswith(why)


@pytest.mark.parametrize("name", ["caller", "called", "outcome", "consent", "answered_by", "digits.account"])
def test_what_calls_find_out_by_themselves_cannot_be_given(name: str) -> None:
    with pytest.raises(FlowInvalid, match="cannot be an input"):
        read_flow("a.yaml", f"flow: a\ngiven: {{{name}: What}}\nsteps: {{a: hangup}}\n")


def test_as_much_as_goes_with_a_call_stays_small() -> None:
    most = {"name": "é" * (MAX_GIVEN_BYTES // 2 - 10), "time": ""}

    encoded = ClientState(flow="reminder", given=most).encode()

    assert len(encoded) < 1_500
    assert ClientState.decode(encoded).given == most


@pytest.mark.parametrize("given", ['["name"]', '{"name": 1}', '"name"'])
def test_variables_that_are_none_of_ours_are_no_state(given: str) -> None:
    text = base64.b64encode(f'{{"f":"desk","g":{given}}}'.encode()).decode()

    assert ClientState.decode(text) == ClientState()


def test_dial_sends_what_a_call_is_given() -> None:
    given = {"name": "Ada Lovelace", "time": "tomorrow at ten"}

    asked = dial_command("+15550161", caller="+15550101", flow="appointment", connection_id="1", given=given)

    assert mark_of(asked) == ClientState(flow="appointment", given=given)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "the flow appointment expects to be given more (name: The patient's name"),
        (["--set", "name=Ada"], "the flow appointment expects to be given more (time: When"),
        (["--set", "nam=Ada"], "the flow appointment is given no nam; did you mean name?"),
    ],
)
def test_dial_says_what_a_flow_expects_before_anybody_is_rung(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["dial", "+15550161", "--flow", "appointment", "--from", "+15550101", *arguments])

    assert status == 1
    assert f"\ndialtone: {why}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("detection", "why"),
    [
        ("disabled", "announcement: step who waits for what detection finds; dial with --detection"),
        ("detect", "announcement: step who waits for a greeting's end, not for detect; dial with --detection greeting"),
    ],
)
def test_dial_refuses_a_detection_that_the_flow_would_wait_for_in_vain(
    detection: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["dial", "+15550161", "--flow", "announcement", "--from", "+15550101", "--detection", detection])

    assert status == 1
    assert f"\ndialtone: {why}" in capsys.readouterr().err


@pytest.mark.parametrize("written", ["name", "=Ada", "name="])
def test_dial_says_how_a_variable_is_written(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["dial", "+15550161", "--flow", "appointment", "--from", "+15550101", "--set", written])

    assert f"{written}: give a variable's name and value, such as name=Ada" in capsys.readouterr().err


def test_the_shipped_appointment_is_given_a_name_and_a_time() -> None:
    flow = FlowLibrary.open(SAMPLES).flow("appointment")

    assert flow is not None
    assert list(flow.main.given) == ["name", "time"]
