"""Which commands of a decision go out together."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.commands import Command
from webhook.sending import groups

LEGS = {"caller": "v3:a", "agent": "v3:b", "other": "v3:c"}


def decision(written: str) -> list[Command]:
    """Give the commands of `action leg, action leg`; a dial has no leg yet."""
    words = (each.split() for each in written.split(", ") if each)
    return [Command(action, LEGS[leg[0]] if leg else "", {}) for action, *leg in words]


def together(commands: Sequence[Command]) -> list[list[str]]:
    return [[commands[place].action for place in group] for group in groups(commands)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", []),
        ("speak caller", [["speak"]]),
        ("record_pause caller, speak caller", [["record_pause"], ["speak"]]),
        ("playback_start caller, dial, dial, dial", [["playback_start", "dial", "dial", "dial"]]),
        ("bridge caller, hangup agent, hangup other", [["bridge"], ["hangup", "hangup"]]),
        ("hangup agent, bridge caller", [["hangup"], ["bridge"]]),
        ("playback_stop caller, hangup agent, speak caller, dial", [["playback_stop", "hangup"], ["speak", "dial"]]),
    ],
)
def test_commands_of_different_legs_go_out_together(written: str, expected: list[list[str]]) -> None:
    assert together(decision(written)) == expected


COMMANDS = st.lists(
    st.builds(
        Command,
        st.sampled_from(["speak", "hangup", "bridge", "dial"]),
        st.sampled_from([*LEGS.values()]),
        st.just({}),
    ).map(lambda each: Command("dial", "", {}) if each.action == "dial" else each),
    max_size=12,
)


@given(commands=COMMANDS)
def test_each_is_sent_once_in_an_order_that_keeps_that_of_every_leg(commands: list[Command]) -> None:
    found = list(groups(commands))

    assert [place for group in found for place in group] == list(range(len(commands)))
    for group in found:
        legs = [commands[place].call_control_id for place in group if commands[place].call_control_id]
        assert len(legs) == len(set(legs))
        assert len(group) == 1 or all(commands[place].action != "bridge" for place in group)
