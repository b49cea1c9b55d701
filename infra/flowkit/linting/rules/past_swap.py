"""Swaps that are over."""

from collections.abc import Iterator
from datetime import datetime, time

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, Of, rule


@rule("past-swap", WARNING, Of.ROTA)
def past_swap(file: FlowFile) -> Iterator[Found]:
    """A swap of a rota that is over: perhaps the next one was forgotten."""
    rota, today = file.rota, datetime.combine(file.folder.today, time())
    for span, swap in zip(rota.swaps, rota.all_swaps(), strict=True) if rota else ():
        if swap.ends <= today:
            yield Found(("swaps", span), f"the swap {span} is over", "remove it")
