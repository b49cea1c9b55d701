"""Rotas: who is on call at a time, who is next, turns with a handover, swaps, and what is wrong with a rota."""

from pathlib import Path
from textwrap import dedent

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.loader import read_script
from dialtone.flow.rotas import Rota, read_rota
from infra.flowkit.lint import lint
from infra.flowkit.linting.rota_hours import MINUTES_A_WEEK, hours_where
from infra.operations.publishing.files import differences, files_of
from tests.staged_call import StagedCall

HEAD = """\
rota: nurses
time_zone: America/Chicago
people:
  ada: {number: "+15550191", name: Ada Byron}
  ben: "+15550192"
  cy: sip:cy@pbx.example.com
"""
ROTA = HEAD + "shifts:\n- {hours: {mon-fri: 08:00-18:00}, who: [ada, ben]}\n- {hours: {fri: 18:00-02:00}, who: cy}\n"


def rota(shifts: str, swaps: str = "") -> Rota:
    return read_rota("nurses", HEAD + "shifts:\n" + dedent(shifts) + "\n" + (f"swaps:\n{swaps}" if swaps else ""))


def names(of: Rota, at: str) -> list[str]:
    return [name for name, _ in of.on_call(at)]


# 2026-11-20 is a Friday; Chicago is six hours behind UTC then


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-11-20T13:59:59Z", []),
        ("2026-11-20T14:00:00Z", ["ada", "ben"]),
        ("2026-11-20T23:59:59.999999Z", ["ada", "ben"]),
        ("2026-11-21T00:00:00Z", ["cy"]),
        ("2026-11-21T07:59:59Z", ["cy"]),
        ("2026-11-21T08:00:00Z", []),
        ("2026-07-17T13:00:00Z", ["ada", "ben"]),
    ],
)
def test_a_shift_has_its_hours_on_its_own_clock_over_midnight_summer_and_winter(at: str, who: list[str]) -> None:
    assert names(read_rota("nurses", ROTA), at) == who


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-11-16T13:59:59Z", ["cy", "ada", "ben"]),
        ("2026-11-16T14:00:00Z", ["ada", "ben", "cy"]),
        ("2026-11-23T13:59:59Z", ["ada", "ben", "cy"]),
        ("2026-11-23T14:00:00Z", ["ben", "cy", "ada"]),
        ("2026-11-30T14:00:00Z", ["cy", "ada", "ben"]),
        ("2026-12-07T14:00:00Z", ["ada", "ben", "cy"]),
        ("2026-11-09T14:00:00Z", ["cy", "ada", "ben"]),
        ("2027-03-15T12:59:59Z", ["ben", "cy", "ada"]),
        ("2027-03-15T13:00:00Z", ["cy", "ada", "ben"]),
    ],
)
def test_in_turns_the_next_takes_over_at_the_handover_and_is_the_fallback_before(at: str, who: list[str]) -> None:
    weekly = rota('- {who: [ada, ben, cy], every: week, since: 2026-11-16, handover: "08:00"}')

    assert names(weekly, at) == who


@pytest.mark.parametrize(("at", "who"), [("2026-11-23T13:59:00Z", "ada"), ("2026-11-23T14:00:00Z", "ben")])
def test_the_next_takes_over_at_the_handover_within_the_hours_of_a_shift_too(at: str, who: str) -> None:
    weekly = rota(
        '- {hours: {mon-sun: "00:00-24:00"}, who: [ada, ben, cy], every: week, since: 2026-11-16, handover: "08:00"}'
    )

    assert names(weekly, at)[0] == who


def test_the_handover_keeps_its_hour_when_clocks_change() -> None:
    weekly = rota('- {who: [ada, ben], every: week, since: 2027-03-08, handover: "08:00"}')

    before, after = names(weekly, "2027-03-15T12:59:59Z"), names(weekly, "2027-03-15T13:00:00Z")

    assert (before, after) == (["ada", "ben"], ["ben", "ada"])


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    nightly = rota("- {hours: {mon-sun: 20:00-08:00}, who: [ada, ben], every: day, since: 2026-11-20}")

    evening, morning = names(nightly, "2026-11-21T03:00:00Z"), names(nightly, "2026-11-21T13:00:00Z")

    assert (evening, morning) == (["ada", "ben"], ["ada", "ben"])
    assert names(nightly, "2026-11-22T03:00:00Z") == ["ben", "ada"]


