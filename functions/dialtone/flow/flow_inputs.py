"""Flow inputs: the variables that a flow declares, and that an outgoing call or another flow must give it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dialtone.domain.call_variables import Scope
from dialtone.domain.caller_memory import MEMORY
from dialtone.domain.errors import DialtoneError
from dialtone.flow.variable_names import OF_THE_WHOLE_CALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.flow.flow import Flow
    from dialtone.flow.step_moves import SubFlowCall

MAX_GIVEN_BYTES = 1_000
"""For names and values as JSON. They travel in `client_state`, for which Telnyx names no limit, until the flow's first
command replaces it; by then they are in the call's state."""


class NotGiven(DialtoneError):  # noqa: N818 -- reads as the sentence it is: something is not given
    """A call cannot be dialled for the flow with these variables."""


def not_given(flow: Flow, variables: Mapping[str, str]) -> list[str]:
    """The inputs that a flow needs and that are missing or empty."""
    return [name for name in flow.given if not variables.get(name)]


def with_inputs(call: Call, visit: SubFlowCall) -> Call:
    """The call in another flow, with that flow's own variables if it gets inputs."""
    if visit.given is None:
        return call
    own = {**_of_the_call(call), **visit.given}
    if not visit.comes_back:
        return call._replace(variables=own)
    scope = Scope(len(call.back), dict(call.variables), visit.into, visit.gives)
    return call._replace(variables=own, scopes=(*call.scopes, scope))


def without_inputs(call: Call, *, ended: bool) -> Call:
    """The call with the variables of the flow to which it has returned.

    The outputs of a flow that has ended are kept; an output that it has not set becomes empty.
    """
    while call.scopes and call.scopes[-1].depth > len(call.back):
        scope = call.scopes[-1]
        given = {f"{scope.into}.{name}": call.variables.get(name, "") for name in scope.gives if ended}
        variables = {**scope.variables, **_of_the_call(call), **given}
        call = call._replace(variables=variables, scopes=call.scopes[:-1])
    return call


def _of_the_call(call: Call) -> dict[str, str]:
    return {
        name: value for name, value in call.variables.items() if name in OF_THE_WHOLE_CALL or name.startswith(MEMORY)
    }


def check_given(flow: Flow, given: Mapping[str, str]) -> None:
    """Raise NotGiven, with the remedy, if the flow cannot start with these variables."""
    check_declared(flow, given)
    if missing := not_given(flow, given):
        wanted = "; ".join(f"{name}: {flow.given[name]}" for name in missing)
        raise NotGiven(f"the flow {flow.name} expects to be given more ({wanted})")


def check_declared(flow: Flow, given: Mapping[str, str]) -> None:
    """Raise NotGiven for a variable that the flow does not declare, or if there are too many bytes for a call."""
    for name in given:
        if name not in flow.given:
            from difflib import get_close_matches  # noqa: PLC0415 -- a start from cold need not load it

            near = get_close_matches(name, flow.given, 1)
            remedy = f"did you mean {near[0]}?" if near else "declare it under `given`, or leave it out"
            raise NotGiven(f"the flow {flow.name} is given no {name}; {remedy}")
    try:
        size = len(json.dumps(dict(given), ensure_ascii=False).encode())
    except UnicodeEncodeError:
        raise NotGiven("the variables are not UTF-8 text; write them in UTF-8") from None
    if size > MAX_GIVEN_BYTES:
        raise NotGiven(f"the variables have {size:,} bytes; {MAX_GIVEN_BYTES:,} go with a call: shorten them")
