"""What came of a campaign: a row for each recipient, sums, and a picture. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape

from dialtone.domain.campaigns import result_rows
from dialtone.domain.campaigns.attempt import SETTLED, Attempt
from dialtone.domain.campaigns.campaign import Campaign
from dialtone.domain.campaigns.costs import Spent
from dialtone.domain.campaigns.outcomes_and_redials import ACKNOWLEDGED, FAILURES, MACHINE, OUTCOMES, PERSON
from infra.operations.campaigns import words
from infra.operations.campaigns.status import NOTHING_YET, costs

COLUMNS = 60
"""Bars of the picture's course of time, at most."""

WIDTH, BAR_HEIGHT, LEFT, TOP, CHART_HEIGHT = 720, 22, 250, 112, 140
FONT = 'font-family="sans-serif" font-size="13"'
GOOD, NEUTRAL, BAD = "good", "neutral", "bad"
COLOURS = {GOOD: "#0072b2", NEUTRAL: "#9db4c8", BAD: "#d55e00"}
"""Also to people who see no red or no green."""
LEGEND = {GOOD: "reached", NEUTRAL: "not reached, or not called", BAD: "failed"}
REACHED = frozenset({ACKNOWLEDGED, PERSON, MACHINE})


def row_of(attempt: Attempt, cost: int = 0) -> dict[str, object]:
    """A recipient's row of the table of results, with what the list gave; the cost of the calls in millionths."""
    row = result_rows.row_of(attempt, cost)
    given = {f"given_{name}": value for name, value in attempt.recipient.variables.items()}
    return {**row, "outcomes": " ".join(attempt.outcomes), **given}


@dataclass(slots=True)
class Sums:
    """What the rows add up to; it does not grow with them."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    rounds: Counter[int] = field(default_factory=Counter)
    """How many recipients had so many dials."""
    seconds: int = 0
    minutes: int = 0
    """As Telnyx bills them: each begun minute of an answered recipient, at least."""
    by_minute: dict[int, Counter[str]] = field(default_factory=dict)
    """Unix minute → how many recipients ended then, by `good`, `neutral` and `bad`."""

    def add(self, attempt: Attempt) -> None:
        """Add one up."""
        if attempt.outcome:
            self.outcomes[attempt.outcome] += 1
            self.by_minute.setdefault(attempt.ended_at // 60, Counter())[kind(attempt.outcome)] += 1
        elif attempt.state == SETTLED:
            self.refused[attempt.refused] += 1
        self.rounds[attempt.round] += 1
        self.seconds += attempt.seconds
        self.minutes += -(-attempt.seconds // 60)


def kind(outcome: str) -> str:
    """Whether somebody was reached, could not be, or something failed."""
    if outcome in FAILURES:
        return BAD
    return GOOD if outcome in REACHED else NEUTRAL


def picture(campaign: Campaign, sums: Sums, spent: Spent = NOTHING_YET) -> str:
    """The report as SVG: what came of the recipients, and when."""
    shown = [(words.outcome(each), kind(each), sums.outcomes[each]) for each in OUTCOMES if sums.outcomes[each]]
    shown += [(words.not_called(rule), NEUTRAL, count) for rule, count in sorted(sums.refused.items())]
    chart_top = TOP + len(shown) * BAR_HEIGHT + 40
    height = chart_top + CHART_HEIGHT + 40
    most = max((count for _, _, count in shown), default=1)
    said = f"{campaign.recipients:,} recipients, {_dials(sums):,} dials, {sums.minutes:,} minutes answered"
    heading = escape(f"{campaign.id}: {campaign.status}")
    size = f'width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {FONT}>',
        f"<title>Report of {heading}</title>",
        f'<rect {size} fill="#ffffff"/>',
        f'<text x="16" y="28" font-size="18" font-weight="bold">{heading}</text>',
        f'<text x="16" y="48" fill="#555555">{said}</text>',
        *(f'<text x="16" y="66" fill="#555555">{escape(line)}</text>' for line in costs(campaign, spent)),
        *_legend(),
    ]
    for place, (name, sort, count) in enumerate(shown):
        y, width = TOP + place * BAR_HEIGHT, max(1, round((WIDTH - LEFT - 90) * count / most))
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{y + 3}" width="{width}" height="{BAR_HEIGHT - 6}" fill="{COLOURS[sort]}"/>',
            f'<text x="{LEFT + width + 6}" y="{y + 15}" fill="#555555">{count:,}</text>',
        ]
    parts += _course(sums, chart_top)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> list[str]:
    found, x = [], 16
    for sort, text in LEGEND.items():
        found.append(f'<rect x="{x}" y="80" width="12" height="12" fill="{COLOURS[sort]}"/>')
        found.append(f'<text x="{x + 18}" y="91">{text}</text>')
        x += 46 + 7 * len(text)
    return found


def _dials(sums: Sums) -> int:
    return sum(rounds * count for rounds, count in sums.rounds.items())


def _course(sums: Sums, top: int) -> list[str]:
    """When recipients ended: a bar for each stretch of time, from reached to failed."""
    if not sums.by_minute:
        return []
    first, last = min(sums.by_minute), max(sums.by_minute)
    wide = -(-(last - first + 1) // COLUMNS)
    columns: dict[int, Counter[str]] = {}
    for minute, counts in sums.by_minute.items():
        columns.setdefault((minute - first) // wide, Counter()).update(counts)
    most = max(each.total() for each in columns.values())
    bar = (WIDTH - 32) / (max(columns) + 1)
    stretch = "minute" if wide == 1 else f"{wide} minutes"
    found = [f'<text x="16" y="{top - 8}" fill="#555555">Recipients done, each {stretch}; {most:,} at most</text>']
    for place, counts in sorted(columns.items()):
        y = float(top + CHART_HEIGHT)
        for sort, colour in COLOURS.items():
            tall = CHART_HEIGHT * counts[sort] / most
            y -= tall
            if tall:
                found.append(
                    f'<rect x="{16 + place * bar:.1f}" y="{y:.1f}" width="{max(1.0, bar - 1):.1f}" height="{tall:.1f}"'
                    f' fill="{colour}"/>'
                )
    begins, ends = (datetime.fromtimestamp(each * 60, UTC).strftime("%Y-%m-%d %H:%M UTC") for each in (first, last))
    bottom = top + CHART_HEIGHT + 18
    found.append(f'<text x="16" y="{bottom}" fill="#555555">{begins}</text>')
    found.append(f'<text x="{WIDTH - 16}" y="{bottom}" text-anchor="end" fill="#555555">{ends}</text>')
    return found
