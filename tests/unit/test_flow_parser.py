"""A flow's text becomes a flow, or a fault that names file, line, step, reason and remedy."""

import pytest

from dialtone.adapters.flow_library import read_numbers
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.document import Document
from dialtone.flow.flow import VERSION_CHARACTERS
from dialtone.flow.parser import STEP_KINDS, parse_flow, read_flow
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.hangup_and_reject import HangUp
from dialtone.flow.steps.menu import Menu
from dialtone.flow.steps.record import Record
from dialtone.flow.steps.say import Say
from dialtone.flow.transcription_options import Transcription
from infra.checkout import SAMPLES

SHIPPED = sorted(file.name for file in SAMPLES.glob("*.yaml") if "." not in file.stem and file.stem != "numbers")
KINDS = ", ".join(STEP_KINDS)


def error_in(text: str, file: str = "main-menu.yaml") -> str:
    """What is said of a flow that cannot be followed."""
    with pytest.raises(FlowInvalid) as caught:
        read_flow(file, text)
    return str(caught.value)


def error_in_step(step: str, step_lines: str) -> str:
    """What is said of a step whose first line is the file's line 3, without the file's name."""
    indented = "\n".join(f"    {line}" for line in step_lines.splitlines())
    return error_in(f"flow: main-menu\nsteps:\n  {step}:\n{indented}\n  bye: hangup\n").removeprefix("main-menu.yaml:")


# What reads


@pytest.mark.parametrize("name", SHIPPED)
def test_every_flow_that_is_shipped_can_be_followed(name: str) -> None:
    flow = read_flow(name, (SAMPLES / name).read_text(encoding="utf-8"))

    assert f"{flow.name}.yaml" == name
    assert flow.start in flow.steps


def test_every_number_that_is_shipped_leads_somewhere() -> None:
    assert {f"{flow}.yaml" for flow in read_numbers(SAMPLES).values()} <= set(SHIPPED)


def test_a_flow_needs_no_more_than_a_name_and_a_step() -> None:
    flow = read_flow("least.yaml", "flow: least\nsteps:\n  bye: hangup\n")

    assert (flow.name, flow.start, flow.last_resort, flow.record) == ("least", "bye", "", None)
    assert (flow.voice_defaults.voice, flow.voice_defaults.language) == ("AWS.Polly.Joanna-Neural", "")
    assert isinstance(flow.steps["bye"], HangUp)


def test_a_step_leads_to_the_one_below_it_unless_it_says_otherwise() -> None:
    flow = read_flow(
        "order.yaml",
        "flow: order\nsteps:\n"
        "  a: {say: A}\n"
        "  b: {say: B, next: a}\n"
        "  c: hangup\n"
        "  d: {hangup: true}\n"
        "  e: {hangup: }\n"
        "  f: {say: F}\n",
    )

    assert {name: step.next for name, step in flow.steps.items()} == {
        "a": "b", "b": "a", "c": "", "d": "", "e": "", "f": "",
    }  # fmt: skip


def test_a_flow_may_begin_in_the_middle() -> None:
    assert read_flow("middle.yaml", "flow: middle\nstart: b\nsteps:\n  a: hangup\n  b: hangup\n").start == "b"


def test_a_flows_version_is_that_of_its_text() -> None:
    text = "flow: v\nsteps:\n  bye: hangup\n"

    version = read_flow("v.yaml", text).version

    assert len(version) == VERSION_CHARACTERS
    assert read_flow("v.yaml", text).version == version
    assert read_flow("v.yaml", text + "# changed\n").version != version


