"""A voice agent as a step: what Telnyx is asked for, what ends it, where each end leads, and what is kept."""

import json

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import Event, recorded_payload
from dialtone.domain.longest_wait import longest_wait
from dialtone.domain.recordings import ArchiveJob, dialogue
from dialtone.flow.parser import read_flow
from infra.flowkit.drawing.change_summary import summary
from tests.staged_call import LEG, SESSION, StagedCall, actions, happened, mark_of, moment

FLOW = """
    language: en-US
    last_resort: sorry
    steps:
      name: {{set: {{who: Ada}}}}
      helper:
        assistant: assistant-1
        greeting: "Hello, {{who}}."
        instructions: "Help {{who}}."
        send: {{customer: "{{who}}"}}
        tools: {{find_order: {{lookup: "https://example.com/orders", about: Finds an order., asks: {{order: Its number.}}{tool}}}}}
        keys: {{0: desk}}
        max_seconds: 300
        {more}
        next: after
      after: {{say: "Because {{assistant.reason}}.", next: bye}}
      desk: {{say: Desk., next: bye}}
      late: {{say: Late., next: bye}}
      bye: hangup
      sorry: {{say: Sorry., next: bye}}
"""  # noqa: E501 -- a tool in one line


def talking(more: str = "too_long: late", tool: str = "") -> StagedCall:
    staged = StagedCall(FLOW.format(more=more, tool=tool))
    staged.pick_up()
    return staged


def test_the_assistant_is_given_what_the_flow_knows_and_may_look_up() -> None:
    (start,) = talking().decisions[-1].commands

    assert (start.action, start.parameters["greeting"]) == ("ai_assistant_start", "Hello, Ada.")
    asked = {"type": "object", "properties": {"order": {"type": "string", "description": "Its number."}}}
    assert start.parameters["assistant"] == {
        "id": "assistant-1",
        "instructions": "Help Ada.",
        "dynamic_variables": {"customer": "Ada", "max_seconds": "300"},
        "tools": [
            {
                "type": "webhook",
                "timeout_ms": 5_000,
                "webhook": {
                    "name": "find_order",
                    "description": "Finds an order.",
                    "url": "https://example.com/orders",
                    "method": "POST",
                    "body_parameters": {**asked, "required": ["order"]},
                },
            }
        ],
    }
    assert longest_wait((start,)) == 305


def test_a_tool_bears_a_secret_that_telnyx_keeps() -> None:
    assistant = talking(tool=", secret: orders").decisions[-1].commands[0].parameters["assistant"]

    bearer = "Bearer {{#integration_secret}}orders{{/integration_secret}}"
    assert isinstance(assistant, dict)
    assert assistant["tools"][0]["webhook"]["headers"] == [{"name": "authorization", "value": bearer}]


def test_its_end_leads_on_and_says_why() -> None:
    staged = talking()

    ended = staged.tell("call.conversation.ended", reason="done", conversation_id="c-1", assistant_id="assistant-1")

    assert (actions(ended), staged.call.step) == (["speak"], "after")
    assert ended.commands[0].parameters["payload"] == "Because done."
    assert staged.call.variables["assistant.conversation"] == "c-1"
    assert ended.archive == (
        ArchiveJob("conversation", staged.call.session_id, staged.call.leg_id, conversation_id="c-1"),
    )


def test_a_key_leads_elsewhere_and_what_was_said_is_kept_all_the_same() -> None:
    staged = talking()
    start = staged.decisions[-1].commands[0]

    assert actions(staged.tell("call.dtmf.received", digit="5")) == []
    assert actions(staged.tell("call.dtmf.received", digit="0")) == ["ai_assistant_stop", "speak"]
    late = staged.tell("call.conversation.ended", mark_of(start), conversation_id="c-1", assistant_id="assistant-1")

    assert (staged.call.step, late.commands, [each.kind for each in late.archive]) == ("desk", (), ["conversation"])


