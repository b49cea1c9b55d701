"""Flows can set every parameter of Telnyx's commands for speech, audio and recordings, and it does what it should."""

from pathlib import Path

import pytest

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.telnyx_actions import ACTIONS
from dialtone.flow.parser import read_flow
from infra.flowkit.conversations.conversation import SUFFIX, read_conversations
from infra.flowkit.conversations.scenario_run import run_scenario
from infra.flowkit.conversations.side_by_side import side_by_side
from infra.flowkit.reference.parameters import COMMANDS, EXAMPLES, NOT_A_KEYS, rows
from tests.staged_call import StagedCall, actions

TONE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
"""A WAV file in which nothing is heard."""


def test_every_parameter_is_set_by_a_key_or_has_a_reason_why_none_sets_it() -> None:
    table = {(action, parameter): keys for action, parameter, keys in rows()}

    assert set(table) == {(action, parameter) for action in COMMANDS for parameter in ACTIONS[action].parameters}
    assert [place for place, keys in table.items() if not keys] == []
    assert {parameter for (_, parameter), keys in table.items() if keys in NOT_A_KEYS.values()} == set(NOT_A_KEYS)


def test_every_key_of_the_table_sets_something() -> None:
    listed = " ".join(keys for _, _, keys in rows())

    assert [example.key for example in EXAMPLES if example.key not in listed] == []


def staged(step: str, top: str = "") -> StagedCall:
    return StagedCall(
        f"{top}\nlast_resort: sorry\nsteps:\n  a: {step}\n  bye: hangup\n  sorry: {{say: Sorry., next: bye}}\n"
    )


def test_options_of_say_are_telnyx_s_parameters_and_stop_is_the_first_one_s_alone() -> None:
    call = staged("{say: [Hello., {media: tune}], to: both, stop: all, service_level: premium}")

    first, second = call.pick_up().commands

    assert {name: first.parameters.get(name) for name in ("target_legs", "stop", "service_level", "loop")} == {
        "target_legs": "both",
        "stop": "all",
        "service_level": "premium",
        "loop": None,
    }
    assert second.parameters["target_legs"] == "both"
    assert not {"stop", "service_level"} & second.parameters.keys()


def test_a_say_that_keys_interrupt_has_its_service_level_too() -> None:
    (gather,) = staged("{say: Hello., keys: {1: bye}, service_level: premium}").pick_up().commands

    assert (gather.action, gather.parameters["service_level"]) == ("gather_using_speak", "premium")


def test_without_options_say_is_as_it_was() -> None:
    (spoken,) = staged("{say: Hello.}").pick_up().commands

    assert not {"target_legs", "stop", "service_level", "loop"} & spoken.parameters.keys()


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("{say: [Hello., Again.], times: 2}", "times repeats one text or file"),
        ("{say: Hello., times: 101}", "more than 100"),
        ("{say: Hello., stop: overlay}", "not one of current, all"),
        ("{say: Hello., barge_in: true, times: 2}", "keys interrupt what is said once"),
        ("{say: {ssml: <speak>Hi</speak>}, service_level: basic}", "reads texts, not SSML"),
    ],
)
def test_what_telnyx_would_refuse_is_refused_before(step: str, why: str) -> None:
    with pytest.raises(FlowInvalid, match=why):
        read_flow("main.yaml", f"flow: main\nsteps:\n  a: {step}\n")


def test_the_end_of_music_that_say_has_stopped_is_not_taken_for_the_end_of_what_it_says() -> None:
    call = staged("{play: {media: music}, times: infinity, background: true, next: b}\n  b: {say: Hello., stop: all}")
    call.pick_up()

    assert actions(call.tell("call.playback.ended", status="cancelled", media_name="music")) == []
    assert call.call.step == "b"
    assert actions(call.prompt_ends("completed")) == ["hangup"]


def test_audio_in_the_flow_is_played_and_where_keys_are_waited_for_takes_the_error_path() -> None:
    played = staged(f"{{play: {{content: {TONE}, audio_type: wav}}}}").pick_up()
    asked = staged(f"{{menu: {{content: {TONE}}}, keys: {{1: bye}}, otherwise: bye}}").pick_up()

    assert played.commands[0].parameters["playback_content"] == TONE
    assert played.commands[0].parameters["audio_type"] == "wav"
    assert actions(asked) == ["speak"]
    assert "cannot be played where keys are waited for" in asked.reason


def test_what_a_gather_does_not_know_is_left_out_of_it() -> None:
    audio = "{audio: 'https://www.example.com/a.wav', audio_type: wav, cache_audio: false}"

    (gather,) = staged(f"{{menu: {audio}, keys: {{1: bye}}, otherwise: bye}}").pick_up().commands

    assert gather.action == "gather_using_audio"
    assert not {"audio_type", "cache_audio"} & gather.parameters.keys()


@pytest.mark.parametrize(
    ("step", "top", "action", "parameter"),
    [
        ("{recording: start, file_name: orders}", "", "record_start", "custom_file_name"),
        ("{record: null, file_name: orders}", "", "record_start", "custom_file_name"),
        ("{say: Hello.}", "record: {file_name: orders}", "answer", "record_custom_file_name"),
    ],
)
def test_a_recording_s_file_is_called_as_the_flow_says_with_what_tells_it_apart(
    step: str, top: str, action: str, parameter: str
) -> None:
    call = staged(step, top)
    decisions = [call.ring(), call.pick_up()] if action == "answer" else [call.pick_up()]

    asked = next(each for decision in decisions for each in decision.commands if each.action == action)

    (recording,) = call.call.recordings
    assert asked.parameters[parameter] == recording.file_name
    assert recording.file_name.startswith("orders-")


def test_a_call_is_led_by_them_at_the_carrier(tmp_path: Path) -> None:
    (tmp_path / "numbers.yaml").write_text('"+15550150": desk\n', encoding="utf-8")
    (tmp_path / "desk.yaml").write_text(
        f"""\
flow: desk
steps:
  tone: {{play: {{content: {TONE}, audio_type: wav}}}}
  music: {{play: {{audio: "https://www.example.com/m.mp3", cache_audio: false}}, times: infinity, background: true}}
  twice: {{say: Hello., times: 2, stop: all}}
  start: {{recording: start, file_name: orders}}
  talk: {{wait: 5}}
  stop: {{recording: stop}}
  bye: hangup
""",
        encoding="utf-8",
    )
    file = tmp_path / f"desk{SUFFIX}"
    file.write_text(
        "flow: desk\nconversations:\n  - name: hears it twice\n    talk: [{hears: Hello.}]\n"
        "    ends:\n      steps: [tone, music, twice, start, talk, stop, bye]\n      lasts: {min: 6s, max: 9s}\n"
        "      recordings: [{seconds: 5s}]\n",
        encoding="utf-8",
    )
    (script,) = read_conversations(file)

    result = run_scenario(script, FlowLibrary.open(tmp_path))

    assert result.passed, f"\n{side_by_side(result)}"