def test_the_short_ways_of_writing_mean_the_long_ones() -> None:
    flow = read_flow(
        "short.yaml",
        "flow: short\nsteps:\n"
        "  a: {say: Hello.}\n"
        "  b: {menu: Choose., keys: {1: a, '2': a}}\n"
        "  c: {collect: Key it in., into: pin, digits: 4}\n"
        "  d: {record: null, ends_on: 1, transcription: true}\n"
        "  e: {record: Speak., ends_on: ['*', 0], transcription: false}\n"
        "  f: {record: Speak., ends_on: [], transcription: {engine: B, language: en}}\n",
    )

    a, b, c, d, e, f = flow.steps.values()
    assert isinstance(a, Say)
    assert [piece.text for piece in a.say.pieces()] == ["Hello."]
    assert isinstance(b, Menu)
    assert b.keys == {"1": "a", "2": "a"}
    assert isinstance(c, Collect)
    assert (c.digits.min, c.digits.max) == (4, 4)
    assert isinstance(d, Record)
    assert isinstance(e, Record)
    assert isinstance(f, Record)
    assert (d.record, d.ends_on, d.transcription) == (None, ("1",), Transcription())
    assert (e.ends_on, e.transcription) == (("*", "0"), None)
    assert (f.ends_on, f.transcription) == ((), Transcription(engine="B", language="en"))


# What is wrong with the whole file


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "main-menu", "7"])
def test_a_file_that_holds_no_flow_is_reported(text: str) -> None:
    assert error_in(text) == "main-menu.yaml:1: is not a flow; begin with `flow: <name>` and `steps:`"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("steps:\n  bye: hangup\n", "1: flow is missing; add flow"),
        ("flow: main-menu\n", "1: steps is missing; add steps"),
        ("flow: main-menu\n\nsteps:\n", "3: steps: is empty; write something below it"),
        ("flow: main-menu\nsteps: {}\n", "2: steps: Dictionary should have at least 1 item"),
        (
            "flow: Main Menu\nsteps:\n  bye: hangup\n",
            "1: flow: Main Menu is not a name for a flow; use small letters, digits and",
        ),
        ("flow: main-menu\nvoise: male\nsteps:\n  bye: hangup\n", "2: voise is not a key here; did you mean voice?"),
        (
            "flow: main-menu\nlanguage: no\nsteps:\n  bye: hangup\n",
            "2: language: YAML reads yes, no, on and off as true and false, and this as",
        ),
        (
            "flow: main-menu\nrecord:\n  channels: dual\n  format: flac\nsteps:\n  bye: hangup\n",
            "4: record.format: flac is not one of mp3, wav; name one",
        ),
        (
            "flow: main-menu\nrecord: {max_seconds: 43201}\nsteps:\n  bye: hangup\n",
            "2: record.max_seconds: 43201 is more than 43200; write at most 43200",
        ),
        (
            "flow: main-menu\nsteps:\n  bye: hangup\nstart: by\n",
            "4: leads to by, which is not a step of this flow; did you mean bye?",
        ),
        (
            "flow: main-menu\nlast_resort: apology\nsteps:\n  bye: hangup\n",
            "2: leads to apology, which is not a step of this flow; add that step, or name one that exists",
        ),
        ("flow: sales\nsteps:\n  bye: hangup\n", "1: the flow is named sales; name its file sales.yaml"),
        ('flow: main-menu\nsteps:\n  bye: hangup\n  "": hangup\n', "4: a step has no name; give it one"),
    ],
)
def test_a_fault_of_the_whole_file_is_reported_with_its_line_and_remedy(text: str, fault: str) -> None:
    assert error_in(text).startswith(f"main-menu.yaml:{fault}")


# What is wrong with a step


