"""The shipped flows' conversations go as they should, and take every way; the runner itself tells the truth."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from textwrap import dedent

import pytest

from dialtone.adapters.flow_library import NUMBERS_FILE, FlowLibrary
from dialtone.domain.decisions import LAST_RESORT_EDGE, START
from dialtone.domain.errors import DialtoneError, FlowInvalid
from infra.carrier.account import AUDIO_FOLDER
from infra.checkout import SAMPLES
from infra.cli.main import main
from infra.flowkit.conversations.conversation import SUFFIX, Script, read_conversations
from infra.flowkit.conversations.coverage import CoverageItem
from infra.flowkit.conversations.runner import coverages, flows_in, play
from infra.flowkit.conversations.scenario_run import ScenarioResult, run_scenario
from infra.flowkit.conversations.side_by_side import side_by_side

pytestmark = pytest.mark.no_cover  # plays again and again what other tests take

DOCS = Path(__file__).resolve().parents[2] / "docs"
FLOW_NAMES = list(flows_in(SAMPLES))
BY_LAST_RESORT = CoverageItem("desk", "", LAST_RESORT_EDGE)
SHIPPED = [script for file in sorted(SAMPLES.glob(f"*{SUFFIX}")) for script in read_conversations(file)]

CHECKS = Path(__file__).resolve().parents[1] / "flows" / "checks"
"""What people build elsewhere, said in the language: a menu of three levels, a PIN, a queue, a survey."""
CHECKED = [script for file in sorted(CHECKS.glob(f"*{SUFFIX}")) for script in read_conversations(file)]


@pytest.fixture(scope="module")
def shipped() -> dict[str, ScenarioResult]:
    return {each.script.title: each for each in play(SHIPPED)}


@pytest.mark.parametrize("script", SHIPPED, ids=lambda script: script.title)
def test_the_conversation_goes_as_it_should(script: Script, shipped: dict[str, ScenarioResult]) -> None:
    result = shipped[script.title]

    assert result.passed, f"\n{side_by_side(result)}"


@pytest.mark.parametrize("script", CHECKED, ids=lambda script: script.title)
def test_what_people_build_elsewhere_can_be_said_in_the_language(script: Script) -> None:
    result = run_scenario(script, FlowLibrary.open(CHECKS))

    assert result.passed, f"\n{side_by_side(result)}"


@pytest.mark.parametrize("flow", FLOW_NAMES)
def test_conversations_take_every_step_key_and_error_path(flow: str, shipped: dict[str, ScenarioResult]) -> None:
    (coverage,) = coverages([(SAMPLES, flow)], list(shipped.values()))

    assert not coverage.missing, [str(path) for path in coverage.missing]


@pytest.mark.parametrize("flow", FLOW_NAMES)
def test_nothing_is_taken_that_is_not_asked_for(flow: str, shipped: dict[str, ScenarioResult]) -> None:
    """Else a way that calls take would be missing from what conversations have to take."""
    (coverage,) = coverages([(SAMPLES, flow)], list(shipped.values()))

    taken = {item for each in shipped.values() for item in each.taken if item.flow == flow}

    assert taken - coverage.asked - {CoverageItem(flow, "", START)} == set()


@pytest.mark.parametrize("script", SHIPPED, ids=lambda script: script.title)
def test_a_conversation_goes_the_same_way_every_time(script: Script, shipped: dict[str, ScenarioResult]) -> None:
    assert run_scenario(script, FlowLibrary.open(SAMPLES)) == shipped[script.title]


def test_several_processes_give_what_one_gives(shipped: dict[str, ScenarioResult]) -> None:
    assert list(play(SHIPPED[:6], jobs=2)) == [shipped[script.title] for script in SHIPPED[:6]]


# A flow of our own, and what the runner says of it


DESK = """\
flow: desk
last_resort: sorry
steps:
  welcome:
    menu: For the desk, press 1. To leave a message, press 2. For the news, press 3.
    keys: {1: desk, 2: message, 3: news}
    tries: 1
    otherwise: bye
  desk:
    transfer: "+15550199"
    ring_seconds: 20
    busy: message
    no_answer: message
  message:
    record: Please leave a message.
    transcription: true
    next: noted
  noted:
    set: {outcome: message, caller_kept: "yes"}
    next: bye
  news:
    play: {audio: "https://news.example/today.mp3"}
    on_error: sorry
    next: bye
  bye: hangup
  sorry:
    say: We are sorry.
    next: bye
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "numbers.yaml").write_text('"+15550150": desk\n', encoding="utf-8")
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    return tmp_path


