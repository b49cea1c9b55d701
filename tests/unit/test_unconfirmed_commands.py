"""What an event shows of the commands before it."""

import pytest

from dialtone.domain.client_state import ALL_PLACES, ClientState
from dialtone.domain.events import Event
from dialtone.domain.unconfirmed_commands import Unconfirmed

WAITING = Unconfirmed("event", "2026-11-30T12:00:00.000000Z", 7, groups=((0,), (1, 2), (3,)), bridge=3)


def shown(decision: int, place: int, event_type: str = "call.speak.started", turn: int = 4) -> Event:
    state = ClientState(turn, "flow", decision=decision, place=place)
    return Event("later", event_type, "2026-11-30T12:00:01.000000Z", {}, state)


@pytest.mark.parametrize(
    ("event", "left"),
    [
        (shown(7, 0), ((1, 2), (3,))),
        (shown(7, 1), ((2,), (3,))),
        (shown(7, 3), ()),
        (shown(7, ALL_PLACES), ()),
        (shown(7, 9), WAITING.groups),
        (shown(6, 3), WAITING.groups),
        (shown(0, 0), WAITING.groups),
        (shown(6, 3, "call.bridged"), ()),
        (shown(6, 3, "call.bridged", turn=3), WAITING.groups),
    ],
)
def test_a_state_confirms_its_command_and_the_groups_before_it(event: Event, left: tuple[tuple[int, ...], ...]) -> None:
    assert WAITING.after(event, 4).groups == left


def test_where_nothing_connects_two_legs_that_they_are_connected_confirms_nothing() -> None:
    waiting = Unconfirmed("event", "2026-11-30T12:00:00.000000Z", 7, groups=((0,),))

    assert waiting.after(shown(6, 0, "call.bridged"), 4) == waiting


def test_it_is_stored_without_what_is_as_usual_and_read_whatever_a_later_version_added() -> None:
    assert Unconfirmed("event", "then", 7).to_json() == {"event_id": "event", "occurred_at": "then", "decision": 7}
    stored = {**WAITING.to_json(), "groups": [[0], [1, 2], [3]], "added": 1}
    assert Unconfirmed.from_json(stored) == WAITING
