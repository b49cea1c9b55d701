"""How a campaign stands, as lines for people: counts, rate, time left. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dialtone.domain.campaigns.campaign import RUNNING, Campaign
from dialtone.domain.campaigns.costs import Spent
from dialtone.domain.campaigns.outcomes_and_redials import FAILURES, OUTCOMES
from dialtone.domain.campaigns.progress import Progress
from infra.operations.campaigns import words

BAR_CHARACTERS = 40
MOVING_SECONDS = 30
"""Without a dial for longer, a campaign stands still: no time left can be said."""
NOTHING_YET = Spent()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a campaign stands at a moment."""

    campaign: Campaign
    progress: Progress
    now: float
    rate: float = 0.0
    """Dials a second, of late; 0 if that is not known."""
    spent: Spent = NOTHING_YET

    @property
    def seconds_left(self) -> float | None:
        """Until the list is dialled once, at this rate; None while nothing moves. Further rounds come on top."""
        left = self.campaign.recipients - self.progress.recipients
        moving = self.campaign.status == RUNNING and self.now - self.progress.dialled_at < MOVING_SECONDS
        return left / self.rate if left and self.rate and moving else None

    def lines(self) -> list[str]:
        """As people read it."""
        campaign, progress = self.campaign, self.progress
        share = progress.settled / campaign.recipients if campaign.recipients else 1.0
        filled = round(share * BAR_CHARACTERS)
        found = [
            f"{campaign.id}: {campaign.status}{f', {campaign.reason}' if campaign.reason else ''}",
            f"[{'#' * filled}{'.' * (BAR_CHARACTERS - filled)}] {progress.settled:,} of {campaign.recipients:,} done",
            f"dials {progress.dials:,}   in flight {progress.in_flight:,}   {self._moves()}",
        ]
        found += costs(campaign, self.spent)
        found += counts(progress)
        if progress.failures:
            found.append(f"last failures: {', '.join(map(words.failure, progress.failures))}")
        return found

    def _moves(self) -> str:
        rate = f"{self.rate:.1f} a second" if self.rate else ""
        left = self.seconds_left
        return "   ".join(filter(None, (rate, f"{duration(left)} left to dial" if left is not None else "")))


def counts(progress: Progress) -> list[str]:
    """How many recipients ended how, or were not called and why: a line each."""
    found = [(words.outcome(each), count) for each, count in in_order(progress)]
    found += [(words.not_called(rule), count) for rule, count in sorted(progress.refused.items())]
    wide = max((len(text) for text, _ in found), default=0)
    return [f"  {text:<{wide}}{count:>10,}" for text, count in found]


def costs(campaign: Campaign, spent: Spent) -> list[str]:
    """What the calls cost and what was estimated, as a line; none while neither is known."""
    parts = []
    if spent.calls:
        parts.append(f"cost ${spent.amount:,.2f} for {spent.calls:,} calls")
    if campaign.estimated_dollars:
        parts.append(f"estimated ${campaign.estimated_dollars:,.2f} at most for one round")
    return ["; ".join(parts)] if parts else []


def rate_between(earlier: Progress, later: Progress, seconds: float) -> float:
    """Dials a second between two looks."""
    return max(0.0, (later.dials - earlier.dials) / seconds) if seconds > 0 else 0.0


def rate_of_late(progress: Progress) -> float:
    """Dials a second since the first one after the last time without any."""
    seconds = progress.dialled_at - progress.dialling_since
    return progress.dials / seconds if progress.dialling_since == progress.began_at and seconds > 0 else 0.0


def in_order(progress: Progress) -> list[tuple[str, int]]:
    """Outcomes of recipients that there are, the good ones first."""
    return [(each, progress.outcomes[each]) for each in OUTCOMES if progress.outcomes.get(each)]


def failed(progress: Progress) -> int:
    """Calls that failed."""
    return sum(count for outcome, count in progress.calls.items() if outcome in FAILURES)


def duration(seconds: float) -> str:
    """As people say it."""
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes >= 10 else f"{minutes} min {seconds_left} s" if minutes else f"{seconds_left} s"  # noqa: PLR2004 -- ten


def table(campaigns: Sequence[tuple[Campaign, Progress]]) -> list[str]:
    """A line for each campaign."""
    rows = [("campaign", "status", "begins", "flow", "done", "of", "dials")]
    rows += [
        (
            campaign.id,
            campaign.status,
            datetime.fromtimestamp(campaign.starts_at, UTC).strftime("%Y-%m-%d %H:%M"),
            campaign.flow,
            f"{progress.settled:,}",
            f"{campaign.recipients:,}",
            f"{progress.dials:,}",
        )
        for campaign, progress in campaigns
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