def played(folder: Path, conversation: str) -> ScenarioResult:
    """What comes of the one conversation, given everything below its name."""
    file = folder / f"desk{SUFFIX}"
    lines = dedent(conversation).strip().splitlines()
    body = "".join(f"    {line}\n" for line in lines)
    file.write_text(f"flow: desk\nconversations:\n  - name: tried\n{body}", encoding="utf-8")
    (script,) = read_conversations(file)
    return run_scenario(script, FlowLibrary.open(folder))


def test_words_that_are_never_heard_fail_it_and_stand_beside_what_was_heard(folder: Path) -> None:
    result = played(folder, "talk: [{hears: {words: For the cellar, within: 3s}}, {presses: 1}]")

    shown = side_by_side(result)

    assert not result.passed
    assert re.search(r"✗ +0\.1 s  welcome +hears “For the cellar” +hears “For the desk, press 1\.", shown)
    assert re.search(r"✗ +presses 1 +\(never\)", shown)


@pytest.mark.parametrize(
    ("ends", "what", "expected", "found"),
    [
        ("outcome: lost", "outcome", "lost", "message"),
        ("hung_up_by: person", "hung up by", "person", "line"),
        ("lasts: 2s", "lasts", "1 to 3 s", r"[\d.]+ s"),
        ("steps: [welcome, bye]", "steps", "welcome → bye", "welcome → message → noted → bye"),
        ('variables: {caller_kept: "no"}', "variable caller_kept", "no", "yes"),
        ("variables: {unheard_of: x}", "variable unheard_of", "x", "—"),
        ("transfers: [{to: '+15550199', result: busy}]", "transfer", r"\+15550199 busy", "—"),
        ("recordings: 2", "recordings", "2 saved", "1 saved"),
        ("recordings: [{}, {}]", "recordings", "2 in the ledger", "1 in the ledger"),
        ("recordings: [{format: wav}]", "recording 1: format", "wav", "mp3"),
        ("recordings: [{channels: dual}]", "recording 1: channels", "dual", "single"),
        ("recordings: [{source: answer}]", "recording 1: source", "answer", "step"),
        ("recordings: [{pauses: 1}]", "recording 1: pauses", "1", "0"),
        ("recordings: [{seconds: 30s}]", "recording 1: seconds", "29 to 31 s", "5.5 s"),
        ("recordings: [{transcript: good night}]", "recording 1: transcript", "“good night”", "“Good day.”"),
        ("recordings: [{transcript: false}]", "recording 1: transcript", "none", "“Good day.”"),
        ("recordings: [{status: failed}]", "recording 1: status", "failed", "saved"),
    ],
)
def test_an_end_that_is_otherwise_fails_it(folder: Path, ends: str, what: str, expected: str, found: str) -> None:
    talk = "talk: [{presses: 2}, {hears: beep}, {says: {words: Good day., seconds: 4s}}, {after: 1s}, {presses: '#'}]"

    result = played(folder, f"{talk}\nends: {{{ends}}}")

    (difference,) = result.differences
    assert not result.passed
    assert difference.what == what
    assert re.fullmatch(expected, difference.expected)
    assert re.fullmatch(found, difference.found)
    assert f"✗                           {what}: " in side_by_side(result)


