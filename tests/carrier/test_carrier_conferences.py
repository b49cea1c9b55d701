"""Conferences at the simulated carrier: who hears whom, who holds, and what is refused."""

from typing import Any

import pytest

from infra.carrier import HangUp, Say, Silence
from infra.carrier.trace import Heard
from tests.carrier.desk import CALLER, NUMBER, Desk, wav_of

LONG = Silence(20_000)


def create(desk: Desk, call: str, **more: object) -> str:
    response = desk.api("POST", "/conferences", {"call_control_id": call, "name": "board", **more})
    assert response.status == 200, response.content()
    return str(response.json()["data"]["id"])


def act(desk: Desk, conference: str, action: str, **given: object) -> tuple[int, str]:
    response = desk.api("POST", f"/conferences/{conference}/actions/{action}", given)
    return response.status, "" if response.status == 200 else response.json()["errors"][0]["code"]


def heard(desk: Desk, call: str) -> list[str]:
    return [
        each.what
        for each in desk.carrier.trace
        if isinstance(each, Heard) and each.leg and each.leg.call_control_id == call
    ]


def alive(desk: Desk, *calls: str) -> list[bool]:
    return [desk.carrier.exchange.legs[call].alive for call in calls]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.carrier.media.upload("music", wav_of(5))
    return desk


def test_a_conference_is_found_by_name_and_its_events_bear_the_state_of_its_creator(desk: Desk) -> None:
    first, second = desk.answered_call(), desk.answered_call()

    conference = create(desk, first, client_state="eA==", command_id="a")
    assert create(desk, first, client_state="eA==", command_id="a") == conference
    assert act(desk, "board", "join", call_control_id=second, client_state="eQ==", command_id="b") == (200, "")
    assert act(desk, "board", "join", call_control_id=second, client_state="eQ==", command_id="b") == (200, "")
    desk.carrier.run_for(5)

    joined = desk.of("conference.participant.joined")
    assert {(each["call_control_id"], each["client_state"]) for each in joined} == {(first, "eA=="), (second, "eA==")}
    assert len(joined) == len({first, second})
    assert desk.carrier.exchange.legs[second].client_state == "eQ=="
    created = next(each for each in desk.events if each["event_type"] == "conference.created")
    assert "occurred_at" not in created
    assert created["payload"]["occurred_at"]
    listed = desk.api("GET", "/conferences", query={"filter[name]": "board", "filter[status]": "in_progress"}).json()
    assert [each["id"] for each in listed["data"]] == [conference]
    inside = desk.api("GET", f"/conferences/{conference}/participants").json()["data"]
    assert [each["call_control_id"] for each in inside] == [first, second]


def test_a_second_conference_of_a_name_is_refused_until_the_first_is_over(desk: Desk) -> None:
    first, second = desk.answered_call(Silence(5), HangUp()), desk.answered_call()
    create(desk, first)

    again = desk.api("POST", "/conferences", {"call_control_id": second, "name": "board"})
    assert (again.status, again.json()["errors"][0]["code"]) == (422, "90033")

    desk.carrier.run_for(10)
    assert [event["reason"] for event in desk.of("conference.ended")] == ["all_left"]
    assert act(desk, "board", "join", call_control_id=second) == (404, "10005")
    ended = desk.of("conference.ended")[0]["conference_id"]
    assert act(desk, ended, "join", call_control_id=second) == (422, "90019")
    assert create(desk, second) != ended


def test_who_waits_for_the_moderator_hears_music_and_nobody(desk: Desk) -> None:
    waits, moderator = desk.answered_call(Silence(3), Say(1, "anybody?"), Silence(60)), desk.answered_call()
    create(desk, waits, start_conference_on_create=False, hold_media_name="music")
    other = desk.answered_call()
    act(desk, "board", "join", call_control_id=other)
    desk.carrier.run_for(10)
    assert heard(desk, waits) == heard(desk, other) == ["music"]

    act(desk, "board", "join", call_control_id=moderator, start_conference_on_enter=True)
    act(desk, "board", "speak", payload="Welcome", voice="female")
    desk.carrier.run_for(10)

    assert heard(desk, other) == ["music", "Welcome"]
    assert heard(desk, moderator) == ["Welcome"]
    assert desk.of("conference.speak.ended")[0]["creator_call_session_id"]
    assert desk.carrier.exchange.legs[other].audio.playing is None


def test_who_is_muted_is_not_heard_and_who_is_on_hold_hears_music(desk: Desk) -> None:
    speaks = desk.answered_call(
        Silence(10), Say(1, "one"), Silence(10), Say(1, "two"), Silence(10), Say(1, "three"), LONG
    )
    hears, held = desk.answered_call(), desk.answered_call()
    create(desk, speaks)
    act(desk, "board", "join", call_control_id=hears)
    act(desk, "board", "join", call_control_id=held)
    assert act(desk, "board", "hold", call_control_ids=[held], media_name="music") == (200, "")
    desk.carrier.run_for(15)
    assert act(desk, "board", "mute", call_control_ids=[speaks]) == (200, "")
    assert act(desk, "board", "unhold", call_control_ids=[held]) == (200, "")
    desk.carrier.run_for(10)
    assert act(desk, "board", "unmute", call_control_ids=[speaks]) == (200, "")
    desk.carrier.run_for(12)

    assert heard(desk, hears) == ["one", "three"]
    assert heard(desk, held) == ["music", "three"]


