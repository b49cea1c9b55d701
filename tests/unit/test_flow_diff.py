"""What a change does to callers: in words, in the graph, from files and from git."""

import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dialtone.flow.parser import read_flow
from infra.cli.main import main
from infra.flowkit.drawing.change_summary import NOTHING, summary
from infra.flowkit.drawing.difference import compared
from infra.flowkit.drawing.graph import Graph, Mark
from infra.flowkit.drawing.mermaid import mermaid_of

DESK = """\
flow: desk
last_resort: sorry
steps:
  welcome:
    menu: For the office, press 1.
    keys: {1: office, 9: account}
    tries: 3
    otherwise: bye
  account:
    collect: Your account.
    into: account
    digits: 8
    next: office
  office:
    transfer: "+15550199"
    busy: message
  message:
    record: Please speak.
    max_seconds: 60
  old:
    play: {media: tune}
    keys: {5: bye, 6: bye}
  bye: hangup
  sorry: {say: Sorry.}
"""


def diff_of(*changes: tuple[str, str]) -> list[str]:
    """What is noticed when these pieces of the flow are replaced."""
    old, new = versions(*changes)
    return summary(read_flow("desk.yaml", old), read_flow("desk.yaml", new))


def versions(*changes: tuple[str, str]) -> tuple[str, str]:
    new = DESK
    for piece, instead in changes:
        assert piece in new
        new = new.replace(piece, instead, 1)
    return DESK, new


def difference(*changes: tuple[str, str]) -> Graph:
    old, new = versions(*changes)
    return compared(read_flow("desk.yaml", old), read_flow("desk.yaml", new))


def marked(drawn: Graph, mark: Mark) -> tuple[set[str], set[tuple[str, str, str]]]:
    nodes = {node.name for node in drawn.nodes if node.mark is mark}
    edges = {
        (edge.source.partition(":")[2], edge.label, edge.target.partition(":")[2])
        for edge in drawn.edges
        if edge.mark is mark
    }
    return nodes, edges


# In words


@pytest.mark.parametrize(
    ("piece", "instead", "sentence"),
    [
        (
            "play: {media: tune}",
            "play: {audio: 'https://www.example.com/tune', audio_type: wav, cache_audio: false}",
            "“old” now plays ♪ tune (wav, fetched anew); before, ♪ tune.",
        ),
        (
            "play: {media: tune}",
            "play: {content: UklGRg==}",
            "“old” now plays ♪ in the flow, aa40eb; before, ♪ tune.",
        ),
        ("max_seconds: 60", "max_seconds: 60\n    file_name: a", "In “message”, file name is now a; before, nothing."),
        ("say: Sorry.", "say: Sorry., times: 2", "“sorry” is now heard 2 times instead of 1."),
        (
            "9: account",
            "9: account, 3: message",
            "Pressing 3 in “welcome” now leads to “message”; before, it was a wrong key.",
        ),
        (", 9: account", "", "Pressing 9 in “welcome” is now a wrong key; before, it led to “account”."),
        ("1: office", "1: account", "Pressing 1 in “welcome” now leads to “account”; before, to “office”."),
        ("{5: bye, 6: bye}", "{6: bye}", "Pressing 5 in “old” is now without effect; before, it led to “bye”."),
        (
            "press 1.",
            "press one.",
            "The menu in “welcome” says: “For the office, press one.” Before: “For the office, press 1.”",
        ),
        ("tries: 3", "tries: 4", "A caller who presses nothing in “welcome” is now asked 4 times instead of 3."),
        (
            "otherwise: bye",
            "otherwise: message",
            "When a caller gives no good answer in “welcome”, the call now goes to “message”; before, to “bye”.",
        ),
        (
            "tries: 3",
            "tries: 3\n    no_input: Hello?",
            "A caller who presses nothing in “welcome” now hears: “Hello?” Before: nothing.",
        ),
        ("next: office", "next: message", "After “account”, the call now goes to “message”; before, to “office”."),
        ("digits: 8", "digits: {min: 8, max: 9}", "In “account”, digits is now 8\u20139; before, 8."),
        (
            "digits: 8",
            "digits: 8\n    sensitive: true",
            "That what is keyed in at “account” is written nowhere: now yes; before, no.",
        ),
        ("+15550199", "+15550188", "“office” now rings +15550188; before, +15550199."),
        (
            "    busy: message\n",
            "",
            "When the line that “office” rings is busy, there is no longer a path of its own; before, to “message”.",
        ),
        (
            "    busy: message\n",
            "    busy: message\n    on_error: bye\n",
            "When “office” cannot be done, the call now goes to “bye”; before, there was no path of its own.",
        ),
        ("max_seconds: 60", "max_seconds: 90", "A recording in “message” may now last 90 seconds instead of 60."),
        ("{media: tune}", "{media: song}", "“old” now plays ♪ song; before, ♪ tune."),
        ("{say: Sorry.}", "{say: Forgive us.}", "“sorry” now says: “Forgive us.” Before: “Sorry.”"),
        ("{say: Sorry.}", "hangup", "Step “sorry” is now hangup; before, say “Sorry.”."),
        (
            "last_resort: sorry",
            "last_resort: bye",
            "When something goes wrong and there is no path for it, the call now goes to “bye”; before, to “sorry”.",
        ),
        (
            "last_resort: sorry",
            "last_resort: sorry\nstart: office",
            "A call now begins at “office”; before, at “welcome”.",
        ),
        ("last_resort: sorry", "last_resort: sorry\nrecord: {}", "Calls are now recorded from the answer."),
        (
            "last_resort: sorry",
            "last_resort: sorry\nvoice: Azure.en-US-JennyNeural",
            "The voice is now Azure.en-US-JennyNeural; before, AWS.Polly.Joanna-Neural.",
        ),
        ("last_resort: sorry", "last_resort: sorry\nabout: The desk.", NOTHING),
    ],
)
def test_a_change_is_reported_as_a_caller_notices_it(piece: str, instead: str, sentence: str) -> None:
    assert diff_of((piece, instead)) == [sentence]


