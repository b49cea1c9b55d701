"""A list as people and programs write it: accepted where the meaning is clear, refused by row where it is not."""

import codecs
import json
import tracemalloc
from collections.abc import Collection, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.campaigns.campaign import Window
from dialtone.domain.campaigns.list_numbers import NumberUnclear, read_number
from dialtone.domain.campaigns.list_reader import ListUnreadable, RefusedRow
from dialtone.domain.campaigns.list_rows import ListCheck, ListInvalid, ListRules, counted
from dialtone.domain.campaigns.number_index import NumberIndex
from dialtone.domain.campaigns.recipient import Recipient

CHICAGO, BERLIN = "+13125550142", "+4930901820"
RULES = ListRules(("street",), BERLIN, Window(), 1_780_000_000, 1_000)


def checked(
    *chunks: str | bytes, rules: ListRules = RULES, suppressed: Collection[str] = ()
) -> list[Recipient | RefusedRow]:
    pieces = (each.encode() if isinstance(each, str) else each for each in chunks)
    return list(ListCheck(rules, suppressed).rows(pieces))


def summary(rows: Iterable[Recipient | RefusedRow]) -> list[tuple[int, str]]:
    """Each row with its number, or the rule that refuses it."""
    return [(each.row, each.number if isinstance(each, Recipient) else each.rule) for each in rows]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+4930901820", BERLIN),
        ("  +49 (0)30 / 90 18-20 ", BERLIN),
        ("030 901820", BERLIN),
        ("030/901820", BERLIN),
        ("0049 30 901820", BERLIN),
        ("4930901820", BERLIN),
        ("4930901820.0", BERLIN),
        ('="+49 30 901820"', BERLIN),
        ("'030 901820", BERLIN),
        ("tel:+49-30-901820", BERLIN),
        ("\u202a+49\u00a030\u2011901820\u202c", BERLIN),
        ("\uff0b\uff14\uff1930901820", BERLIN),  # full width
        ("+\u0664\u0669 30 901820", BERLIN),  # Arabic digits
        ("+1 (312) 555-0142", CHICAGO),
        ("+1.312.555.0142", CHICAGO),
    ],
)
def test_a_number_is_read_however_it_is_written(written: str, number: str) -> None:
    assert read_number(written, BERLIN) == number


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "no number"),
        ("4.93E+10", "rounded"),
        ("4,93090182E+10", "rounded"),
        ("030 901820 ext. 12", "extension"),
        ("+49 30 901820 x12", "extension"),
        ("030 901820 / 030 901821", "several"),
        ("030 901820 oder 030 901821", "several"),
        ("+49 30 901820, +49 30 901821", "several"),
        ("1-800-FLOWERS", "letters"),
        ("+49 30 9018\u4e8c0", "letters"),
        ("ask reception", "letters"),
        ("+12", "too short"),
        ("+1234567890123456", "too short or too long"),
        ("0" * 1_000, "1,000 characters"),
    ],
)
def test_a_number_that_is_none_or_may_be_several_is_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(NumberUnclear, match=why):
        read_number(written, BERLIN)


def test_without_a_country_to_go_by_a_number_has_its_own() -> None:
    with pytest.raises(NumberUnclear, match="has no country"):
        read_number("030 901820", "")
    assert read_number("0049 30 901820", "") == BERLIN


def test_a_number_that_may_be_of_two_countries_is_refused() -> None:
    with pytest.raises(NumberUnclear, match=r"may be \+442079460000 or \+49442079460000"):
        read_number("442079460000", "+4930901820")


@given(st.text(max_size=80))
def test_whatever_is_written_a_number_is_e164_or_refused(written: str) -> None:
    try:
        number = read_number(written, CHICAGO)
    except NumberUnclear:
        return
    assert number[0] == "+"
    assert number[1:].isascii()
    assert number[1:].isdigit()


