"""What every call asks of Telnyx: to deliver again soon what we did not acknowledge."""

from itertools import accumulate

import pytest

from dialtone.domain.commands import Command
from dialtone.domain.deadline import HANDLING_SECONDS
from dialtone.domain.webhook_retry_policy import CALLEE_EVENTS, CALLER_EVENTS, DIALLED_EVENTS, RETRIES_MS
from infra.flowkit.dialling import dial_command
from tests.staged_call import StagedCall
from webhook.event_types import UNDERSTOOD

WHISPERED = """
steps:
  team: {transfer: {to: ["+15550198", "+15550199"], how: at_once}, hold: {audio: https://example.com/m.mp3}, after: bye}
  bye: hangup
"""
TRANSFER = "steps: {agent: {transfer: '+15550199', after: bye}, bye: hangup}"


def dialled_for_a_flow() -> list[Command]:
    return [dial_command("+15550161", caller="+15550101", flow="announcement", connection_id="7")]


def of_the_last_decision(flow: str) -> list[Command]:
    staged = StagedCall(flow)
    staged.pick_up()
    return [each for each in staged.decisions[-1].commands if each.action in {"dial", "transfer"}]


@pytest.mark.parametrize(
    ("commands", "events"),
    [
        pytest.param(dialled_for_a_flow(), DIALLED_EVENTS, id="a call that we make for a flow"),
        pytest.param(of_the_last_decision(TRANSFER), CALLEE_EVENTS, id="a transfer"),
        pytest.param(of_the_last_decision(WHISPERED), CALLEE_EVENTS, id="somebody whom we dial for a caller"),
    ],
)
def test_outgoing_calls_ask_for_their_events_again_as_soon_as_incoming_ones(
    commands: list[Command], events: tuple[str, ...]
) -> None:
    assert commands
    for each in commands:
        assert each.parameters["webhook_retries_policies"] == {
            event: {"retries_ms": [500, 500, 5_000, 15_000, 30_000]} for event in events
        }


def test_without_a_failover_the_later_deliveries_begin_at_the_times_that_are_promised() -> None:
    """In docs/reliability.md: each waits its whole time in vain, and Telnyx pauses after it."""
    pauses = [millis / 1_000 for millis in RETRIES_MS]

    begin = list(accumulate(HANDLING_SECONDS + pause for pause in pauses))

    assert begin == pytest.approx([2.3, 4.6, 11.4, 28.2, 60.0])


def test_what_is_asked_for_is_what_telnyx_allows() -> None:
    assert len(RETRIES_MS) <= 5
    assert sum(RETRIES_MS) <= 60_000


@pytest.mark.parametrize("events", [CALLER_EVENTS, DIALLED_EVENTS, CALLEE_EVENTS])
def test_only_events_that_somebody_handles_are_asked_for(events: tuple[str, ...]) -> None:
    assert set(events) <= UNDERSTOOD


def test_every_event_that_a_flow_waits_for_is_asked_for_again() -> None:
    waited_for = {"call.speak.ended", "call.playback.ended", "call.gather.ended", "call.dtmf.received", "call.bridged"}
    machines = {event for event in UNDERSTOOD if event.startswith("call.machine.")}

    assert waited_for | {"call.recording.saved", "call.recording.error", "call.hangup"} <= set(CALLER_EVENTS)
    assert machines | set(CALLER_EVENTS) <= set(DIALLED_EVENTS)
    assert {"call.initiated", "call.answered", "call.bridged", "call.hangup"} <= set(CALLEE_EVENTS)
