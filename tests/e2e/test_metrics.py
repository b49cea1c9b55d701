"""What is measured is watched, and what is watched is measured."""

import io
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from dialtone.adapters.dynamodb_items import attributes
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from dialtone.domain.lookups import Lookup
from dialtone.domain.recordings import KEPT_STATUSES, SAVED, ArchiveJob, Recording
from dialtone.domain.watch import Look
from infra.carrier import BEEP, ApiFault, Caller, HangUp, Hear, Press, Say, Silence, WebhookFault
from infra.carrier.account import AGENT
from infra.carrier.parties import Busy
from infra.checkout import ROOT
from infra.demo import scenes
from infra.demo.inventory import wait_for_archive
from infra.demo.play import Demo
from infra.local import metrics, translate
from infra.local.line import SWEEP_SECONDS, PhoneLine
from infra.local.metrics import Metric
from infra.output.terminal import Console
from infra.watching.measurements import Measurements, Name, values_in
from infra.watching.stack import Stack
from tests import runbooks

EVENTS = ROOT / "tests" / "events"

TIMEOUT_SECONDS = 60.0
"""For the archive to give a job up, on a busy machine."""


NEVER_HERE = {
    # For an SDK that is not the locked one; tests/integration/test_telnyx_api_sdk.py has it emitted.
    *(
        Metric("SdkLoadedPlainly", function, ("service",))
        for function in ("webhook", "archive", "reconcile", "watchdog", "campaigns")
    ),
    # No campaign is on here; tests/simulation/test_campaigns.py and test_campaigns_app.py have them emitted.
    *(
        Metric(name, "campaigns", ("service",))
        for name in (
            "CampaignDials",
            "CampaignCalls",
            "CampaignCallsFailed",
            "CampaignFailureShare",
            "CampaignDialsHeldBack",
            "CampaignsPausedByGuard",
            "CampaignCallsTwice",
            "CampaignFaults",
        )
    ),
    # For payments, which no sample takes; tests/unit/test_counted_changes.py has them counted.
    Metric("Payments", "webhook", ("Result", "service")),
    Metric("PaymentsFailed", "webhook", ("service",)),
    # For a queue that does not answer; tests/integration/test_watchdog.py has it emitted.
    Metric("CallsUnwatched", "webhook", ("service",)),
    # For a number that a flow does not allow; tests/integration/test_endpoint.py has it emitted.
    Metric("TargetsRefused", "webhook", ("service",)),
    # For flows that newer code published; tests/integration/test_publishing.py has it emitted.
    Metric("PublishedFlowsUnreadable", "webhook", ("service",)),
    # For a trial that does worse; the same.
    Metric("TrialsEnded", "reconcile", ("service",)),
    # For a transcript that has not come for a day; tests/integration/test_reconcile_transcripts.py has it emitted.
    Metric("TranscriptsMissing", "reconcile", ("service",)),
    # For a bucket that does not answer; tests/integration/test_endpoint.py has it emitted.
    Metric("EventsNotParked", "webhook", ("service",)),
    # For two events of a call at one moment; tests/integration/test_endpoint.py has it emitted.
    Metric("RacesLost", "webhook", ("service",)),
    # CloudWatch makes them of logs that are not ours; tests/unit/test_template_monitoring.py holds them to their lines.
    Metric("ApiThrottled", "", ()),
    Metric("RestoresFailed", "", ()),
}

AWS_ITSELF = "tests/unit/test_watching.py::test_an_alarm_rings_at_its_threshold_and_not_below"
"""For what AWS does by itself, which cannot be caused here: the alarm is held to the value that AWS publishes then."""