@pytest.mark.parametrize("how", ["hangs up", "leaves"])
def test_the_others_end_with_a_host_whose_leaving_ends_the_conference(desk: Desk, how: str) -> None:
    other, third = desk.answered_call(), desk.answered_call()
    host = desk.answered_call(*((Silence(5), HangUp()) if how == "hangs up" else ()))
    create(desk, other)
    act(desk, "board", "join", call_control_id=third)
    act(desk, "board", "join", call_control_id=host, end_conference_on_exit=True, beep_enabled="always")
    assert heard(desk, other) == ["beep"]
    desk.carrier.run_for(10)
    if how == "leaves":
        assert act(desk, "board", "leave", call_control_id=host) == (200, "")
    desk.carrier.run_for(1)

    assert alive(desk, host, other, third) == [how == "leaves", False, False]
    assert [event["reason"] for event in desk.of("conference.ended")] == ["host_left"]
    assert {event["call_control_id"] for event in desk.of("conference.participant.left")} == {host, other, third}


def test_a_conference_ends_by_command_and_by_time(desk: Desk) -> None:
    first = desk.answered_call()
    conference = create(desk, first)
    assert act(desk, conference, "end", command_id="a") == (200, "")
    assert act(desk, conference, "end", command_id="a") == (200, "")
    assert act(desk, conference, "end", command_id="b") == (422, "90019")
    second = desk.answered_call()
    create(desk, second, duration_minutes=1)
    desk.carrier.run_for(61)

    assert alive(desk, first, second) == [False, False]
    assert [event["reason"] for event in desk.of("conference.ended")] == ["ended_via_api", "time_exceeded"]


def test_what_is_played_goes_on_until_it_is_stopped(desk: Desk) -> None:
    first, second = desk.answered_call(), desk.answered_call()
    create(desk, first)
    act(desk, "board", "join", call_control_id=second)

    act(desk, "board", "play", media_name="music", loop="infinity", call_control_ids=[second])
    desk.carrier.run_for(7)
    act(desk, "board", "stop")
    desk.carrier.run_for(7)

    assert (heard(desk, first), heard(desk, second)) == ([], ["music", "music"])
    assert [event["call_control_id"] for event in desk.of("conference.participant.playback.ended")] == [second]


REFUSED: list[tuple[str, dict[str, Any], tuple[int, str]]] = [
    ("join", {}, (422, "10004")),
    ("join", {"call_control_id": "v3:nobody"}, (422, "90015")),
    ("join", {"call_control_id": "FIRST"}, (422, "90033")),
    ("join", {"call_control_id": "THIRD"}, (422, "90032")),
    ("join", {"call_control_id": "THIRD", "muted": True}, (422, "10015")),
    ("join", {"call_control_id": "THIRD", "hold_audio_url": "http://a.b", "hold_media_name": "x"}, (422, "10015")),
    ("leave", {"call_control_id": "THIRD"}, (422, "90033")),
    ("mute", {"call_control_ids": ["THIRD"]}, (422, "90015")),
    ("mute", {"command_id": "a"}, (422, "10015")),
    ("unhold", {}, (422, "10004")),
    ("speak", {"payload": "x"}, (422, "10004")),
    ("play", {}, (422, "10004")),
    ("dance", {}, (404, "10005")),
]


@pytest.mark.parametrize(("action", "given", "expected"), REFUSED)
def test_what_telnyx_would_refuse_is_refused(
    desk: Desk, action: str, given: dict[str, Any], expected: tuple[int, str]
) -> None:
    calls = {"FIRST": desk.answered_call(), "SECOND": desk.answered_call(), "THIRD": desk.answered_call()}
    create(desk, calls["FIRST"], max_participants=2)
    act(desk, "board", "join", call_control_id=calls["SECOND"])

    def named(value: object) -> object:
        return [named(each) for each in value] if isinstance(value, list) else calls.get(str(value), value)

    result = act(desk, "board", action, **{name: named(value) for name, value in given.items()})

    assert result == expected


@pytest.mark.parametrize(("given", "code"), [({"max_participants": 1}, "10033"), ({"max_participants": 801}, "10033")])
def test_a_conference_has_two_to_eight_hundred_participants(desk: Desk, given: dict[str, Any], code: str) -> None:
    call = desk.answered_call()
    response = desk.api("POST", "/conferences", {"call_control_id": call, "name": "board", **given})
    assert (response.status, response.json()["errors"][0]["code"]) == (422, code)


def test_a_call_that_is_not_answered_or_is_over_is_in_no_conference(desk: Desk) -> None:
    first, second = desk.answered_call(), desk.answered_call()
    create(desk, first)
    desk.on.clear()
    ringing = desk.carrier.call(CALLER, NUMBER).name.call_control_id
    desk.carrier.run_for(1)
    assert act(desk, "board", "join", call_control_id=ringing) == (422, "90034")
    desk.obeyed(second, "hangup")
    assert act(desk, "board", "join", call_control_id=second) == (422, "90018")
    assert desk.code(first, "enqueue", queue_name="support") == (422, "90033")
