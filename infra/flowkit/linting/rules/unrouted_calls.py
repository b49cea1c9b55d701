"""Numbers that let some calls ring in vain."""

from collections.abc import Iterator
from typing import Any

from dialtone.flow.call_routing import OF_THE_CALLER
from infra.flowkit.linting.files import FlowFile, Kind
from infra.flowkit.linting.mentions import routes
from infra.flowkit.linting.rule import ERROR, Found, Of, rule

CONDITIONS = frozenset({*OF_THE_CALLER, "open", "closed"})


@rule("unrouted-calls", ERROR, Of.WRITTEN)
def unrouted_calls(file: FlowFile) -> Iterator[Found]:
    """A number whose routes all have conditions: no flow takes a call that meets none of them."""
    if file.kind is not Kind.NUMBERS:
        return
    of_number = {number: [route for _, route in routed] for number, routed in routes(file.document)}
    for_all = [number for number, routed in of_number.items() if _take_every_call(routed)]
    beginnings = [number.removesuffix("*") for number in for_all if number.endswith("*")]
    for number, routed in of_number.items():
        if routed and number not in for_all and not any(number.startswith(each) for each in beginnings):
            reason = f"{number} has no flow for calls that meet none of its conditions"
            yield Found((number,), reason, "add a flow without conditions at the end")


def _take_every_call(routed: list[dict[str, Any]]) -> bool:
    if any(not CONDITIONS & route.keys() for route in routed):
        return True
    hours = [route for route in routed if not route.keys() & set(OF_THE_CALLER)]
    opened = {route["open"] for route in hours if "closed" not in route and "open" in route}
    return any(route.get("closed") in opened for route in hours if "open" not in route)
