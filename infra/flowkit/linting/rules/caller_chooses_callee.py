"""Numbers that callers choose, rung by way of another variable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dialtone.flow.steps.set_variables import SetVariables
from dialtone.flow.templating import CALLER, DIGITS, names_in
from infra.flowkit.linting.rule import ERROR, Found, rule
from infra.flowkit.linting.variables import uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra.flowkit.linting.files import FlowFile

_FIXED = re.compile(r"\+[1-9][0-9]{6,}\{.*|sips?:[^@]+@[^{}]+")
"""A company's number, of which the extension may be keyed in; a SIP address, whose host stands there."""


@rule("caller-chooses-callee", ERROR)
def caller_chooses_callee(file: FlowFile) -> Iterator[Found]:
    """A transfer to what callers key in or show, by way of a variable: they could ring the world at your cost."""
    chosen = _chosen_by_callers(
        of for each in file.steps.values() if isinstance(each, SetVariables) for of in each.comes_of()
    )
    for use in uses(file.document):
        of_a_transfer = use.path[2:3] == ("transfer",) and str(file.document.at(use.path)).startswith("{")
        if of_a_transfer and use.name in chosen:
            reason = f"rings {{{use.name}}}, which callers choose, so that they could ring the world at your cost"
            yield Found(use.path, reason, "let a lookup or a branch choose among numbers of yours")


def _chosen_by_callers(settings: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The variables that hold what callers key in or show, however often it is handed on."""
    set_to = [(name, text) for name, text in settings if not _FIXED.fullmatch(text)]
    chosen: set[str] = set()
    while found := {name for name, text in set_to if _is_chosen(text, chosen)} - chosen:
        chosen |= found
    return frozenset(chosen)


def _is_chosen(text: str, chosen: set[str]) -> bool:
    return any(name == CALLER or name.startswith(DIGITS) or name in chosen for name in names_in(text))