CAUSED_ELSEWHERE = {
    **dict.fromkeys(["ApiThrottledAlarm", "WebhookThrottlesAlarm", "ArchiveThrottlesAlarm"], AWS_ITSELF),
    **dict.fromkeys(["LookupThrottlesAlarm", "FailoverThrottlesAlarm", "LookupsDroppedAlarm"], AWS_ITSELF),
    **dict.fromkeys(["RestoresFailedAlarm", "ReconcileDeadLettersAlarm", "ArchiveBacklogAlarm"], AWS_ITSELF),
    "ReconcileStoppedAlarm": AWS_ITSELF,
    "NoCallsAlarm": "tests/unit/test_watching.py"
    "::test_an_hour_without_a_call_rings_in_the_hours_in_which_there_always_are_some",
    "CallCostAlarm": "tests/unit/test_watching.py::test_a_day_that_costs_more_than_the_budget_rings",
    "PaymentsFailedAlarm": "tests/unit/test_watching.py"
    "::test_payments_ring_when_most_of_them_fail_and_not_when_a_card_is_declined_now_and_then",
    "WebhookLatencyAlarm": "tests/integration/test_webhook_deadline.py"
    "::test_whatever_drips_or_is_silent_the_webhook_is_answered_503_in_time",
    "EventsNotParkedAlarm": "tests/integration/test_endpoint.py"
    "::test_an_event_that_cannot_be_parked_is_answered_5xx_all_the_same_and_the_log_says_so",
    "PublishedFlowsUnreadableAlarm": "tests/integration/test_publishing.py"
    "::test_a_version_that_this_program_cannot_read_leaves_new_calls_to_the_deployed_flows",
    "TrialEndedAlarm": "tests/integration/test_publishing.py"
    "::test_a_trial_whose_callers_give_up_more_often_ends_by_itself_and_operators_hear",
    "CallsUnwatchedAlarm": "tests/integration/test_watchdog.py"
    "::test_a_call_goes_on_though_the_watchdog_cannot_be_called_and_operators_hear",
    "TargetsRefusedAlarm": "tests/integration/test_endpoint.py"
    "::test_a_number_that_the_flow_does_not_allow_is_not_rung_and_operators_hear",
    "TranscriptsMissingAlarm": "tests/integration/test_reconcile_transcripts.py"
    "::test_one_that_telnyx_never_completes_is_given_up_after_a_day_and_rings",
    "WebhookErrorsAlarm": "tests/integration/test_webhook_app.py::test_a_variable_that_is_missing_is_named_at_start",
    "ArchiveErrorsAlarm": "tests/integration/test_archive_custody.py"
    "::test_uploads_that_died_with_their_process_are_ended",
    "ReconcileErrorsAlarm": "tests/integration/test_reconcile_app.py"
    "::test_a_variable_that_is_missing_is_named_at_start",
    **dict.fromkeys(
        ["EventsErrorsAlarm", "EventsLateAlarm", "CampaignsErrorsAlarm", "CampaignsDeadLettersAlarm"], AWS_ITSELF
    ),
    **dict.fromkeys(["DeliverErrorsAlarm", "DeliveriesLateAlarm"], AWS_ITSELF),
    "CampaignFailuresAlarm": "tests/simulation/test_campaigns.py"
    "::test_a_campaign_whose_calls_fail_pauses_itself_and_lists_the_last_twenty",
    "DeliveriesDeadLettersAlarm": "tests/integration/test_deliveries.py"
    "::test_a_throttled_ses_delays_a_message_and_a_refusing_one_leaves_a_dead_letter",
    "EventsDeadLettersAlarm": "tests/integration/test_events_outbox.py"
    "::test_a_record_that_cannot_be_read_becomes_a_dead_letter_and_holds_nothing_up",
    "ControlErrorsAlarm": "tests/packed/test_packed_functions.py"
    "::test_the_control_function_describes_itself_and_lists_calls",
    "WatchdogErrorsAlarm": "tests/integration/test_watchdog.py"
    "::test_a_message_that_is_none_fails_and_ends_with_the_dead_letters",
    "WatchdogDeadLettersAlarm": "tests/integration/test_watchdog.py"
    "::test_a_message_that_is_none_fails_and_ends_with_the_dead_letters",
    "LookupErrorsAlarm": "tests/integration/test_lookup_function.py"
    "::test_an_answer_that_is_never_taken_is_an_error_for_the_alarm",
    "FailoverErrorsAlarm": "tests/unit/test_failover_settings.py"
    "::test_a_variable_of_the_failover_that_is_missing_is_named_at_start",
}
"""Alarms that nothing here rings, and the test that causes their fault."""