@pytest.mark.parametrize("content", ["", "7", "[say, hello]", "{}"])
def test_a_step_that_says_nothing_to_do_is_reported(content: str) -> None:
    text = f"flow: main-menu\nsteps:\n  bye: hangup\n  sales: {content}\n"

    assert (
        error_in(text)
        == 'main-menu.yaml:4: step "sales" says nothing to do; write below it, indented, what it does: `say: Hello.`'
    )


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("sing: La.\nnext: bye", f'3: step "sales" is of no known kind: sing, next; give it one of {KINDS}'),
        ("say: La.\nhangup: true", '3: step "sales" is say and hangup at once; make two steps of it'),
        ("say: La.\nloud: true", '5: step "sales" loud is not a key here; remove it; keys here are barge_in,'),
        ("say: La.\nname: x", '5: step "sales" name is not a key here; remove it: a step is named where it stands'),
        ("say: La.\nnext: by", '5: step "sales" leads to by, which is not a step of this flow; did you mean bye?'),
        (
            "say: La.\non_error: apology",
            (
                '5: step "sales" leads to apology, which is not a step of this flow; '
                "add that step, or name one that exists"
            ),
        ),
        ("say: La.\nnext: no", '5: step "sales" next: YAML reads yes, no, on and off as true and false,'),
        ('say: ""', '4: step "sales" say: is empty; write something, or leave the key out'),
        ("say: {}", '4: step "sales" say: needs exactly one of text, ssml, audio, media, file and content; write'),
        (
            "say:\n  - Hello.\n  - text: a\n    media: b",
            '6: step "sales" say.1: needs exactly one of text, ssml, audio, media, file and content; write',
        ),
        (
            "say: 1030",
            '4: step "sales" say: YAML reads it as the number 1030, not as text; write it in',
        ),
        ("say: {audio: hours.mp3}", '4: step "sales" say.audio: hours.mp3 is not an address; begin it with'),
        ("say: {text: La., colour: red}", '4: step "sales" say.colour is not a key here; remove it; keys here are'),
        ('say: "\\ud800"', '4: step "sales" say: Input should be a valid string'),
        ("play: Words.", '3: step "sales" plays audio or media; use say for words'),
        ("play: {media: hours}\ntimes: 101", '5: step "sales" times: 101 is more than 100; write at most 100'),
        (
            "play: {media: hours}\nkeys: {10: bye}",
            '5: step "sales" keys.10: 10 is not a key of a telephone; write one of 0',
        ),
        ("play: {media: hours}\nkeys:\n  1: by", '6: step "sales" leads to by, which is not a step of this flow; did'),
        ("menu: Choose.", '3: step "sales" keys is missing; add keys'),
        ("menu: Choose.\nkeys: {}", '5: step "sales" keys: Dictionary should have at least 1 item'),
        (
            "menu: Choose.\nkeys:\n  1: bye\n  A: bye",
            '7: step "sales" keys.A: A is not a key of a telephone; write one of 0 to',
        ),
        ("menu: Choose.\nkeys:\n  1: bye\n  2: hello", '7: step "sales" leads to hello, which is not a step'),
        ("menu: Choose.\nkeys: {1: bye}\notherwise: bey", '6: step "sales" leads to bey, which is not a step'),
        ("menu: Choose.\nkeys: {1: bye}\ntries: 11", '6: step "sales" tries: is 11; write a number from 1 to 10'),
        ("menu: Choose.\nkeys: {1: bye}\nwrong: {txt: No.}", '6: step "sales" wrong.txt is not a key here'),
        ("collect: Key it in.", '3: step "sales" into is missing; add into'),
        ("collect: Key it in.\ninto: Card No", '5: step "sales" into: String should match pattern'),
        (
            "collect: Key it in.\ninto: card\ndigits: {min: 5, max: 4}",
            '6: step "sales" digits: min is 5, more than max, 4; write the smaller',
        ),
        (
            "collect: Key it in.\ninto: card\ndigits: 129",
            '6: step "sales" digits: 129 is more than 128; write at most 128',
        ),
        (
            "collect: Key it in.\ninto: card\nends_on: A",
            '6: step "sales" ends_on: A is not a key of a telephone; write one of 0 to',
        ),
        (
            "record: Speak.\nends_on: [1, AB]",
            '5: step "sales" ends_on.1: AB is not a key of a telephone; write one of 0',
        ),
        ("record: Speak.\nmax_seconds: 0", '5: step "sales" max_seconds: 0 is less than 1; write at least 1'),
        ("record: Speak.\ntranscription: {engine: C}", '5: step "sales" transcription.engine: C is not one of A, B,'),
        ("record: Speak.\ntranscription: 7", '5: step "sales" transcription: 7 is not enough; write keys below it, of'),
        ("recording: begin", '4: step "sales" recording: begin is not one of start, pause, resume, stop;'),
        ("transfer: 5550199", '4: step "sales" transfer: YAML reads it as the number 5550199, not as text;'),
        ('transfer: "555 0199"', '4: step "sales" transfer: String should match pattern'),
        ('transfer: "+15550199"\nhold: La.', '5: step "sales" hold: takes audio or media; words cannot be held'),
        ('transfer: "+15550199"\nbusy: bey', '5: step "sales" leads to bey, which is not a step of this flow; did you'),
        ('transfer: "+15550199"\nring_seconds: 4', '5: step "sales" ring_seconds: 4 is less than 5; write at least 5'),
        ("answered_by:\n  person: bye", '4: step "sales" answered_by.machine is missing; add answered_by.machine'),
        (
            "answered_by:\n  person: bye\n  machine: bey",
            '6: step "sales" leads to bey, which is not a step of this flow; did you mean bye?',
        ),
        ("set: {}", '4: step "sales" set: Dictionary should have at least 1 item'),
        ("set:\n  outcome: [5]", '5: step "sales" set.outcome: is a list, and one text is wanted; write the text'),
        ("hangup: false", '4: step "sales" hangup: false means nothing here; write true'),
        ("reject: never", '4: step "sales" reject: never is not one of busy, rejected; name one'),
    ],
)
def test_a_fault_of_a_step_is_reported_with_its_line_step_reason_and_remedy(step: str, fault: str) -> None:
    said = error_in_step("sales", step)

    assert said.startswith(fault), said
    assert "; " in said