def test_steps_that_came_and_went_are_reported() -> None:
    sentences = diff_of(
        (
            "  old:\n    play: {media: tune}\n    keys: {5: bye, 6: bye}\n",
            "  new:\n    say: Just a moment.\n    next: office\n",
        )
    )

    assert sentences == [
        "After “message”, the call now goes to “new”; before, to “old”.",
        "Step “new” is new: say “Just a moment.”.",
        "Step “old” is gone.",
    ]


def test_a_step_with_a_new_name_is_not_taken_for_a_new_step() -> None:
    assert diff_of(("  message:", "  voicemail:"), ("busy: message", "busy: voicemail")) == [
        "Step “message” is now called “voicemail”."
    ]


def test_the_end_of_a_recording_from_the_answer_is_reported() -> None:
    recorded = DESK.replace("last_resort: sorry", "last_resort: sorry\nrecord: {format: wav}")
    old, new = read_flow("desk.yaml", recorded), read_flow("desk.yaml", DESK)
    other = read_flow("desk.yaml", recorded.replace("wav", "mp3"))

    assert summary(old, new) == ["Calls are no longer recorded from the answer."]
    assert summary(old, other) == ["In the recording of the call, format is now mp3; before, wav."]


def test_from_when_on_calls_are_recorded_is_reported() -> None:
    old = read_flow("desk.yaml", DESK)
    asked, announced, at_once = (
        read_flow("desk.yaml", DESK.replace("last_resort: sorry", f"last_resort: sorry\nrecord: {written}"))
        for written in ("{consent: ask}", "{consent: announce}", "{}")
    )

    assert "Calls are now recorded once the caller agrees." in summary(old, asked)
    assert "Calls are now recorded once it was announced." in summary(old, announced)
    assert summary(old, at_once) == ["Calls are now recorded from the answer."]


def test_a_flow_that_came_or_went_is_reported() -> None:
    flow = read_flow("desk.yaml", DESK)

    assert summary(None, flow) == ["The flow “desk” is new."]
    assert summary(flow, None) == ["The flow “desk” is gone."]
    assert summary(flow, flow) == []


# In the graph


def test_what_came_went_and_changed_is_marked() -> None:
    drawn = difference(
        ("9: account", "9: account, 3: help"),
        ("tries: 3", "tries: 2"),
        (
            "  old:\n    play: {media: tune}\n    keys: {5: bye, 6: bye}\n",
            "  help:\n    say: Just a moment.\n    next: office\n",
        ),
    )

    assert marked(drawn, Mark.ADDED) == (
        {"help"},
        {("welcome", "3", "help"), ("help", "", "office"), ("message", "", "help")},
    )
    assert marked(drawn, Mark.REMOVED) == (
        {"old"},
        {("message", "", "old"), ("old", "5", "bye"), ("old", "6", "bye"), ("old", "", "bye")},
    )
    assert marked(drawn, Mark.CHANGED) == ({"welcome"}, {("welcome", "after 2 tries", "bye")})


