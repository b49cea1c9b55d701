"""What a picture of a flow says, in every format."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dialtone.flow.parser import read_flow
from infra.cli.main import main
from infra.flowkit.drawing.graph import ANSWER, FAULT, THE_END, Edge, Graph, Mark, Node, graph_of
from infra.flowkit.drawing.html import Section, page_of
from infra.flowkit.drawing.mermaid import mermaid_of, written
from infra.flowkit.drawing.picture import picture_of
from infra.flowkit.drawing.svg import svg_of
from infra.flowkit.drawing.text_metrics import TextMetrics

DESK = """\
flow: desk
last_resort: sorry
record: {channels: dual, format: wav}
steps:
  welcome:
    menu: For the office, press 1. To repeat this, press star.
    keys: {1: office, 2: office, "*": welcome, 3: message}
    tries: 4
    otherwise: bye
  office:
    transfer: "+15550199"
    ring_seconds: 25
    busy: message
    no_answer: message
    on_error: sorry
  message:
    record: Please speak after the tone.
    max_seconds: 60
    transcription: true
  bye: hangup
  sorry:
    say: {ssml: "<speak>We are <break/> sorry.</speak>"}
"""
SVG = "{http://www.w3.org/2000/svg}"


def graph(text: str = DESK, *numbers: str) -> Graph:
    flow = re.findall(r"flow: (\S+)", text)[0]
    return graph_of(read_flow(f"{flow}.yaml", text), numbers)


def paths(drawn: Graph, source: str) -> set[tuple[str, str, str]]:
    return {
        (edge.label, edge.target.partition(":")[2], edge.kind)
        for edge in drawn.edges
        if edge.source == f"step:{source}"
    }


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 -- our own picture


# The graph


def test_every_step_is_a_node_with_what_the_caller_meets() -> None:
    steps = {node.name: (node.kind, node.text, node.details) for node in graph().nodes if node.role == "step"}

    assert steps == {
        "welcome": ("menu", "“For the office, press 1. To repeat this, press star.”", ""),
        "office": ("transfer", "+15550199", "ring 25 s"),
        "message": ("record", "“Please speak after the tone.”", "max 60 s · transcription"),
        "bye": ("hangup", "", ""),
        "sorry": ("say", "“We are sorry.”", ""),
    }


def test_keys_findings_and_patience_are_edges_with_labels() -> None:
    drawn = graph()

    assert paths(drawn, "welcome") == {
        ("1", "office", "choice"),
        ("2", "office", "choice"),
        ("3", "message", "choice"),
        ("*", "welcome", "choice"),
        ("after 4 tries", "bye", "error"),
    }
    assert paths(drawn, "office") == {
        ("busy", "message", "error"),
        ("no answer", "message", "error"),
        ("error", "sorry", "error"),
        ("connected", THE_END, "next"),
    }
    assert paths(drawn, "message") == {("", "bye", "next")}


def test_the_end_of_the_file_is_the_end_of_the_call() -> None:
    drawn = graph()

    assert paths(drawn, "sorry") == {("", THE_END, "next")}
    assert paths(drawn, "bye") == set()


def test_numbers_lead_in_and_faults_to_the_last_resort() -> None:
    drawn = graph(DESK, "+15550100", "+15550101")

    entries = [(edge.source, edge.target) for edge in drawn.edges if not edge.source.startswith("step:")]
    assert entries == [
        ("entry:+15550100", "step:welcome"),
        ("entry:+15550101", "step:welcome"),
        (f"fault:{FAULT}", "step:sorry"),
    ]
    assert graph().nodes[0].name == ANSWER


def test_a_step_called_like_a_number_is_not_taken_for_it() -> None:
    drawn = graph('flow: odd\nsteps:\n  "+15550100": {say: Hello.}\n', "+15550100")

    assert [node.id for node in drawn.nodes] == ["entry:+15550100", "step:+15550100", f"end:{THE_END}"]


def test_a_way_that_is_never_taken_is_not_drawn() -> None:
    drawn = graph(
        "flow: dead\nsteps:\n  a: {menu: One., keys: {1: c}, otherwise: c}\n  b: {say: Never.}\n  c: hangup\n"
    )

    assert ("", "b", "next") not in paths(drawn, "a")


def test_a_menu_without_otherwise_goes_on_when_patience_ends() -> None:
    drawn = graph("flow: onward\nsteps:\n  a: {menu: One., keys: {1: c}, tries: 1}\n  b: {say: Well.}\n  c: hangup\n")

    assert ("after 1 try", "b", "next") in paths(drawn, "a")


def test_every_kind_of_step_has_a_node_and_its_ways() -> None:
    drawn = graph(
        "flow: kinds\nsteps:\n"
        "  a: {branch: [{when: {caller: +1555*}, to: c}], otherwise: d}\n"
        "  b: {hours: office, open: c, closed: d}\n"
        "  c: {go: d}\n"
        "  d: {answered_by: {person: b, machine: c, after_greeting: true}}\n"
    )

    assert paths(drawn, "a") == {("caller = +1555*", "c", "choice"), ("otherwise", "d", "choice")}
    assert paths(drawn, "b") == {("open", "c", "hours"), ("closed", "d", "hours")}
    assert paths(drawn, "c") == {("", "d", "choice")}
    assert paths(drawn, "d") == {("person", "b", "choice"), ("machine", "c", "choice")}
    assert [node.details for node in drawn.nodes if node.name == "d"] == ["after greeting"]


# SVG


def test_the_svg_shows_the_name_the_recording_the_steps_and_the_keys() -> None:
    root = read(svg_of(picture_of(graph())))

    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"desk", "recorded from the answer, dual, wav", "welcome", "menu", "1", "2", "3", "*"} <= set(texts)
    assert {"busy", "no answer", "error", "after 4 tries", FAULT, THE_END} <= set(texts)


def test_hours_and_errors_have_lines_of_their_own() -> None:
    root = read(svg_of(picture_of(graph())))

    classes = [
        group.get("class", "") for group in root.iter(f"{SVG}g") if group.find(f"{SVG}path[@class='line']") is not None
    ]
    assert {"choice same", "next same", "error same"} <= {*classes}
    assert ".error .line { stroke: var(--faint); stroke-width: 1.3; stroke-dasharray" in svg_of(picture_of(graph()))


def test_what_a_flow_says_cannot_break_out_of_the_picture() -> None:
    text = 'flow: sly\nsteps:\n  "<b>&\\"x":\n    say: "</text><script>alert(1)</script> ]]> & \'"\n'

    root = read(svg_of(picture_of(graph(text))))

    assert not list(root.iter(f"{SVG}script"))
    assert any(text.text == '<b>&"x' for text in root.iter(f"{SVG}text"))


def test_a_picture_needs_nothing_from_outside() -> None:
    svg = svg_of(picture_of(graph()))

    assert re.findall(r"(?:href|src|url\()\S*", svg) == []


def test_every_text_keeps_its_width_in_another_face() -> None:
    root = read(svg_of(picture_of(graph())))

    measured = [text for text in root.iter(f"{SVG}text") if text.get("textLength")]
    assert len(measured) > 20
    assert all(text.get("lengthAdjust") == "spacingAndGlyphs" for text in measured)


# Lettering


def test_text_is_measured_as_helvetica_is_wide() -> None:
    assert TextMetrics(10).width("Hi, you") == pytest.approx(10 * (722 + 222 + 278 + 278 + 500 + 556 + 556) / 1000)
    assert TextMetrics(10).width("é") == TextMetrics(10).width("e")
    assert TextMetrics(10).width("電話") == 20
    assert TextMetrics(10, bold=True).width("a") == TextMetrics(10, bold=True).width("á")


def test_text_breaks_into_lines_that_fit_and_ends_in_an_ellipsis() -> None:
    metrics = TextMetrics(12)

    lines = metrics.lines("one two three four five six seven eight nine ten " * 3, 80, 3)

    assert len(lines) == 3
    assert all(metrics.width(line) <= 80 for line in lines)
    assert lines[-1].endswith("…")
    assert metrics.lines("Donaudampfschiffahrtsgesellschaft", 80, 3)[0].endswith("…")
    assert metrics.lines("", 80, 3) == ()


# Mermaid


def test_mermaid_has_every_step_and_every_way() -> None:
    assert mermaid_of(graph(DESK, "+15550100")) == (
        "flowchart TD\n"
        '  n0(["#43;15550100"])\n'
        '  n1{{"welcome · menu<br>“For the office, press 1. To repeat this, press star.”"}}\n'
        '  n2[["office · transfer<br>#43;15550199"]]\n'
        '  n3[/"message · record<br>“Please speak after the tone.”"/]\n'
        '  n4(["bye · hangup"])\n'
        '  n5["sorry · say<br>“We are sorry.”"]\n'
        f'  n6(["{FAULT}"])\n'
        f'  n7(["{THE_END}"])\n'
        "  n0 --> n1\n"
        "  n6 -.-> n5\n"
        '  n1 -.->|"after 4 tries"| n4\n'
        '  n1 -->|"1, 2"| n2\n'
        '  n1 -->|"#42;"| n1\n'
        '  n1 -->|"3"| n3\n'
        '  n2 -->|"connected"| n7\n'
        '  n2 -.->|"error"| n5\n'
        '  n2 -.->|"busy, no answer"| n3\n'
        "  n3 --> n4\n"
        "  n5 --> n7\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('say "hi"', "say #34;hi#34;"),
        ("a < b & c", "a #60; b #38; c"),
        ("#1; [x] {y} |z|", "#35;1#59; #91;x#93; #123;y#125; #124;z#124;"),
        ("*bold* _slanted_ `code`", "#42;bold#42; #95;slanted#95; #96;code#96;"),
        ("1. first", "1#46; first"),
        ("- dash", "#45; dash"),
        ("new\nline", "new#10;line"),
        ("well-known, e.g. 1.5 ♪", "well-known, e.g. 1.5 ♪"),
    ],
)
def test_mermaid_shows_any_text_as_it_is(text: str, expected: str) -> None:
    assert written(text) == expected


# The command


def test_draw_prints_one_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")

    status = main(["flow", "draw", str(tmp_path / "desk.yaml")])

    assert status == 0
    assert read(capsys.readouterr().out).get("aria-label") == "desk"


def test_draw_puts_each_flow_into_the_folder_and_leaves_other_yaml_out(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    (tmp_path / "bye.yaml").write_text("flow: bye\nsteps:\n  bye: hangup\n", encoding="utf-8")
    (tmp_path / "numbers.yaml").write_text('"+15550100": desk\n', encoding="utf-8")
    files = [str(file) for file in sorted(tmp_path.glob("*.yaml"))]

    status = main(["flow", "draw", "--format", "html", "--output", str(tmp_path / "out"), *files])

    assert status == 0
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["bye.html", "desk.html"]
    page = (tmp_path / "out" / "desk.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "+15550100" in page


def test_draw_says_what_to_do_with_several_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    (tmp_path / "bye.yaml").write_text("flow: bye\nsteps:\n  bye: hangup\n", encoding="utf-8")

    status = main(["flow", "draw", str(tmp_path / "bye.yaml"), str(tmp_path / "desk.yaml")])

    assert status == 1
    assert capsys.readouterr().err == "dialtone: 2 pictures do not go into one svg: add --output FOLDER\n"


def test_draw_names_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["flow", "draw", str(tmp_path / "gone.yaml")])

    assert status == 1
    assert "gone.yaml does not exist; name a flow, or a flow's file" in capsys.readouterr().err


def test_draw_writes_a_file_where_a_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    (tmp_path / "bye.yaml").write_text("flow: bye\nsteps:\n  bye: hangup\n", encoding="utf-8")
    picture = tmp_path / "menu.svg"

    one = main(["flow", "draw", str(tmp_path / "desk.yaml"), "--output", str(picture)])
    both = main(
        ["flow", "draw", str(tmp_path / "desk.yaml"), str(tmp_path / "bye.yaml"), "--output", str(tmp_path / "b.svg")]
    )

    assert (one, both) == (0, 1)
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert "name a folder" in capsys.readouterr().err
    assert not (tmp_path / "b.svg").exists()


def test_keys_stand_as_they_lie_on_a_telephone() -> None:
    text = (
        "flow: desk\nsteps:\n  a:\n    menu: Choose.\n    keys: {0: z, '*': y, 2: x, '1, 3': w}\n"
        "  x: hangup\n  y: hangup\n  z: hangup\n  w: hangup\n"
    )

    lines = picture_of(graph(text)).lines

    tags = sorted((tag.box.x, tag.text) for line in lines for tag in line.tags if tag.is_key)
    assert [text for _, text in tags] == ["1", "3", "2", "*", "0"]


def test_each_language_has_its_lines() -> None:
    long = "a word of many words " * 20
    text = (
        f"flow: desk\nlanguages: {{en-US: {{}}, es-US: {{}}}}\nsteps:\n  a: {{say: {{en-US: {long}, es-US: Adiós}}}}\n"
    )

    (card,) = (card for card in picture_of(graph(text)).cards if card.node.name == "a")

    assert [row.text for row in card.rows if row.style == "text"][-1] == "es-US: “Adiós”"


def test_a_transfer_a_message_and_the_hours_say_all_that_happens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "flow: desk\nsteps:\n  now: {hours: office, open: a, closed: b, holiday: b}\n"
        '  a: {transfer: "+15550199", hold: {media: music}, whisper: A call., busy: b, no_answer: b, failed: b}\n'
        "  b: {record: Speak., review: {say: 'Keep it?'}}\n"
    )
    (tmp_path / "desk.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "calendars").mkdir()
    calendar = "calendar: office\ntime_zone: Europe/London\nopen: {mon-fri: [08:00-12:00, 13:00-17:00]}\n"
    (tmp_path / "calendars" / "office.yaml").write_text(calendar, encoding="utf-8")

    main(["flow", "draw", str(tmp_path / "desk.yaml")])

    printed = "\n".join(read(capsys.readouterr().out).itertext())
    for said in (
        "mon-fri 08:00-12:00 and 13:00-17:00; Europe/London",
        "while it rings ♪ music · whispers “A call.”",
        "then it is played back: “Keep it?” · 1 keeps, 2 records anew",
        "connected",
        "kept",
    ):
        assert said in printed


def test_a_picture_suits_a_dark_screen_and_a_page_a_small_one(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")

    main(["flow", "draw", str(tmp_path / "desk.yaml"), "--format", "html", "--output", str(tmp_path / "desk.html")])

    page = (tmp_path / "desk.html").read_text(encoding="utf-8")
    svg = page[page.index("<svg") :]
    assert svg.count("prefers-color-scheme: dark") == 1
    assert 'fill="#fff"' not in svg
    assert '<meta name="viewport"' in page


@pytest.mark.parametrize("bad", ["\x00", "\x01", "\x0b", "\x1b[31m", "\x7f", "\x85", "\ud800", "\ufffe"])
def test_no_character_of_a_text_makes_a_picture_that_cannot_be_read(bad: str) -> None:
    said = f"one{bad}two"
    drawn = Graph(
        said,
        said,
        (Node("entry", "a"), Node("step", said, "say", said, said, Mark.CHANGED, said)),
        (Edge("entry:a", f"step:{said}", said, "choice", mark=Mark.ADDED),),
    )

    svg = svg_of(picture_of(drawn))
    page = page_of(said, [Section(svg, [said])])

    assert "one\N{REPLACEMENT CHARACTER}" in "".join(read(svg).itertext())
    for text in (svg, page, mermaid_of(drawn)):
        assert bad[0] not in text
        text.encode("utf-8")
