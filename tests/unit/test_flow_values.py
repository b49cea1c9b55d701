"""Values: reckoned exactly and within bounds, compared by their kind, drawn alike for the same event, said well."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.calls import Call
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.parser import read_flow
from dialtone.flow.step_moves import Go
from dialtone.flow.templating import MAX_VALUE_CHARACTERS, filled, filled_ssml, functions_in, names_in, spoken
from dialtone.flow.text_functions import FUNCTIONS, why_not
from dialtone.flow.values import NotComputable, comparable, drawn, number, reckoned
from infra.flowkit.drawing.change_summary import summary
from infra.flowkit.drawing.graph import graph_of
from infra.flowkit.drawing.words import edge_label, met_by_caller
from tests.staged_call import StagedCall, loaded

LARGEST = "9" * 15 + "." + "9" * 6


def variables(steps: str, **known: str) -> dict[str, str]:
    """What a call knows after a flow of these steps, which ends in a hang-up."""
    call = StagedCall(f"last_resort: sorry\nsteps:\n{steps}\n  sorry: {{say: Sorry.}}\n")
    call.call = call.call._replace(variables={name.replace("__", "."): value for name, value in known.items()})
    call.pick_up()
    return {**call.call.variables, "reason": call.decisions[-1].reason}


def taken(when: str, **known: str) -> bool:
    """Whether a branch with this condition takes it."""
    call = StagedCall(
        f"steps:\n  ask: {{branch: [{{when: {when}, to: yea}}], otherwise: nay}}\n"
        "  yea: {say: Y.}\n  nay: {say: N.}\n"
    )
    call.call = call.call._replace(variables={name.replace("__", "."): value for name, value in known.items()})
    call.pick_up()
    return call.call.step == "yea"


# Reckoned


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("{add: 1}", "1"),
        ("{subtract: 0.1}", "-0.1"),
        ("{add: [0.1, 0.2]}", "0.3"),
        ("{multiply: [19.99, 3]}", "59.97"),
        ("{multiply: ['{digits.count}', '{price}'], decimals: 2}", "15.00"),
        ("{subtract: [10, 1, 2]}", "7"),
        ("{divide: [10, 4]}", "2.5"),
        ("{divide: [1, 3]}", "0.333333"),
        ("{divide: [1, 8], decimals: 2}", "0.13"),
        ("{multiply: [-0.4, 1], decimals: 0}", "0"),
        ("{add: ['{price}', '007']}", "14.5"),
        ("{add: [1200, 300]}", "1500"),
        ("5", "5"),
        ("2.50", "2.5"),
        ("2026-12-24", "2026-12-24"),
        ("18:00", "18:00"),
    ],
)
def test_what_is_reckoned_is_exact(value: str, result: str) -> None:
    assert variables(f"  sum: {{set: {{x: {value}}}}}", price="7.5", digits__count="2")["x"] == result


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("{add: '{name}'}", "{name} is not a number"),
        ("{add: ['{nobody}', 1]}", "{nobody} is empty"),
        ("{divide: [1, '{zero}']}", "would be divided by zero"),
        (f"{{multiply: ['{LARGEST}', 2]}}", "would have more than 15 digits"),
        (f"{{add: ['{LARGEST}', 0.000001]}}", "would have more than 15 digits"),
        (f"{{multiply: {['9' * 15] * 10}}}", "would have more than 15 digits"),
        (f"{{multiply: ['{LARGEST}', 1], decimals: 0}}", "would have more than 15 digits"),
        ("{add: '{long}'}", "{long} is not a number"),
    ],
)
def test_what_cannot_be_reckoned_takes_the_error_path_and_sets_nothing(value: str, reason: str) -> None:
    known = variables(f"  sum: {{set: {{x: {value}, y: set}}}}", name="Ann", zero="0.0", long="1" * 16)

    assert known["reason"].startswith(f"cannot be reckoned: {reason}")
    assert "y" not in known


@given(st.lists(st.decimals(-(10**6), 10**6, places=4), min_size=2, max_size=5), st.sampled_from(["add", "subtract"]))
def test_sums_are_those_of_exact_numbers(numbers: list[Decimal], operation: str) -> None:
    expected = sum(numbers) if operation == "add" else numbers[0] - sum(numbers[1:])

    assert Decimal(reckoned("add" if operation == "add" else "subtract", numbers)) == expected


@given(st.text() | st.from_regex(r"-?[0-9]{0,20}(\.[0-9]{0,8})?", fullmatch=True))
def test_every_result_is_a_number_again_or_is_refused(text: str) -> None:
    read = number(text)
    if read is None:
        return
    for operation in ("add", "subtract", "multiply", "divide"):
        try:
            result = reckoned(operation, [read, read])
        except NotComputable:
            continue
        assert number(result) is not None


@pytest.mark.parametrize(
    "text", ["1e3", "1,000", "+1", "", " 1", "1.", ".5", "NaN", "Infinity", "\u0661", "1" * 16, "0.1234567"]
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    "value",
    [
        "{add: 1, subtract: 1}",
        "{}",
        "{add: one}",
        "{divide: 0}",
        "{divide: [5, 2, 0.0]}",
        "{add: 1, decimals: 7}",
        "{random: [6, 1]}",
        "{random: [1, 2000000000]}",
        "{random: [1, 6], decimals: 1}",
        "{random: 6}",
        "{add: true}",
        "true",
        "[1]",
    ],
)
def test_what_can_never_be_reckoned_is_refused_with_the_flow(value: str) -> None:
    with pytest.raises(FlowInvalid):
        read_flow("a.yaml", f"flow: a\nsteps: {{a: {{set: {{x: {value}}}}}}}\n")


# By chance


def test_chance_is_the_same_for_the_same_event_and_another_at_each_entry() -> None:
    flow = """
        steps:
          one: {set: {a: {random: [1, 1000000]}, b: {random: [1, 1000000]}}}
          two: {set: {c: {random: [1, 1000000]}}}
    """
    call, delivered_again = StagedCall(flow), StagedCall(flow)
    call.pick_up()
    delivered_again.pick_up()

    drawn_values = call.call.variables
    again = delivered_again.call

    assert again.variables == drawn_values
    assert len({drawn_values[name] for name in "abc"}) == 3


def test_chance_keeps_to_its_bounds_and_reaches_both() -> None:
    values = [drawn(-1, 1, "call", each) for each in range(60)]

    assert set(values) == {-1, 0, 1}


# Compared


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("{n: {above: 7}}", False),
        ("{n: {at_least: 7}}", True),
        ("{n: {below: 7.01}}", True),
        ("{n: {at_most: 6.99}}", False),
        ("{n: {above: 5, below: 7}}", False),
        ("{n: {between: [7, 9]}}", True),
        ("{n: {between: [1, '{n}']}}", True),
        ("{n: {at_least: '{more}'}}", False),
        ("{n: {below: '{nobody}'}}", False),
        ("{nobody: {below: 5}}", False),
        ("{name: {at_least: 1}}", False),
        ("{name: {not: [Bob, 'C*']}}", True),
        ("{name: {not: 'A*'}}", False),
        ("{nobody: {not: ''}}", False),
        ("{d: {below: 2026-12-25, at_least: 2026-12-24}}", True),
        ("{d: {at_least: 20}}", False),
        ("{stamp: {between: [2026-12-24, 2026-12-24]}}", True),
        ("{t: {at_least: 18:00}}", True),
        ("{t: {between: ['09:00', 18:00]}}", False),
        ("{time: {between: ['14:00', '14:01']}}", True),
        ("{time: {between: ['22:00', '14:01']}}", True),
        ("{time: {between: ['22:00', '06:00']}}", False),
        ("{date: 2026-11-20, day: fri}", True),
        ("{date: {above: 2026-11-20}}", False),
        ("{caller: {not: withheld}}", True),
    ],
)
def test_a_comparison_holds_for_what_is_of_its_kind(when: str, *, holds: bool) -> None:
    known = {"n": "7", "more": "7.5", "name": "Ann", "d": "2026-12-24", "stamp": "2026-12-24T08:00:00Z", "t": "18:00"}

    assert taken(when, **known) is holds


def test_a_variable_of_the_flow_is_not_taken_for_the_clock() -> None:
    assert taken("{time: soon}", time="soon")


def test_the_clock_is_that_of_the_steps_time_zone() -> None:
    call = StagedCall(
        "steps:\n  ask:\n    branch: [{when: {date: 2026-11-21, time: {below: '00:30'}}, to: yea}]\n"
        "    time_zone: Asia/Tokyo\n  nay: {say: N.}\n  yea: {say: Y.}\n"
    )
    call.seconds = 3_600 + 600

    call.pick_up()

    assert call.call.step == "yea"


@pytest.mark.parametrize(
    "condition",
    [
        "{}",
        "{at_least: }",
        "{at_least: abc}",
        "{between: 5}",
        "{between: [5, 1]}",
        "{between: [1, 18:00]}",
        "{like: 5}",
    ],
)
def test_a_comparison_that_never_holds_is_refused_with_the_flow(condition: str) -> None:
    with pytest.raises(FlowInvalid):
        read_flow("a.yaml", f"flow: a\nsteps: {{a: {{branch: [{{when: {{x: {condition}}}, to: a}}]}}}}\n")


@given(st.text(max_size=30))
def test_any_text_is_of_one_kind_or_of_none(text: str) -> None:
    read = comparable(text)

    assert read is None or read.kind in {"number", "date", "time of day"}


# Said


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("{caller | digits}", "", "1 3 1 2 5 5 5 0 1 4 2"),
        ("{n|money USD}", "en-US", "$1234.50"),
        ("{n | money EUR}", "de-DE", "1234,50 €"),
        ("{n | money EUR}", "pt-BR", "€ 1234,50"),
        ("{n | money CHF}", "en-GB", "CHF 1234.50"),
        ("{n | money JPY}", "ja-JP", "¥1235"),
        ("{n | money USD}", "es-MX", "1234.50 $"),
        ("{n | number}", "fr-FR", "1234,5"),
        ("{d | date}", "en-US", "December 1, 2026"),
        ("{d | date}", "en-GB", "1 December 2026"),
        ("{d | date}", "fr-FR", "1er décembre 2026"),
        ("{d | date}", "ja-JP", "2026年12月1日"),
        ("{d | date}", "hu-HU", "2026-12-01"),
        ("{t | time}", "en-US", "12:05 AM"),
        ("{t | time}", "de-DE", "0:05 Uhr"),
        ("{name | upper | first 2}", "", "AN"),
        ("{name | date}", "", "Ann"),
        ("{name | money USD}", "", "Ann"),
        ("{digits.x | last 2}", "", "7 8"),
        ("{digits.x | number}", "", "5678"),
        ("{nobody | money USD}", "", ""),
        ("{name | shout}", "", "Ann"),
    ],
)
def test_a_function_says_a_value_as_the_language_does(text: str, language: str, said: str) -> None:
    known = {
        "n": "1234.5",
        "d": "2026-12-01",
        "t": "00:05",
        "caller": "+13125550142",
        "name": "Ann",
        "digits.x": "5678",
    }

    assert spoken(text, known, language) == said


def test_without_a_language_the_callers_own_counts() -> None:
    assert filled("{n | number}", {"n": "1.5", "language": "de-DE"}) == "1,5"


def test_what_a_function_makes_is_escaped_in_ssml() -> None:
    assert filled_ssml("<s>{x | upper}</s>", {"x": "<&'"}) == "<s>&lt;&amp;&apos;</s>"


@pytest.mark.parametrize("written", ["last", "last 0", "last x", "money eur", "money", "digits 3", "shout"])
def test_a_function_that_is_written_wrongly_is_known_as_such_and_changes_nothing(written: str) -> None:
    assert why_not(written)
    assert filled(f"{{name | {written}}}", {"name": "Ann"}) == "Ann"


@given(st.text(max_size=MAX_VALUE_CHARACTERS), st.lists(st.sampled_from(sorted(FUNCTIONS)), min_size=1, max_size=4))
def test_no_function_makes_a_value_grow_without_bound(value: str, names: list[str]) -> None:
    arguments = {"money": " EUR", "first": " 900", "last": " 900"}
    text = "{x" + "".join(f" | {name}{arguments.get(name, '')}" for name in names) + "}"

    assert len(filled(text, {"x": value})) <= 2 * MAX_VALUE_CHARACTERS
    assert list(names_in(text)) == ["x"]
    assert [len(calls) for _, calls in functions_in(text)] == [len(names)]


# In words


def test_a_picture_shows_what_is_reckoned_and_compared() -> None:
    flow = loaded(
        "steps:\n  a: {set: {n: {add: 1}, m: {divide: ['{n}', 2], decimals: 1}, r: {random: [1, 6]}}}\n"
        "  b: {branch: [{when: {n: {at_least: 3, below: 9}, d: {between: [1, 2]}, e: {not: [x, '']}}, to: c}]}\n"
        "  c: hangup\n"
    ).main

    assert met_by_caller(flow.steps["a"]) == "n = n + 1, m = {n} ÷ 2, 1 decimals, r = random from 1 to 6"
    assert edge_label(flow.steps["b"], "branch.0.to") == "n ≥ 3, n < 9, d from 1 to 2, e is not x or empty"


# Shares of the calls

SPLIT = """
    steps:
      which: {split: [{percent: 20, to: a}, {percent: 30, to: b}], sticky: %s}
      rest: {menu: Rest., keys: {1: which}, otherwise: which}
      a: {menu: A., keys: {1: which}, otherwise: which}
      b: {menu: B., keys: {1: which}, otherwise: which}