POSTED: list[int] = []
"""What API Gateway answered to the webhooks that tests posted."""

DEAD_LETTERS = {"QueueName": "ArchiveDeadLetterQueueName"}

MINUTES = 15
"""How long a fault goes on: once in every minute. Every alarm looks at less than that, but those on hours and days."""

NOON = datetime(2026, 9, 21, 12, 0, tzinfo=UTC).timestamp()
"""A Monday's: the end of that time."""

FIELDS_NEVER_HERE = {
    ("webhook", "not_parked"),  # as above
    ("webhook", "published_version"),  # tests/integration/test_publishing.py has it written
    ("webhook", "races_lost"),  # tests/integration/test_endpoint.py has it written
    *(("failover", name) for name in ("unavailable", "error")),  # as does test_failover_endpoint.py
}


@pytest.fixture(scope="module")
def line() -> Iterator[PhoneLine]:
    with PhoneLine() as running:
        yield running


@pytest.fixture(scope="module")
def lines(line: PhoneLine) -> list[str]:
    """What the functions wrote of calls good and bad."""
    Demo(line, Console(io.StringIO())).play()
    _forged_and_malformed(line)
    _refused_and_unavailable(line)
    _ended(line)
    _never_archived(line)
    _doubtful(line)
    _odd_webhooks(line)
    _turned_away(line)
    _recordings_of_doubt(line)
    _looked_up_in_vain(line)
    _never_reported(line)
    _never_made(line)
    _failed_over(line)
    _parked(line)
    _waiting(line)
    _in_vain(line)
    return _lines(line)


def test_the_metrics_of_calls_good_and_bad_are_those_of_dashboard_and_alarms(lines: list[str]) -> None:
    asked_for = metrics.asked_for(translate.read(ROOT / "infra" / "monitoring.yaml"))

    assert metrics.emitted(lines) | NEVER_HERE == asked_for


def test_every_alarm_rings_by_a_fault_that_is_caused_here_or_in_a_test_that_is_named(
    line: PhoneLine, lines: list[str]
) -> None:
    [namespace] = {name.namespace for each in lines for name, _, _ in values_in(each)}
    template = translate.read(ROOT / "infra" / "monitoring.yaml")
    stack = Stack.of(template, {"StackName": namespace.removeprefix("Dialtone/")})
    faults = [(name, value) for each in lines for name, _, value in values_in(each)]
    faults += [
        (Name.of("AWS/ApiGateway", f"{status // 100}xx", {"ApiId": "HttpApiId"}), 1)
        for status in POSTED
        if status >= HTTPStatus.BAD_REQUEST
    ]
    faults.append((Name.of("AWS/SQS", "ApproximateNumberOfMessagesVisible", DEAD_LETTERS), _dead_letters(line)))
    faults.append((Name.of("AWS/Lambda", "Invocations", {"FunctionName": "ReconcileFunctionName"}), 1))
    going_on = Measurements()
    for minute in range(MINUTES):
        for name, value in faults:
            going_on.add(name, NOON - (minute + 0.5) * 60, value)

    ringing = {logical for logical, alarm in stack.alarms.items() if alarm.rings(going_on, NOON)}

    assert ringing == stack.alarms.keys() - CAUSED_ELSEWHERE.keys()


@pytest.mark.parametrize("named", sorted(set(CAUSED_ELSEWHERE.values())))
def test_the_tests_that_are_named_are_there(named: str) -> None:
    file, _, name = named.partition("::")

    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_the_queries_of_pages_and_stack_ask_for_fields_that_lines_have(lines: list[str]) -> None:
    written: dict[str, set[str]] = defaultdict(set)
    for line in map(json.loads, lines):
        written[line["service"]] |= set(runbooks.fields_of(line))

    asked = [query for query in runbooks.queries() if query.services != ("access",)]
    unknown = {
        (service, field)
        for query in asked
        for field in query.fields()
        for service in query.services[:1]
        if not any(field in written[each] for each in query.services)
    }

    assert unknown <= FIELDS_NEVER_HERE


