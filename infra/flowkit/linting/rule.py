"""A rule: its name, how much it matters, and the question that it asks of a file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from dialtone.flow.document import Path, Place
from infra.flowkit.linting.files import FlowFile, Kind
from infra.flowkit.linting.finding import Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING


class Of(Enum):
    """What a rule is asked about."""

    WRITTEN = "every file, as it is written, though it may have problems"
    FLOW = "a flow that can be followed"
    CALENDAR = "a calendar that can be gone by"
    ROTA = "a rota that can be gone by"
    LINTER = "what the linter itself notices"


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found: where, why it is wrong, what to do. The rest of the finding follows from these."""

    path: Path
    reason: str
    remedy: str
    place: Place | None = None
    """Where the path has none of its own: a key that stands there twice."""
    about: str = ""
    """The step that it is about, where the path does not say."""

    @property
    def step(self) -> str:
        """The step that it is about."""
        if self.about:
            return self.about
        within = len(self.path) > 1 and self.path[0] == "steps"
        return str(self.path[1]) if within else ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; its page is docs/lint/<name>.md."""

    name: str
    severity: Severity
    of: Of
    about: str
    """A sentence for the list of rules."""
    check: Callable[[FlowFile], Iterator[Found]]

    def applies_to(self, file: FlowFile) -> bool:
        """Whether it is asked of a file."""
        match self.of:
            case Of.WRITTEN:
                return True
            case Of.FLOW:
                return file.kind is Kind.FLOW and file.readable
            case Of.CALENDAR:
                return file.kind is Kind.CALENDAR and not file.problems
            case Of.ROTA:
                return file.kind is Kind.ROTA and not file.problems
            case Of.LINTER:
                return False


_rules: dict[str, Rule] = {}


def rule(
    name: str, severity: Severity, of: Of = Of.FLOW
) -> Callable[[Callable[[FlowFile], Iterator[Found]]], Callable[[FlowFile], Iterator[Found]]]:
    """Register a rule under its name; its docstring's first line is what the list of rules says of it."""

    def register(check: Callable[[FlowFile], Iterator[Found]]) -> Callable[[FlowFile], Iterator[Found]]:
        _add(Rule(name, severity, of, (check.__doc__ or "").strip().partition("\n")[0], check))
        return check

    return register


def noticed(name: str, about: str) -> None:
    """Register what the linter itself notices as an error: it has a name and a page, and asks no file."""
    _add(Rule(name, ERROR, Of.LINTER, about, lambda _file: iter(())))


def _add(new: Rule) -> None:
    if new.name in _rules:
        raise ValueError(f"{new.name} is a rule already: {_rules[new.name].check.__module__}")
    _rules[new.name] = new


def rules() -> Mapping[str, Rule]:
    """Every rule by name, in alphabetical order."""
    return MappingProxyType(dict(sorted(_rules.items())))
