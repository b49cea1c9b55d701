"""Runs `dialtone recordings export`."""

import argparse
import shlex
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from dialtone.domain.recordings import Recording
from infra.cli.recordings_access import ledger, objects, selection, stack
from infra.operations import aws
from infra.operations.custody.export import SUMS, Export, Exported
from infra.output.files import alone
from infra.output.terminal import printable

PROGRESS_SECONDS = 2.0


def run(given: argparse.Namespace) -> int:
    """Export; 1 if something is missing, or the folder holds something else, too."""
    wanted, of = selection(given), stack(given)
    meant = {"table": of.calls_table, "bucket": of.recordings_bucket, **wanted.to_json()}
    names = sorted(set(given.names))
    export = Export(objects(of), given.to, meant | ({"names": names} if names else {}))
    export.prepare()
    busy = f"another export into {given.to} is running: wait for its end, or name another folder"
    with aws.explained(), alone(given.to, otherwise=busy):
        all_of_it = ledger(of)
        recordings: Iterable[Recording] = all_of_it.entries(wanted)
        if names:
            recordings = [each for name in names for each in all_of_it.named(name) if wanted.has(each)]
        export.begin()
        done = _run(export, recordings)
    for problem in done.missing:
        print(f"missing: {printable(problem)}")
    for path in done.strange:
        print(f"not of this export: {printable(path)}; remove it, for instance after an erasure")
    print(f"{done.recordings} recordings, {done.fetched} files fetched, {done.there} there already")
    print(f"check them with: cd {shlex.quote(str(given.to))} && sha256sum -c {SUMS}")
    return 1 if done.missing or done.strange else 0


def _run(export: Export, recordings: Iterable[Recording]) -> Exported:
    done, shown_at = Exported(), time.monotonic()
    made_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    for done in export.run(recordings, made_at):
        if time.monotonic() - shown_at >= PROGRESS_SECONDS:
            shown_at = time.monotonic()
            print(f"{done.recordings} recordings, {done.fetched} files fetched", file=sys.stderr)
    return done