def test_an_end_as_it_should_be_passes(folder: Path) -> None:
    result = played(
        folder,
        """\
        talk: [{presses: 2}, {hears: beep}, {says: {words: Good day., seconds: 4s}}, {after: 1s}, {presses: "#"}]
        ends:
          outcome: message
          hung_up_by: line
          lasts: {min: 5s, max: 10s}
          steps: [welcome, message, noted, bye]
          variables: {caller_kept: "yes"}
          transfers: []
          recordings: [{source: step, format: mp3, channels: single, seconds: 5s, transcript: Good day}]
        """,
    )

    assert result.passed, side_by_side(result)


@pytest.mark.parametrize(
    ("who", "ended", "step"),
    [
        ("busy", "busy", "message"),
        ("nobody", "no_answer", "message"),
        ("rejects", "rejected", "sorry"),
        ("unknown", "unreachable", "sorry"),
        ("{after: 4s, talk: [{says: Desk.}, {hangs_up: true}]}", "connected", "desk"),
        ("{after: 30s}", "no_answer", "message"),
    ],
)
def test_the_other_side_of_a_transfer_does_what_it_is_to_do(folder: Path, who: str, ended: str, step: str) -> None:
    result = played(
        folder,
        f"""\
        people: {{"+15550199": {who}}}
        talk: [{{presses: 1}}]
        ends: {{transfers: [{{to: "+15550199", result: {ended}}}]}}
        """,
    )

    assert result.passed, side_by_side(result)
    assert CoverageItem("desk", step) in result.taken


def test_a_colleague_who_waits_for_words_in_vain_fails_it(folder: Path) -> None:
    result = played(
        folder,
        """\
        people: {"+15550199": {talk: [{hears: {words: Hello, within: 10s}}]}}
        talk: [{presses: 1}, {after: 20s}]
        """,
    )

    assert not result.passed
    assert re.search(r"✗ +\+15550199 hears “Hello” +\(never\)", side_by_side(result))


@pytest.mark.parametrize(
    ("trouble", "talk", "path"),
    [
        ("telnyx_refuses: transfer", "{presses: 1}", BY_LAST_RESORT),
        ("telnyx_refuses: speak, step: message", "{presses: 2}", BY_LAST_RESORT),
        (
            "recording_fails: No room",
            "{presses: 2}, {hears: beep}, {says: Good day.}",
            BY_LAST_RESORT,
        ),
        ("audio_missing: 'https://news.example/today.mp3'", "{presses: 3}", CoverageItem("desk", "news", "on_error")),
    ],
)
def test_troubles_lead_onto_the_error_paths(folder: Path, trouble: str, talk: str, path: CoverageItem) -> None:
    result = played(folder, f"troubles: [{{{trouble}}}]\ntalk: [{talk}, {{hears: We are sorry}}]")

    assert result.passed, side_by_side(result)
    assert path in result.taken


def test_a_refusal_of_one_step_leaves_the_others_alone(folder: Path) -> None:
    result = played(
        folder,
        """\
        troubles: [{telnyx_refuses: speak, step: desk}]
        talk: [{presses: 2}, {hears: Please leave a message}, {hangs_up: true}]
        """,
    )

    assert result.passed, side_by_side(result)


def test_a_command_that_fails_for_now_is_sent_again_and_the_caller_goes_on(folder: Path) -> None:
    result = played(
        folder,
        """\
        troubles: [{telnyx_unavailable: speak, times: 2}]
        talk: [{presses: 2}, {hears: Please leave a message}, {hangs_up: true}]
        ends: {steps: [welcome, message]}
        """,
    )

    assert result.passed, side_by_side(result)


WHO = """\
flow: desk
last_resort: sorry
steps:
  who:
    branch: [{when: {caller: withheld}, to: shy}]
    otherwise: sorry
  shy:
    say: "You show no number{caller}. Good-bye."
    next: bye
  bye: hangup
  sorry:
    say: We are sorry.
    next: bye
"""


