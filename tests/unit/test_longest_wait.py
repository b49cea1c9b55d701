"""How long commands can take at most: longer than the carrier takes for them, and no longer than is reasonable."""

import pytest

from dialtone.domain.commands import command
from dialtone.domain.longest_wait import longest_wait
from dialtone.domain.telnyx_actions import ACTIONS

CALL = "v3:call"
VOICE = {"voice": "AWS.Polly.Joanna-Neural"}
WORDS = "We are open from nine to five, Monday to Friday."


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        (command("answer", CALL), 1, 10),
        (command("speak", CALL, payload=WORDS, **VOICE), 4, 30),
        (command("speak", CALL, payload='<speak><break time="10s"/></speak>', payload_type="ssml", **VOICE), 12, 60),
        (command("playback_start", CALL, media_name="directions"), 600, 4_000),
        (command("gather", CALL, timeout_millis=15_000), 15, 16),
        (
            command(
                "gather_using_speak",
                CALL,
                payload=WORDS,
                timeout_millis=8_000,
                maximum_tries=1,
                maximum_digits=1,
                **VOICE,
            ),
            12,
            60,
        ),
        (command("transfer", CALL, to="+15550190", timeout_secs=20), 20, 90),
        (command("dial", **{"from": "+15550100"}, to="+15550190", connection_id="1", timeout_secs=45), 45, 120),
    ],
    ids=lambda value: getattr(value, "action", None),
)
def test_a_command_takes_between_these(asked: object, least: float, most: float) -> None:
    assert least <= longest_wait([asked]) <= most  # type: ignore[list-item] # a command


def test_prompts_queue_so_that_their_times_add_up() -> None:
    one = command("speak", CALL, payload=WORDS, **VOICE)

    assert longest_wait([one, one]) == 2 * longest_wait([one])


@pytest.mark.parametrize(
    "asked",
    [
        command("playback_start", CALL, media_name="music", loop="infinity"),
        command("playback_stop", CALL),
        command("record_start", CALL, format="mp3", channels="single"),
        command("record_pause", CALL),
        command("gather_stop", CALL),
    ],
    ids=lambda asked: asked.action,
)
def test_nobody_waits_for_the_end_of_what_has_none_of_its_own(asked: object) -> None:
    assert longest_wait([asked]) == 0  # type: ignore[list-item] # a command


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_that_is_sent_has_its_place(action: str) -> None:
    """A new action is one that ends by itself, or is named here as one that does not."""
    without_end = {
        "ai_assistant_stop",
        "transcription_start",
        "transcription_stop",
        "client_state_update",
        "conference_mute",
        "conference_speak",
        "conference_unmute",
        "gather_stop",
        "playback_stop",
        "record_pause",
        "record_resume",
        "record_start",
        "record_stop",
        "send_dtmf",
        "switch_supervisor_role",
    }
    from dialtone.domain import longest_wait as module  # noqa: PLC0415 -- beside its use

    assert (action in module._SECONDS) != (action in without_end)  # noqa: SLF001 -- the table itself
