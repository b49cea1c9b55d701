"""Calls that meet in a conference: at once, one after the other, and after it is over."""

import json

import pytest

from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.commands import command
from dialtone.domain.decisions import Decision
from infra.carrier import API_KEY, Caller, HangUp, Request, Silence
from infra.flowkit.stage import Stage
from tests.simulation.plays import LANGUAGE_FLOWS, LANGUAGE_PLAYS
from webhook.metrics import of_commands
from webhook.refused_commands import Sent

MODERATOR, ROOM = "+15550299", "+15550188"


def rooms(stage: Stage) -> list[tuple[str, str | None]]:
    return [(each.name, each.end_reason) for each in stage.carrier.exchange.conferences.values()]


def test_who_is_slower_at_creating_the_room_joins_it() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    rival = stage.call("+15550143", "+15550131", Caller(Silence(100), HangUp())).name.call_control_id
    stage.carrier.run_for(5)

    def faster(decision: Decision) -> None:
        """Another call creates it after the decision to create it, and before the command."""
        if any(each.action == "conference_create" for each in decision.commands):
            body = json.dumps({"call_control_id": rival, "name": "board"}).encode()
            key = {"authorization": f"Bearer {API_KEY}"}
            assert stage.carrier.handle(Request("POST", "/v2/conferences", {}, key, body)).status == 200

    stage.decided = faster
    stage.call(MODERATOR, ROOM, Caller(Silence(20), HangUp()))
    stage.carrier.run()

    sent = [asked.action for _, asked in stage.api.log if asked.action.startswith("conference_")]
    assert sent[:3] == ["conference_join", "conference_create", "conference_join"]
    assert len(rooms(stage)) == 1
    assert "conference_speak" in sent


def test_a_room_that_is_over_is_made_anew_for_the_next_meeting() -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)
    for _ in range(2):
        stage.ring(ROOM, Caller(Silence(5), HangUp()))

    assert rooms(stage) == [("board", "all_left")] * 2


@pytest.mark.parametrize(
    ("play", "reason"),
    [("a moderator who comes first", "ended_via_api"), ("a member whose meeting ends with the moderator", "host_left")],
)
def test_a_meeting_ends_with_its_moderator_whoever_created_it(play: str, reason: str) -> None:
    stage = Stage(flows=LANGUAGE_FLOWS)

    LANGUAGE_PLAYS[play](stage)

    assert rooms(stage) == [("board", reason)]
    assert all(not leg.alive for leg in stage.carrier.legs)
    assert len(stage.carrier.recordings.saved()) == 1


@pytest.mark.parametrize(
    ("action", "status", "code", "metric"),
    [
        ("conference_join", 404, "10005", "CommandsAccepted"),
        ("conference_join", 422, "90019", "CommandsAccepted"),
        ("conference_join", 422, "90032", "CommandsAccepted"),
        ("conference_join", 422, "90033", "CommandsRefused"),
        ("enqueue", 422, "90036", "CommandsAccepted"),
        ("conference_create", 422, "90033", "CommandsAccepted"),
        ("conference_create", 404, "10005", "CommandsRefused"),
    ],
)
def test_what_every_meeting_begins_with_is_no_refusal_that_rings(
    action: str, status: int, code: str, metric: str
) -> None:
    names_it = {"conference_create": "name", "conference_join": "conference", "enqueue": "queue_name"}
    named = {names_it[action]: "board"}
    sent = Sent(command(action, "v3:call", **named), Outcome("refused", 0, status, code=code))

    names = {measure.name for measure in of_commands([sent])}

    assert metric in names
    assert ("TelnyxErrors" in names) == (metric == "CommandsRefused")