@pytest.mark.parametrize("caller", ["withheld", "Restricted", "+266696687", "sip:anonymous@anonymous.invalid"])
@pytest.mark.parametrize("called", ["+15550150", "15550150", "sip:reception@desk.example"])
def test_a_conversation_plays_callers_who_show_no_number_and_numbers_in_any_form(
    folder: Path, caller: str, called: str
) -> None:
    (folder / "numbers.yaml").write_text('"+15550150": desk\n"sip:reception": desk\n', encoding="utf-8")
    (folder / "desk.yaml").write_text(WHO, encoding="utf-8")

    result = played(
        folder,
        f"""
        caller: "{caller}"
        called: "{called}"
        talk: [{{hears: "You show no number. Good-bye"}}]
        ends: {{steps: [who, shy, bye]}}
    """,
    )

    assert result.passed, side_by_side(result)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("play: {media: opening-hours}", "audio could not be played: file_not_found opening-hours"),
        ('transfer: "{agent}"', "no one to ring: {agent}: agent is empty"),
    ],
)
def test_a_call_that_comes_to_the_last_resort_says_why(folder: Path, step: str, reason: str) -> None:
    flow = f"flow: desk\nlast_resort: sorry\nsteps:\n  first: {{{step}}}\n  sorry: {{say: We are sorry.}}\n"
    (folder / "desk.yaml").write_text(flow, encoding="utf-8")

    result = played(folder, "ends: {outcome: served}")

    assert [each.happened for each in result.entries if each.kind == "line"] == [f"error: {reason}"]
    assert "error: " + reason.split(maxsplit=1)[0] in side_by_side(result)


def test_a_conversation_plays_a_call_that_no_flow_is_for(folder: Path) -> None:
    result = played(folder, 'called: "+15550177"\nends: {outcome: rejected, hung_up_by: line, steps: []}')

    assert result.passed, side_by_side(result)


def test_audio_at_an_address_can_be_heard_without_a_network(folder: Path) -> None:
    result = played(folder, "talk: [{presses: 3}, {hears: {audio: news.example}}]\nends: {steps: [welcome, news, bye]}")

    assert result.passed, side_by_side(result)


def test_a_call_that_nobody_ends_is_a_fault_not_a_wait(folder: Path) -> None:
    result = played(folder, 'people: {"+15550199": person}\ntalk: [{presses: 1}]')

    assert result.fault == "after 3,600 s the call still went on"
    assert not result.passed


def test_a_fault_of_ours_is_the_conversations_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dialtone.flow.steps.menu.Menu.on", broken)

    result = played(folder, "talk: [{presses: 1}]")

    assert not result.passed
    assert "ZeroDivisionError" in result.fault


def test_a_flow_that_no_number_leads_to_must_say_how_it_is_reached(folder: Path) -> None:
    (folder / "numbers.yaml").write_text('"+15550150": other\n', encoding="utf-8")
    (folder / "other.yaml").write_text("flow: other\nsteps: {bye: hangup}\n", encoding="utf-8")

    with pytest.raises(
        DialtoneError, match=r"no number in numbers\.yaml leads to desk: add one, or give “tried” a number"
    ):
        played(folder, "talk: []")


def test_a_broken_flow_is_reported_as_the_linter_tells_it(folder: Path) -> None:
    (folder / "desk.yaml").write_text("flow: desk\nsteps:\n  hello: {sya: Hello.}\n", encoding="utf-8")

    with pytest.raises(FlowInvalid, match=r"desk\.yaml:3: "):
        list(play([_script(folder)]))
    with pytest.raises(DialtoneError, match=r"desk\.yaml:3: "):
        list(play([_script(folder)], jobs=2))


def test_conversations_of_no_flow_are_refused(folder: Path) -> None:
    (folder / "desk.yaml").unlink()
    (folder / "numbers.yaml").write_text("{}\n", encoding="utf-8")

    with pytest.raises(DialtoneError, match=r"desk\.test\.yaml: there is no flow desk beside it"):
        list(play([_script(folder)]))


def _script(folder: Path) -> Script:
    file = folder / f"desk{SUFFIX}"
    file.write_text("flow: desk\nconversations: [{name: tried}]\n", encoding="utf-8")
    (script,) = read_conversations(file)
    return script


