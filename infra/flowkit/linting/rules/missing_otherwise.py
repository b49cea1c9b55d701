"""Questions that do not say what follows silence and wrong keys."""

from collections.abc import Iterator

from dialtone.flow.steps.menu import Menu
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule

_CALLERS = {"no_input": "nothing", "wrong": "a wrong key"}


@rule("missing-otherwise", WARNING)
def missing_otherwise(file: FlowFile) -> Iterator[Found]:
    """A menu without a path for callers who press nothing or a wrong key: they fall into the step below."""
    for name, step in file.steps.items():
        if not isinstance(step, Menu) or not step.next or file.wrote(name, "next"):
            continue
        if failures := step.falls_through():
            callers = " or ".join(_CALLERS[how] for how in failures)
            reason = f"sends callers who press {callers} into {step.next}, which happens to stand below"
            yield Found(("steps", name), reason, "add `otherwise` with the step for them")
