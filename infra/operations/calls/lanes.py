"""A call's timeline as text for a terminal: three columns, or one line for each thing that happened. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest

from control.timeline import TO_DIALTONE, UNCONFIRMED, CallTimeline, Row, described, seconds
from dialtone.domain.calls import Call
from dialtone.domain.recordings import Recording
from infra.output.terminal import BLUE, BOLD, CYAN, DIM, PLAIN, RED, YELLOW, printable

Line = tuple[str, str]
"""A line and its colour."""

LEAST_COLUMNS = 60
"""On a terminal that is narrower, lines are broken by the terminal."""
MOST_COLUMNS = 160

TIME_CHARACTERS = 9
ARROW_CHARACTERS = 3
SHARES = (9, 6, 6)
"""Of the width: what the caller hears is the longest."""

SHORT_ID = 8
MILLIS_PER_SECOND = 1_000

_WITHIN = re.compile(r"[^._-]*[._-]|[^._-]+")
"""The parts of a long word: the name of an event, of a step, of a file."""


def lanes(timeline: CallTimeline, columns: int) -> Iterator[Line]:
    """The timeline, with a head above and its recordings and money below."""
    columns = max(LEAST_COLUMNS, min(columns, MOST_COLUMNS))
    yield from _head(timeline, columns)
    yield from _rows(timeline, columns)
    for recording in timeline.recordings:
        yield from _wrapped(f"recording  {_recording(recording)}", columns, BLUE)
    for each in timeline.costs:
        parts = f" ({', '.join(each.parts)})" if each.parts else ""
        money = f"{each.amount} {each.currency}".strip()
        yield from _wrapped(f"cost       {money} for {each.billed_seconds} s{parts}", columns, BLUE)
    if len(timeline.costs) > 1:
        together = ", ".join(f"{amount} {currency}".strip() for currency, amount in timeline.total.items())
        yield f"cost       {together} together", BLUE


def one_line(row: Row, columns: int) -> Line:
    """A row as one line: its time, and the lanes in the order in which it went through them."""
    lanes = (row.caller, row.telnyx, row.dialtone)
    text = " → ".join(filter(None, lanes if row.towards == TO_DIALTONE else lanes[::-1]))
    line = printable(f"{row.at[11:19]}  {text}")
    return (line if len(line) <= columns else f"{line[: columns - 1]}…"), _colour(row)


def list_lines(calls: list[Call], columns: int) -> Iterator[Line]:
    """A line for each call, or two where the terminal is too narrow for one."""
    rows = [_list_row(each) for each in calls]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    narrow = sum(widths) + 2 * (len(widths) - 1) > columns
    for row in rows:
        cells = [f"{each:{width}}" for each, width in zip(row, widths, strict=True)]
        if narrow:
            yield "  ".join(cells[:3]).rstrip(), BOLD
            yield from _wrapped(f"    {'  '.join(filter(None, row[3:]))}", columns, PLAIN)
        else:
            yield "  ".join(cells).rstrip(), PLAIN


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most that width; a longer word is broken within, at its dots if it has any."""
    lines = [""]
    for word in printable(text).split():
        for piece in [word] if len(word) <= width else _pieces(word, width):
            line = f"{lines[-1]}{' ' if lines[-1] and piece is word else ''}{piece}"
            if len(line) <= width:
                lines[-1] = line
            else:
                lines.append(piece)
    return [line for line in lines if line]


def _pieces(word: str, width: int) -> list[str]:
    parts = _WITHIN.findall(word)
    return [part[start : start + width] for part in parts for start in range(0, len(part), width)]


