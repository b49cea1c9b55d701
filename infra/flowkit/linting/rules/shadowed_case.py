"""Cases and routes that an earlier one takes the calls of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.numbers import is_withheld
from dialtone.flow.call_routing import OF_THE_CALLER
from dialtone.flow.conditions import Comparison
from dialtone.flow.data_files import ANY_ENDING, InFile
from dialtone.flow.steps.branch import Branch, Case
from dialtone.flow.templating import CALLER
from infra.flowkit.linting.files import Kind
from infra.flowkit.linting.mentions import routes
from infra.flowkit.linting.rule import ERROR, Found, Of, rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from dialtone.flow.document import Path
    from infra.flowkit.linting.files import FlowFile

    Conditions = Mapping[str, Collection[str] | Comparison]

_REMEDY = "put the narrower one first, or remove this one"


@rule("shadowed-case", ERROR, Of.WRITTEN)
def shadowed_case(file: FlowFile) -> Iterator[Found]:
    """A case of a `branch`, or a route, that is never taken, since an earlier one takes all its calls."""
    if file.kind is Kind.NUMBERS:
        for _, routed in routes(file.document):
            yield from _shadowed([(path, _of_route(route)) for path, route in routed], "route")
    elif file.kind is Kind.FLOW and file.readable:
        for name, step in file.steps.items():
            if isinstance(step, Branch):
                cases = [(("steps", name, "branch", place), _of_case(case)) for place, case in enumerate(step.branch)]
                yield from _shadowed(cases, "case")


def _of_case(case: Case) -> Conditions:
    """A condition that goes by a data file holds wherever the same one does: many values, of which none is known."""
    return {name: [f"({said}){ANY_ENDING}"] if isinstance(said, InFile) else said for name, said in case.when.items()}


def _of_route(route: Mapping[str, object]) -> Conditions:
    asked = {key: route[key] for key in (*OF_THE_CALLER, "open", "closed") if key in route}
    return {
        key: [str(each) for each in (value if isinstance(value, list) else [value])] for key, value in asked.items()
    }


def _shadowed(cases: Sequence[tuple[Path, Conditions]], called: str) -> Iterator[Found]:
    for place, (path, when) in enumerate(cases):
        # One for all calls above others is what the reader refuses.
        earlier = (nth for nth, (_, other) in enumerate(cases[:place], 1) if other and _holds_wherever(other, when))
        if nth := next(earlier, 0):
            yield Found(path, f"is never taken: the {called} number {nth} takes all of its calls", _REMEDY)


def _holds_wherever(earlier: Conditions, later: Conditions) -> bool:
    return all(name in later and _covers(name, asked, later[name]) for name, asked in earlier.items())


def _covers(name: str, earlier: Collection[str] | Comparison, later: Collection[str] | Comparison) -> bool:
    if isinstance(later, Comparison):
        return earlier == later
    if isinstance(earlier, Comparison):
        return not any(text.endswith(ANY_ENDING) or not earlier.holds(name, text, {}) for text in later)
    return all(_covered(name, text, earlier) for text in later)


def _covered(name: str, text: str, texts: Collection[str]) -> bool:
    if name == CALLER and is_withheld(text) and any(map(is_withheld, texts)):
        return True
    return any(text.startswith(each[:-1]) if each.endswith(ANY_ENDING) else text == each for each in texts)