@pytest.mark.parametrize(
    "text",
    [
        "number,street\n+4930901820,Main St\n",
        "number,street\r\n+4930901820,Main St",
        "number,street\r+4930901820,Main St\r",
        "number;street\n+4930901820;Main St\n",
        "sep=;\nnumber;street\n+4930901820;Main St\n",
        "Number\tStreet\n+4930901820\tMain St\n",
        ' Phone , "street",,\n"+49 30 901820", " Main St ",,\n',
        "\n\nto,street\n\n+4930901820,Main St\n,\n",
        "street,number\nMain St,030 901820\n",
        '{"number": "+4930901820", "street": "Main St"}\n\n',
        '{"number": 4930901820, "street": "Main St"}',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_is_read_in_every_form_that_programs_write(text: str, encoding: str) -> None:
    (found,) = checked(text.encode(encoding))

    assert isinstance(found, Recipient)
    assert (found.number, found.zones, found.variables) == (BERLIN, ("Europe/Berlin",), {"street": "Main St"})


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_it_does_not_matter_where_a_stream_is_cut(size: int) -> None:
    text = codecs.BOM_UTF8 + 'number,street\r\n"+4930901820","Große\r\n""Straße"""\r\n+13125550142,x\r\n'.encode()

    found = checked(*(text[place : place + size] for place in range(0, len(text), size)))

    assert [each.variables for each in found if isinstance(each, Recipient)] == [
        {"street": 'Große\n"Straße"'},
        {"street": "x"},
    ]


def test_each_row_is_refused_by_its_rule_and_the_others_are_read() -> None:
    rows = [
        "number,street,time_zone",
        "030 901820,A,",  # 2
        "+49 30 90 18 20,B,",  # 3: the same in another spelling
        "nobody,C,",  # 4
        "+13125550142,,",  # 5
        '+13125550143,"=HYPERLINK(""http://x"")",',  # 6
        "+13125550144,+cmd|calc!A1,",
        "+13125550145,-,",
        "+13125550146,@home,",
        "+13125550147,D,Mars/Olympus",  # 10
        "+13125550148,D,../../etc/passwd",
        "+13125550149,D,America",  # a folder
        "+15555550101,no such area,",
        "+15555550101,new,America/Chicago",  # 14: no plan has it, and its zone is named
        "+19005550101,premium,",
        "+13125550150,suppressed,",
        "+13125550151," + "x" * 1_001 + ",",
        "+13125550152,a,b,c",  # 18
        "+13125550153,a\x07,",
        "+18005550100,toll-free in Hawaii and on Guam,",
        "+18005550100,at home,America/Chicago",
        "+13125550154,3 < 4,",
    ]
    refused = dict(summary(checked("\n".join(rows), suppressed={"+13125550150"})))

    assert refused == {
        2: BERLIN,
        3: "duplicate",
        4: "number",
        5: "missing_value",
        6: "formula",
        7: "formula",
        8: "+13125550145",
        9: "+13125550146",
        10: "time_zone",
        11: "time_zone",
        12: "time_zone",
        13: "unknown_number",
        14: "+15555550101",
        15: "premium_rate",
        16: "suppressed",
        17: "too_much",
        18: "malformed",
        19: "value",
        20: "no_common_window",
        21: "+18005550100",
        22: "+13125550154",
    }


def test_a_quotation_mark_that_is_not_closed_takes_no_other_row_with_it() -> None:
    text = f'number,street\n{BERLIN},"A\n+13125550142,B\n+13125550143,C "D" E\n+13125550144,"F" G\n+13125550145,H\n'

    assert summary(checked(text)) == [
        (2, "malformed"),
        (3, CHICAGO),
        (4, "+13125550143"),
        (5, "malformed"),
        (6, "+13125550145"),
    ]


def test_a_row_of_a_hundred_megabytes_is_refused_in_little_memory() -> None:
    def stream() -> Iterator[bytes]:
        yield f"number,street\n{BERLIN},".encode()
        for _ in range(100):
            yield b"x" * 2**20
        yield b'\n+13125550142,A\n+13125550143,"'
        for _ in range(100):
            yield b"y" * 2**20
        yield b'"\n+13125550144,B\n'

    tracemalloc.start()
    found = summary(ListCheck(RULES).rows(stream()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found == [(2, "too_long"), (3, CHICAGO), (4, "too_long"), (5, "+13125550144")]
    assert peak < 8 * 2**20


def test_a_quoted_value_over_thousands_of_lines_is_refused_and_the_lines_are_read_as_rows() -> None:
    lines = "\n".join(f"+1312{2_000_000 + place},A" for place in range(2_000))
    text = f'number,street\n{BERLIN},"open\n{lines}\n'

    found = summary(checked(text))

    assert found[0] == (2, "malformed")
    assert len(found) == 2_001
    assert {number for _, number in found[1:]} == {f"+1312{2_000_000 + place}" for place in range(2_000)}


def test_a_row_in_another_encoding_is_refused_with_the_remedy() -> None:
    found = checked(b"number,street\n+4930901820,Stra\xdfe\n+13125550142,A\n")

    assert summary(found) == [(2, "encoding"), (3, CHICAGO)]
    assert isinstance(found[0], RefusedRow)
    assert "0xdf is not UTF-8: save the list as CSV (UTF-8)" in found[0].reason
    assert json.loads(found[0].to_line())["rule"] == "encoding"


def test_a_row_in_another_encoding_within_an_open_quotation_is_refused_too() -> None:
    found = checked(b'number,street\n+4930901820,"open\n+13125550142,\xdf\n+13125550143,A\n')

    assert summary(found) == [(2, "malformed"), (3, "encoding"), (4, "+13125550143")]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("{", "malformed"),
        ("[1]", "malformed"),
        ("[" * 50_000, "malformed"),
        ('{"number": ' + "1" * 5_000 + "}", "malformed"),
        ('{"number": "030 901820", "street": ["a"]}', "value"),
        ('{"number": "030 901820", "street": null}', "missing_value"),
        ('{"number": "030 901820", "street": "\\ud800"}', "value"),
        ('{"number": NaN, "street": "a"}', "number"),
        ('{"number": true, "street": "a"}', "number"),
        ('{"street": "a"}', "number"),
        ('{"number": 1e300, "street": "a"}', "number"),
        ('{"number": "030 901820", "street": 12.5}', BERLIN),
    ],
)
def test_a_line_of_json_is_a_recipient_or_refused(line: str, rule: str) -> None:
    first = '{"number": "+13125550142", "street": "A"}'

    assert summary(checked(f"{first}\n{line}\n")) == [(1, CHICAGO), (2, rule)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"PK\x03\x04rest", "workbook"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\xff\xfen\x00u\x00\x00\xd8\x41\x00", "UTF-16"),
        ("number\n".encode("utf-16-le"), "UTF-16 without"),
        (b"\xff\xfa\xfb", "not UTF-8"),
        (b"x" * 100_000, "64,000 bytes"),
        (b'"number\n', "quotation mark"),
        (b"number,,street\n1,2,3\n", "column 2 .* no name"),
        (b"number,Street,street \n1,2,3\n", "two columns street"),
    ],
)
def test_what_cannot_be_a_list_is_refused_as_a_whole(text: bytes, why: str) -> None:
    with pytest.raises(ListUnreadable, match=why):
        checked(text)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("street", "no column `number`"),
        ("number,phone,street", "number and phone"),
        ("number", "is given street: add"),
        ("number,street,strat", "did you mean street"),
        ("number,street,notes", "--ignore notes"),
    ],
)
def test_the_columns_are_the_flows_variables(header: str, why: str) -> None:
    with pytest.raises(ListInvalid, match=why):
        checked(f"{header}\n{','.join('x' for _ in header.split(','))}\n")


