"""Hours at which nobody is on call."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rota_hours import hours_where, minutes_of
from infra.flowkit.linting.rule import WARNING, Found, Of, rule


@rule("rota-gap", WARNING, Of.ROTA)
def rota_gap(file: FlowFile) -> Iterator[Found]:
    """Hours of the week that no shift of a rota has: nobody is on call then."""
    shifts = file.rota.shifts if file.rota else ()
    covered = {minute for shift in shifts for minute in minutes_of(shift)}
    if gaps := hours_where(lambda minute: minute not in covered):
        reason = f"has nobody on call {', '.join(gaps)}"
        yield Found(("shifts",), reason, "add a shift, or silence this here if nobody is meant to be")