def test_a_call_is_followed_into_another_flow_and_back(folder: Path) -> None:
    (folder / "desk.yaml").write_text(
        dedent("""\
        flow: desk
        last_resort: sorry
        steps:
          ask: {go: {flow: survey}}
          bye: {say: Goodbye.}
          end: hangup
          sorry: {say: We are sorry.}
        """),
        encoding="utf-8",
    )
    (folder / "survey.yaml").write_text(
        dedent("""\
        flow: survey
        last_resort: failed
        steps:
          question: {menu: "Were you happy?", keys: {1: thanks, 2: thanks}, otherwise: back}
          thanks: {play: {audio: "https://survey.example/thanks.mp3"}, on_error: failed}
          back: {come_back: true}
          failed: {say: Never mind.}
        """),
        encoding="utf-8",
    )

    result = played(
        folder,
        """\
        troubles: [{audio_missing: "https://survey.example/thanks.mp3"}]
        talk: [{hears: Were you happy}, {presses: 2}, {hears: Never mind}, {hears: Goodbye}]
        ends: {steps: [ask, survey/question, survey/thanks, survey/failed, bye, end]}
        """,
    )

    assert result.passed, side_by_side(result)
    assert [str(item) for item in result.taken if item.where] == [
        "the flow's start",
        "question: keys.2",
        "thanks: on_error",
        "ask: next",
        "bye: next",
    ]


def test_a_message_can_be_reviewed_and_done_again(folder: Path) -> None:
    (folder / "desk.yaml").write_text(
        dedent("""\
        flow: desk
        steps:
          message:
            record: Please leave a message.
            review: {say: "To keep it, press 1. To do it again, press 2."}
          bye: hangup
        """),
        encoding="utf-8",
    )

    result = played(
        folder,
        """\
        talk:
          - hears: beep
          - says: {words: Hm., seconds: 1s}
          - presses: "#"
          - hears: To do it again
          - presses: 2
          - hears: beep
          - says: {words: Please call me back., seconds: 4s}
          - presses: "#"
          - hears: To keep it, press 1
          - presses: 1
        ends: {steps: [message, bye], recordings: 2}
        """,
    )

    assert result.passed, side_by_side(result)


def test_a_failure_fits_into_100_columns(folder: Path) -> None:
    result = played(
        folder,
        """\
        people: {"+15550199": busy}
        talk: [{presses: 1}, {hears: {words: "a sentence that goes on and on and on and on and on", within: 5s}}]
        ends: {outcome: something that nobody would ever write into a flow, steps: [a-step-with-a-very-long-name]}
        """,
    )

    assert max(map(len, side_by_side(result).splitlines())) <= 100


# The command


FAILS = "flow: desk\nconversations:\n  - {name: fails, talk: [{hears: {words: nothing, within: 1s}}]}\n"
PASSES = "flow: desk\nconversations:\n  - {name: Presses nothing, ends: {steps: [welcome, bye]}}\n"


@pytest.mark.parametrize(
    ("conversations", "options", "status"),
    [(PASSES, [], 0), (PASSES, ["--cover", "10"], 0), (PASSES, ["--cover", "100"], 1), (FAILS, [], 1)],
)
def test_the_exit_status_says_whether_all_went_well_and_enough_was_taken(
    folder: Path, conversations: str, options: list[str], status: int
) -> None:
    (folder / f"desk{SUFFIX}").write_text(conversations, encoding="utf-8")

    assert main(["flow", "test", "--flows", str(folder), *options]) == status


def test_text_names_what_was_not_taken_and_how_fast_it_was(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / f"desk{SUFFIX}").write_text(PASSES, encoding="utf-8")

    main(["flow", "test", "desk", "--flows", str(folder), "-k", "presses"])

    said = capsys.readouterr().out
    assert "✓ desk: Presses nothing" in said
    assert "not taken: welcome: keys.1" in said
    assert re.search(r"1 conversation, 0 failed, in [\d.]+ s: [\d,]+ a minute", said)


