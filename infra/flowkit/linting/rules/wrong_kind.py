"""Numbers, dates and times that are compared or reckoned with what is never one."""

from collections.abc import Iterator

from dialtone.flow.conditions import Comparison
from dialtone.flow.steps.branch import DATE, DAY, TIME, Branch
from dialtone.flow.steps.set_variables import Computed, SetVariables
from dialtone.flow.templating import CALLED, CALLER, DIGITS, LANGUAGE, names_in
from dialtone.flow.values import comparable
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule

NUMBER, TEXT = "number", "text"

_ALWAYS = {DAY: TEXT, LANGUAGE: TEXT, CALLER: TEXT, CALLED: TEXT, TIME: "time of day", DATE: "date"}
"""What has a kind by its name, where no step sets it."""


@rule("wrong-kind", ERROR)
def wrong_kind(file: FlowFile) -> Iterator[Found]:
    """A number, date or time compared or calculated with something that never is one: it is never true, or fails."""
    for name, step in file.steps.items():
        if isinstance(step, Branch):
            yield from _compared(file, name, step)
        elif isinstance(step, SetVariables):
            yield from _reckoned(file, name, step)


def _compared(file: FlowFile, step: str, branch: Branch) -> Iterator[Found]:
    for place, case in enumerate(branch.branch):
        for name, condition in case.when.items():
            for limit in condition.limits if isinstance(condition, Comparison) else ():
                kind, wanted = _kind(file, name), _kind_of_text(file, limit)
                if kind and wanted and kind != wanted:
                    path = ("steps", step, "branch", place, "when", name)
                    reason = f"compares {name}, which is a {kind}, with {limit}, which is a {wanted}: that never holds"
                    yield Found(path, reason, "compare it with one of its kind, or with a text")


def _reckoned(file: FlowFile, step: str, setting: SetVariables) -> Iterator[Found]:
    for name, value in setting.set.items():
        if not isinstance(value, Computed):
            continue
        alone = len(value.texts) == 1
        named = [*([name] if alone else []), *(each for text in value.texts for each in names_in(text))]
        for each in dict.fromkeys(named):
            if (kind := _kind(file, each, texts_only=True)) and kind != NUMBER:
                reason = f"reckons with {each}, which is a {kind}"
                yield Found(("steps", step, "set", name), reason, "set it to a number, or reckon with another")


def _kind_of_text(file: FlowFile, text: str) -> str:
    """The kind of a text with variables in it; '' if it is known only during the call."""
    named = list(names_in(text))
    if not named:
        read = comparable(text)
        return read.kind if read else TEXT
    return _kind(file, named[0]) if text == f"{{{named[0]}}}" else ""


def _kind(file: FlowFile, name: str, *, texts_only: bool = False) -> str:
    """The kind of all that a variable is ever set to; '' if that differs, or comes from outside.

    With `texts_only`, what is reckoned does not count: it would be a number, if only it could be reckoned.
    """
    if name.startswith(DIGITS):
        return NUMBER
    setters = [step for step in file.steps.values() if name in step.sets()]
    if not setters:
        return _ALWAYS.get(name, "") if name not in file.variables.outside else ""
    if name in file.variables.outside or not all(isinstance(step, SetVariables) for step in setters):
        return ""
    values = [step.set[name] for step in setters if isinstance(step, SetVariables)]
    kinds = {_kind_set(value) for value in values if not (texts_only and isinstance(value, Computed))} - {None}
    return (kinds.pop() or "") if len(kinds) == 1 else ""


def _kind_set(value: str | Computed) -> str | None:
    """None for nothing, which is set before anything is known."""
    if isinstance(value, Computed):
        return NUMBER
    if not value:
        return None
    if any(names_in(value)):
        return ""
    read = comparable(value)
    return read.kind if read else TEXT
