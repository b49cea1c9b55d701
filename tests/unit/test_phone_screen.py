"""What a person sees: a small terminal is drawn on, and read."""

import io
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.phone.hearing import PRESS, CutShort, Lamp, LogLine, Tone
from infra.phone.screen import Lines, Status, Terminal, cells, clipped, screen_on, spoken, wrapped

WELCOME = LogLine(0.0, "hears", "Welcome to Harbour Dental. Press one.", Tone.SPEECH, 3.7)
"""Ten characters a second."""

UP = Status("", 0.0, Lamp.OFF, "main-menu · welcome")

CONTROL = re.compile(r"\x1b\[(\d*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Glass(io.StringIO):
    """A terminal that understands what the screen may use, and nothing else."""

    def __init__(self, columns: int = 60, lines: int = 24) -> None:
        super().__init__()
        self.columns, self.lines = columns, lines

    def isatty(self) -> bool:
        return True

    def size(self) -> os.terminal_size:
        return os.terminal_size((self.columns, self.lines))

    def rows(self) -> list[str]:
        """What can be seen, and scrolled back to, by now."""
        rows, row, column = [""], 0, 0
        position = 0
        text = self.getvalue()
        while position < len(text):
            found = CONTROL.match(text, position)
            assert found, f"no terminal knows {text[position:][:9]!r}"
            position = found.end()
            number, letter, carriage, newline, plain = found.groups()
            if letter == "A":
                row -= int(number or 1)
                assert int(number or 1) < self.lines, "drawn above what can be seen"
                assert row >= 0, "drawn above the first row"
            elif letter == "J":
                rows[row] = rows[row][:column]
                del rows[row + 1 :]
            elif carriage:
                column = 0
            elif newline:
                row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            elif plain:
                rows[row] = rows[row][:column] + plain
                column += len(plain)
                assert cells(rows[row]) < self.columns, "a row that fills the last column"
            else:
                assert letter == "m"
        return rows


@pytest.fixture
def glass() -> Glass:
    return Glass()


def on(glass: Glass) -> Terminal:
    return Terminal(glass, colour=False, size=glass.size)


def test_words_appear_as_they_are_said(glass: Glass) -> None:
    terminal = on(glass)
    terminal.show(WELCOME)

    terminal.refresh(1.0, UP)

    assert glass.rows() == ["     0.0 s  hears      “Welcome to", "  0:00  main-menu · welcome"]


def test_what_was_said_stays_and_the_status_line_goes_below(glass: Glass) -> None:
    terminal = on(glass)
    terminal.show(WELCOME)

    terminal.refresh(3.7, UP)
    terminal.show(LogLine(4.0, "recording", "started", Tone.RECORDER))

    assert glass.rows() == [
        "     0.0 s  hears      “Welcome to Harbour Dental. Press",
        "                       one.”",
        "     4.0 s  recording  started",
        "  0:00  main-menu · welcome",
    ]


def test_what_is_cut_short_stays_as_far_as_it_came(glass: Glass) -> None:
    terminal = on(glass)
    terminal.show(WELCOME)
    terminal.refresh(1.0, UP)

    terminal.show(CutShort(1.0))

    assert glass.rows()[0] == "     0.0 s  hears      “Welcome to —”"


def test_words_go_on_below_what_happens_meanwhile(glass: Glass) -> None:
    terminal = on(glass)
    terminal.show(WELCOME)
    terminal.refresh(1.0, UP)

    terminal.show(LogLine(1.0, "recording", "paused", Tone.RECORDER))
    terminal.refresh(3.7, UP)

    assert glass.rows()[:3] == [
        "     0.0 s  hears      “Welcome to …”",
        "     1.0 s  recording  paused",
        "     1.0 s  hears      “Harbour Dental. Press one.”",
    ]


def test_a_key_that_interrupts_leaves_no_half_sentence_behind(glass: Glass) -> None:
    terminal = on(glass)
    terminal.show(WELCOME)
    terminal.refresh(1.0, UP)

    terminal.show(LogLine(1.0, PRESS, "1", Tone.OURS))
    terminal.show(CutShort(1.0))

    assert glass.rows()[:2] == ["     0.0 s  hears      “Welcome to …”", "     1.0 s  press      1"]


def test_keys_pressed_one_after_another_stand_in_one_line(glass: Glass) -> None:
    terminal = on(glass)
    for at, digit in enumerate("42#"):
        terminal.show(LogLine(float(at), PRESS, digit, Tone.OURS))
    terminal.show(LogLine(3.0, "hung up", "by the line", Tone.CALL))
    terminal.close()

    assert glass.rows() == ["     0.0 s  press      42#", "     3.0 s  hung up    by the line", ""]


@pytest.mark.parametrize("size", [(1, 1), (10, 3), (20, 5)])
def test_a_terminal_that_is_hardly_there_shows_the_end_of_what_is_said(size: tuple[int, int]) -> None:
    terminal = on(glass := Glass(*size))

    terminal.show(LogLine(0, "hears", "Thank you for calling. For our opening hours, press 1.", Tone.SPEECH, 4))
    drawn = []
    for second in range(1, 6):
        terminal.refresh(second, Status("ringing", second, step="main-menu"))
        drawn.append(len(terminal._drawn))  # noqa: SLF001 -- what it would go back over
    terminal.close()

    assert max(drawn) <= max(1, glass.lines - 1)
    if glass.columns > 1:  # in one column every row fills the last one
        assert "".join("".join(glass.rows()).split()).endswith("press1.”")


def test_a_narrower_window_is_drawn_on_as_well(glass: Glass) -> None:
    terminal = on(glass)
    terminal.show(WELCOME)
    terminal.refresh(3.6, UP)

    glass.columns = 200
    terminal.redraw()
    terminal.refresh(3.7, UP)

    assert glass.rows()[-2:] == [
        "     0.0 s  hears      “Welcome to Harbour Dental. Press one.”",
        "  0:00  main-menu · welcome",
    ]


def test_nothing_half_drawn_is_left_behind(glass: Glass) -> None:
    terminal = on(glass)
    terminal.show(WELCOME)
    terminal.refresh(1.0, UP)

    terminal.close()

    assert glass.rows() == ["     0.0 s  hears      “Welcome to —”", ""]


def test_words_being_typed_take_the_status_lines_place(glass: Glass) -> None:
    terminal = on(glass)

    terminal.refresh(1.0, Status("", 1.0, draft="Hello, th"))

    assert glass.rows() == ["  say: Hello, th"]


def test_the_lamp_says_whether_somebody_records(glass: Glass) -> None:
    terminal = on(glass)

    terminal.refresh(61.0, Status("", 61.0, Lamp.RECORDING, "main-menu"))
    recording = glass.rows()
    terminal.refresh(62.0, Status("", 62.0, Lamp.PAUSED, "main-menu"))

    assert recording == ["  ● rec  1:01  main-menu"]
    assert glass.rows() == ["  ‖ rec paused  1:02  main-menu"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["speech", "press", "cut", "line", "refresh", "say"]),
            st.text("ab —一\N{CROWN}", max_size=90),
        ),
        max_size=12,
    ),
    st.integers(30, 90),
)
def test_whatever_happens_a_terminal_can_draw_it(happened: list[tuple[str, str]], columns: int) -> None:
    glass = Glass(columns)
    terminal = on(glass)
    for second, (kind, text) in enumerate(happened):
        at = float(second)
        match kind:
            case "speech":
                terminal.show(LogLine(at, "hears", text, Tone.SPEECH, 2.5))
            case "press":
                terminal.show(LogLine(at, PRESS, "1", Tone.OURS))
            case "cut":
                terminal.show(CutShort(at))
            case "line":
                terminal.show(LogLine(at, "kept", text))
            case "say":
                terminal.say(text)
            case _:
                terminal.refresh(at, Status(text, at, Lamp.RECORDING))
    terminal.close()

    shown = " ".join(glass.rows())
    assert all(
        piece in shown for kind, text in happened if kind == "line" for piece in text.split() if cells(piece) < 8
    )
    assert glass.rows()[-1] == ""