def test_what_telnyx_reports_of_texts_comes_to_the_line_as_what_it_reports_of_calls(line: PhoneLine) -> None:
    messages = line.carrier.exchange.messaging

    assert messages.webhook_url == line.cloud.webhook_url


def _looked_up_in_vain(line: PhoneLine) -> None:
    functions = line.cloud.client("lambda")
    names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    lookup, webhook = (next(name for name in names if kind in name) for kind in ("LookupFunction", "WebhookFunction"))
    asked = Lookup("nobody", {}, 5, call_session_id="none", call_leg_id="none", id="asked")
    question = {"lookup": asked.to_json(), "answer_to": webhook}
    functions.invoke(FunctionName=lookup, Payload=json.dumps(question).encode())


def _forged_and_malformed(line: PhoneLine) -> None:
    POSTED.extend(httpx.post(line.cloud.webhook_url, content=b"{}").status_code for _ in range(5))
    assert POSTED == [401] * 5

    nonsense = b"not an event"
    headers = line.carrier.key.headers(nonsense)
    assert httpx.post(line.cloud.webhook_url, content=nonsense, headers=headers).status_code == 400


def _odd_webhooks(line: PhoneLine) -> None:
    old = {"record_type": "event", "event_type": "call_initiated", "payload": {}}
    assert _posted(line, old) == 400

    odd = _sample("call_cost")
    odd["data"]["payload"]["connection_id"] = {"not": "an id"}
    assert _posted(line, odd) == 200


def _turned_away(line: PhoneLine) -> None:
    """A call to a number that nobody's flow is for, which Telnyx itself has forgotten when we reject it."""
    stray = _sample("call_initiated")
    stray["data"]["payload"] |= {"to": "+15550999", "call_leg_id": "stray", "call_session_id": "stray"}
    assert _posted(line, stray) == 200


def _recordings_of_doubt(line: PhoneLine) -> None:
    """One that failed though nobody asked for it; and one that may be another's, by its file's name and its time."""
    assert _posted(line, _sample("call_recording_error")) == 200

    saved = _sample("call_recording_saved")
    payload, session, leg = saved["data"]["payload"], "doubt", "doubt-leg"
    payload |= {"call_session_id": session, "call_leg_id": leg}
    payload["recording_urls"] = {"mp3": f"https://recordings.example.com/{leg}-1763647437.mp3"}
    asked = Recording(session, leg, 1, 0, payload["recording_started_at"], "record_start", file_name="ours")
    waiting = Call(session, leg, recordings=(asked,), recordings_asked=1)
    before = Event("asked", "call.answered", payload["recording_started_at"], {"call_session_id": session})
    line.store.commit(before, Call(session, leg), Decision(waiting), at_seconds=time.time())
    assert _posted(line, saved) == 200


def _sample(name: str) -> dict[str, Any]:
    """A webhook as Telnyx sends it."""
    body: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return body


def _posted(line: PhoneLine, body: dict[str, Any]) -> int:
    """The answer to a webhook that Telnyx has signed."""
    content = json.dumps(body).encode()
    POSTED.append(
        httpx.post(line.cloud.webhook_url, content=content, headers=line.carrier.key.headers(content)).status_code
    )
    return POSTED[-1]


def _dead_letters(line: PhoneLine) -> int:
    """How many recordings were given up, as SQS counts them."""
    queue = line.cloud.archive_dead_letter_queue_url
    found = line.cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"])


