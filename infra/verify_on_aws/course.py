"""Goes through steps with a person: says what each does, asks where it costs or rings, goes on where it was left."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.operations.stack_outputs import Deployed
from infra.output.files import write_whole

SHOWN, NOT_SHOWN, DECLINED = "shown", "not shown", "declined"


class NotShown(DialtoneError):  # noqa: N818 -- reads as the sentence it is: it is not shown
    """What was expected of AWS or Telnyx, and was not seen."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to see."""

    name: str
    does: str
    expects: str
    costs: str
    look: Callable[[Deployed, Callable[[str], bool]], str]
    """Looks, and gives what was seen; may ask the person a yes-or-no question. Raises NotShown."""
    asks: bool = False
    """Whether it rings a phone, sends mail, costs more than a cent, or disturbs calls."""
    undo: Callable[[Deployed], object] | None = None
    """Puts back what it changes, however it ends."""


@dataclass(slots=True)
class Course:
    """The steps, and what came of them so far, kept in a file."""

    file: Path
    ask: Callable[[str], bool]
    say: Callable[[str], object]
    seen: dict[str, dict[str, str]] = field(default_factory=dict)

    def read(self) -> None:
        """Take up what an earlier run has seen. Raises DialtoneError for a file that is not ours."""
        if not self.file.exists():
            return
        try:
            self.seen = {name: dict(each) for name, each in json.loads(self.file.read_bytes()).items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise DialtoneError(f"{self.file} cannot be read: delete it to begin again") from error

    def go(self, steps: Iterable[Step], stack: Deployed, *, again: bool = False) -> int:
        """Take each step that has not shown what it is to show; how many have not."""
        missing = 0
        for step in steps:
            if not again and self.seen.get(step.name, {}).get("result") == SHOWN:
                self.say(f"= {step.name}: shown before ({self.seen[step.name]['said']})")
                continue
            result, said = self._taken(step, stack)
            self.seen[step.name] = {"result": result, "said": said}
            self._write()
            self.say(f"{'✓' if result == SHOWN else '✗' if result == NOT_SHOWN else '-'} {step.name}: {result}. {said}")
            missing += result != SHOWN
        return missing

    def _taken(self, step: Step, stack: Deployed) -> tuple[str, str]:
        self.say(f"\n{step.name}\n  does:    {step.does}\n  expects: {step.expects}\n  costs:   {step.costs}")
        if step.asks and not self.ask(f"Do {step.name} now?"):
            return DECLINED, "Run it again to do it."
        try:
            return SHOWN, step.look(stack, self.ask)
        except DialtoneError as error:
            return NOT_SHOWN, str(error)
        finally:
            if step.undo:
                step.undo(stack)

    def _write(self) -> None:
        """Whole or not at all: it may be interrupted at any time."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.file, json.dumps(self.seen, indent=2) + "\n")
