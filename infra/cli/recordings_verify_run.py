"""Runs `dialtone recordings verify`."""

import argparse
import sys
import time
from datetime import UTC, datetime

from infra.cli.recordings_access import ledger, megabytes, objects, retention, selection, stack
from infra.operations import aws
from infra.operations.custody.ledger import Place, place_of
from infra.operations.custody.progress_file import PlaceFile
from infra.operations.custody.receipts import Receipts
from infra.operations.custody.selection import Selection
from infra.operations.custody.verification import Tally, Verification, leftovers
from infra.output.terminal import printable

NOTE_SECONDS = 1.0
"""Between two notes of the place: what is read twice after a crash."""

PROGRESS_SECONDS = 10.0
"""Between two lines of progress, where nobody watches a terminal."""


def run(given: argparse.Namespace) -> int:
    """Verify, and say what differs and what to do; 1 if anything does."""
    wanted, of = selection(given), stack(given)
    meant = {"table": of.calls_table, "bucket": of.recordings_bucket, **wanted.to_json()}
    file = PlaceFile(given.resume, meant) if given.resume else None
    after, tally = file.read() if file else (None, Tally())
    with aws.explained():
        verification = Verification(ledger(of), objects(of), retention(of), datetime.now(UTC))
        _verify(verification, wanted, after, tally, file)
        erased = list(leftovers(Receipts(verification.objects).all(), verification.objects))
    if file:
        file.remove()
    for finding in (*tally.findings, *erased):
        print(printable(finding))
    print(_summary(tally))
    return 1 if tally.findings or erased else 0


def _verify(
    verification: Verification, wanted: Selection, after: Place | None, tally: Tally, file: PlaceFile | None
) -> None:
    progress = Progress()
    noted_at, done = time.monotonic(), after
    try:
        for recording in verification.ledger.entries(wanted, after):
            verification.check(recording, tally)
            done = place_of(recording)
            progress.show(tally)
            if file and time.monotonic() - noted_at >= NOTE_SECONDS:
                file.write(done, tally)
                noted_at = time.monotonic()
    except BaseException:
        if file and done:
            file.write(done, tally)
            print(f"\nnot finished; --resume {file.path} goes on after {tally.checked} recordings", file=sys.stderr)
        raise
    finally:
        progress.end()


class Progress:
    """How far it is, on standard error: in one line of a terminal, else in a line every few seconds."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._shown_at = time.monotonic()

    def show(self, tally: Tally) -> None:
        """Show it, if it is time to."""
        now = time.monotonic()
        if now - self._shown_at < (0.1 if self._watched else PROGRESS_SECONDS):
            return
        self._shown_at = now
        print(("\r" if self._watched else "") + _summary(tally), end="" if self._watched else "\n", file=sys.stderr)

    def end(self) -> None:
        """Leave the line."""
        if self._watched:
            print(file=sys.stderr)


def _summary(tally: Tally) -> str:
    differing = len({finding.recording for finding in tally.findings})
    expired = f"{tally.expired} have expired; " if tally.expired else ""
    return (
        f"{tally.checked} recordings verified, {megabytes(tally.read_bytes)} read, {differing} differ; {expired}"
        f"{tally.pending} have no audio to verify"
    )
