"""The commonest slips, each with a sentence of its own and a remedy: to the linter, the telephone and the pictures."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.document import Document, Problem
from dialtone.flow.parser import parse_flow, read_flow
from infra.cli.main import main
from infra.flowkit.lint import lint

ROOT = Path(__file__).resolve().parents[2]
STEP = "flow: main\nsteps:\n  a:\n"
MENU = f"{STEP}    menu: Press star.\n    keys:\n"

BRANCH = f"{STEP}    branch:\n"

SLIPS = {
    "unquoted star": (f"{MENU}      *: b\n  b: hangup\n", 6, "* means something else to YAML", '"*": b'),
    "unquoted star as a value": (f"{STEP}    record: Go.\n    ends_on: *\n", 5, "* means something else", '"*"'),
    "a number": (f"{STEP}    say: 24\n", 4, "YAML reads it as the number 24, not as text", "write it in quotes"),
    "a date": (f"{STEP}    say: 2026-12-24\n", 4, "as the date 2026-12-24, not as text", "write it in quotes"),
    "yes": (f"{STEP}    say: yes\n", 4, "YAML reads yes, no, on and off as true and false", '"yes"'),
    "nothing": (f"{STEP}    say:\n", 4, "say: is empty", "write something after it"),
    "review": (
        f"{STEP}    record: Go.\n    review: true\n",
        5,
        "review: true is not enough",
        "keys below it, of accept",
    ),
    "a tab": (f"{STEP}\tsay: Hi\n", 4, "is indented with a tab", "indent with spaces"),
    "a colon": (f"{STEP}    say: Our hours: nine\n", 4, "the text has a colon in it", 'say: "Our hours: nine"'),
    "deeper": (
        f"{STEP}    say: Hi\n      next: b\n",
        5,
        "stands deeper than the line above",
        "indent it like the keys",
    ),
    "less deep": (f"{STEP}    say: Hi\n   next: b\n", 5, "is indented otherwise", "the same number of spaces"),
    "whisper": (f'{STEP}    transfer: "+15550199"\n    whisper: Hi\n', 3, "whisper without hold", "add hold: {media:"),
    "a list": ("flow: main\nsteps:\n  - a: hangup\n", 2, "steps: is a list", "write names without dashes"),
    "a name": (
        "flow: M\nsteps:\n  a: hangup\n",
        1,
        "M is not a name for a flow",
        "small letters, digits and hyphens: m",
    ),
    "a key": (f"{MENU}      1: a\n    tires: 3\n", 7, "tires is not a key here", "did you mean tries?"),
    "another's key": (f"{MENU}      1: a\n    then: a\n", 7, "then is not a key here", "did you mean next?"),
    "a key too deep": (
        f"{STEP}    menu: {{keys: {{1: a}}}}\n",
        4,
        "menu.keys is not a key",
        "keys beside menu, not below",
    ),
    "a key at the top": ("flow: main\nstpes:\n  a: hangup\n", 2, "stpes is not a key here", "did you mean steps?"),
    "a kind": (f"{STEP}    menue: Press 1.\n", 3, "is of no known kind: menue", "did you mean menu?"),
    "a word": ("flow: main\nsteps:\n  a: hangupp\n", 3, "is of no known kind: hangupp", "did you mean hangup?"),
    "a text alone": ("flow: main\nsteps:\n  a: We are closed.\n", 3, "is a text alone", 'a: {say: "We are closed."}'),
    "not indented": ("flow: main\nsteps:\n  a:\n  say: Hi\n", 4, "stands where steps are named", "indent it"),
    "an open quote": (f'{STEP}    say: "Hi\n  b: hangup\n', 4, "a quote is opened here and never closed", "close it"),
    "an apostrophe": (f"{STEP}    say: 'It's us'\n", 4, "goes on after its closing quote", 'say: "It\'s us"'),
    "a brace": (f"{STEP}    say: {{caller}} hi\n", 4, "the text begins with {", 'say: "{caller} hi"'),
    "an open bracket": ("flow: main\nsteps: {a: {say: Hi}\n", 2, "a bracket is opened here", "close it"),
    "a sign": (f"{STEP}    say: %5\n", 4, "begins with %, which means something to YAML", "write the text in quotes"),
    "a word for a number": (
        f"{STEP}    record: Go.\n    max_seconds: long\n",
        5,
        "not a whole number",
        "write a number",
    ),
    "a word for yes": (f"{STEP}    record: Go.\n    beep: often\n", 5, "is neither true nor false", "true or false"),
    "a format": (f"{STEP}    record: Go.\n    format: mp4\n", 5, "mp4 is not one of mp3, wav", "did you mean mp3?"),
    "a comment for a value": (
        f"{STEP}    record: Go.\n    ends_on: #\n",
        5,
        "ends_on: is empty: # begins a comment",
        'write it in quotes: "#"',
    ),
    "a comment for a text": (f"{STEP}    say: #1 in town\n", 4, "# begins a comment", '"#1 in town"'),
    "a comment in a bracket": (f"{MENU[:-1]} {{1: a, #: a}}\n", 5, "# begins a comment in it", 'in quotes: "#"'),
    "a comment within a text": (
        f"{STEP}    say: Press # to end\n      and hang up.\n",
        4,
        "the text ends here, for # begins a comment",
        "write the whole text in quotes",
    ),
    "a condition misspelt": (
        f"{BRANCH}      - {{whn: {{day: mon}}, to: a}}\n",
        5,
        "branch.0.whn is",
        "did you mean when?",
    ),
    "another's condition": (
        f"{BRANCH}      - {{if: {{day: mon}}, to: a}}\n",
        5,
        "branch.0.if is",
        "did you mean when?",
    ),
    "a condition too high": (
        f"{BRANCH}      - {{day: mon, to: a}}\n",
        5,
        "branch.0.day is not a key here, and when is missing",
        "write `when: {caller: …}`",
    ),
    "conditions of another language": (
        f"{BRANCH}      - {{variable: day, equals: mon, leads: a}}\n",
        5,
        "branch.0.variable and branch.0.equals and branch.0.leads are not keys here, and when and to are missing",
        "write `when: {caller: …}` and `to: <step>`",
    ),
    "a variable in capitals": (
        f"{BRANCH}      - {{when: {{Caller: x}}, to: a}}\n",
        5,
        "branch.0.when.Caller: is not a variable's name",
        "did you mean caller?",
    ),
    "a condition without a variable": (
        f"{BRANCH}      - {{when: caller, to: a}}\n",
        5,
        "branch.0.when: caller is not enough",
        "write names below it, each with a colon and a value",
    ),
    "no list": (
        f"{BRANCH}      when: {{day: mon}}\n      to: a\n",
        4,
        "branch: is a mapping",
        "write a dash before each",
    ),
    "no language": (
        f"{STEP}    say: {{en-US: Hi, espanol: Hola, es-MX: Hola}}\n",
        4,
        "say.espanol is not a key here",
        "remove it",
    ),
    "a list of texts": (f"{STEP}    say: Hi\n    next: [a, b]\n", 5, "next: is a list, and one text", "the text alone"),
    "conversations": ("flow: main\nconversations: []\n", 1, "holds conversations, not a flow", "dialtone flow test"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_reported_where_it_is_and_how_to_repair_it(
    slip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, line, reason, remedy = SLIPS[slip]
    file = tmp_path / "main.yaml"
    file.write_text(text, encoding="utf-8")

    findings = lint(file)
    found = [each for each in findings if each.line == line and reason in each.reason]
    with pytest.raises(FlowInvalid):
        read_flow("main.yaml", text)
    drawn = main(["flow", "draw", str(file)])

    assert [remedy in each.remedy for each in found] == [True], findings
    assert len([each for each in findings if each.rule == "invalid-flow"]) <= 1
    assert drawn == 1
    assert "fix the value" not in capsys.readouterr().err


def test_the_telephone_and_the_pictures_say_what_the_linter_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "main.yaml").write_text(f"{STEP}    say: yes\n", encoding="utf-8")
    (tmp_path / "numbers.yaml").write_text('"+15550100": main\n', encoding="utf-8")
    (found,) = lint(tmp_path)

    main(["flow", "draw", str(tmp_path / "main.yaml")])

    sentence = f"step {found.step!r} {found.reason}; {found.remedy}".replace("'", '"', 2)
    assert sentence in capsys.readouterr().err


def paths(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401 -- a flow
    yield path, content
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, each in inside:
        yield from paths(each, (*path, key))


def put(content: Any, path: tuple[str | int, ...], value: object) -> Any:  # noqa: ANN401 -- as above
    """The flow with another value there."""
    if not path:
        return value
    copied: Any = content.copy()
    there = isinstance(copied, list) or path[0] in copied
    copied[path[0]] = put(content[path[0]], path[1:], value) if there else value
    return copied


def problems(content: object) -> list[Problem]:
    document = Document.read("desk.yaml", json.dumps(content))
    parse_flow(document)
    return document.problems


EVERY_PATH = yaml.safe_load((ROOT / "tests" / "flows" / "every-path" / "desk.yaml").read_text(encoding="utf-8"))
WRONG = ([1], {"qqq": 1}, 7, True, None)


@pytest.mark.parametrize("step", EVERY_PATH["steps"])
def test_a_slip_is_one_problem_and_every_key_that_a_remedy_names_is_taken(step: str) -> None:
    for path, value in paths(EVERY_PATH["steps"][step], ("steps", step)):
        bad = [(path, {**value, "zzz": 1})] if isinstance(value, dict) else []
        for where, wrong in [*bad, *((path, each) for each in WRONG)] if len(path) > len(("steps", step)) else bad:
            slipped = put(EVERY_PATH, where, wrong)
            found = problems(slipped)
            assert len(found) <= 1, (where, wrong, found)
            for problem in found:
                assert "Input should" not in problem.reason, (where, wrong, problem)
                listed = re.search(r"(?:keys here are|below it, of) (.*)$", problem.remedy)
                for key in listed[1].split(", ") if listed else ():
                    kept = value if isinstance(value, dict) and "zzz" in str(wrong) else {}
                    tried = problems(put(EVERY_PATH, where, {**kept, key: None}))
                    assert not [each for each in tried if f"{key} is not a key" in each.reason], (where, problem)