def _refused_and_unavailable(line: PhoneLine) -> None:
    line.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="gather_using_speak", status=422)
    line.carrier.call("+15550171", "+15550100", Caller(Hear("sorry"), HangUp()))
    line.carrier.run()

    line.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="gather_using_speak", status=401)
    line.carrier.call("+15550174", "+15550100", Caller(Hear("Welcome"), HangUp()))
    line.carrier.run()

    line.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="hangup", status=409, times=2)
    line.carrier.call("+15550176", "+15550100", Caller())
    line.carrier.run()

    line.carrier.faults.disturb_api(ApiFault.RATE_LIMITED, action="gather_using_speak")
    line.carrier.call("+15550177", "+15550100", Caller(Hear("Welcome"), HangUp()))
    line.carrier.run()

    line.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="gather_using_speak", times=2)
    line.carrier.call("+15550172", "+15550100", Caller(Hear("Welcome"), HangUp()))
    line.carrier.run()


def _ended(line: PhoneLine) -> None:
    over = line.carrier.call("+15550173", "+15550100", Caller(HangUp()))
    line.carrier.run()

    late = _sample("call_initiated")
    late["data"]["payload"]["call_control_id"] = over.name.call_control_id
    assert _posted(line, late) == 200


def _never_archived(line: PhoneLine) -> None:
    line.cloud.client("sqs").send_message(QueueUrl=line.cloud.archive_queue_url, MessageBody="not a job")
    _wait_for(line, "RecordingsFailed")


def _doubtful(line: PhoneLine) -> None:
    """A ledger entry that says of a short recording that it ran for years."""
    sessions = {found.leg.name.call_session_id for found in line.carrier.exchange.recordings.saved()}
    entries = [entry for session in sessions for entry in line.store.recordings(session) if entry.audio]
    years = entries[0]._replace(
        number=90,
        status=SAVED,
        audio=None,
        transcript=None,
        ended_at="2099-01-01T00:00:00.000000Z",
        max_seconds=0,
    )
    item = attributes({**years.to_json(), "item": f"RECORDING#{years.name}"})
    line.cloud.client("dynamodb").put_item(TableName=line.cloud.calls_table, Item=item)
    job = ArchiveJob("audio", years.call_session_id, years.call_leg_id, recording=years.name)
    line.cloud.client("sqs").send_message(QueueUrl=line.cloud.archive_queue_url, MessageBody=job.to_json())
    _wait_for(line, "RecordingsDoubtful")


def _never_reported(line: PhoneLine) -> None:
    """A message whose webhook never arrives ends in the bucket and verified, by a sweep."""
    line.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type="call.recording.saved")
    message = Caller(Hear("Welcome"), Press("2", after=1), BEEP, Say(4, "Hello."), HangUp(after=1))
    session = line.carrier.call("+15550175", "+15550100", message).name.call_session_id
    line.carrier.run()
    line.carrier.run_for(SWEEP_SECONDS)

    assert line.sweep()["recovered"] == 1

    wait_for_archive(line, session)
    [entry] = line.store.recordings(session)
    assert entry.status in KEPT_STATUSES


