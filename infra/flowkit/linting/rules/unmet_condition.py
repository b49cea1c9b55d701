"""Conditions that no call meets."""

from collections.abc import Collection, Iterator

from dialtone.flow.calendars import WEEKDAYS
from dialtone.flow.conditions import texts_of
from dialtone.flow.data_files import ANY_ENDING
from dialtone.flow.steps.branch import DAY, Branch
from dialtone.flow.steps.choose_language import ChooseLanguage
from dialtone.flow.templating import LANGUAGE
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule

_DAY_CHARACTERS = 3


@rule("unmet-condition", ERROR)
def unmet_condition(file: FlowFile) -> Iterator[Found]:
    """A condition on `day` or `language` with a value that it never has: `day: monday`."""
    values: dict[str, Collection[str]] = {DAY: WEEKDAYS}
    if languages := _languages(file):
        values[LANGUAGE] = languages
    for name, step in file.steps.items():
        for place, case in enumerate(step.branch) if isinstance(step, Branch) else ():
            for asked in values.keys() & case.when.keys():
                for text in texts_of(case.when[asked]):
                    if not any(_is(value, text) for value in values[asked]):
                        path = ("steps", name, "branch", place, "when", asked)
                        yield Found(path, f"{asked} is never {text}", _remedy(asked, text, values[asked]))


def _languages(file: FlowFile) -> tuple[str, ...]:
    """Those that a call of this flow can be in; () where another step or flow may choose another."""
    offered = tuple(file.flow.voice_defaults.languages)
    others = (step for step in file.steps.values() if not isinstance(step, ChooseLanguage))
    if LANGUAGE in file.variables.outside or any(LANGUAGE in step.sets() for step in others):
        return ()
    return (*offered, "") if offered else ()


def _is(value: str, text: str) -> bool:
    return value.startswith(text[:-1]) if text.endswith(ANY_ENDING) else value == text


def _remedy(asked: str, text: str, known: Collection[str]) -> str:
    short = text.lower()[:_DAY_CHARACTERS]
    if asked == DAY and short in known:
        return f"write {short}"
    return f"write one of {', '.join(filter(None, known))}"