"""


def split_of(sticky: str, session: str, rounds: int = 1) -> list[str]:
    """Where a call goes, each time that it comes to the split."""
    call = StagedCall(SPLIT % sticky)
    call.call = call.call._replace(session_id=session)
    call.pick_up()
    went = [call.call.step]
    for _ in range(rounds - 1):
        call.gather_ends("1")
        went.append(call.call.step)
    return went


def test_the_shares_of_many_calls_are_those_of_the_flow() -> None:
    went = [step for each in range(400) for step in split_of("null", f"session-{each}")]

    shares = {step: went.count(step) / len(went) for step in ("a", "b", "rest")}
    assert shares == pytest.approx({"a": 0.2, "b": 0.3, "rest": 0.5}, abs=0.06)


def test_a_share_is_drawn_anew_once_a_call_or_once_a_caller() -> None:
    anew = split_of("null", "session", rounds=30)
    once = split_of("call", "session", rounds=30)
    callers = {split_of("caller", f"session-{each}")[0] for each in range(20)}

    assert set(anew) == {"a", "b", "rest"}
    assert len(set(once)) == 1
    assert len(callers) == 1
    assert anew == split_of("null", "session", rounds=30), "decided again, it is decided the same"


def test_callers_without_a_number_are_not_one_and_the_same() -> None:
    step = loaded(SPLIT % "caller").main.steps["which"]
    voice_defaults = loaded(SPLIT % "caller").main.voice_defaults

    moves = [step.enter(Call(f"session-{each}", "leg", step="which"), voice_defaults) for each in range(40)]

    assert {move.to for move in moves if isinstance(move, Go)} == {"a", "b", "rest"}


@pytest.mark.parametrize(
    "split", ["[]", "[{percent: 60, to: a}, {percent: 41, to: a}]", "[{percent: 0, to: a}]", "[{percent: 5}]", "{a: 5}"]
)
def test_a_split_that_cannot_be_is_refused_with_the_flow(split: str) -> None:
    with pytest.raises(FlowInvalid):
        read_flow("a.yaml", f"flow: a\nsteps: {{a: {{split: {split}}}}}\n")


def test_a_picture_shows_the_shares() -> None:
    step = loaded("steps:\n  a: {split: [{percent: 10, to: b}], sticky: caller}\n  b: hangup\n").main.steps["a"]

    assert edge_label(step, "split.0.to") == "10 %"
    assert [edge.where for edge in step.edges()] == ["next", "split.0.to"]


def test_a_picture_and_a_comparison_say_how_long_callers_are_remembered() -> None:
    old, new = (loaded(f"{top}steps:\n  a: hangup\n").main for top in ("", "memory: {days: 30}\n"))

    assert graph_of(new).note == "callers are remembered for 30 days"
    assert summary(old, new) == ["Callers are now remembered for 30 days; before, not at all."]


@pytest.mark.parametrize("memory", ["{}", "{days: 0}", "{days: 731}", "90", "{days: 1, of: [x]}"])
def test_a_memory_without_bounds_is_refused(memory: str) -> None:
    with pytest.raises(FlowInvalid):
        read_flow("a.yaml", f"flow: a\nmemory: {memory}\nsteps: {{a: hangup}}\n")
