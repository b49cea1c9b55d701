"""Variables that are empty: nothing is skipped where it is a part, and never becomes another number or another file."""

import pytest

from dialtone.domain.decisions import FLOW_ERROR
from dialtone.domain.errors import FlowInvalid
from tests.staged_call import CALLED, StagedCall, actions

TOP = "last_resort: sorry\nsteps:\n"
END = "  after: {say: After., next: bye}\n  sorry: {say: Sorry., next: bye}\n  bye: hangup\n"


def staged(steps: str) -> StagedCall:
    """A call in a flow of these steps, in which {notice} and {jingle} are not known."""
    call = StagedCall(TOP + steps + END)
    call.pick_up()
    return call


def heard(call: StagedCall) -> list[object]:
    """What the last decision lets the caller hear."""
    return [
        each.parameters.get("payload") or each.parameters.get("media_name") or each.parameters.get("audio_url")
        for each in call.decisions[-1].commands
    ]


def test_an_empty_text_among_others_is_skipped() -> None:
    call = staged('  first: {say: ["Good morning.", "{notice}", {media: "{jingle}"}, "Please hold."]}\n')

    assert heard(call) == ["Good morning.", "Please hold."]
    assert call.call.step == "first"


@pytest.mark.parametrize(
    "step",
    [
        'say: "{notice}"',
        'say: ["{notice}", " "]',
        "say: {ssml: '<speak>{notice}</speak>'}",
        'play: {media: "{jingle}"}',
        'play: {media: "{jingle}"}, keys: {1: bye}',
        'play: {media: "{jingle}"}, keys: {1: bye}, times: infinity',
        'say: [{media: "{jingle}"}]',
    ],
)
def test_a_step_of_which_nothing_is_left_is_passed_over(step: str) -> None:
    call = staged(f"  first: {{{step}}}\n")

    assert (heard(call), call.call.step) == (["After."], "after")
    assert call.decisions[-1].incidents == ()


def test_ssml_that_names_no_variable_may_be_a_pause() -> None:
    call = staged("  first: {say: {ssml: '<speak><break time=\"1s\"/></speak>'}}\n")

    assert heard(call) == ['<speak><break time="1s"/></speak>']


@pytest.mark.parametrize(
    "step",
    [
        'menu: "{notice}", keys: {1: bye}',
        'menu: "{notice}", keys: {1: bye}, barge_in: false',
        'collect: "{notice}", into: account, digits: 4',
        'choose_language: "{notice}", keys: {1: en-US}',
    ],
)
def test_a_question_of_which_nothing_is_left_waits_for_keys_in_silence(step: str) -> None:
    call = staged(f"  first: {{{step}}}\n")

    assert actions(call.decisions[-1]) == ["gather"]
    call.gather_ends("1" if "keys" in step else "1234")
    assert call.call.step in {"bye", "after"}


def test_a_message_without_a_prompt_begins_with_the_tone() -> None:
    call = staged('  first: {record: "{notice}"}\n')

    assert actions(call.decisions[-1]) == ["record_start", "gather"]


@pytest.mark.parametrize("how", ["announce", "ask"])
def test_nothing_is_recorded_that_was_not_announced(how: str) -> None:
    call = staged(f'  first: {{recording: start, consent: {{how: {how}, say: "{{notice}}"}}}}\n')

    assert call.call.step == "sorry"
    assert call.decisions[-1].reason.startswith("the announcement of the recording was empty")
    assert call.decisions[-1].incidents[0] == FLOW_ERROR


def test_a_transfer_without_its_music_and_whisper_goes_on() -> None:
    call = staged(f"  first: {{transfer: '{CALLED}', hold: {{media: '{{jingle}}'}}, whisper: '{{notice}}'}}\n")

    assert actions(call.decisions[-1]) == ["dial"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ('play: {media: "hours-{lang}"}', "hours-{lang} cannot be played: lang is empty"),
        (
            'say: [Hello., {audio: "https://x.example/{lang}/a.mp3"}]',
            "https://x.example/{lang}/a.mp3 cannot be played: lang is empty",
        ),
    ],
)
def test_audio_whose_name_lacks_a_part_is_an_error_with_its_reason(step: str, reason: str) -> None:
    call = staged(f"  first: {{{step}}}\n")

    assert (call.call.step, call.decisions[-1].reason) == ("sorry", reason)


