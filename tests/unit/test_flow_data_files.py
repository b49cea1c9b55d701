"""Data files: what they may hold, what is said of rows that they may not, and how flows go by them."""

import re
from pathlib import Path

import pytest

from dialtone.adapters.flow_library import FlowLibrary, text_beside
from dialtone.domain.caller_trust import trust_of
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.call_routing import read_routes
from dialtone.flow.data_files import (
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_PROBLEMS,
    MAX_ROWS,
    parse_data,
    read_data,
)
from dialtone.flow.document import Document
from dialtone.flow.loader import MAX_TEXT_BYTES, read_script
from infra.flowkit.drawing.beside_flows import MOST_ROWS_TOLD
from infra.flowkit.lint import lint
from infra.flowkit.linting.files import flow_paths
from infra.operations.publishing.files import differences, files_of
from tests.staged_call import CALLER, StagedCall

OFFICES = "city,number\nSpringfield,+15550191\nShelbyville,+15550192\n"
COMMENT = "# " + "x" * 97 + "\n"
AT = "2026-11-20T14:00:00Z"


def problems(text: str) -> list[str]:
    document = Document("data/staff.csv", text)
    parse_data(document, "staff")
    return [f"{each.place.line}: {each.reason}" for each in document.problems]


# What a file may hold


@pytest.mark.parametrize(
    "text",
    [
        "name,number\nAda,+15550191\n",
        "\ufeffname,number\r\nAda,+15550191\r\n",
        "name;number\nAda;+15550191\n",
        "name\tnumber\nAda\t+15550191\n",
        '"name","number"\n"Ada","+15550191"\n',
        "# Who works here\n\nname , number\n,\n Ada , +15550191 \n",
        "name,number\rAda,+15550191",
    ],
)
def test_what_spreadsheets_save_is_the_same_table(text: str) -> None:
    data = read_data("staff", text)

    assert (data.columns, data.rows) == (("name", "number"), (("Ada", "+15550191"),))


def test_a_cell_in_quotes_may_hold_separators_and_quotes() -> None:
    data = read_data("staff", 'name,title\n"Byron, Ada","the ""first"""\n')

    assert data.rows == (("Byron, Ada", 'the "first"'),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["1: has no header"]),
        ("\n\n", ["1: has no header"]),
        ("Last Name,number\n", ['1: column 1 is named "Last Name"']),
        ("name,,number\n", ['1: column 2 is named ""']),
        ("name,number,name\n", ["1: the column name stands there twice"]),
        ("name,number\nAda\n", ["2: has 1 cells; the header names 2 columns"]),
        ("name,number\n\nAda,+15550191\nBen,+15550192,x\n", ["4: has 3 cells; the header names 2 columns"]),
        ("name,number\nAda,15550191\n", ["2: column number: 15550191 is not a number in E.164"]),
        ("name,number\nAda,1.5555E+10\n", ["2: column number: 1.5555E+10 is not a number in E.164"]),
        ("name,number\nAda,+1 555 0191\n", ["2: column number: +1 555 0191 is not a number in E.164"]),
        (
            "name,home_number\nAda,+155501910000000000\n",
            ["2: column home_number: +155501910000000000 is not a number in"],
        ),
        (
            "name,number\nAda,\u202d+15550191\u202c\n",
            ["2: column number: \u202d+15550191\u202c is not a number in E.164"],
        ),
        ("name,title\nAda,=A1+1\n", ["2: column title: =A1+1 is a formula"]),
        ("name,title\n#N/A,x\n", ["2: column name: #N/A is a spreadsheet's error"]),
        (
            'name,title\nAda,"first\nsecond"\nBen,=x\n',
            ["2: column title: has a line break", "4: column title: =x is a form"],
        ),
        ("name,title\nAda,a\x07b\n", ["2: has a control character, U+0007"]),
        ("name,title\nAda,a\x00b\n", ["2: has a control character, U+0000"]),
        ('name,title\nAda,"first\nBen,second\n', ["2: cannot be read as CSV: unexpected end of data"]),
        ('name,title\nAda,"first"x\n', ["2: cannot be read as CSV: "]),
    ],
)
def test_what_is_wrong_is_reported_row_by_row_with_its_line_and_column(text: str, found: list[str]) -> None:
    said = problems(text)

    assert [each[: len(start)] for each, start in zip(said, found, strict=True)] == found


