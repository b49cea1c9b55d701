"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check ended. Only a failed and an unknown one keep a line from being called good."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The service did not answer, so the check has not passed."""
    SKIPPED = "skipped"
    """It needs what an earlier check did not find."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line: what was found, and what to do about it."""

    check: str
    status: Status
    found: str
    remedy: str = ""


def ok(check: str, found: str) -> Result:
    """OK."""
    return Result(check, Status.OK, found)


def warning(check: str, found: str, remedy: str) -> Result:
    """Works, but not as a line for many callers should."""
    return Result(check, Status.WARNING, found, remedy)


def failed(check: str, found: str, remedy: str) -> Result:
    """Calls are not answered, or not as they should be."""
    return Result(check, Status.FAILED, found, remedy)


def good(results: list[Result]) -> bool:
    """Whether a line may be called good."""
    return not any(each.status in (Status.FAILED, Status.UNKNOWN) for each in results)
