"""A whole call whose recordings are never reported: in the bucket and verified all the same, with one sweep.

The real webhook, sweep and archive code, AWS by moto, and the simulated carrier behind the real client of its API.
"""

from collections.abc import Iterator

import pytest

from dialtone.domain.recordings import CERTAIN, EXPECTED, KEPT_STATUSES, SAVED
from infra.carrier.account import AGENT, AGENT_SCRIPT
from infra.flowkit.stage import Stage
from tests.integration.scripted_telnyx import ScriptedTelnyx
from tests.integration.whole_line import CALLS, SAVED_EVENT, Line
from tests.simulation.failing_over import UP, FailingLine, Fails


@pytest.fixture
def line(aws: None) -> Iterator[Line]:
    del aws
    with ScriptedTelnyx() as server:
        line = Line(server)
        yield line
        line.telnyx.close()


@pytest.mark.parametrize("name", CALLS)
def test_recordings_that_are_never_reported_end_in_the_bucket(line: Line, name: str) -> None:
    session = CALLS[name](line.stage)
    line.archive()
    assert {each.status for each in line.store.recordings(session)} == {EXPECTED}

    counts = line.sweep(5)
    line.archive()

    entries = line.store.recordings(session)
    assert counts == {"outstanding": len(entries), "recovered": len(entries)}
    objects = line.clients["s3"].list_objects_v2(Bucket="recordings")["Contents"]
    for entry in entries:
        assert entry.status in KEPT_STATUSES, entry.content_doubt
        assert entry.identity == CERTAIN
        assert entry.audio
        assert entry.audio.key in {each["Key"] for each in objects}
    line.sweep(5)  # a transcript came before its audio, and its job waits
    line.archive()
    assert line.sweep(5) == {"outstanding": 0}


@pytest.mark.parametrize("name", CALLS)
def test_an_outage_that_took_the_hang_up_along_loses_no_recording(line: Line, name: str) -> None:
    line.stage.lost = (SAVED_EVENT, "call.hangup")
    session = CALLS[name](line.stage)

    line.sweep(5)
    line.archive()

    assert {each.status for each in line.store.recordings(session)} <= set(KEPT_STATUSES)


def test_the_call_is_left_as_the_webhook_would_have_left_it(line: Line) -> None:
    undisturbed = Stage(start=line.stage.carrier.clock.datetime(0))
    undisturbed.carrier.add_callee(AGENT, AGENT_SCRIPT)
    other_session = CALLS["a conversation"](undisturbed)

    session = CALLS["a conversation"](line.stage)
    line.sweep(5)

    [leg] = [leg for leg in line.store.legs(session) if leg.flow]
    [other_leg] = [leg for leg in undisturbed.store.legs(other_session) if leg.flow]
    assert (leg.outcome, leg.status, leg.recorder, leg.recordings) == (
        other_leg.outcome,
        other_leg.status,
        other_leg.recorder,
        other_leg.recordings,
    )
    assert [each.status for each in line.store.recordings(session)] == [SAVED]


def test_a_transcript_that_is_never_reported_lies_beside_its_recording(line: Line) -> None:
    line.stage.lost = ("call.recording.transcription.saved",)
    session = CALLS["a message"](line.stage)
    line.archive()
    [entry] = [each for each in line.store.recordings(session) if each.awaits_transcript]

    counts = line.sweep(7)
    line.archive()

    assert counts == {"outstanding": 1, "transcripts": 1}
    [entry] = line.store.recordings(session)
    assert entry.transcript
    words = line.clients["s3"].get_object(Bucket="recordings", Key=entry.transcript.key)["Body"].read().decode()
    assert words
    assert line.sweep(5) == {"outstanding": 0}


@pytest.mark.parametrize("outage", [Fails(503), Fails()], ids=["answering 503", "timing out"])
@pytest.mark.parametrize(("down_from", "recorded"), [("call.gather.ended", 0), ("call.bridged", 1), ("call.hangup", 1)])
def test_a_call_whose_end_came_to_the_failover_is_closed_with_its_cause_and_its_recording_verified(
    aws: None, down_from: str, recorded: int, outage: Fails
) -> None:
    """It speaks to the caller or leaves a conversation alone; what happened is reported when the function is back."""
    del aws
    stage, seen = FailingLine(), list[str]()

    def primary(event_type: str, _now: float) -> Fails:
        seen.append(event_type)
        return outage if down_from in seen else UP

    with ScriptedTelnyx() as server:
        line = Line(server, stage=stage)
        stage.primary = primary
        session = CALLS["a conversation"](stage)
        stage.primary = lambda _type, _now: UP
        assert not any(leg.ended_at for leg in line.store.legs(session) if leg.flow)
        for _ in range(4):
            line.sweep(5)
            line.archive()
        line.telnyx.close()

    [leg] = [leg for leg in line.store.legs(session) if leg.flow]
    assert (leg.status, leg.hangup_cause) == ("ended", "normal_clearing")
    assert leg.hangup_source in {"caller", "callee"}
    assert {each.status for each in line.store.recordings(session)} <= set(KEPT_STATUSES)
    assert len(line.store.recordings(session)) == recorded
    assert ("call.hangup", 503) in stage.answered
    assert line.noted.measured["CallsClosed"] >= 1


def test_a_job_that_was_never_queued_is_queued_by_a_sweep_and_done_once_though_queued_twice(line: Line) -> None:
    line.stage.lost = ()
    session = CALLS["a conversation"](line.stage)
    line.clients["sqs"].purge_queue(QueueUrl=line.queue_url)

    assert line.sweep(6)["queued_again"] == 1
    line.sweep(20)
    assert line.archive() == 2

    [entry] = line.store.recordings(session)
    assert entry.status in KEPT_STATUSES
    audio = [
        each for each in line.clients["s3"].list_objects_v2(Bucket="recordings")["Contents"] if "wav" in each["Key"]
    ]
    assert len(audio) == 1


def test_a_recording_that_telnyx_deleted_is_known_to_be_missing(line: Line) -> None:
    session = CALLS["a conversation"](line.stage)
    for recording in line.stage.carrier.recordings.saved():
        recording.deleted = True

    line.sweep(5)
    line.sweep(5)

    [entry] = line.store.recordings(session)
    assert (entry.status, entry.reason) == ("failed", "Telnyx lists no such recording")
    assert line.noted.measured["RecordingsMissing"] == 1