def test_a_file_that_is_wrong_in_every_row_is_reported_with_its_first_rows() -> None:
    said = problems("name,number\n" + "Ada,15550191\n" * 4_000)

    assert len(said) == MAX_PROBLEMS


@pytest.mark.parametrize(
    ("fits", "too_much", "reason"),
    [
        ("a\n" + "x\n" * MAX_ROWS, "a\n" + "x\n" * (MAX_ROWS + 1), "has 5,001 rows"),
        (f"a\n{'x' * MAX_CELL_CHARACTERS}\n", f"a\n{'x' * (MAX_CELL_CHARACTERS + 1)}\n", "has 501 characters"),
        (
            ",".join(f"a{place}" for place in range(MAX_COLUMNS)),
            ",".join(f"a{place}" for place in range(MAX_COLUMNS + 1)),
            "has 21 columns",
        ),
        (
            "a\n" + COMMENT * 1_999 + "# " + "x" * 96,
            "a\n" + COMMENT * 1_999 + "# " + "x" * 97,
            "has 200,001 bytes; a data file may have 200,000",
        ),
    ],
)
def test_limits_hold_at_them_and_over_them(fits: str, too_much: str, reason: str) -> None:
    assert problems(fits) == []
    assert [reason in each for each in problems(too_much)] == [True]


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "staff.csv").open("wb") as file:
        file.truncate(100_000_000)

    with pytest.raises(FlowInvalid, match=r"data/staff\.csv:1: has 100,000,000 bytes; a data file may have 200,000"):
        text_beside(tmp_path, "data/staff.csv")
    (tmp_path / "numbers.yaml").write_text("{}\n", encoding="utf-8")
    assert [each.reason for each in lint(tmp_path) if each.rule == "invalid-data"] == [
        "has 100,000,000 bytes; a data file may have 200,000"
    ]


def test_a_file_that_is_not_utf8_is_reported_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "staff.csv").write_bytes(b"name\nAda\nBj\xf6rn\n")
    (tmp_path / "numbers.yaml").write_text("{}\n", encoding="utf-8")

    found = [each for each in lint(tmp_path) if each.file.endswith("staff.csv")]

    assert [(each.line, each.reason) for each in found] == [(3, "is not UTF-8")]


# find


FIND = """
flow: tested
steps:
  office:
    find: offices
    where: {city: "{city}"}
    into: office
    gives: [number]
    not_found: unknown
  found: {say: "Ringing {office.number}."}
  unknown: {say: Which city}
"""


def staged(flow: str, **data: str) -> StagedCall:
    texts = {"tested.yaml": flow, **{f"data/{name}.csv": text for name, text in data.items()}}
    loaded = read_script("tested", texts.get)
    assert loaded is not None
    call = StagedCall("steps:\n  bye: hangup\n")
    call.loaded = loaded
    return call


@pytest.mark.parametrize(
    ("city", "step", "number"),
    [("Shelbyville", "found", "+15550192"), ("shelbyville", "unknown", ""), ("", "unknown", ""), ("x", "unknown", "")],
)
def test_find_takes_the_row_that_has_the_value_or_goes_to_not_found(city: str, step: str, number: str) -> None:
    flow = FIND.replace("steps:\n", f'steps:\n  where:\n    set: {{city: "{city}", office.number: old}}\n')
    call = staged(flow, offices=OFFICES + ",+15550193\n")

    call.pick_up()

    assert (call.call.step, call.call.variables["office.number"]) == (step, number)


def test_a_flow_is_refused_whose_data_file_or_column_is_not_there() -> None:
    with pytest.raises(FlowInvalid, match=r"goes by offices, which is not a data file; add data/offices\.csv"):
        staged(FIND)
    with pytest.raises(FlowInvalid, match=r"asks for city of data/offices\.csv, which has town, number"):
        staged(FIND, offices=OFFICES.replace("city", "town"))


def test_data_files_belong_to_a_flows_version_and_are_kept_with_it() -> None:
    was, now = staged(FIND, offices=OFFICES).loaded, staged(FIND, offices=OFFICES + "Ogdenville,+15550193\n").loaded

    assert was.version != now.version
    assert was.texts.keys() == {"tested.yaml", "data/offices.csv"}


