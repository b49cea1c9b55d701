"""What the linter has to say about one place."""

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a finding matters."""

    ERROR = "error"
    """A caller would be harmed, or what was written cannot happen."""
    WARNING = "warning"
    """Probably not what was meant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: its position and the remedy."""

    file: str
    """As it is shown: from the working directory if it lies below, else the whole path."""
    line: int
    column: int
    """Of the first character, counted from 1."""
    step: str
    """'' if it is about no step."""
    rule: str
    severity: Severity
    reason: str
    """A clause that goes on from its subject: "is never reached"."""
    remedy: str
    silenced: str = ""
    """Why a comment on its line silences it; '' if none does."""

    @property
    def sentence(self) -> str:
        """The reason with its subject, and the remedy."""
        subject = f'step "{self.step}" ' if self.step else ""
        return f"{subject}{self.reason}; {self.remedy}"

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Findings are shown from the top of the first file to the bottom of the last."""
        return (self.file, self.line, self.column, self.rule, self.reason)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity.value}: {self.sentence} [{self.rule}]"