def test_columns_may_be_passed_over_and_a_flow_may_have_a_variable_named_like_the_numbers() -> None:
    rules = ListRules(("to",), BERLIN, Window(), 0, 1_000, frozenset({"notes"}))

    (found,) = checked(f"number,to,notes\n{CHICAGO},Oslo,x\n", rules=rules)

    assert found == Recipient(2, CHICAGO, ("America/Chicago",), {"to": "Oslo"})


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_whatever_the_bytes_are_each_row_comes_to_one_end(chunks: list[bytes]) -> None:
    try:
        found = checked(b"number,street\n", *chunks)
    except (ListUnreadable, ListInvalid):
        return
    assert sorted({each.row for each in found}) == [each.row for each in found]


@given(st.lists(st.integers(min_value=10**6, max_value=10**15 - 1), max_size=300))
def test_the_index_of_numbers_is_a_set_that_knows_the_first_row(numbers: list[int]) -> None:
    index, known = NumberIndex(), dict[int, int]()

    for row, number in enumerate(numbers, 2):
        assert (f"+{number}" in index) is (number in known)
        assert index.add(f"+{number}", row) == known.setdefault(number, row)
    assert len(index) == len(known)


def test_the_index_grows_and_takes_forty_bytes_a_number_at_most() -> None:
    index = NumberIndex()

    firsts = [index.add(f"+1312{2_000_000 + place}", place + 2) for place in range(20_000)]

    assert firsts == list(range(2, 20_002))
    assert index.add("+13122000000", 99) == 2
    assert index.bytes <= 40 * len(index)


def test_what_is_skipped_is_said_in_a_sentence() -> None:
    assert counted({}, 2_000) == "all 2,000 rows can be dialled"
    assert counted({"number": 1, "duplicate": 2}, 2_000) == (
        "3 of 2,000 will be skipped, because: 2 duplicate, 1 number"
    )