def test_names_and_addresses_of_audio_are_filled_in() -> None:
    steps = (
        '  note: {set: {lang: "en us/../x"}}\n'
        '  first: {say: [{media: "hours {lang}"}, {audio: "https://x.example/{lang}.mp3"}]}\n'
    )

    assert heard(staged(steps)) == ["hours en us/../x", "https://x.example/en%20us%2F..%2Fx.mp3"]


# Whom to ring, whom to show, what to send, what to note

AGENT = "  note: {set: {agent: %s, sip: alice}}\n"


@pytest.mark.parametrize(
    ("agent", "target", "rung"),
    [
        ('"+13125550177"', '"{agent}"', "+13125550177"),
        ('"sip:bob@pbx.example"', '"{agent}"', "sip:bob@pbx.example"),
        ('"+13125550177"', '"{agent},42#"', "+13125550177,42#"),
        ('""', '"sip:{sip}@pbx.example"', "sip:alice@pbx.example"),
        ('""', '["{agent}", "+13125550178"]', "+13125550178"),
        ("Bob", '["{agent}", "+13125550178"]', "+13125550178"),
    ],
)
def test_whom_a_transfer_rings_is_filled_in_and_who_has_no_number_is_passed_over(
    agent: str, target: str, rung: str
) -> None:
    call = staged(AGENT % agent + f"  first: {{transfer: {target}}}\n")

    assert call.decisions[-1].commands[-1].parameters["to"] == rung


def test_of_several_at_once_those_without_a_number_are_not_waited_for() -> None:
    target = '{to: ["{agent}", "+13125550178", "+13125550179"], how: at_once}'
    call = staged(AGENT % '""' + f"  first: {{transfer: {target}, hold: {{media: x}}}}\n")

    assert [each.parameters["to"] for each in call.decisions[-1].commands if each.action == "dial"] == [
        "+13125550178",
        "+13125550179",
    ]


@pytest.mark.parametrize(
    ("agent", "target", "reason"),
    [
        ('""', '"{agent}"', "no one to ring: {agent}: agent is empty"),
        ("Bob", '"{agent}"', "no one to ring: {agent}: what it holds is no number or address"),
        ('""', '"sip:{nobody}@pbx.example"', "no one to ring: sip:{nobody}@pbx.example: nobody is empty"),
        (
            '"eve@evil.example;x"',
            '"sip:{agent}@pbx.example"',
            "no one to ring: sip:{agent}@pbx.example: what it holds is no number or address",
        ),
    ],
)
def test_a_transfer_that_has_nobody_to_ring_is_an_error_with_its_reason(agent: str, target: str, reason: str) -> None:
    call = staged(AGENT % agent + f"  first: {{transfer: {target}}}\n")

    assert (call.call.step, call.decisions[-1].reason) == ("sorry", reason)


@pytest.mark.parametrize("target", ["{caller}", "{digits.number}", "{called},1"])
def test_whom_to_ring_is_not_the_callers_to_choose(target: str) -> None:
    with pytest.raises(FlowInvalid, match="at your cost"):
        StagedCall(f'steps:\n  first: {{transfer: "{target}"}}\n')


@pytest.mark.parametrize(("shown", "given"), [('"+13125550100"', {"from": "+13125550100"}), ('""', {})])
def test_a_number_to_show_that_is_empty_is_the_calls_own(shown: str, given: dict[str, str]) -> None:
    call = staged(AGENT % shown + f"  first: {{transfer: '{CALLED}', caller_id: '{{agent}}'}}\n")

    (transfer,) = call.decisions[-1].commands
    assert {name: transfer.parameters[name] for name in ("from",) if name in transfer.parameters} == given


def test_digits_to_send_of_which_none_are_left_are_an_error_that_names_them() -> None:
    call = staged('  first: {send_digits: "{digits.extension}"}\n')

    assert call.decisions[-1].reason == "no digits to send: digits.extension is empty, or holds none"


def test_what_is_noted_of_a_hang_up_is_filled_in() -> None:
    call = staged(AGENT % "Bob" + "  first: {say: Hello., on_hangup: {outcome: 'left {agent}{notice}'}}\n")

    call.hang_up()

    assert call.call.outcome == "left Bob"