def test_a_flow_without_conversations_is_not_passed_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / f"desk{SUFFIX}").write_text(PASSES, encoding="utf-8")
    (folder / "other.yaml").write_text("flow: other\nsteps: {bye: hangup}\n", encoding="utf-8")

    status = main(["flow", "test", "--flows", str(folder), "--cover", "5"])

    assert status == 1
    assert "✗ other: 0 % of its steps and paths taken" in capsys.readouterr().out


def test_json_has_the_account_and_what_was_not_taken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / f"desk{SUFFIX}").write_text(FAILS, encoding="utf-8")

    main(["flow", "test", str(folder / f"desk{SUFFIX}"), "--format", "json"])

    report = json.loads(capsys.readouterr().out)
    (conversation,) = report["conversations"]
    assert (report["passed"], conversation["passed"], conversation["line"]) == (False, False, 3)
    assert conversation["account"][0] | {"at": 0} == {
        "at": 0,
        "step": "welcome",
        "who": "",
        "kind": "heard",
        "happened": "hears “For the desk, press 1. To leave a message, press 2. For the news, press 3.”",
        "expected": ["hears “nothing”"],
        "missed": True,
    }
    assert {"step": "welcome", "way": "keys.2"} in report["coverage"][0]["not_taken"]


def test_junit_counts_failures_and_flows_of_which_too_little_was_taken(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / f"desk{SUFFIX}").write_text(FAILS, encoding="utf-8")

    main(["flow", "test", "--flows", str(folder), "--format", "junit", "--cover", "100"])

    suite = ET.fromstring(capsys.readouterr().out.encode())  # noqa: S314 -- written by ourselves a moment ago
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")
    assert "hears “nothing”" in (suite.findtext("testcase/failure") or "")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["nowhere"], "name a flow that has conversations beside it"),
        (["-k", "no such name"], "there is no conversation whose name holds “no such name”"),
    ],
)
def test_nothing_to_play_is_reported(
    folder: Path, options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / f"desk{SUFFIX}").write_text(PASSES, encoding="utf-8")

    assert main(["flow", "test", "--flows", str(folder), *options]) == 1
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--cover", "101"], ["--jobs", "0"]])
def test_options_out_of_range_are_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["flow", "test", *options])

    assert options[0] in capsys.readouterr().err


# First so, then so; what holds for all; what was looked up


SHOP = """\
flow: shop
last_resort: sorry
steps:
  card:
    collect: Please key your card in.
    into: card
    digits: 4
    sensitive: true
    otherwise: sorry
  find:
    lookup: cards
    send: {card: "{digits.card}", caller: "{caller}"}
    into: found
    gives: [name]
    sensitive: true
    not_found: card
    next: ring
  ring:
    transfer: "+15550199"
    busy: ring
    next: bye
  bye: hangup
  sorry:
    say: We are sorry.
"""