def test_a_changed_step_shows_its_words_before() -> None:
    drawn = difference(("press 1.", "press one."))

    assert drawn.node("step:welcome").before == "“For the office, press 1.”"


def test_a_renamed_step_keeps_its_ways() -> None:
    drawn = difference(("  message:", "  voicemail:"), ("busy: message", "busy: voicemail"))

    assert marked(drawn, Mark.CHANGED) == ({"voicemail"}, set())
    assert marked(drawn, Mark.ADDED) == marked(drawn, Mark.REMOVED) == (set(), set())


def test_mermaid_marks_by_line_and_sign_and_not_by_colour_alone() -> None:
    text = mermaid_of(difference(("9: account", "9: account, 3: message"), ("    busy: message\n", "")))

    assert '-->|"#43; 3"|' in text
    assert '-.->|"− busy"|' in text  # noqa: RUF001 -- a minus sign
    assert text.count("linkStyle") == 2


# From files and from git


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A folder of flows in git, whose desk was changed in the second commit, and again since."""
    old, new = versions(("9: account", "9: account, 3: message"))
    git(tmp_path, "init", "--quiet")
    (tmp_path / "numbers.yaml").write_text('"+15550100": desk\n', encoding="utf-8")
    (tmp_path / "same.yaml").write_text("flow: same\nsteps:\n  bye: hangup\n", encoding="utf-8")
    for text in (old, new):
        (tmp_path / "desk.yaml").write_text(text, encoding="utf-8")
        git(tmp_path, "add", ".")
        git(tmp_path, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "A change")
    (tmp_path / "desk.yaml").write_text(new.replace("Sorry.", "Forgive us."), encoding="utf-8")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    # Neither the person's own settings nor a signing key of theirs belong into a test.
    alone = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=alone)  # noqa: S603, S607 -- git alone


KEY = "Pressing 3 in “welcome” now leads to “message”; before, it was a wrong key."
WORDS = "“sorry” now says: “Forgive us.” Before: “Sorry.”"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (["{}/desk.yaml@HEAD~1"], [KEY, WORDS]),
        (["{}/desk.yaml@HEAD~1", "{}/desk.yaml@HEAD"], [KEY]),
        (["{}/desk.yaml@HEAD", "{}/desk.yaml"], [WORDS]),
        (["{}/desk.yaml"], [WORDS]),
        (["desk.yaml@HEAD~1", "--flows", "{}"], [KEY, WORDS]),
        (["desk.yaml", "--flows", "{}"], [WORDS]),
        (["HEAD~1", "--flows", "{}"], [KEY, WORDS]),
        (["HEAD~1", "HEAD", "--flows", "{}"], [KEY]),
        (["HEAD", "--flows", "{}"], [WORDS]),
    ],
)
def test_versions_are_named_as_in_git(
    flows: Path, named: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["flow", "diff", *(name.format(flows) for name in named)])

    assert status == 0
    assert capsys.readouterr().out == "desk\n" + "".join(f"  {sentence}\n" for sentence in expected)


def test_a_new_flow_is_seen_before_it_is_committed(flows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (flows / "fresh.yaml").write_text("flow: fresh\nsteps:\n  bye: hangup\n", encoding="utf-8")

    main(["flow", "diff", "HEAD", "--flows", str(flows)])

    assert "fresh\n  The flow “fresh” is new.\n" in capsys.readouterr().out


def test_a_flow_that_was_deleted_is_reported(flows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (flows / "same.yaml").unlink()

    main(["flow", "diff", "HEAD", "--flows", str(flows)])

    assert "same\n  The flow “same” is gone.\n" in capsys.readouterr().out


def test_numbers_and_calendars_are_part_of_what_changed(flows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (flows / "calendars").mkdir()
    calendar, numbers = flows / "calendars" / "office.yaml", flows / "numbers.yaml"
    calendar.write_text("time_zone: Europe/London\nopen: {mon-fri: 09:00-17:00}\n", encoding="utf-8")
    numbers.write_text('"+15550100": desk\n"+15550101": same\n', encoding="utf-8")
    git(flows, "add", ".")
    git(flows, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "-am", "Numbers")
    calendar.write_text("time_zone: Europe/London\nopen: {mon-fri: 08:00-17:00}\n", encoding="utf-8")
    numbers.write_text('"+15550100": [{flow: same, closed: office}, desk]\n"+15550102": same\n', encoding="utf-8")

    status = main(["flow", "diff", "HEAD", "--flows", str(flows), "--exit-code"])

    assert status == 1
    assert capsys.readouterr().out == (
        "calendars/office.yaml\n"
        "  In the calendar “office”, open mon-fri is now 08:00-17:00; before, 09:00-17:00.\n"
        "\nnumbers.yaml\n"
        "  +15550100 now leads to “same” while “office” is closed, else to “desk”; before, to “desk”.\n"
        "  +15550102 is new and leads to “same”.\n"
        "  +15550101 is gone; before, it led to “same”.\n"
    )


def test_a_calendar_that_came_or_went_is_reported(flows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (flows / "calendars").mkdir()
    (flows / "calendars" / "office.yaml").write_text("time_zone: Europe/London\n", encoding="utf-8")
    main(["flow", "diff", "HEAD", "--flows", str(flows)])
    git(flows, "add", ".")
    git(flows, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "-am", "Hours")
    shutil.rmtree(flows / "calendars")

    main(["flow", "diff", "HEAD", "--flows", str(flows)])

    printed = capsys.readouterr().out
    assert "The calendar “office” is new." in printed
    assert printed.endswith("The calendar “office” is gone.\n")


def test_two_files_are_compared_whatever_they_are_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = versions(("Sorry.", "Forgive us."))
    (tmp_path / "before.yaml").write_text(old, encoding="utf-8")
    (tmp_path / "after.yaml").write_text(new, encoding="utf-8")

    status = main(["flow", "diff", str(tmp_path / "before.yaml"), str(tmp_path / "after.yaml")])

    assert (status, capsys.readouterr().out) == (0, f"desk\n  {WORDS}\n")


@pytest.mark.parametrize(("revisions", "status"), [(["HEAD"], 1), (["HEAD", "HEAD"], 0)])
def test_the_exit_code_tells_of_differences_where_it_is_asked_to(
    flows: Path, revisions: list[str], status: int
) -> None:
    assert main(["flow", "diff", *revisions, "--flows", str(flows), "--exit-code"]) == status


def test_the_picture_shows_what_was_beside_what_is(flows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["flow", "diff", "HEAD", "--flows", str(flows), "--format", "svg"])

    root = ET.fromstring(capsys.readouterr().out)  # noqa: S314 -- our own picture
    texts = [element.text for element in root.iter() if element.text]
    assert {"“Forgive us.”", "was “Sorry.”", "~", "changed"} <= set(texts)


def test_the_page_has_the_words_and_the_picture(flows: Path, tmp_path: Path) -> None:
    main(["flow", "diff", "HEAD", "--flows", str(flows), "--format", "html", "--output", str(tmp_path / "out")])

    page = (tmp_path / "out" / "desk.html").read_text(encoding="utf-8")
    assert f"<li>{WORDS}</li>" in page
    assert "<h1>desk: what changed from HEAD to the files as they lie</h1>" in page
    assert "<svg " in page


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["nonsense", "--flows", "{}"], "nonsense is neither a file nor a revision that git knows"),
        (
            ["{}/desk.yaml@nonsense"],
            "nonsense is not a revision that git knows; write for example {0}/desk.yaml@HEAD~1",
        ),
        (["{}/gone.yaml@HEAD"], "{0}/gone.yaml was not there at HEAD: name a revision that has it"),
        (
            ["HEAD", "{}/desk.yaml"],
            "HEAD is a revision and {0}/desk.yaml a file: write {0}/desk.yaml@HEAD in front of {0}/desk.yaml",
        ),
    ],
)
def test_what_cannot_be_compared_is_reported(
    flows: Path, named: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["flow", "diff", *(name.format(flows) for name in named)])

    assert status == 1
    assert capsys.readouterr().err == f"dialtone: {said.format(flows)}\n"


def test_the_picture_of_a_change_has_the_opening_hours_too(tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "desk.yaml"
    text = "flow: desk\nsteps:\n  now: {hours: office, open: bye, closed: bye}\n  bye: {say: Goodbye.}\n"
    old.write_text(text, encoding="utf-8")
    new.write_text(text.replace("Goodbye", "See you"), encoding="utf-8")
    (tmp_path / "calendars").mkdir()
    hours = "time_zone: Europe/London\nopen: {mon-fri: 09:00-17:00}\n"
    (tmp_path / "calendars" / "office.yaml").write_text(hours, encoding="utf-8")

    main(["flow", "diff", str(old), str(new), "--format", "svg", "--output", str(tmp_path / "desk.svg")])

    assert "mon-fri 09:00-17:00; Europe/London" in (tmp_path / "desk.svg").read_text(encoding="utf-8")
