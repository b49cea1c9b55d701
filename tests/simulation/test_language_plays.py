"""What comes of whole calls that use the language's transfers, recordings, reviews and consent."""

import pytest

from infra.flowkit.stage import Stage
from tests.simulation.plays import LANGUAGE_FLOWS, LANGUAGE_PLAYS


def played(play: str) -> tuple[Stage, str]:
    stage = Stage(flows=LANGUAGE_FLOWS)
    return stage, LANGUAGE_PLAYS[play](stage)


@pytest.mark.parametrize(
    ("play", "connected"),
    [
        ("a call accepted by a key", True),
        ("a call that nobody accepts", False),
        ("a call refused by another key", False),
        ("an agent who hangs up during the whisper", False),
        ("a caller who hangs up while a call is offered", False),
        ("the third of three on call", True),
        ("nobody on call", False),
        ("the first of three rung at once", True),
        ("none of three rung at once", False),
        ("a survey after the conversation", True),
        ("an agent who is reached after announcements", True),
        ("a caller who leaves off waiting by a key", False),
    ],
)
def test_who_takes_the_call_is_connected_and_nobody_else(play: str, connected: bool) -> None:  # noqa: FBT001 -- a case of the table
    stage, session = played(play)

    (leg,) = stage.store.legs(session)
    assert bool(leg.bridged_at) == connected
    assert leg.status == "ended"
    assert all(not line.alive for line in stage.carrier.exchange.legs.values())


@pytest.mark.parametrize(
    ("play", "verdicts"),
    [
        ("a message kept", ["kept"]),
        ("a message recorded anew and kept", ["superseded", "kept"]),
        ("a message heard again and deleted", ["deleted"]),
        ("a message that nobody decides about", ["kept"]),
        ("a caller who hangs up in the review", [""]),
    ],
)
def test_every_message_is_archived_whatever_its_caller_decided(play: str, verdicts: list[str]) -> None:
    stage, session = played(play)

    assert [recording.review for recording in stage.store.recordings(session)] == verdicts
    audio = [job for job in stage.jobs.put_jobs if job.kind == "audio"]
    assert {job.recording for job in audio} == {recording.name for recording in stage.store.recordings(session)}


@pytest.mark.parametrize(
    ("play", "how"),
    [
        ("a recording agreed to", "given"),
        ("a recording announced, paused for a card", "announced"),
        ("a recording declined", ""),
        ("a recording that nobody agrees to", ""),
        ("a caller who hangs up in the announcement", ""),
    ],
)
def test_nothing_is_recorded_before_the_consent(play: str, how: str) -> None:
    stage, session = played(play)

    recordings = stage.store.recordings(session)
    assert [recording.consent.how for recording in recordings if recording.consent] == [how] * len(recordings)
    assert len(recordings) == (1 if how else 0)
    assert all(recording.consent.at <= recording.started_at for recording in recordings if recording.consent)


def test_a_card_is_keyed_in_while_the_announced_recording_is_paused() -> None:
    stage, _ = played("a recording announced, paused for a card")

    actions = [asked.action for _, asked in stage.api.log if asked.action.startswith("record")]
    assert actions == ["record_start", "record_pause", "record_resume", "record_stop"]