def test_data_files_count_into_what_is_kept_of_a_flow() -> None:
    second = FIND.replace("bye: hangup", "") + "  more: {find: others, where: {city: x}, not_found: unknown}\n"
    large = "city,number\n" + COMMENT * (MAX_TEXT_BYTES // 200)

    with pytest.raises(FlowInvalid, match=r"bytes with all that it leads to; 300,000 are kept"):
        staged(second, offices=large, others=large)


# Conditions


BLOCKED = "number,why\n+13125550142,rings at night\n+1900*,premium\nwithheld,\n"


@pytest.mark.parametrize(
    ("caller", "flow"),
    [
        (CALLER, "no"),
        ("+19005550100", "no"),
        ("anonymous", "no"),
        ("", "no"),
        ("+13125550143", "desk"),
        ("sip:ada@example.com", "desk"),
    ],
)
def test_a_route_may_go_by_a_list_of_callers(caller: str, flow: str) -> None:
    texts = {"desk.yaml": "x", "no.yaml": "x", "data/blocked.csv": BLOCKED}
    routes = read_routes('"+15550100":\n- {flow: "no", caller: {in: blocked}}\n- desk\n', texts.get)

    assert routes.flow("+15550100", caller, AT) == flow


def test_a_list_without_withheld_has_no_withheld_caller() -> None:
    texts = {"desk.yaml": "x", "vip.yaml": "x", "data/vips.csv": "phone\n+13125550142\n\n"}
    routes = read_routes('"+15550100":\n- {flow: vip, caller: {in: vips, column: phone}}\n- desk\n', texts.get)

    assert [routes.flow("+15550100", caller, AT) for caller in (CALLER, "", "Restricted")] == ["vip", "desk", "desk"]


def test_numbers_are_refused_whose_list_is_not_there_or_lacks_the_column() -> None:
    numbers = '"+15550100":\n- {flow: desk, caller: {in: vips}}\n- desk\n'

    with pytest.raises(FlowInvalid, match=r"numbers\.yaml:2: goes by vips, which is not a data file"):
        read_routes(numbers, {"desk.yaml": "x"}.get)
    with pytest.raises(FlowInvalid, match=r"asks for number of data/vips\.csv, which has phone"):
        read_routes(numbers, {"desk.yaml": "x", "data/vips.csv": "phone\n"}.get)


def test_a_case_or_route_that_goes_by_the_same_list_again_is_shadowed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "vips.csv").write_text("number\n+13125550142\n", encoding="utf-8")
    numbers = (
        '"+15550100":\n- {flow: desk, caller: {in: vips}, shaken_stir_attestation: A}\n'
        "- {flow: desk, caller: {in: vips}}\n- {flow: desk, caller: {in: vips}, open: office}\n- desk\n"
    )
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "office.yaml").write_text(
        "calendar: office\ntime_zone: UTC\nopen: {mon-sun: 09:00-17:00}\n", encoding="utf-8"
    )
    (tmp_path / "numbers.yaml").write_text(numbers, encoding="utf-8")
    (tmp_path / "desk.yaml").write_text(
        "flow: desk\nsteps:\n  who:\n    branch:\n    - {when: {caller: {in: vips}}, to: bye}\n"
        "    - {when: {caller: {in: vips}, called: x}, to: bye}\n  bye: hangup\n",
        encoding="utf-8",
    )

    assert [(each.line, each.rule) for each in lint(tmp_path)] == [(6, "shadowed-case"), (4, "shadowed-case")]