TWICE = """\
flow: shop
defaults:
  caller: withheld
  at: 2026-03-07 10:00:00
  lookups: {cards: [not_found, {gives: {name: Ada}}]}
  people: {"+15550199": [busy, busy, {talk: [{says: Shop.}, {hangs_up: true}]}]}
conversations:
  - name: second card, third ringing
    talk: [{hears: your card}, {presses: 1111}, {hears: your card}, {presses: 2222}, {hears: Shop.}]
    ends:
      variables: {found.name: Ada}
      transfers:
        - {to: "+15550199", result: busy}
        - {to: "+15550199", result: busy}
        - {to: "+15550199", result: connected}
      lookups: [{lookup: cards, send: {card: "1111", caller: ""}}, {lookup: cards, send: {card: "2222"}}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "numbers.yaml").write_text('"+15550150": shop\n', encoding="utf-8")
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path / f"shop{SUFFIX}"


def played_once(file: Path, conversations: str) -> ScenarioResult:
    file.write_text(conversations, encoding="utf-8")
    (result,) = play(read_conversations(file))
    return result


def test_people_and_systems_behave_as_the_list_says_one_time_after_the_other(shop: Path) -> None:
    result = played_once(shop, TWICE)

    assert result.passed, f"\n{side_by_side(result)}"


def test_after_the_last_of_a_list_it_stays_as_the_last(shop: Path) -> None:
    result = played_once(
        shop,
        TWICE.replace("[not_found, {gives: {name: Ada}}]", "[not_found, {gives: {name: Eve}}, {gives: {name: Ada}}]")
        .replace("[busy, busy, {talk", "[busy, {talk")
        .replace('        - {to: "+15550199", result: busy}\n', "", 1)
        .replace("found.name: Ada", "found.name: Eve"),
    )

    assert result.passed, f"\n{side_by_side(result)}"


def test_a_person_who_is_never_rung_has_something_left_to_say_unless_they_are_there_for_all(shop: Path) -> None:
    for_all = TWICE.replace("{hangs_up: true}]}]", "{hangs_up: true}]}, {talk: [{says: Bye.}]}]")
    [people] = [line for line in for_all.splitlines() if line.startswith("  people:")]
    own = for_all.replace(f"{people}\n", "").replace(
        "    talk: [{hears: your card}", f"  {people}\n    talk: [{{hears: your card}}", 1
    )

    missed = [[entry.expected for entry in played_once(shop, text).entries if entry.missed] for text in (own, for_all)]

    assert missed == [[["says “Bye.”"]], []]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('{lookup: cards, send: {card: "9999"}}', ("lookup 1: card", "(sensitive)", "(others)")),
        ("{lookup: cards, send: {caller: +15550142}}", ("lookup 1: caller", "+15550142", "—")),
        ("{lookup: cards, send: {colour: red}}", ("lookup 1: colour", "red", "—")),
        ("{lookup: orders}", ("lookup 1", "orders", "cards")),
    ],
)
def test_what_a_lookup_was_sent_is_compared_and_sensitive_digits_are_never_shown(
    shop: Path, asked: str, found: tuple[str, str, str]
) -> None:
    text = TWICE.replace('{lookup: cards, send: {card: "1111", caller: ""}}', asked.replace("+15550142", '"+15550142"'))

    result = played_once(shop, text)

    assert [(each.what, each.expected, each.found or "—") for each in result.differences] == [found]
    ours = f"{side_by_side(result)}{result.differences}"
    assert not {"9999", "2222"} & set(re.findall(r"(?<!presses )\b\d{4}\b", ours))


def test_a_lookup_too_many_is_a_difference(shop: Path) -> None:
    result = played_once(shop, TWICE.replace(', {lookup: cards, send: {card: "2222"}}]', "]"))

    assert [(each.what, each.expected, each.found) for each in result.differences] == [("lookup 2", "—", "cards")]


@pytest.mark.parametrize("caller", ["withheld", '""', "anonymous", "Restricted", "sip:anonymous@anonymous.invalid"])
def test_a_withheld_caller_may_be_written_as_carriers_write_it(shop: Path, caller: str) -> None:
    (shop.parent / "shop.yaml").write_text(
        "flow: shop\nsteps:\n  who: {branch: [{when: {caller: withheld}, to: hidden}], otherwise: bye}\n"
        "  hidden: {say: Hello., next: bye}\n  bye: hangup\n",
        encoding="utf-8",
    )

    result = played_once(
        shop,
        f"flow: shop\ndefaults: {{caller: {caller}}}\n"
        "conversations: [{name: a, ends: {steps: [who, hidden, bye]}}]\n",
    )

    assert result.passed, f"\n{side_by_side(result)}"


def test_a_report_says_why_the_last_resort_was_taken_and_where_media_belongs(folder: Path) -> None:
    (folder / "desk.yaml").write_text(
        DESK.replace("start:", "").replace("    menu: For", "    menu: {media: choices}\n    no_input: For"),
        encoding="utf-8",
    )

    result = played_once(folder / f"desk{SUFFIX}", "flow: desk\nconversations: [{name: a, ends: {outcome: kept}}]\n")

    what = "welcome: audio could not be played: file_not_found choices"
    why = f"{what}; put choices.wav or choices.mp3 into the folder audio"
    assert result.last_resorts == (why,)
    assert why in " ".join(side_by_side(result).split())


# The page about it


def test_the_example_in_the_docs_is_played_and_takes_every_way(tmp_path: Path) -> None:
    _written_page(tmp_path)

    played = [
        each
        for flow in ("workshop", "deliveries", "line")
        for each in play(read_conversations(tmp_path / f"{flow}{SUFFIX}"))
    ]

    assert [side_by_side(each) for each in played if not each.passed] == []


def test_the_failure_in_the_docs_is_what_a_failure_looks_like(tmp_path: Path) -> None:
    page = _written_page(tmp_path)
    file = tmp_path / f"workshop{SUFFIX}"
    talk = "[{hears: press 2}, {presses: 3}, {hears: {beep: true, within: 10s}}]"
    file.write_text(f"flow: workshop\nconversations:\n  - name: leaves a message\n    talk: {talk}\n", encoding="utf-8")

    (result,) = play(read_conversations(file))

    assert side_by_side(result) in page, f"\n{side_by_side(result)}"


def _written_page(folder: Path) -> str:
    """The page, whose files are written into the folder."""
    page = (DOCS / "conversations.md").read_text(encoding="utf-8")
    for text in re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        (folder / text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
    return page


@pytest.mark.parametrize("script", read_conversations(CHECKS / f"queue{SUFFIX}"), ids=lambda script: script.title)
def test_the_queue_of_the_docs_counts_those_who_talked_and_those_who_gave_up(script: Script, tmp_path: Path) -> None:
    page = (DOCS / "flows.md").read_text(encoding="utf-8")
    (queue,) = re.findall(r"^```yaml\n# queue.yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "queue.yaml").write_text(queue, encoding="utf-8")
    (tmp_path / NUMBERS_FILE).write_text('"+15550123": queue\n', encoding="utf-8")
    (tmp_path / AUDIO_FOLDER).symlink_to(SAMPLES / AUDIO_FOLDER)
    conversations = script.file.read_text(encoding="utf-8")
    (tmp_path / script.file.name).write_text(conversations, encoding="utf-8")
    beside = {each.title: each for each in read_conversations(tmp_path / script.file.name)}

    result = run_scenario(beside[script.title], FlowLibrary.open(tmp_path))

    assert result.passed, f"\n{side_by_side(result)}"


def test_every_key_of_a_conversation_stands_in_the_docs() -> None:
    page = (DOCS / "conversations.md").read_text(encoding="utf-8")
    published = json.loads((DOCS / "schema" / "conversations.schema.json").read_text(encoding="utf-8"))

    keys = {key for described in published["$defs"].values() for key in described.get("properties", {})}

    assert [key for key in sorted(keys) if f"`{key}" not in page and f" {key}" not in page] == []


def test_who_also_calls_and_does_not_do_what_is_written_fails_the_conversation(tmp_path: Path) -> None:
    _written_page(tmp_path)
    (tmp_path / AUDIO_FOLDER).symlink_to(SAMPLES / AUDIO_FOLDER)
    text = (tmp_path / "line.test.yaml").read_text(encoding="utf-8")
    wrong = text.replace("ends: {outcome: completed, steps: [next-caller]}", "ends: {outcome: served, steps: []}")
    (tmp_path / "line.test.yaml").write_text(wrong.replace("- says: It is.", "- says: It is not.", 1), encoding="utf-8")

    result = run_scenario(read_conversations(tmp_path / "line.test.yaml")[0], FlowLibrary.open(tmp_path))

    assert not result.passed
    assert [each.what for each in result.differences] == ["+15550199: outcome", "+15550199: steps"]
    assert {item.flow for item in result.taken} == {"line", "desk"}
