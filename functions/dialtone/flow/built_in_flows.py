"""Flows that are part of the program, for calls that need no flow of the team's.

One speaks a text; the other connects an agent with the first caller of a queue.
"""

from __future__ import annotations

import re

SAY, SAY_AFTER_GREETING = "dialtone-say", "dialtone-say-after-greeting"
"""The first speaks at once; the second, for calls with detection, waits for a machine's greeting."""

TEXT = "text"
"""The variable with the text to speak."""

TAKE = "dialtone-take-"
"""The name's prefix of the flow that connects an agent with a queue's first caller; the queue's name follows."""

_HEAD = "voice: AWS.Polly.Joanna-Neural\nlanguage: en-US\n"
_GIVEN = f"{_HEAD}given: {{text: What is said.}}\n"
_SAY = "  say: {say: '{text}'}\n  bye: hangup\n"

_FILES = {
    f"{SAY}.yaml": f"flow: {SAY}\n{_GIVEN}steps:\n{_SAY}",
    f"{SAY_AFTER_GREETING}.yaml": f"flow: {SAY_AFTER_GREETING}\n{_GIVEN}steps:\n"
    f"  who: {{answered_by: {{person: say, machine: say, after_greeting: true}}}}\n{_SAY}",
}

_TAKE_FILE = rf"({TAKE}([a-z0-9][a-z0-9-]{{0,191}}))\.yaml"
_UNDERSCORE, _DASH = "-u-", "-d-"
"""A queue's name may have underscores, which a flow's name may not."""


def taking(queue: str) -> str:
    """The name of the flow that connects an agent with the first caller of a queue."""
    return TAKE + queue.replace("-", _DASH).replace("_", _UNDERSCORE)


def inline_text(file: str) -> str | None:
    """The text of a flow that is part of the program, by its file's name; None for any other."""
    if found := re.fullmatch(_TAKE_FILE, file):
        queue = re.sub(f"{_UNDERSCORE}|{_DASH}", lambda each: "_" if each[0] == _UNDERSCORE else "-", found[2])
        return _taking_text(found[1], queue)
    return _FILES.get(file)


def _taking_text(flow: str, queue: str) -> str:
    """The flow asks the agent to press a key, so that a mailbox that answers is not connected with a caller."""
    spoken = re.sub("[_-]", " ", queue)
    return (
        f"flow: {flow}\n{_HEAD}last_resort: nobody\nsteps:\n"
        f"  accept: {{menu: 'A call from the queue {spoken}. To take it, press 1.', keys: {{1: take}}, tries: 3,"
        " otherwise: bye}\n"
        f"  take: {{take_from: '{queue}', empty: nobody}}\n"
        "  nobody: {say: Nobody is waiting any more. Goodbye., next: bye}\n"
        "  bye: hangup\n"
    )
