"""A call's timeline as a page of its own: lanes drawn as SVG, readable in light and dark, without scripts. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from control.timeline import TO_DIALTONE, UNCONFIRMED, CallTimeline, Row, described, seconds
from infra.flowkit.drawing.text_metrics import FONT_FAMILY, TextMetrics
from infra.operations.calls.lanes import MILLIS_PER_SECOND
from infra.output.palette import colours_for
from infra.output.terminal import printable

LETTERING = TextMetrics(13)
LINE = 17
"""Pixels from one line of text to the next."""
MOST_LINES = 12
WIDTH = 1180
TIME_X, CALLER_X, TELNYX_X, DIALTONE_X = 16, 110, 500, 860
NOTE_X = DIALTONE_X + 14
MARGIN = 12
HEAD = 58
GAP = 12
"""Between two rows."""

_COLOURS = colours_for(":root")
_LANES = f"""
svg {{ display: block; }} svg text {{ font: {LETTERING.size}px {FONT_FAMILY}; fill: var(--ink); }}
svg .soft {{ fill: var(--dim); }} svg .lane {{ stroke: var(--edge); }} svg .head {{ font-weight: bold; }}
svg .event {{ stroke: var(--one); }} svg .command {{ stroke: var(--two); }} svg .heard {{ stroke: var(--three); }}
svg .trouble {{ stroke: var(--alarm); }} svg text.bad {{ fill: var(--alarm); }}
svg line.arrow {{ stroke-width: 1.6; }} svg path.tip {{ stroke: none; }} svg path.event {{ fill: var(--one); }}
svg path.command {{ fill: var(--two); }} svg path.heard {{ fill: var(--three); }}
svg path.trouble {{ fill: var(--alarm); }} svg .back {{ fill: var(--card); }}
""".strip()
_PAGE = f"""
body {{ margin: 0 auto; padding: 24px; max-width: {WIDTH + 40}px; background: var(--paper); color: var(--ink);
  font: 14px/1.5 {FONT_FAMILY}; }}
h1 {{ font-size: 20px; margin: 0 0 4px; }} h2 {{ font-size: 15px; margin: 24px 0 8px; }}
.soft {{ color: var(--dim); }}
.card {{ background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 12px 16px;
  overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: 4px 12px 4px 0; }}
th {{ color: var(--dim); font-weight: normal; }} td {{ overflow-wrap: anywhere; }}
""".strip()


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A row: its texts in lines, by where they stand."""

    row: Row
    caller: tuple[str, ...]
    telnyx: tuple[str, ...]
    note: tuple[str, ...]

    @property
    def height(self) -> int:
        """In pixels, without the gap."""
        return max(len(self.caller), len(self.telnyx), len(self.note), 1) * LINE


def page_of(call: CallTimeline) -> str:
    """The page."""
    title = printable(f"Call {call.session_id}")
    parts = [
        f"<h1>{escape(printable(_titles(call)) or title)}</h1>",
        f'<p class="soft">{escape(title)}, {escape(call.began_at[:19].replace("T", " "))} UTC</p>',
        _card(_legs(call)),
        f"<h2>What happened</h2>{_card(drawing(call))}",
        f"<h2>Recordings</h2>{_card(_recordings(call))}" if call.recordings else "",
        f"<h2>What it cost at Telnyx</h2>{_card(_costs(call))}" if call.costs else "",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_COLOURS}\n{_PAGE}\n{_LANES}\n</style>\n{''.join(parts)}\n</html>\n"
    )