# Lines


def test_a_pipe_gets_whole_lines_and_nothing_else() -> None:
    out = io.StringIO()
    lines = screen_on(out, {"TERM": "xterm"})
    lines.show(WELCOME)
    lines.refresh(1.0, UP)
    lines.show(CutShort(1.2))
    lines.close()

    assert out.getvalue().splitlines() == [
        "     0.0 s  hears      “Welcome to Harbour Dental. Press one.”",
        "     1.2 s  silence    (cut short)",
    ]


def test_keys_in_a_pipe_are_one_line_once_no_more_of_them_come() -> None:
    out = io.StringIO()
    lines = Lines(out)
    for at, digit in ((0.0, "4"), (0.3, "2"), (0.6, "#")):
        lines.show(LogLine(at, PRESS, digit, Tone.OURS))
        lines.refresh(at, UP)
    before = out.getvalue()
    lines.refresh(1.3, UP)

    assert before == ""
    assert out.getvalue() == "     0.0 s  press      42#\n"


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {}])
def test_a_terminal_without_a_cursor_gets_lines(glass: Glass, environ: dict[str, str]) -> None:
    assert isinstance(screen_on(glass, environ), Lines)


def test_no_colour_is_used_where_none_is_wanted(glass: Glass) -> None:
    terminal = screen_on(glass, {"TERM": "xterm", "NO_COLOR": "1"})
    terminal.show(LogLine(0.0, "hung up", "by the line", Tone.CALL))
    terminal.close()

    assert "m" not in re.findall(r"\x1b\[\d*([A-Za-z])", glass.getvalue())


def test_a_terminal_gets_colour(glass: Glass) -> None:
    terminal = screen_on(glass, {"TERM": "xterm"})
    terminal.show(LogLine(0.0, "hung up", "by the line", Tone.CALL))

    assert "\x1b[34m" in glass.getvalue()


# Text


@pytest.mark.parametrize(
    ("at", "words"),
    [(0.0, "Welcome"), (0.69, "Welcome"), (0.8, "Welcome to"), (3.69, WELCOME.text), (9.0, WELCOME.text)],
)
def test_only_words_that_were_begun_are_shown(at: float, words: str) -> None:
    assert spoken(WELCOME, at) == words


@given(st.text("ab cd\N{CJK UNIFIED IDEOGRAPH-4E00}"), st.integers(2, 20))
def test_wrapped_text_is_all_there_and_fits(text: str, width: int) -> None:
    rows = wrapped(text, width)

    assert "".join(rows).replace(" ", "") == text.replace(" ", "")
    assert all(cells(row) <= width for row in rows)


def test_wide_characters_take_two_columns_and_accents_none() -> None:
    assert cells("一二") == 4
    assert cells("e\N{COMBINING ACUTE ACCENT}") == 1
    assert clipped("一二三", 5) == "一二…"