@pytest.mark.parametrize(("reason", "said"), [("invalid_request", "invalid_request"), (None, "no reason given")])
def test_one_that_does_not_start_takes_the_error_path(reason: str | None, said: str) -> None:
    staged = talking()

    failed = staged.tell("call.conversation.start_failed", reason=reason, assistant_id="assistant-1")

    assert (staged.call.step, failed.incidents) == ("sorry", ("flow-error", "last-resort"))
    assert said in failed.reason


def test_a_refusal_takes_the_error_path() -> None:
    staged = talking()

    assert (actions(staged.refuse(action="ai_assistant_start")), staged.call.step) == (
        ["ai_assistant_stop", "speak"],
        "sorry",
    )


@pytest.mark.parametrize(
    ("more", "step", "incidents"), [("too_long: late", "late", ()), ("", "sorry", ("flow-error", "last-resort"))]
)
def test_one_that_talks_too_long_is_stopped(more: str, step: str, incidents: tuple[str, ...]) -> None:
    staged = talking(more)

    payload = {"call_session_id": SESSION, "call_leg_id": LEG, "version": staged.call.version, "seconds": 305}
    late = staged.take(Event("overdue", "dialtone.event.overdue", moment(310), payload))

    assert (actions(late), staged.call.step, late.incidents) == (["ai_assistant_stop", "speak"], step, incidents)


def test_nothing_of_what_was_said_is_stored_with_the_event_and_all_of_it_goes_with_the_job() -> None:
    messages = [
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "It is\nZebedee."},
        {"role": "tool", "content": "{}"},
        {"role": "user", "content": None},
        "x",
    ]
    event = happened("call.conversation.ended", conversation_id="c-1", assistant_id="a", messages=messages)

    assert "Zebedee" not in json.dumps(recorded_payload(event, keep_digits=True, keep_words=True))
    job = ArchiveJob("conversation", "s", "l", conversation_id="c-1").completed_from(event)
    assert job.transcript == "assistant: Hello.\ncaller: It is Zebedee.\n"
    assert ArchiveJob.from_json(job.to_json()) == job
    assert dialogue(7, "content") == ""
    long = happened("call.conversation.ended", messages=[{"role": "user", "content": "x" * 200_000}])
    assert ArchiveJob("conversation", "s", "l").completed_from(long).transcript == ""


def test_of_an_assistant_that_listened_for_one_answer_nothing_is_kept() -> None:
    staged = talking()

    ended = staged.tell("call.conversation.ended", conversation_id="c-1", messages=[{"role": "user", "content": "x"}])

    assert ended.archive == ()


def test_the_hang_up_of_a_caller_who_talks_to_it_is_an_ordinary_end() -> None:
    staged = talking()
    gone = staged.tell("call.conversation.ended", reason="customer_disconnect", conversation_id="c", assistant_id="a")
    staged.hang_up()

    assert (gone.commands, [each.kind for each in gone.archive]) == ((), ["conversation"])
    assert staged.call.ending == "completed"
    assert actions(staged.tell("call.conversation.ended", conversation_id="c-1", assistant_id="a")) == []


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("assistant: 'a b'", "assistant"),
        ("assistant: a, max_seconds: 5", "max_seconds"),
        ("assistant: a, tools: {x: {lookup: customers, about: y}}", "lookup"),
        ("assistant: a, tools: {x: {lookup: 'https://example.com'}}", "about"),
        ("assistant: a, tools: {x: {lookup: 'https://example.com/{caller}', about: y}}", "lookup"),
    ],
)
def test_what_telnyx_cannot_do_is_refused(keys: str, why: str) -> None:
    with pytest.raises(FlowInvalid, match=why):
        read_flow("main.yaml", f"flow: main\nsteps:\n  a: {{{keys}}}\n  bye: hangup\n")


def test_a_comparison_says_what_the_agent_hears() -> None:
    text = "flow: main\nsteps:\n  a: {{assistant: {}, max_seconds: {}}}\n  bye: hangup\n"
    was, now = (read_flow("main.yaml", text.format(*each)) for each in (("a-1", 60), ("a-2", 90)))

    assert summary(was, now) == [
        "In “a” callers now talk with the assistant a-2; before, with a-1.",
        "The assistant in “a” may now talk for 90 seconds instead of 60.",
    ]
