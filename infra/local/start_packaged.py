"""Starts each packed function in a bare interpreter: what it imports must all be in its own package.

Run as `python3.13 -I -B infra/local/start_packaged.py .aws-sam/build`. The emulator cannot show this: the packages of
the development environment are visible to its functions.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

APPS = {"WebhookFunction": "webhook.app", "ArchiveFunction": "archive.app", "LookupFunction": "lookup.app"}

ENVIRONMENT = {
    "ARCHIVE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/archive",
    "AWS_DEFAULT_REGION": "us-east-1",
    "CALLS_TABLE": "calls",
    "LOOKUP_FUNCTION": "lookup",
    "RECORDINGS_BUCKET": "recordings",
    "TELNYX_API_KEY_SECRET": "dialtone/telnyx-api-key",
    "TELNYX_PUBLIC_KEY": "A" * 43 + "=",
}

START = "import importlib, sys; sys.path.insert(0, sys.argv[1]); assert importlib.import_module(sys.argv[2]).handler"


def main(build: Path) -> int:
    """Start every function; 1 if one does not, with its own traceback printed."""
    failed = [function for function, app in APPS.items() if not _starts(build / function, app)]
    for function in failed:
        print(f"{function} does not start from its package alone: is everything that it imports in requirements.txt?")
    return 1 if failed else 0


def _starts(package: Path, app: str) -> bool:
    command = [sys.executable, "-I", "-B", "-c", START, str(package), app]
    started = subprocess.run(command, env=ENVIRONMENT, check=False)  # noqa: S603 -- our own package
    if started.returncode == 0:
        print(f"{app} starts from its package alone")
    return started.returncode == 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
