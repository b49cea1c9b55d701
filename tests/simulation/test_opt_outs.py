"""Who opts out in a call stands on the suppression list, once, whatever is lost, late, twice or dead half-way."""

from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters.campaign_numbers import CampaignNumbers
from dialtone.domain.campaigns.suppression import OPTED_OUT
from infra.carrier import Caller, HangUp, Hear, Person, Press, Silence
from infra.flowkit.stage import Stage
from tests.integration.dependencies import FAULTS, Fault, Line
from tests.simulation.plays import flows_of
from tests.staged_call import happened, mark_of

FLOWS = flows_of("a caller who opts out of campaigns")
NINE = (Hear("The water"), Press("9", after=1))


def suppressed(table: Any) -> list[str]:  # noqa: ANN401 -- any client
    return [each.number for each in CampaignNumbers(table, "calls").suppressions()]


def test_a_caller_and_somebody_who_is_called_opt_out_by_a_key() -> None:
    stage = Stage(flows=FLOWS)

    stage.ring("+15550167", Caller(*NINE, Silence(30)))
    session = stage.dial("+15550161", Person(*NINE, Silence(30)), "notices")

    assert suppressed(stage.table) == ["+15550161", "+15550142"]
    (kept, _) = CampaignNumbers(stage.table, "calls").suppressions()  # type: ignore[arg-type] # in memory
    assert (kept.reason, kept.by) == (OPTED_OUT, f"call {session}")


def test_who_hangs_up_may_have_opted_out_by_it(tmp_path: Path) -> None:
    flow = (
        "flow: notices\nlast_resort: sorry\nsteps:\n"
        "  notice: {menu: Hang up to get no more such calls., keys: {1: bye}, on_hangup: out}\n"
        "  bye: hangup\n"
        "  out: {opt_out: campaigns, no_number: end, on_error: end}\n"
        "  end: hangup\n"
        "  sorry: {say: Sorry., next: bye}\n"
    )
    (tmp_path / "notices.yaml").write_text(flow, encoding="utf-8")
    (tmp_path / "numbers.yaml").write_text('"+15550167": notices\n', encoding="utf-8")
    stage = Stage(flows=tmp_path)

    stage.ring("+15550167", Caller(Hear("Hang up"), HangUp()))

    assert suppressed(stage.table) == ["+15550142"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", [0, 2, 4, 6])
def test_it_is_noted_with_the_event_or_not_at_all_whatever_fails(fault: Fault, place: int) -> None:
    line = Line.in_memory(FLOWS, {place: fault})
    about = {"from": "+13125550142", "to": "+15550167"}
    for second, (event_type, payload) in enumerate(
        (
            ("call.initiated", {"direction": "incoming", "state": "parked"}),
            ("call.answered", {"state": "answered"}),
        )
    ):
        line.deliver_until_done(happened(event_type, second, None, **about, **payload))
    _, asked = line.telnyx.obeyed[-1]

    line.deliver_until_done(happened("call.gather.ended", 9, mark_of(asked), **about, digits="9", status="valid"))

    line.faults.plan = {}
    assert suppressed(line.dynamodb) == ["+13125550142"]