def _head(timeline: CallTimeline, columns: int) -> Iterator[Line]:
    yield f"session  {printable(timeline.session_id)}", BOLD
    for leg in timeline.legs:
        lasted = seconds(leg)
        ended = f"{leg.hangup_cause} by {leg.hangup_source or 'unknown'}" if leg.ended_at else "goes on"
        facts = (
            leg.direction,
            f"flow {leg.flow} {leg.flow_version}" if leg.flow else "no flow",
            ended,
            f"{lasted} s" if lasted is not None else "",
        )
        yield from _wrapped(f"leg      {leg.leg_id}", columns, PLAIN)
        yield from _wrapped(f"         {described(leg)}", columns, PLAIN)
        yield from _wrapped(f"         {', '.join(filter(None, facts))}", columns, PLAIN)
    if timeline.began_at:
        yield f"began    {timeline.began_at[:19].replace('T', ' ')} UTC", PLAIN
    yield "", PLAIN


def _rows(timeline: CallTimeline, columns: int) -> Iterator[Line]:
    room = columns - TIME_CHARACTERS - 2 * ARROW_CHARACTERS
    widths = [room * share // sum(SHARES) for share in SHARES]
    heads = zip(("CALLER", "TELNYX", "DIALTONE"), widths, strict=True)
    yield f"{'':{TIME_CHARACTERS}}" + (" " * ARROW_CHARACTERS).join(f"{head:{width}}" for head, width in heads), DIM
    for row in timeline.rows:
        cells = [wrap(text, width) for text, width in zip((row.caller, row.telnyx, row.dialtone), widths, strict=True)]
        time = f"{_since(timeline, row):6.1f} s "
        arrows = _arrows(row)
        for parts in zip_longest(*cells, fillvalue=""):
            caller, telnyx, dialtone = (f"{part:{width}}" for part, width in zip(parts, widths, strict=True))
            line = f"{time:{TIME_CHARACTERS}}{caller}{arrows[0]}{telnyx}{arrows[1]}{dialtone}"
            yield line.rstrip(), _colour(row)
            time, arrows = "", (" " * ARROW_CHARACTERS,) * 2


def _arrows(row: Row) -> tuple[str, str]:
    sign = " → " if row.towards == TO_DIALTONE else " ← "
    return (sign if row.caller and row.telnyx else "   "), (sign if row.telnyx else "   ")


def _colour(row: Row) -> str:
    if row.trouble:
        return RED
    if row.towards == TO_DIALTONE:
        return CYAN if row.caller else PLAIN
    return YELLOW if row.telnyx != UNCONFIRMED else RED


def _since(timeline: CallTimeline, row: Row) -> float:
    return (datetime.fromisoformat(row.at) - datetime.fromisoformat(timeline.began_at)).total_seconds()


def _recording(recording: Recording) -> str:
    millis = recording.audio.duration_millis if recording.audio else None
    facts = (
        recording.name,
        recording.status,
        recording.reason,
        f"{millis / MILLIS_PER_SECOND:.1f} s" if millis is not None else "",
        " ".join(filter(None, (recording.channels, recording.format))),
        recording.audio.key if recording.audio else "",
        "with transcript" if recording.transcript else "",
        "paused" * bool(recording.pauses),
    )
    return ", ".join(filter(None, facts))


def _list_row(call: Call) -> tuple[str, ...]:
    lasted = seconds(call)
    began = (call.initiated_at or call.answered_at or call.ended_at)[:19].replace("T", " ")
    return (
        began,
        printable(f"{call.from_number or 'withheld'} → {call.to_number or 'unknown'}"),
        "" if lasted is None else f"{lasted:.1f} s",
        printable(described_state(call)),
        printable(call.flow),
        printable(call.session_id[:SHORT_ID]),
    )


def described_state(call: Call) -> str:
    """The outcome, or how far a call is that goes on."""
    return call.outcome if call.ended_at else f"({call.status or 'new'})"


def _wrapped(text: str, columns: int, colour: str) -> Iterator[Line]:
    """The text, its later lines indented like its first word's argument."""
    indent = re.match(r"\s*(?:\S+ {2,})?", text)
    margin = indent.end() if indent else 0
    first, *rest = wrap(text[margin:], max(20, columns - margin)) or [""]
    yield f"{text[:margin]}{first}", colour
    for line in rest:
        yield f"{' ' * margin}{line}", colour