def drawing(call: CallTimeline, style: str = "") -> str:
    """The lanes as SVG, drawn in the colours of the page that it stands in, or of its own style."""
    rows = [_drawn(row) for row in call.rows]
    height = HEAD + sum(each.height + GAP for each in rows) + GAP
    body = "".join(_lanes(height))
    y, before = HEAD, -1.0
    for each in rows:
        y += each.height + GAP
        since = _since(call, each.row)
        body += "".join(_row(each, y - GAP // 2, f"{since:.1f} s" if since != before else ""))
        before = since
    label = f"What happened on the call, in {len(rows)} rows"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{label}">{style}<rect class="back" width="100%" height="100%"/>{body}</svg>'
    )


def picture_of(call: CallTimeline) -> str:
    """The lanes as a picture by itself."""
    return drawing(call, f"<style>\n{_COLOURS}\n{_LANES}\n</style>") + "\n"


def _drawn(row: Row) -> _Drawn:
    command = row.towards != TO_DIALTONE
    between = row.dialtone if command else row.telnyx
    answer = row.telnyx if command and row.telnyx != "sent" else ""
    return _Drawn(
        row,
        _lines(row.caller, TELNYX_X - CALLER_X - 2 * MARGIN),
        _lines(between, DIALTONE_X - TELNYX_X - 2 * MARGIN),
        _lines(answer if command else row.dialtone, WIDTH - NOTE_X - MARGIN),
    )


def _lines(text: str, width: float) -> tuple[str, ...]:
    return LETTERING.lines(printable(text), width, MOST_LINES)


def _lanes(height: int) -> Iterator[str]:
    for x, name in ((CALLER_X, "Caller"), (TELNYX_X, "Telnyx"), (DIALTONE_X, "Dialtone")):
        yield f'<text class="head" x="{x}" y="22" text-anchor="middle">{name}</text>'
        yield f'<line class="lane" x1="{x}" y1="34" x2="{x}" y2="{height - 4}"/>'


def _row(drawn: _Drawn, y: int, time: str) -> Iterator[str]:
    """Texts stand on the arrow that they are about, whose place is `y`."""
    row, command = drawn.row, drawn.row.towards != TO_DIALTONE
    kind = "trouble" if row.trouble or row.telnyx == UNCONFIRMED else "command" if command else "event"
    yield f'<text class="soft" x="{TIME_X}" y="{y + 4}">{time}</text>'
    if drawn.caller:
        ends = (TELNYX_X, CALLER_X) if command else (CALLER_X, TELNYX_X)
        heard = "heard" if command else kind
        yield from _arrow(*ends, y, heard) if row.telnyx else _mark(CALLER_X, y, heard)
        yield from _texts(drawn.caller, CALLER_X + MARGIN, y)
    if drawn.telnyx:
        ends = (DIALTONE_X, TELNYX_X) if command else (TELNYX_X, DIALTONE_X)
        yield from _arrow(*ends, y, kind)
        yield from _texts(drawn.telnyx, TELNYX_X + MARGIN, y)
    elif not drawn.caller:
        yield from _mark(DIALTONE_X, y, kind)
    yield from _texts(drawn.note, NOTE_X, y + LINE // 2 + 1, "bad" if kind == "trouble" else "soft")


def _texts(lines: Sequence[str], x: int, y: int, kind: str = "") -> Iterator[str]:
    for above, line in enumerate(reversed(lines)):
        yield f'<text class="{kind}" x="{x}" y="{y - 5 - above * LINE}">{escape(line)}</text>'


def _arrow(begins: int, ends: int, y: int, kind: str) -> Iterator[str]:
    tip = 7 if ends > begins else -7
    yield f'<line class="arrow {kind}" x1="{begins}" y1="{y}" x2="{ends - tip}" y2="{y}"/>'
    yield f'<path class="tip {kind}" d="M{ends} {y} L{ends - tip} {y - 4} L{ends - tip} {y + 4} Z"/>'


def _mark(x: int, y: int, kind: str) -> Iterator[str]:
    yield f'<path class="tip {kind}" d="M{x - 4} {y} L{x} {y - 4} L{x + 4} {y} L{x} {y + 4} Z"/>'


def _titles(call: CallTimeline) -> str:
    return "; ".join(described(leg) for leg in call.legs)


def _legs(call: CallTimeline) -> str:
    heads = ("leg", "direction", "flow", "last step", "answered", "ended", "hung up by", "lasted")
    rows = [
        (
            leg.leg_id,
            leg.direction,
            f"{leg.flow} {leg.flow_version}".strip(),
            leg.step,
            leg.answered_at[11:19],
            leg.ended_at[11:19] or "goes on",
            f"{leg.hangup_source} ({leg.hangup_cause})" if leg.ended_at else "",
            f"{lasted} s" if (lasted := seconds(leg)) is not None else "",
        )
        for leg in call.legs
    ]
    return _table(heads, rows)


def _recordings(call: CallTimeline) -> str:
    heads = ("recording", "custody", "channels", "lasts", "in the bucket as", "SHA-256", "transcript")
    rows = []
    for each in call.recordings:
        audio = each.audio
        millis = audio.duration_millis if audio else None
        rows.append(
            (
                each.name,
                f"{each.status} {each.reason}".strip(),
                f"{each.channels} {each.format}".strip(),
                f"{millis / MILLIS_PER_SECOND:.1f} s" if millis is not None else "",
                audio.key if audio else "",
                audio.sha256 if audio else "",
                "yes" if each.transcript else "",
            )
        )
    return _table(heads, rows)


def _costs(call: CallTimeline) -> str:
    rows = [
        (each.leg_id, f"{each.billed_seconds} s", ", ".join(each.parts), f"{each.amount} {each.currency}".strip())
        for each in call.costs
    ]
    if len(rows) > 1:
        rows += [("together", "", "", f"{amount} {currency}".strip()) for currency, amount in call.total.items()]
    return _table(("leg", "billed", "for", "cost"), rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(printable(each))}</td>" for each in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _card(inside: str) -> str:
    return f'<div class="card">{inside}</div>'


def _since(call: CallTimeline, row: Row) -> float:
    return (datetime.fromisoformat(row.at) - datetime.fromisoformat(call.began_at)).total_seconds()