def test_a_call_that_is_answered_cannot_be_rejected_any_more() -> None:
    text = "flow: main-menu\nsteps:\n  hello: {say: Hello.}\n\n  busy: {reject: busy}\n"

    assert error_in(text) == (
        'main-menu.yaml:5: step "busy" rejects a call that is answered already; make it the first step, or use hangup'
    )


def test_a_call_may_be_rejected_by_the_step_that_the_flow_begins_with() -> None:
    flow = read_flow("r.yaml", "flow: r\nstart: busy\nsteps:\n  bye: hangup\n  busy: {reject: busy}\n")

    assert flow.start == "busy"


def test_a_fault_can_be_taken_apart_by_a_program() -> None:
    with pytest.raises(FlowInvalid) as caught:
        read_flow("main-menu.yaml", "flow: main-menu\nsteps:\n  sales: {say: La., next: by}\n  bye: hangup\n")

    fault = caught.value
    assert (fault.file, fault.line, fault.step) == ("main-menu.yaml", 3, "sales")
    assert (fault.reason, fault.remedy) == ("leads to by, which is not a step of this flow", "did you mean bye?")


def test_all_problems_of_a_flow_are_reported_at_once_in_the_order_in_which_they_are_found() -> None:
    text = """\
flow: main-menu
voise: female
steps:
  a: {say: La., tires: 2, next: by}
  b: {menu: Press 1., tries: 99, wait_seconds: 0}
  c: {sing: La.}
  d: {say: La., next: by}
  bye: hangup
"""
    document = Document.read("main-menu.yaml", text)

    assert parse_flow(document) is None

    assert [(each.place.line, each.step, each.reason.partition(":")[0]) for each in document.problems] == [
        (2, "", "voise is not a key here"),
        (4, "a", "tires is not a key here"),
        (5, "b", "tries"),
        (5, "b", "wait_seconds"),
        (5, "b", "keys is missing"),
        (6, "c", "is of no known kind"),
        (7, "d", "leads to by, which is not a step of this flow"),
    ]
