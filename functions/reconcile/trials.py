"""Ends the trial of a flows version when it does worse than the live one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from dialtone.adapters.flow_versions_table import Change
from dialtone.domain.trial_results import is_worse, tallies
from reconcile.report import TRIALS_ENDED

if TYPE_CHECKING:
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.adapters.flow_versions_table import FlowVersionsTable
    from dialtone.domain.trial_results import Tally
    from reconcile.report import Report

MOST_CALLS = 2_000
"""The newest calls that are compared: about 1,500 read units and twenty requests; a sweep has other work."""

AUTHOR = "the sweep"


@dataclass(frozen=True, slots=True)
class TrialWatch:
    """Checks the trial, if there is one."""

    store: CallsTable
    publications: FlowVersionsTable
    report: Report
    now: float
    """Unix seconds."""

    def look(self) -> None:
        """End a trial that does worse.

        Raises PublishedMeanwhile if the publication has changed, and botocore's errors.
        """
        live = self.store.live()
        if live.trial is None:
            return
        begun = self.store.begun(live.trial.since, int(self.now))
        tried, others = tallies(live.trial, self.store.calls(islice(begun, MOST_CALLS)))
        if not is_worse(tried, others):
            return
        shares = f"{_said(tried)} went wrong, of the others {_said(others)}"
        did = f"ended the trial of version {live.trial.version}: {shares}"
        self.report.log("warning", "trial ended", {"published_version": live.trial.version, "reason": did})
        self.report.add(TRIALS_ENDED)
        at = datetime.fromtimestamp(self.now, UTC).isoformat(timespec="seconds")
        self.publications.change(live, Change(at, AUTHOR, did, live._replace(revision=live.revision + 1, trial=None)))


def _said(tally: Tally) -> str:
    return f"{tally.bad} of {tally.calls} calls"