@pytest.mark.parametrize(("every", "days"), [("day", 1), ("3 days", 3), ("week", 7), ("2 weeks", 14)])
def test_a_turn_is_as_long_as_it_says(every: str, days: int) -> None:
    turns = rota(f"- {{who: [ada, ben], every: {every}, since: 2026-11-01}}")

    order = [names(turns, f"2026-11-{day:02}T12:00:00Z")[0] for day in range(1, 30)]

    assert order == ["ada" if day // days % 2 == 0 else "ben" for day in range(29)]


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-12-24T13:00:00Z", []),
        ("2026-12-24T15:00:00Z", ["ada", "ben"]),
        ("2026-12-25T00:00:00Z", ["cy"]),
        ("2026-12-25T15:00:00Z", ["cy", "ada", "ben"]),
        ("2026-12-26T14:00:00Z", []),
        ("2026-12-31T15:00:00Z", ["ben", "ada"]),
        ("2027-01-01T15:00:00Z", ["ada", "ben"]),
    ],
)
def test_a_swap_goes_before_the_rest_who_are_the_fallback(at: str, who: list[str]) -> None:
    swaps = "  2026-12-24 18:00 to 2026-12-26 08:00: cy\n  2026-12-31: ben\n"
    swapped = rota("- {hours: {mon-fri: 08:00-18:00}, who: [ada, ben]}", swaps)

    assert names(swapped, at) == who


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- nurses\n", "is not a rota"),
        (ROTA.replace("rota: nurses", "rota: other"), "the rota is named other"),
        (ROTA.replace("[ada, ben]", "[ada, eve]"), "eve is not one of its people"),
        (ROTA.replace('"+15550192"', "15550192"), "15550192"),
        (ROTA + "swaps: {2026-12-24: eve}\n", "eve is not one of its people"),
        (ROTA + "swaps: {tomorrow: ada}\n", "tomorrow is not a date"),
        (ROTA + "swaps: {2026-12-26 to 2026-12-24: ada}\n", "the second must come after the first"),
        (ROTA + 'swaps: {"2026-13-24": ada}\n', "month must be in"),
        (HEAD + "shifts:\n- {who: [ada, ben], every: week}\n", "every and since need each other"),
        (HEAD + "shifts:\n- {who: [ada, ben], handover: '08:00'}\n", "handover needs every"),
        (HEAD + "shifts:\n- {who: [ada], every: month, since: 2026-11-01}\n", "month is not a turn"),
        (HEAD + "shifts:\n- {who: [ada], every: week, since: 2026-11-01, handover: 8}\n", "8 is not a time of the day"),
        (HEAD + "shifts:\n- {who: []}\n", "who"),
        (HEAD + "shifts: []\n", "shifts"),
    ],
)
def test_what_is_wrong_with_a_rota_is_said(text: str, reason: str) -> None:
    with pytest.raises(FlowInvalid, match=reason):
        read_rota("nurses", text)


FLOW = """
flow: tested
last_resort: sorry
steps:
  who: {on_call: nurses, nobody: none}
  ring: {transfer: ["{on_call.number}", "{on_call.next_number}"], failed: none, busy: none, no_answer: none}
  none: {say: Nobody.}
  sorry: {say: "Sorry, {on_call.name}."}
"""


def staged(text: str, seconds: float = 0) -> StagedCall:
    loaded = read_script("tested", {"tested.yaml": FLOW, "rotas/nurses.yaml": text}.get)
    assert loaded is not None
    call = StagedCall("steps:\n  bye: hangup\n")
    call.loaded, call.seconds = loaded, seconds
    return call


def test_whoever_is_on_call_is_rung_and_then_the_next() -> None:
    call = staged(ROTA, 3_600)
    call.pick_up()
    first = call.decisions[-1].commands[-1].parameters["to"]

    call.tell_of_callee("call.hangup", hangup_cause="timeout")
    second = call.decisions[-1].commands[-1].parameters["to"]

    assert (first, second, call.call.variables["on_call.name"]) == ("+15550191", "+15550192", "Ada Byron")


def test_where_nobody_is_on_call_the_flow_goes_on_without() -> None:
    call = staged(ROTA, -7_200)

    call.pick_up()

    assert (call.call.step, call.call.variables["on_call.number"]) == ("none", "")


def test_a_rota_belongs_to_a_flows_version_and_must_be_there() -> None:
    was, now = staged(ROTA).loaded, staged(ROTA.replace("who: cy", "who: ben")).loaded

    assert was.version != now.version
    assert set(was.texts) == {"tested.yaml", "rotas/nurses.yaml"}
    with pytest.raises(FlowInvalid, match="goes by nurses, which is not a rota"):
        read_script("tested", {"tested.yaml": FLOW}.get)


def folder(tmp_path: Path, text: str) -> Path:
    (tmp_path / "rotas").mkdir()
    (tmp_path / "rotas" / "nurses.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "tested.yaml").write_text(FLOW.lstrip(), encoding="utf-8")
    (tmp_path / "numbers.yaml").write_text('"+15550100": tested\n', encoding="utf-8")
    return tmp_path


def test_a_rota_is_published_with_the_flows_and_its_changes_are_said(tmp_path: Path) -> None:
    texts = files_of(folder(tmp_path, ROTA))
    changed = {**texts, "rotas/nurses.yaml": texts["rotas/nurses.yaml"].replace("who: cy", "who: ben")}

    assert list(differences(texts, changed)) == [
        "rotas/nurses.yaml",
        "  In the rota “nurses”, shifts 2 who is now ben; before, cy.",
    ]


def test_swaps_that_overlap_are_found(tmp_path: Path) -> None:
    swaps = "swaps:\n  2030-12-24 to 2030-12-26: ada\n  2030-12-26 18:00 to 2030-12-27: ben\n  2030-12-28: ben\n"

    found = [each for each in lint(folder(tmp_path, ROTA + "- who: ben\n" + swaps)) if each.rule == "rota-overlap"]

    assert [(each.line, each.reason) for each in found] == [
        (13, "swaps 2030-12-26 18:00 to 2030-12-27 and 2030-12-24 to 2030-12-26 overlap; only the first counts")
    ]


def test_hours_are_joined_over_the_end_of_the_week() -> None:
    assert hours_where(lambda minute: minute < 60 or minute >= MINUTES_A_WEEK - 60) == ["sun 23:00 to mon 01:00"]
    assert hours_where(lambda minute: minute < 60) == ["mon 00:00 to mon 01:00"]
    assert hours_where(lambda _: True) == ["the whole week"]
    assert hours_where(lambda _: False) == []
