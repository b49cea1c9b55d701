"""What is counted about calls: each begins, is answered and ends once; what came of its steps; what it cost."""

from collections import Counter
from collections.abc import Callable

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.counted_changes import CountedChange, counted_changes
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from dialtone.domain.hangup_causes import HANGUP_CAUSES
from dialtone.domain.outcomes import COUNTED
from tests.staged_call import LEG, SESSION, StagedCall, happened
from webhook.metrics import of_progress

FLOW = """
    start: ask
    steps:
      ask:
        menu: Sales?
        keys: {1: ring}
        tries: 2
        otherwise: bye
      ring: {transfer: "+15550191", ring_seconds: 10, busy: bye}
      bye: {say: Goodbye.}
"""


class Counted(StagedCall):
    """A call whose progress is counted."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.counted: Counter[tuple[str, str]] = Counter()

    def take(self, event: Event) -> Decision:
        """Count what it changed."""
        before = self.call
        decision = super().take(event)
        self.counted.update((each.what, each.kind) for each in counted_changes(before, decision, event))
        return decision


def silent(call: Counted) -> None:
    """Press nothing, twice."""
    call.gather_ends("")
    call.gather_ends("")


def wrong(call: Counted) -> None:
    """Press something else the second time."""
    call.gather_ends("")
    call.gather_ends("9")


def busy(call: Counted) -> None:
    """Be transferred to somebody who talks already."""
    call.gather_ends("1")
    call.tell_of_callee("call.hangup", hangup_cause="user_busy")


@pytest.mark.parametrize(("does", "result"), [(silent, "no-input"), (wrong, "wrong-input"), (busy, "not-reached")])
def test_what_a_step_did_not_get_is_counted_once(does: Callable[[Counted], None], result: str) -> None:
    call = Counted(FLOW)
    call.pick_up()

    does(call)
    call.hang_up()

    assert call.counted == {
        ("started", "incoming"): 1,
        ("answered", ""): 1,
        (result, ""): 1,
        ("ended", "hung-up"): 1,
    }


def test_a_try_in_vain_that_is_made_good_is_no_result() -> None:
    call = Counted(FLOW)
    call.pick_up()

    call.gather_ends("")
    call.gather_ends("1")

    assert call.counted == {("started", "incoming"): 1, ("answered", ""): 1}


def test_an_answer_that_comes_before_the_ringing_is_counted_with_it() -> None:
    call = Counted(FLOW, "outgoing")

    call.tell("call.answered", state="answered")
    call.ring()

    assert call.counted == {("started", "outgoing"): 1, ("answered", ""): 1}


@pytest.mark.parametrize("cause", [*HANGUP_CAUSES, "sip_603_of_some_network"])
def test_calls_are_counted_by_few_outcomes_whatever_their_flows_and_networks_call_them(cause: str) -> None:
    before = Call(SESSION, LEG, direction="outgoing", variables={"outcome": "a word of the flow's own"})
    after = before._replace(ended_at="2026-09-21T12:00:00.000000Z", hangup_cause=cause)
    event = happened("call.hangup", 1)

    [ended] = counted_changes(before, StagedCall(FLOW).ring()._replace(call=after), event)

    assert (ended.what, ended.kind in COUNTED) == ("ended", True)


@pytest.mark.parametrize(
    ("total", "counted"),
    [("0.0064", (CountedChange("cost", value=0.0064),)), ("0", ()), ("-1", ()), ("nan", ()), ("much", ()), (None, ())],
)
def test_what_a_call_cost_is_counted_if_it_is_an_amount(total: str | None, counted: tuple[CountedChange, ...]) -> None:
    call = StagedCall(FLOW)
    call.pick_up()
    before = call.call
    event = happened("call.cost", 9, total_cost=total)

    assert counted_changes(before, call.take(event), event) == counted


@pytest.mark.parametrize(
    ("result", "counted", "failed"),
    [
        ("success", "success", [0]),
        ("payment-connector-error", "payment-connector-error", [1]),
        ("internal-error", "internal-error", [1]),
        ("what Telnyx will say one day", "other", [1]),
        (None, "other", [1]),
        ("cancelled", "cancelled", []),
        ("too-many-failed-attempts", "too-many-failed-attempts", []),
    ],
)
def test_a_payment_is_counted_by_its_result_and_fails_where_the_processor_was_asked_in_vain(
    result: str | None, counted: str, failed: list[int]
) -> None:
    call = StagedCall(FLOW)
    call.pick_up()
    event = happened("call.cost", 9)._replace(type="call.payment.completed", payload={"result": result})

    [paid] = counted_changes(call.call, Decision(call.call), event)
    measures = list(of_progress([paid]))

    assert [each.dimensions for each in measures if each.name == "Payments"] == [{"Result": counted}]
    assert [each.value for each in measures if each.name == "PaymentsFailed"] == failed


def test_what_a_text_cost_is_counted_with_it() -> None:
    call = StagedCall(FLOW)
    call.pick_up()
    event = happened("call.cost", 9)._replace(type="message.finalized", payload={"amount": "0.0051"})

    assert counted_changes(call.call, Decision(call.call), event) == (CountedChange("cost", value=0.0051),)
