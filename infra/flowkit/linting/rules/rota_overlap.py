"""Hours that two shifts have."""

from collections.abc import Iterator
from itertools import combinations

from dialtone.flow.rotas import Rota
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rota_hours import hours_where, minutes_of
from infra.flowkit.linting.rule import ERROR, Found, Of, rule


@rule("rota-overlap", ERROR, Of.ROTA)
def rota_overlap(file: FlowFile) -> Iterator[Found]:
    """Two shifts of a rota, or two swaps, at the same time: only the first of them counts."""
    if rota := file.rota:
        yield from _of_shifts(rota)
        swaps = zip(rota.swaps, rota.all_swaps(), strict=True)
        for (span, swap), (later, other) in combinations(swaps, 2):
            if swap.begins < other.ends and other.begins < swap.ends:
                reason = f"swaps {later} and {span} overlap; only the first counts"
                yield Found(("swaps", later), reason, "end one where the other begins")


def _of_shifts(rota: Rota) -> Iterator[Found]:
    """Not of a last one without hours: it is for whatever the others leave."""
    last = len(rota.shifts) - 1
    own = [
        (place, minutes_of(shift))
        for place, shift in enumerate(rota.shifts)
        if shift.hours is not None or place != last
    ]
    for (first, hours), (second, others) in combinations(own, 2):
        if both := hours & others:
            when = ", ".join(hours_where(both.__contains__))
            reason = f"shifts {first + 1} and {second + 1} overlap, {when}; only the first counts"
            yield Found(("shifts", second), reason, "give each hour to one of them")
