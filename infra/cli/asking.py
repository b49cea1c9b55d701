"""Questions on the terminal."""

import sys

from dialtone.domain.errors import DialtoneError


def can_ask() -> bool:
    """Whether a person is there to answer."""
    return sys.stdin.isatty()


def confirmed(question: str, unasked: str) -> bool:
    """Whether the person says yes. Raises DialtoneError if nobody can be asked; `unasked` is the option for that."""
    if not can_ask():
        raise DialtoneError(f"there is no terminal for the question: add {unasked}")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def answered(question: str, default: str) -> str:
    """What the person answers; the default for nothing, and where nobody can be asked."""
    if not can_ask():
        return default
    return input(f"{question} [{default}]: ").strip() or default