def _never_made(line: PhoneLine) -> None:
    """Entries of which nothing came: lost, never begun, never archived; and one that cannot be read."""
    now = line.carrier.clock.datetime(line.carrier.clock.now)
    asked_at, ended_at, later = (
        (now - timedelta(minutes=ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for ago in (20, 10, 9)
    )
    session = "never-made"
    asked = Recording(session, "leg", 1, 0, asked_at, "record_start")
    late = asked._replace(number=2, requested_at=later)
    unarchived = asked._replace(number=3, status=SAVED, started_at=asked_at, ended_at=ended_at)
    call = Call(session, "leg", answered_at=asked_at, ended_at=ended_at)
    hang_up = Event("hang-up", "call.hangup", ended_at, {"call_session_id": session})
    decision = Decision(call, recordings=(asked, late, unarchived))
    line.store.commit(hang_up, Call(session, "leg"), decision, at_seconds=time.time())
    unreadable = {"call_session_id": "odd", "item": "RECORDING#odd-01", "due_shard": "0", "due_at": 1}
    line.cloud.client("dynamodb").put_item(TableName=line.cloud.calls_table, Item=attributes(unreadable))

    swept = line.sweep()

    assert {name: swept[name] for name in ("missing", "not_made", "queued_again", "overdue", "faults")} == {
        "missing": 1,
        "not_made": 1,
        "queued_again": 1,
        "overdue": 1,
        "faults": 1,
    }


def _failed_over(line: PhoneLine) -> None:
    """A webhook at the failover's URL, whose command Telnyx does not take."""
    line.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="answer", times=2)
    content = json.dumps(_sample("call_initiated")).encode()
    request = {"headers": line.carrier.key.headers(content), "body": content.decode(), "isBase64Encoded": False}

    answered = line.cloud.client("lambda").invoke(
        FunctionName=line.cloud.function_name("FailoverFunction"), Payload=json.dumps(request).encode()
    )

    assert json.loads(answered["Payload"].read())["statusCode"] == 503


def _parked(line: PhoneLine) -> None:
    """An event of a leg that is stored in a form that no version wrote."""
    answered = _sample("call_answered")
    answered["data"]["payload"] |= {"call_leg_id": "unreadable", "call_session_id": "unreadable"}
    unreadable = {"call_session_id": "unreadable", "item": "LEG#unreadable"}
    line.cloud.client("dynamodb").put_item(TableName=line.cloud.calls_table, Item=attributes(unreadable))
    assert _posted(line, answered) == 500


def _waiting(line: PhoneLine) -> None:
    """A call whose answer is never reported; then what it said is not taken, and then nothing is reported of it."""
    line.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type="call.answered")
    called = line.carrier.call("+15550177", "+15550100", Caller(Hear("Welcome"), Silence(600), HangUp()))
    line.carrier.run_for(3)
    session, leg_id = called.name.call_session_id, called.name.call_leg_id
    line.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="call_events", status=401)
    _look(line, session, leg_id, "WatchdogFaults")
    _look(line, session, leg_id, "EventsReadBack")
    commands = called.leg.session.commands
    taken = commands.copy()
    commands.clear()
    _look(line, session, leg_id, "CommandsSentAgain")
    commands += taken
    _look(line, session, leg_id, "EventsOverdue")
    line.carrier.run()


def _in_vain(line: PhoneLine) -> None:
    """A caller who presses nothing, one who presses wrong keys, and one whose transfer reaches nobody."""
    for number, script in (("+15550178", Caller(Silence(300))), ("+15550179", Caller(*[Press("7", after=8)] * 9))):
        line.carrier.call(number, "+15550100", script)
        line.carrier.run()
    line.carrier.add_callee(AGENT, Busy())
    line.carrier.call("+15550180", "+15550102", scenes.RECORDED.script)
    line.carrier.run()


def _look(line: PhoneLine, session: str, leg_id: str, wanted: str) -> None:
    """Let the watchdog look at a leg as if it had waited for a quarter of an hour."""
    leg = line.store.leg(session, leg_id)
    assert leg
    assert leg.watch
    aged = {"chain": leg.watch.chain, "since": leg.watch.since - 900, "until": leg.watch.since - 800}
    line.cloud.client("dynamodb").update_item(
        TableName=line.cloud.calls_table,
        Key=attributes({"call_session_id": session, "item": f"LEG#{leg_id}"}),
        UpdateExpression="SET watch = :aged",
        ExpressionAttributeValues=attributes({":aged": aged}),
    )
    body = Look(session, leg_id, leg.watch.chain).to_json()
    line.cloud.client("sqs").send_message(QueueUrl=line.cloud.physical_id("WatchdogQueue"), MessageBody=body)
    _wait_for(line, wanted, "WatchdogFunction")


def _wait_for(line: PhoneLine, metric: str, function: str = "ArchiveFunction") -> None:
    ends = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < ends and metric not in "".join(line.cloud.logs(function)):
        time.sleep(0.5)


def _lines(line: PhoneLine) -> list[str]:
    return [
        each
        for name in ("Webhook", "Archive", "Lookup", "Reconcile", "Failover", "Watchdog")
        for each in line.cloud.logs(f"{name}Function")
    ]