@pytest.mark.parametrize(
    ("said", "flow"),
    [
        ({"shaken_stir_attestation": "A"}, "trusted"),
        ({"shaken_stir_attestation": "a", "shaken_stir_validated": True}, "trusted"),
        ({"shaken_stir_attestation": "A", "shaken_stir_validated": False}, "unsigned"),
        ({}, "unsigned"),
        ({"shaken_stir_attestation": None}, "unsigned"),
        ({"shaken_stir_attestation": "C"}, "desk"),
        ({"shaken_stir_attestation": "C", "call_screening_result": "spam_likely"}, "spam"),
        ({"shaken_stir_attestation": "C", "caller_id_name": "ACME SALES"}, "acme"),
    ],
)
def test_a_route_may_go_by_what_the_network_says_of_the_caller(said: dict[str, object], flow: str) -> None:
    numbers = """
"+15550100":
  - {flow: spam, call_screening_result: spam_likely}
  - {flow: acme, caller_id_name: "ACME*"}
  - {flow: trusted, shaken_stir_attestation: [A, B]}
  - {flow: unsigned, shaken_stir_attestation: ""}
  - desk
"""
    names = ("spam", "acme", "trusted", "unsigned", "desk")
    routes = read_routes(numbers, {f"{name}.yaml": "x" for name in names}.get)

    assert routes.flow("+15550100", CALLER, AT, trust_of({"from": CALLER, **said})) == flow


def test_a_name_that_is_the_number_again_or_would_spoil_a_line_is_none() -> None:
    assert trust_of({"from": CALLER, "caller_id_name": CALLER}) == {}
    assert trust_of({"from": CALLER, "caller_id_name": "A\r\nB\x1b[2J" + "x" * 500})["caller_id_name"][:8] == "A B [2Jx"
    assert len(trust_of({"caller_id_name": "x" * 500})["caller_id_name"]) == 100
    assert trust_of({"caller_id_name": {"a": 1}, "call_screening_result": 7}) == {}


def test_a_branch_goes_by_lists_and_by_what_the_network_says() -> None:
    flow = """
flow: tested
steps:
  who:
    branch:
      - {when: {caller: {in: vips}, shaken_stir_attestation: A}, to: vip}
      - {when: {language: {in: vips, column: speaks}}, to: other}
    otherwise: bye
  vip: {say: "Hello {caller_id_name}."}
  other: {say: Hello.}
  bye: hangup
"""
    call = staged(flow, vips="number,speaks\n+13125550142,fr\n")

    call.tell("call.initiated", direction="incoming", shaken_stir_attestation="A", caller_id_name="ADA")
    call.pick_up()

    assert call.call.step == "vip"
    assert call.decisions[-1].commands[0].parameters["payload"] == "Hello ADA."


# Beside the flows


def folder(tmp_path: Path, offices: str = OFFICES) -> Path:
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "offices.csv").write_text(offices, encoding="utf-8")
    (tmp_path / "tested.yaml").write_text(FIND.lstrip(), encoding="utf-8")
    (tmp_path / "numbers.yaml").write_text('"+15550100": tested\n', encoding="utf-8")
    return tmp_path


def test_data_files_are_published_with_the_flows_and_read_from_there(tmp_path: Path) -> None:
    texts = files_of(folder(tmp_path))

    library = FlowLibrary.of_texts(texts)

    assert set(texts) == {"data/offices.csv", "numbers.yaml", "tested.yaml"}
    published, deployed = library.flow("tested"), FlowLibrary.open(tmp_path).flow("tested")
    assert published
    assert deployed
    assert (published.main, published.texts) == (deployed.main, deployed.texts)


def test_what_changed_in_a_data_file_is_said_row_by_row() -> None:
    was = {"data/offices.csv": OFFICES}
    now = {"data/offices.csv": "city,number\nSpringfield,+15550195\nOgdenville,+15550193\n"}

    assert list(differences(was, now)) == [
        "data/offices.csv",
        "  The data file “offices” has Ogdenville · +15550193, which is new.",
        "  The data file “offices” no longer has Shelbyville · +15550192.",
        "  The data file “offices” now has +15550195 number for Springfield; before, +15550191.",
    ]
    assert list(differences({}, now))[1:] == ["  The data file “offices” is new, with 2 rows."]
    many = {"data/offices.csv": OFFICES + "".join(f"City {place},\n" for place in range(50))}
    assert len(list(differences(was, many))) == 1 + MOST_ROWS_TOLD + 1


# The page about them


def test_every_example_of_the_page_is_sound(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "directories.md").read_text(encoding="utf-8")
    for text in re.findall(r"^```(?:yaml|csv)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        file = tmp_path / text.splitlines()[0].removeprefix("# ")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    assert [str(each) for each in lint(tmp_path)] == []
    assert all(FlowLibrary.open(tmp_path).flow(flow.stem) for flow in flow_paths(tmp_path))
