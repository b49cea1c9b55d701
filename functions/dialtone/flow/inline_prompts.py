"""Flows that are part of the program: a text that is said to whom we ring, where nobody has written a flow for it."""

from __future__ import annotations

SAY, SAY_AFTER_GREETING = "dialtone-say", "dialtone-say-after-greeting"
"""At once, and on a machine after its greeting: for calls that are dialled with detection."""

TEXT = "text"
"""The variable that holds what is said."""

_HEAD = "voice: AWS.Polly.Joanna-Neural\nlanguage: en-US\ngiven: {text: What is said.}\n"
_SAY = "  say: {say: '{text}'}\n  bye: hangup\n"

FILES = {
    f"{SAY}.yaml": f"flow: {SAY}\n{_HEAD}steps:\n{_SAY}",
    f"{SAY_AFTER_GREETING}.yaml": f"flow: {SAY_AFTER_GREETING}\n{_HEAD}steps:\n"
    f"  who: {{answered_by: {{person: say, machine: say, after_greeting: true}}}}\n{_SAY}",
}
