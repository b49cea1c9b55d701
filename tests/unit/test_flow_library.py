"""The flows of a folder, and the numbers that lead to them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from dialtone.adapters.flow_library import FlowLibrary, read_numbers
from dialtone.domain.calls import Call
from dialtone.domain.client_state import ClientState
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.loaded_flow import LoadedFlow
from tests.staged_call import CALLED, LEG, SESSION, happened

CALL = Call(SESSION, LEG)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "numbers.yaml").write_text(f'# The front desk.\n"{CALLED}": front-desk\n"+442079460000": night\n')
    for name in ("front-desk", "night", "reminder"):
        (tmp_path / f"{name}.yaml").write_text(f"flow: {name}\nsteps:\n  bye: hangup\n")
    return tmp_path


def error_in_numbers(folder: Path, numbers: str) -> str:
    """What is said of a number file that cannot be followed."""
    (folder / "numbers.yaml").write_text(numbers)
    with pytest.raises(FlowInvalid) as caught:
        read_numbers(folder)
    return str(caught.value)


# Flows


def test_a_flow_is_found_by_its_files_name(folder: Path) -> None:
    script = FlowLibrary.open(folder).flow("night")

    assert script is not None
    assert script.name == "night"


def test_a_flow_is_read_once(folder: Path) -> None:
    library = FlowLibrary.open(folder)
    first = library.flow("night")

    (folder / "night.yaml").write_text("flow: night\nsteps:\n  hello: {say: Changed.}\n")

    assert library.flow("night") is first


@pytest.mark.parametrize(
    "name", ["", "day", "../front-desk", "front-desk.yaml", "Night", "/etc/passwd", "a\x00b", "x" * 5_000, "night\n"]
)
def test_a_name_that_no_file_has_leads_to_no_flow(folder: Path, name: str) -> None:
    assert FlowLibrary.open(folder).flow(name) is None


def test_the_file_of_the_numbers_is_no_flow(folder: Path) -> None:
    assert FlowLibrary.open(folder).flow("numbers") is None


def test_a_broken_flow_silences_its_own_number_and_no_other(folder: Path) -> None:
    (folder / "night.yaml").write_text("flow: night\nsteps:\n  bye: {hangup: never}\n")
    library = FlowLibrary.open(folder)

    assert library.flow("front-desk") is not None
    with pytest.raises(FlowInvalid, match=r'^night\.yaml:3: step "bye" hangup: '):
        library.flow("night")


def test_a_flow_that_is_not_utf_8_is_reported_with_its_line(folder: Path) -> None:
    (folder / "night.yaml").write_bytes(b"flow: night\nabout: Gr\xfc\xdfe\nsteps:\n  bye: hangup\n")

    with pytest.raises(FlowInvalid, match=r"^night\.yaml:2: is not UTF-8; save it as UTF-8 text$"):
        FlowLibrary.open(folder).flow("night")


# Which flow leads a call


def test_an_incoming_call_is_led_by_the_flow_of_the_number_that_was_called(folder: Path) -> None:
    flow = FlowLibrary.open(folder).flow_for(CALL, happened("call.initiated", direction="incoming"))

    assert flow is not None
    assert flow.name == "front-desk"


@pytest.mark.parametrize(
    ("called", "kept"), [("15550100", "+15550100"), ("sip:+442079460000@x.example", "+442079460000"), ("911", "911")]
)
def test_a_new_incoming_call_keeps_the_called_number_as_our_numbers_are_written(
    folder: Path, called: str, kept: str
) -> None:
    event = happened("call.initiated", direction="incoming", to=called)

    assert FlowLibrary.open(folder).with_called_number(Call(SESSION, LEG), event).to_number == kept


def test_an_outgoing_call_keeps_the_number_that_it_calls(folder: Path) -> None:
    event = happened("call.initiated", 0, ClientState(flow="reminder"), direction="outgoing", to="15550100")

    assert FlowLibrary.open(folder).with_called_number(CALL, event) is CALL


def test_a_number_that_leads_nowhere_leaves_the_call_without_a_flow(folder: Path) -> None:
    event = happened("call.initiated", direction="incoming", to="+15550177")

    assert FlowLibrary.open(folder).flow_for(CALL, event) is None


def test_an_outgoing_call_is_led_by_the_flow_that_it_was_dialled_for(folder: Path) -> None:
    event = happened("call.answered", 0, ClientState(flow="reminder"))

    flow = FlowLibrary.open(folder).flow_for(CALL, event)

    assert flow is not None
    assert flow.name == "reminder"


def test_an_outgoing_call_that_was_dialled_for_no_flow_is_not_led_by_the_number_it_calls(folder: Path) -> None:
    library = FlowLibrary.open(folder)

    initiated = library.flow_for(CALL, happened("call.initiated", direction="outgoing", to=CALLED))
    answered = library.flow_for(CALL, happened("call.answered", to=CALLED))

    assert (initiated, answered) == (None, None)


def test_a_call_stays_with_its_flow_whatever_is_echoed(folder: Path) -> None:
    call = Call(SESSION, LEG, flow="night")

    flow = FlowLibrary.open(folder).flow_for(call, happened("call.speak.ended", 0, ClientState(flow="reminder")))

    assert flow is not None
    assert flow.name == "night"


def test_a_call_whose_flow_is_gone_has_none(folder: Path) -> None:
    assert FlowLibrary.open(folder).flow_for(Call(SESSION, LEG, flow="gone"), happened("call.bridged")) is None


class KeptTexts:
    """Versions of flows as calls kept them."""

    def __init__(self, texts: Mapping[str, str] | None) -> None:
        self._texts = texts

    def flow_texts(self, flow: str, version: str, deadline: float) -> Mapping[str, str] | None:
        del deadline
        assert (flow, version) == ("night", "earlier")
        return self._texts

    def campaign_texts(self, place: str, deadline: float) -> Mapping[str, str] | None:
        del place, deadline
        return self._texts


@pytest.mark.parametrize(
    ("texts", "led_by"),
    [
        ({"night.yaml": "flow: night\nsteps:\n  then: hangup\n"}, "then"),
        ({"night.yaml": "flow: night\nsteps:\n  then: {teleport: elsewhere}\n"}, "bye"),
        ({"night.yaml": "flow: night\nlater: 1\nsteps:\n  then: hangup\n"}, "bye"),
        (None, "bye"),
    ],
    ids=["readable", "a step of a later version", "a key of a later version", "not kept"],
)
def test_a_call_ends_on_its_version_where_that_is_readable(
    folder: Path, texts: Mapping[str, str] | None, led_by: str
) -> None:
    """A deployment that is taken back leaves calls with flows that only the later version understands."""
    library = FlowLibrary.open(folder, KeptTexts(texts))
    call = Call(SESSION, LEG, flow="night", flow_version="earlier")

    flow = library.flow_for(call, happened("call.bridged"))

    assert isinstance(flow, LoadedFlow)
    assert flow.main.start == led_by


# Numbers


def test_numbers_lead_to_flows(folder: Path) -> None:
    assert read_numbers(folder) == {CALLED: "front-desk", "+442079460000": "night"}


@pytest.mark.parametrize(
    ("numbers", "fault"),
    [
        ("", '1: maps no number to a flow; write lines like "+15550100": main-menu'),
        ("- front-desk\n", '1: maps no number to a flow; write lines like "+15550100": main-menu'),
        (
            "# ours\n+15550100: front-desk\n",
            '2: 15550100 is not a number in E.164; write it as "+<country><number>", in quotes and without spaces',
        ),
        (
            '"+15550100": night\n"0155 501": night\n',
            '2: 0155 501 is not a number in E.164; write it as "+<country><number>", in quotes and without spaces',
        ),
        ('"+15550100\\n": night\n', "1: +15550100\n is not a number in E.164; write it"),
        ('"+1555\\uff100100": night\n', "1: +1555\uff100100 is not a number in E.164; write it"),
        (
            '"+15550100": day\n',
            "1: +15550100 leads to day, which is not a flow; add day.yaml beside numbers.yaml, or name a flow that",
        ),
        ('"+15550100":\n', "1: +15550100 leads to None, which is not a flow; add"),
        ('"+15550100": []\n', "1: +15550100 leads to [], which is not a flow; add"),
        ('"+15550100": 7\n', "1: +15550100 leads to 7, which is not a flow; add"),
        ('"+15550100": [night, day]\n', "1: +15550100 leads to day, which is not a flow; add"),
        (
            '"+15550100": {flow: night, hours: x}\n',
            "1: hours is not a key here; remove it; keys here are call_screening_result, caller, ",
        ),
        ('"+15550100": {caller: "+1*"}\n', "1: flow is missing; add flow"),
        ('"+15550100": {flow: night, open: office}\n', "1: +15550100 goes by office, which is not a calendar; add"),
        ('"+15550100":\n- night\n- front-desk\n', "3: +15550100 has a route below one that takes every call; put"),
        ('"+1555*1": night\n', "1: +1555*1 is not a number in E.164; write it"),
        ('"+15550100": ../night\n', "1: +15550100 leads to ../night, which is not a flow; add"),
        ('"+15550100": numbers\n', "1: +15550100 leads to numbers, which is not a flow; add"),
        (f'"+15550100": {"x" * 5_000}\n', "1: +15550100 leads to xxx"),
        ('"+15550100": night\n"+15550100": night\n', "2: +15550100 appears twice; remove or rename one of the two"),
        ('"+15550100": "night\n', "1: a quote is opened here and never closed; close it"),
    ],
)
def test_a_fault_in_the_numbers_is_reported_with_its_line_and_remedy(folder: Path, numbers: str, fault: str) -> None:
    assert error_in_numbers(folder, numbers).startswith(f"numbers.yaml:{fault}")


def test_a_flow_of_a_strange_name_that_a_number_leads_to_would_never_be_found(folder: Path) -> None:
    (folder / "Day Time.yaml").write_text("flow: day\nsteps:\n  bye: hangup\n")

    assert "which is not a flow" in error_in_numbers(folder, '"+15550100": Day Time\n')


def test_numbers_that_are_not_utf_8_are_reported(folder: Path) -> None:
    (folder / "numbers.yaml").write_bytes(b'# Gr\xfc\xdfe\n"+15550100": night\n')

    with pytest.raises(FlowInvalid, match=r"^numbers\.yaml:1: is not UTF-8; save it as UTF-8 text$"):
        read_numbers(folder)


def test_numbers_that_are_missing_are_reported(folder: Path) -> None:
    (folder / "numbers.yaml").unlink()

    with pytest.raises(FlowInvalid, match=r"^numbers\.yaml:1: is missing; "):
        FlowLibrary.open(folder)


def test_all_flows_can_be_read_beforehand_and_a_broken_one_keeps_none_from_it(folder: Path) -> None:
    (folder / "broken.yaml").write_text("steps: [\n")
    (folder / "night.test.yaml").write_text("not a flow\n")
    library = FlowLibrary.open(folder)

    library.read_all()

    (folder / "night.yaml").unlink()
    assert library.flow("night") is not None
    with pytest.raises(FlowInvalid):
        library.flow("broken")
