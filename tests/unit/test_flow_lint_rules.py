"""What each rule finds and lets be, beyond the examples of its page."""

import textwrap
from datetime import date
from pathlib import Path
from typing import Protocol, get_args, get_type_hints

import pytest
from telnyx.types.calls import action_speak_params

from dialtone.adapters.flow_library import NUMBERS_FILE
from dialtone.flow.flow import CONSENT_STEP
from dialtone.flow.parser import STEP_KINDS
from infra.checkout import SAMPLES
from infra.flowkit.lint import lint
from infra.flowkit.linting.files import Folder, Kind, flow_paths
from infra.flowkit.linting.mentions import step_names
from infra.flowkit.linting.rules.needs_caller import REMEDY
from infra.flowkit.linting.rules.unknown_language import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 22)


class FindRules(Protocol):
    """The rules that find something in a flow of these steps, with their lines from `steps:` on."""

    def __call__(self, steps: str, top: str = "", **beside: str) -> list[tuple[int, str]]: ...


@pytest.fixture
def found_in(tmp_path: Path) -> FindRules:
    def lint_steps(steps: str, top: str = "", **beside: str) -> list[tuple[int, str]]:
        before = f"flow: desk\n{textwrap.dedent(top)}"
        text = f"{before}steps:\n{textwrap.indent(textwrap.dedent(steps), '  ')}"
        for name, content in {"desk.yaml": text, **beside}.items():
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(textwrap.dedent(content), encoding="utf-8")
        return [(each.line - before.count("\n"), each.rule) for each in lint(tmp_path / "desk.yaml", today=TODAY)]

    return lint_steps


def steps_of(path: Path, today: date = TODAY) -> list[tuple[int, str]]:
    return [(each.line, each.rule) for each in lint(path, today=today)]


# bad-ssml, unsupported-by-voice


def test_ssml_for_a_voice_without_it_is_an_error_wherever_the_voice_is_named(found_in: FindRules) -> None:
    soniox, ssml = "Soniox.tts-rt-v2.Emma", "{ssml: <speak>Hello.</speak>}"
    of_step = f"a: {{say: {ssml}, voice: {soniox}}}\n"
    of_piece = f"a: {{say: {{ssml: <speak>Hello.</speak>, voice: {soniox}}}}}\n"

    assert found_in(of_step) == [(2, "bad-ssml")]
    assert found_in(of_piece) == [(2, "bad-ssml")]
    assert found_in(f"a: {{say: {ssml}}}\n", f"voice: {soniox}\nlanguage: en\n") == [(2, "bad-ssml")]
    assert found_in(f"a: {{say: {ssml}}}\n") == []


@pytest.mark.parametrize(
    ("top", "found"),
    [
        ("voice: xAI.eve\nspeed: 1.5\n", True),
        ("voice: Telnyx.Bayan.Ahmed\nspeed: 0.9\n", True),
        ("voice: Telnyx.Ultra.ours\nspeed: 1.6\n", True),
        ("voice: Telnyx.Ultra.ours\nspeed: 1.5\n", False),
        ("voice: AWS.Polly.Joanna\nspeed: 2\nvoice_settings: {anything: 1}\n", False),
        ("voice: ElevenLabs.m.id\nvoice_settings: {stability: 1}\n", True),
        ("voice: ElevenLabs.m.id\nvoice_settings: {api_key_ref: ours}\n", False),
        ("voice: FishAudio.s1.id\nvoice_settings: {pitch: 1}\n", True),
        ("voice: male\nvoice_settings: {pitch: 1}\n", False),
    ],
)
def test_what_a_voice_does_not_take_is_said_once(found_in: FindRules, top: str, *, found: bool) -> None:
    expected = [(2, "unsupported-by-voice")] if found else []

    assert found_in("a: {say: Hello.}\nb: {say: Goodbye.}\n", top) == expected


def test_the_basic_service_level_has_two_voices(found_in: FindRules) -> None:
    assert found_in("a: {say: Hello., service_level: basic}\n") == [(2, "unsupported-by-voice")]
    assert found_in("a: {say: Hello., service_level: basic, voice: female}\n") == []
    assert found_in("a: {say: Hello., service_level: premium}\n") == []


# content-under-keys


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("menu: {content: UklGRg==}, keys: {1: b}, otherwise: b", True),
        ("collect: Key it in., into: n, no_input: {content: UklGRg==}, otherwise: b", True),
        ("play: {content: UklGRg==}, keys: {1: b}", True),
        ("say: {content: UklGRg==}, barge_in: true", True),
        ("recording: start, consent: {how: ask, say: {content: UklGRg==}}", True),
        ("recording: start, consent: {how: announce, say: {content: UklGRg==}}", False),
        ("play: {content: UklGRg==}", False),
        ("say: [{content: UklGRg==}, Hello.]", False),
    ],
)
def test_audio_in_a_flow_where_keys_are_waited_for_is_found(step: str, found_in: FindRules, *, found: bool) -> None:
    rules = {rule for _, rule in found_in(f"a: {{{step}, next: b}}\nb: hangup\n", "last_resort: b\n")}

    assert ("content-under-keys" in rules) is found


# invalid-flow


def test_a_flow_that_is_too_large_with_all_that_it_leads_to_is_found(found_in: FindRules) -> None:
    filler = "".join(f"  s{n}: {{say: {'x' * 1_000}, next: bye}}\n" for n in range(170))
    other = f"flow: other\nsteps:\n  a: {{come_back: true}}\n{filler}  bye: hangup\n"
    steps = "a: {go: {flow: other}}\n" + "".join(f"t{n}: {{say: {'x' * 1_000}}}\n" for n in range(170))

    assert (0, "invalid-flow") in found_in(steps, **{"other.yaml": other})


# digits-recorded-early, recording-stays-paused

RECORDED = "voice: female\nlast_resort: bye\nrecord: {channels: dual}\n"
CARD = "card: {collect: Card., into: card, digits: 16, sensitive: true, otherwise: bye}\nbye: hangup\n"


@pytest.mark.parametrize(
    "before",
    [
        "a: {say: Your card., next: b}\nb: {branch: [{when: {caller: '+1*'}, to: card}], otherwise: bye}\n",
        "a: {play: {media: m}, next: card}\n",
        "a: {wait: 5, next: card}\n",
        "a: {collect: Transcript., into: account, digits: 6, otherwise: bye, next: card}\n",
        "a: {menu: 'To leave, press 1.', keys: {1: bye}, otherwise: card}\n",
        "a: {say: Hello.}\nb: {recording: pause}\n",
    ],
)
def test_a_step_that_leads_to_a_card_while_the_recording_runs_is_found(before: str, found_in: FindRules) -> None:
    assert (2, "digits-recorded-early") in found_in(before + CARD, RECORDED)


@pytest.mark.parametrize(
    ("before", "top"),
    [
        ("a: {say: Your card.}\n", "voice: female\nlast_resort: bye\n"),
        ("a: {menu: 'To pay, press 1.', keys: {1: card}, otherwise: bye}\n", RECORDED),
        ("a: {recording: stop}\nb: {say: Your card.}\n", RECORDED),
        ("a: {transfer: '+12025550199', after: card, next: bye}\n", RECORDED),
        ("a: {collect: Card., into: other, digits: 16, sensitive: true, otherwise: bye}\n", RECORDED),
        ("", RECORDED),
    ],
)
def test_a_card_that_cannot_be_recorded_early_is_let_be(before: str, top: str, found_in: FindRules) -> None:
    assert found_in(before + CARD, top) == []


def test_a_recording_is_followed_into_the_flow_that_asks_for_the_card(found_in: FindRules) -> None:
    steps = "a: {say: Hello.}\nvisit: {go: {flow: pay}}\nbye: hangup\n"
    ready = "flow: pay\nvoice: female\nsteps:\n  ready: {say: Your card.}\n"
    card = "  card: {collect: Card., into: card, digits: 16, sensitive: true}\n"

    assert found_in(steps, RECORDED, **{"pay.yaml": ready.replace("  ready: {say: Your card.}\n", "") + card}) == [
        (2, "digits-recorded-early")
    ]
    assert found_in(steps, RECORDED, **{"pay.yaml": ready + card}) == [], (
        "it is the other flow's prompt that leads there"
    )


def test_a_pause_in_a_visited_flow_that_its_visitor_resumes_is_let_be(found_in: FindRules) -> None:
    pause = "flow: quiet\nsteps:\n  quiet: {recording: pause}\n"
    steps = """\
        visit: {go: {flow: quiet}}
        card: {collect: Card., into: card, digits: 16, sensitive: true, otherwise: again}
        again: {recording: resume}
        agent: {transfer: "+12025550199"}
        bye: hangup
    """

    assert found_in(steps, RECORDED, **{"quiet.yaml": pause}) == []


def test_a_pause_that_nothing_resumes_is_found(found_in: FindRules) -> None:
    assert found_in("a: {recording: pause}\nb: {say: Hello.}\nbye: hangup\n", RECORDED) == [
        (2, "recording-stays-paused")
    ]


# overlay-without-audio

MUSIC = "music: {play: {media: m}, times: infinity, background: true}\n"
OVER = "over: {play: {media: bell}, overlay: true}\nbye: hangup\n"


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("", True),
        ("hello: {say: Hello.}\n", True),
        ("music: {play: {media: m}}\n", True),
        (MUSIC, False),
        (MUSIC + "hello: {say: Hello.}\n", False),
        (MUSIC + "quiet: {play: null, stop: overlay}\n", False),
        (MUSIC + "quiet: {play: null, stop: all}\n", True),
        (MUSIC + "other: {play: {media: n}, stop: current}\n", True),
        (MUSIC + "agent: {transfer: '+12025550199', hold: {media: m}, failed: over}\n", True),
        ("who: {branch: [{when: {caller: '+1*'}, to: over}], otherwise: music}\n" + MUSIC, True),
    ],
)
def test_an_overlay_needs_audio_under_it_on_every_path(before: str, found_in: FindRules, *, found: bool) -> None:
    rules = [rule for _, rule in found_in(before + OVER, "voice: female\nlast_resort: bye\n")]

    assert rules == (["overlay-without-audio"] if found else [])


def test_an_overlay_in_a_visited_flow_is_over_the_music_of_its_visitor(found_in: FindRules) -> None:
    chime = "flow: chime\nsteps:\n  over: {play: {media: bell}, overlay: true}\n"
    visit = "visit: {go: {flow: chime}}\nbye: hangup\n"

    assert found_in(MUSIC + visit, **{"chime.yaml": chime}) == []


# missing-consent


def test_a_policy_of_announcing_is_content_with_asking(found_in: FindRules) -> None:
    steps = "a: {say: Hello}\nb: {recording: start, consent: ask, next: c}\nc: hangup\n"

    assert found_in(steps, "consent_policy: announce\nrecord: {consent: ask}\n") == []


def test_a_recording_needs_no_consent_where_no_policy_demands_it(found_in: FindRules) -> None:
    steps = "a: {say: Hello}\nb: {recording: start, next: c}\nc: hangup\n"

    assert found_in(steps, "record: {channels: dual}\n") == []
    assert found_in(steps, "record: {channels: dual}\nconsent_policy: none\n") == []


def test_a_message_needs_consent_only_where_the_policy_says_messages(found_in: FindRules) -> None:
    steps = "a: {record: Speak after the tone.}\nb: hangup\n"

    assert found_in(steps, "consent_policy: ask\n") == []
    assert found_in(steps, "consent_policy: {calls: none, messages: announce}\n") == [(2, "missing-consent")]


def test_switches_that_start_nothing_need_no_consent(found_in: FindRules) -> None:
    steps = "a: {recording: pause}\nb: {recording: resume}\nc: {recording: stop, next: d}\nd: hangup\n"

    assert found_in(steps, "consent_policy: ask\n") == []


def test_a_recording_in_a_flow_that_is_visited_is_reported_at_the_visit(found_in: FindRules) -> None:
    beside = {
        "other.yaml": "flow: other\nsteps: {a: {go: {flow: third}}}\n",
        "third.yaml": "flow: third\nsteps: {a: {recording: start}, b: {go: {flow: other}, next: c}, c: hangup}\n",
    }
    steps = "a: {go: {flow: other}, next: b}\nb: hangup\n"

    assert found_in(steps, "consent_policy: announce\n", **beside) == [(2, "missing-consent")]
    assert found_in(steps, **beside) == []


# the minutes waited


def test_the_minutes_waited_are_known_in_an_announcement_and_after_a_transfer(found_in: FindRules) -> None:
    steps = """\
        a: {transfer: "+12025550199", hold: {media: hold-music}, announce: "{waited} minutes", %s: b}
        b: {say: "You have waited {waited} minutes."}
        c: hangup
        """
    top = "last_resort: c\n"

    assert found_in(steps % "no_answer", top) == []
    assert found_in("b: {say: 'You have waited {waited} minutes.'}\n") == [(2, "unknown-variable")]
    assert found_in(steps % "after", top) == [(3, "unset-variable")]


# not-given


def test_what_a_flow_is_given_is_known_in_it(found_in: FindRules) -> None:
    assert found_in("a: {say: 'Hello {name}.', next: b}\nb: hangup\n", "given: {name: Who}\n") == []


def test_a_visit_may_hand_on_what_the_flow_itself_is_given(found_in: FindRules) -> None:
    other = "flow: other\ngiven: {name: Who}\nsteps: {a: {say: 'Hello {name}.'}}\n"
    steps = "a: {go: {flow: other}, next: b}\nb: hangup\n"

    assert found_in(steps, "given: {name: Who}\n", **{"other.yaml": other}) == []
    assert found_in(steps, **{"other.yaml": other}) == [(2, "not-given")]


def test_a_number_cannot_lead_to_a_flow_that_expects_to_be_given_something(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text("flow: desk\ngiven: {name: Who}\nsteps: {a: {say: 'Hello {name}.'}}\n")
    (tmp_path / NUMBERS_FILE).write_text('"+15550100": desk\n')

    assert steps_of(tmp_path) == [(1, "not-given")]


# unreached-step


def test_the_step_below_a_transfer_is_not_reached_through_it(found_in: FindRules) -> None:
    steps = """\
        agent: {transfer: "+15550199", busy: sorry, no_answer: sorry, failed: sorry}
        thanks: {say: Thank you for calling.}
        sorry: {say: Nobody is there.}
        """

    assert found_in(steps) == [(3, "unreached-step")]


def test_a_step_that_only_errors_lead_to_is_reached(found_in: FindRules) -> None:
    assert found_in("a: {say: Hello, on_error: c, next: b}\nb: hangup\nc: {say: Sorry}\n") == []
    assert found_in("a: {say: Hello, next: b}\nb: hangup\nc: {say: Sorry}\n", "last_resort: c\n") == []


def test_the_last_resort_is_reached_from_anywhere(found_in: FindRules) -> None:
    assert found_in("a: {set: {outcome: x}, next: b}\nb: hangup\nsorry: {say: Sorry}\n", "last_resort: sorry\n") == []


def test_an_hours_step_with_all_its_ways_does_not_fall_through(found_in: FindRules) -> None:
    steps = "a: {hours: opening, open: c, closed: c}\nb: {say: Hello}\nc: hangup\n"
    calendar = "calendar: opening\ntime_zone: UTC\nopen: {mon-sun: 09:00-17:00}\n"

    assert found_in(steps, **{"calendars/opening.yaml": calendar}) == [(3, "unreached-step")]


# endless-loop


def test_a_circle_of_steps_that_take_no_time_is_reported_even_under_limits(found_in: FindRules) -> None:
    steps = "a: {set: {outcome: x}}\nb: {branch: [{when: {caller: '+1*'}, to: a}], otherwise: c}\nc: hangup\n"

    assert found_in(steps, "limits: {minutes: 5}\n") == [(2, "endless-loop")]


def test_a_circle_that_takes_time_is_let_be_under_limits(found_in: FindRules) -> None:
    steps = 'a: {say: Please hold.}\nb: {wait: 10, keys: {"*": c}, next: a}\nc: hangup\n'

    assert found_in(steps) == [(2, "endless-loop")]
    assert found_in(steps, "limits: {minutes: 5}\n") == []


def test_music_without_end_is_a_circle_of_one(found_in: FindRules) -> None:
    steps = "a: {play: {media: music}, times: infinity, keys: {1: b}, next: b}\nb: hangup\n"

    assert found_in(steps) == [(2, "endless-loop")]


def test_digits_are_a_choice_unless_silence_leads_on_as_well(found_in: FindRules) -> None:
    asks = "a: {collect: Your number, into: number, next: b%s}\nb: {say: Thank you, next: a}\nc: hangup\n"

    assert found_in(asks % ", otherwise: c") == []
    assert (2, "endless-loop") in found_in(asks % "")


def test_error_paths_are_no_circle(found_in: FindRules) -> None:
    assert found_in("a: {say: Hello, on_error: a, next: b}\nb: hangup\n") == []


def test_a_visit_to_another_flow_counts_as_a_choice(found_in: FindRules) -> None:
    other = "flow: other\nsteps: {a: {say: Hello}}\n"

    assert found_in("a: {go: {flow: other}, next: a}\n", **{"other.yaml": other}) == []


def test_two_circles_are_two_findings(found_in: FindRules) -> None:
    steps = """\
        a: {menu: Press 1., keys: {1: b}, otherwise: d}
        b: {say: One}
        c: {say: Two, next: b}
        d: {say: Three}
        e: {say: Four, next: d}
        """

    assert found_in(steps) == [(3, "endless-loop"), (5, "endless-loop")]


# dead-end


def test_a_call_that_nobody_dialled_waits_for_ever_to_learn_who_answered(found_in: FindRules) -> None:
    steps = "a: {answered_by: {person: b, machine: b}}\nb: {say: Hello}\n"

    assert found_in(steps) == []
    assert found_in(steps, **{NUMBERS_FILE: '"+15550100": desk\n'}) == [(2, "dead-end")]


def test_a_flow_that_others_visit_may_end_with_a_question(found_in: FindRules) -> None:
    other = "flow: other\nsteps: {a: {go: {flow: desk}}, b: {say: Goodbye}}\n"

    assert found_in("a: {collect: Your number, into: number}\n", **{"other.yaml": other}) == []


@pytest.mark.parametrize(
    "step",
    [
        "{menu: Press 1., keys: {1: a}}",
        "{collect: Your number, into: number, otherwise: a}",
        "{choose_language: Press 1., keys: {1: en-US}}",
    ],
)
def test_a_question_at_the_end_of_the_file_is_a_dead_end(step: str, found_in: FindRules) -> None:
    assert (3, "dead-end") in found_in(f"a: {{say: Hello}}\nb: {step}\n")


def test_a_last_resort_is_a_way_on_for_every_transfer(found_in: FindRules) -> None:
    steps = 'a: {transfer: "+15550199"}\nsorry: {say: Nobody is there.}\n'

    assert found_in(steps, "last_resort: sorry\n") == []


# missing-otherwise


def test_a_menu_must_say_what_follows_both_kinds_of_failure(found_in: FindRules) -> None:
    menu = "a: {menu: Press 1., keys: {1: b}%s}\nb: {say: One}\n"

    assert found_in(menu % ", otherwise_wrong: b") == [(2, "missing-otherwise")]
    assert found_in(menu % ", otherwise_wrong: b, otherwise_no_input: b") == []
    assert found_in(menu % ", next: b") == []


# clashing-keys, untypeable-key


def test_a_key_among_several_clashes_with_itself(found_in: FindRules) -> None:
    steps = 'a: {menu: Press 1., keys: {"1, 9": b, 9: c}, otherwise: c}\nb: {say: One}\nc: hangup\n'

    assert found_in(steps) == [(2, "clashing-keys")]


def test_a_digit_cannot_end_digits(found_in: FindRules) -> None:
    assert found_in("a: {collect: Your number, into: n, ends_on: 0, next: b, otherwise: b}\nb: hangup\n") == [
        (2, "clashing-keys")
    ]


@pytest.mark.parametrize("key", ["A", "12", "'1,'", "'**'", "' '"])
def test_a_key_that_no_phone_has_cannot_be_typed(key: str, found_in: FindRules) -> None:
    assert found_in(f"a: {{menu: Press it., keys: {{{key}: b}}, otherwise: b}}\nb: hangup\n") == [(2, "untypeable-key")]


# bad-ssml, text-too-long


@pytest.mark.parametrize(
    "ssml",
    [
        "<speak>Hello {caller}</speak>",
        "<speak><prosody rate='slow'>Hello</prosody> <amazon:effect name='whispered'>you</amazon:effect></speak>",
        "<speak><say-as interpret-as='digits'>{caller}</say-as> &amp; more</speak>",
        "<?xml version='1.0'?><speak version='1.1' xml:lang='en-US'><p><s>Hello</s></p></speak>",
    ],
)
def test_ssml_that_can_be_spoken_is_let_be(ssml: str, found_in: FindRules) -> None:
    assert found_in(f'a: {{say: {{ssml: "{ssml}"}}}}\n') == []


@pytest.mark.parametrize(
    "ssml", ["Hello", "<p>Hello</p>", "<speak>Hello", "<speak><brake/></speak>", "<speak>a & b</speak>", "<speak/><p/>"]
)
def test_ssml_that_cannot_be_spoken_is_reported(ssml: str, found_in: FindRules) -> None:
    assert found_in(f'a: {{say: {{ssml: "{ssml}"}}}}\n') == [(2, "bad-ssml")]


def test_ssml_over_the_limit_is_reported_and_long_text_of_sentences_is_not(found_in: FindRules) -> None:
    assert found_in(f"a: {{say: {{ssml: <speak>{'Hello. ' * 500}</speak>}}}}\n") == [(2, "text-too-long")]
    assert found_in(f"a: {{say: {'Hello. ' * 500}}}\n") == []
    assert found_in(f"a: {{say: {'Hello. ' * 3_000}}}\n") == [(2, "text-too-long")]


# unknown-voice, unknown-language


@pytest.mark.parametrize(
    "voice",
    [
        "AWS.Polly.Joanna",
        "AWS.Polly.Joanna-Neural",
        "AWS.Polly.Ruth-Generative",
        "aws.polly.Mia",
        "Azure.en-CA-ClaraNeural",
        "ElevenLabs.eleven_multilingual_v2.21m00Tcm4TlvDq8ikWAM",
        "Telnyx.KokoroTTS.af",
        "FishAudio.s2.1-pro.abc",
        "xAI.eve",
        "female",
    ],
)
def test_a_voice_that_telnyx_has_is_let_be(voice: str, found_in: FindRules) -> None:
    assert found_in(f"a: {{say: Hello, voice: {voice}}}\n") == []


@pytest.mark.parametrize("voice", ["AWS.Polly.Nobody", "AWS.Joanna", "Joanna", "Azur.en-CA-ClaraNeural", "child"])
def test_a_voice_that_nobody_has_is_reported_wherever_it_stands(voice: str, found_in: FindRules) -> None:
    assert found_in(f"a: {{say: Hello, voice: {voice}}}\n") == [(2, "unknown-voice")]
    assert found_in(f"a: {{say: {{text: Hello, voice: {voice}}}}}\n") == [(2, "unknown-voice")]
    assert found_in("a: {say: Hello}\n", f"languages: {{en-US: {voice}}}\n") == [(0, "unknown-voice")]


def test_a_step_or_variable_may_be_called_voice(found_in: FindRules) -> None:
    steps = (
        "voice: {set: {voice: deep, language: plain}, on_hangup: {voice: none}}\nlanguage: {say: 'Hello {voice}'}\n"
        'desk: {transfer: "+15550199", on_hangup_connected: {voice: none}, on_error: mailbox}\n'
        "mailbox: {record: After the tone., on_hangup_recorded: {voice: none}, on_error: end}\nend: hangup\n"
    )
    assert found_in(steps) == []


def test_the_languages_are_those_of_the_sdk() -> None:
    assert set(get_args(get_type_hints(action_speak_params.ActionSpeakParams)["language"])) == LANGUAGES


def test_languages_are_looked_at_wherever_they_stand(found_in: FindRules) -> None:
    assert found_in("a: {say: Hello, language: en}\n") == [(2, "unknown-language")]
    assert found_in("a: {say: {en-XX: Hello}}\n") == [(2, "unknown-language")]
    assert found_in("a: {say: {text: Hello, language: en-XX}}\n") == [(2, "unknown-language")]
    assert found_in("a: {say: Hello}\n", "languages: {en-XX: female}\n") == [(0, "unknown-language")]


def test_soniox_takes_two_letters(found_in: FindRules) -> None:
    assert found_in("a: {say: Ciao, language: it, voice: Soniox.tts-rt-v2.Emma}\n") == []


def test_the_language_of_a_transcription_is_its_engines_business(found_in: FindRules) -> None:
    assert found_in("a: {record: Speak., transcription: {engine: A, language: en-NZ}}\nb: hangup\n") == []


# unknown-variable, unset-variable, sensitive-digits


def test_a_variable_that_is_set_later_is_unknown_before(found_in: FindRules) -> None:
    steps = "a: {say: 'It is {outcome}.'}\nb: {set: {outcome: done}}\n"

    assert found_in(steps) == [(2, "unknown-variable")]


def test_what_a_question_confirms_is_known_within_it(found_in: FindRules) -> None:
    steps = "a: {collect: Number, into: n, confirm: {say: 'Is it {digits.n}'}, next: b, otherwise: b}\nb: hangup\n"

    assert found_in(steps) == []


def test_a_branch_asks_only_for_what_can_be_known(found_in: FindRules) -> None:
    branch = "a: {branch: [{when: {%s}, to: b}], otherwise: b}\nb: hangup\n"

    assert found_in(branch % "day: mon") == []
    assert found_in(branch % "called: x") == []
    assert found_in(branch % "colour: x") == [(2, "unknown-variable")]


def test_a_step_may_be_named_as_a_key_of_a_branch(found_in: FindRules) -> None:
    assert found_in("when: {branch: [{when: {called: x}, to: b}], otherwise: b}\nb: hangup\n") == []


def test_variables_of_flows_that_come_and_go_are_taken_on_trust(found_in: FindRules) -> None:
    other = "flow: other\nsteps: {a: {set: {name: Ada}}}\n"
    steps = "a: {go: {flow: other}}\nb: {say: 'Hello {name}'}\n"

    assert found_in(steps, **{"other.yaml": other}) == []


def test_an_error_path_does_not_set_what_the_step_would_have(found_in: FindRules) -> None:
    steps = """\
        a: {collect: Number, into: n, otherwise: c, on_error: b, next: b}
        b: {say: "It is {digits.n}."}
        c: hangup
        """

    assert found_in(steps) == [(3, "unset-variable")]


def test_sensitive_digits_may_not_be_kept_under_another_name(found_in: FindRules) -> None:
    steps = """\
        a: {collect: PIN, into: pin, sensitive: true, otherwise: c, next: b}
        b: {set: {note: "{digits.pin}"}}
        c: hangup
        """

    assert found_in(steps) == [(3, "sensitive-digits")]


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("+1312555{digits.n}", []),
        ("+1312555{digits.n},12", []),
        ("+131255{digits.n}", ["not-e164"]),
        ("+{digits.n}", ["not-e164"]),
    ],
)
def test_a_keyed_extension_stands_behind_seven_digits_or_more(
    target: str, found: list[str], found_in: FindRules
) -> None:
    steps = f"""\
        a: {{collect: Number, into: n, otherwise: z, next: b}}
        b: {{transfer: "{target}", on_error: z}}
        z: hangup
        """

    assert [rule for _, rule in found_in(steps)] == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("+{digits.n}", True),
        ("{caller}", True),
        ("+1{digits.n}", True),
        ("{other}", True),
        ("sip:{digits.n}", True),
        ("+1312555{digits.n}", False),
        ("sip:{digits.n}@pbx.example", False),
        ("+13125550123", False),
        ("{customer.agent}", False),
    ],
)
def test_nobody_is_rung_whom_the_caller_chose_by_way_of_a_variable(
    value: str, found_in: FindRules, *, found: bool
) -> None:
    steps = f"""\
        a: {{collect: Number, into: n, otherwise: z, next: b}}
        b: {{lookup: customers, send: {{n: "{{digits.n}}"}}, into: customer, gives: [agent], on_error: z, next: c}}
        c: {{set: {{other: "{{digits.n}}"}}}}
        d: {{set: {{whom: "{value}"}}}}
        e: {{transfer: ["+13125550142", "{{whom}}"], hold: {{media: opening-hours}}, on_error: z}}
        z: hangup
        """

    assert found_in(steps) == ([(6, "caller-chooses-callee")] if found else [])


def test_nothing_can_go_by_sensitive_digits(found_in: FindRules) -> None:
    steps = """\
        a: {collect: PIN, into: pin, sensitive: true, otherwise: c, next: b}
        b: {branch: [{when: {digits.pin: "1234"}, to: c}], otherwise: c}
        c: hangup
        """

    assert found_in(steps) == [(3, "sensitive-digits")]


# missing-language


TWO = "languages: {en-US: AWS.Polly.Joanna-Neural, es-MX: AWS.Polly.Mia-Neural}\n"
CHOICE = "a: {choose_language: 'Press 1 or 2.', keys: {1: en-US, 2: es-MX}}\n"


@pytest.mark.parametrize(
    "prompt", ["{en-US: Hi, es-MX: Hola}", "{media: chime}", "{text: Hola, language: es-MX}", "[{media: chime}]"]
)
def test_a_prompt_for_every_caller_is_let_be(prompt: str, found_in: FindRules) -> None:
    assert found_in(f"{CHOICE}b: {{say: {prompt}}}\n", TWO) == []


@pytest.mark.parametrize("prompt", ["Hi", "{en-US: Hi}", "[{media: chime}, Hi]", "{text: Hi, voice: female}"])
def test_a_prompt_in_one_language_of_two_is_reported(prompt: str, found_in: FindRules) -> None:
    assert found_in(f"{CHOICE}b: {{say: {prompt}}}\n", TWO) == [(3, "missing-language")]


def test_nobody_has_chosen_a_language_before_the_choice(found_in: FindRules) -> None:
    assert found_in(f"z: {{say: Welcome}}\n{CHOICE}b: hangup\n", TWO) == []


def test_a_consent_that_is_not_written_is_asked_for_in_english(found_in: FindRules) -> None:
    steps = "a: {record: {de-DE: Bitte sprechen Sie.}, consent: announce}\nb: hangup\n"

    assert found_in(steps, "language: en-GB\n") == []
    assert found_in(steps, "language: de-DE\n") == [(2, "missing-language")]


# missing-audio


def test_a_file_that_is_no_audio_is_reported_under_either_name(found_in: FindRules, tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "hours.mp3").write_text("<html>404</html>", encoding="utf-8")

    assert found_in("a: {play: {file: hours.mp3}}\n") == [(2, "missing-audio")]
    assert found_in("a: {play: {media: hours}}\n") == [(2, "missing-audio")]
    assert found_in("a: {play: {media: music-of-ours-at-telnyx}}\n") == [(2, "unlikely-media")]


@pytest.mark.parametrize(
    ("name", "head"), [("a.wav", b"RIFF\x24\0\0\0WAVEfmt "), ("a.mp3", b"ID3\x04"), ("a.mp3", b"\xff\xfb\x90\x64")]
)
def test_audio_is_known_by_its_first_bytes(name: str, head: bytes, found_in: FindRules, tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / name).write_bytes(head)

    assert found_in(f"a: {{play: {{file: {name}}}}}\n") == []


# not-e164, unroutable-number


@pytest.mark.parametrize(
    "number",
    [
        '"+12125557890"',
        '"+442079460018"',
        "sip:desk@example.com",
        '"+12125557890,1w2"',
        '["+12125557890", "+15550199"]',
    ],
)
def test_numbers_that_can_be_rung_are_let_be(number: str, found_in: FindRules) -> None:
    steps = f"a: {{transfer: {number}}}\nsorry: {{say: Nobody is there.}}\n"

    assert found_in(steps, "last_resort: sorry\n") == []


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("5550199", "not-e164"),
        ('"+1 212 555 7890"', "not-e164"),
        ('["+12125557890", "2125557890"]', "not-e164"),
        ('{to: ["+1-212-555-7890"], how: at_once}', "not-e164"),
        ('"+11125557890"', "unroutable-number"),
        ('"+1212555789"', "unroutable-number"),
        ('"+9991234567"', "unroutable-number"),
        ('"+2101234567"', "unroutable-number"),
    ],
)
def test_numbers_that_cannot_be_rung_are_reported(number: str, rule: str, found_in: FindRules) -> None:
    steps = f"a: {{transfer: {number}}}\nsorry: {{say: Nobody is there.}}\n"

    assert found_in(steps, "last_resort: sorry\n") == [(2, rule)]


# numbers.yaml: unknown-flow, unrouted-calls, invalid-numbers


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ('"+15550100": desk\n"+1555*": desk\n"+*": desk\n', []),
        ('"+15550100": [{flow: desk, open: opening}, {flow: desk, closed: opening}]\n', []),
        ('"+15550100": [{flow: desk, open: opening}, {flow: desk, closed: other}]\n', ["unrouted-calls"]),
        ('"+15550100": {flow: desk, caller: "+1*"}\n"+1555*": desk\n', []),
        ('"+15550100": {flow: desk, caller: "+1*"}\n"+1666*": desk\n', ["unrouted-calls"]),
        ('"+15550100": [{flow: dsk, caller: "+1*"}, desk]\n', ["unknown-flow"]),
        ('"+15550100": {flow: desk, open: opning}\n"+*": desk\n', ["unknown-calendar"]),
        ("5550100: desk\n", ["not-e164"]),
        ('"+15550100": {flow: desk, colour: red}\n', ["invalid-numbers"]),
        ('"+15550100": desk\n"+15550100": desk\n', ["clashing-keys"]),
        ("- desk\n", ["invalid-numbers"]),
    ],
)
def test_a_numbers_file(numbers: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "calendars").mkdir()
    for name in ("opening", "other"):
        text = f"calendar: {name}\ntime_zone: UTC\nopen: {{mon-sun: 09:00-17:00}}\n"
        (tmp_path / "calendars" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "desk.yaml").write_text("flow: desk\nsteps: {a: {say: Hello}}\n", encoding="utf-8")
    (tmp_path / NUMBERS_FILE).write_text(numbers, encoding="utf-8")

    assert [each.rule for each in lint(tmp_path, today=TODAY)] == found


def test_a_step_of_another_flow_must_be_there(found_in: FindRules) -> None:
    other = "flow: other\nsteps: {start: {say: Hello}}\n"

    assert found_in("a: {go: {flow: other, step: strat}}\n", **{"other.yaml": other}) == [(2, "unknown-step")]
    assert found_in("a: {go: {flow: other, step: start}}\n", **{"other.yaml": other}) == []
    assert found_in("a: {go: {flow: othr}}\n", **{"other.yaml": other}) == [(2, "unknown-flow")]


# calendars


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ("mon-sun: [09:00-12:00, 13:00-17:00]", []),
        ("mon-sun: [13:00-17:00, 09:00-12:00]", []),
        ("mon-sun: [22:00-02:00, 09:00-12:00]", []),
        ("mon-sun: [22:00-02:00, 23:00-23:30]", [(4, "calendar-overlap")]),
        ("mon-sun: [09:00-12:30, 12:31-17:00]", [(4, "calendar-gap")]),
        ("mon-sat: 09:00-17:00", [(3, "calendar-gap")]),
    ],
)
def test_a_calendar(days: str, found: list[tuple[int, str]], tmp_path: Path) -> None:
    file = tmp_path / "calendars" / "opening.yaml"
    file.parent.mkdir()
    file.write_text(f"calendar: opening\ntime_zone: UTC\nopen:\n  {days}\n", encoding="utf-8")

    assert sorted(set(steps_of(file))) == found


def test_a_holiday_is_past_the_day_after(tmp_path: Path) -> None:
    file = tmp_path / "calendars" / "opening.yaml"
    file.parent.mkdir()
    holidays = "  2026-12-24 to 2026-12-26: closed\n"
    file.write_text(
        f"calendar: opening\ntime_zone: UTC\nopen: {{mon-sun: 09:00-17:00}}\nholidays:\n{holidays}", encoding="utf-8"
    )

    assert steps_of(file, date(2026, 12, 26)) == []
    assert steps_of(file, date(2026, 12, 27)) == [(5, "past-holiday")]


# patience-too-long


def test_people_who_are_rung_in_turn_add_up(found_in: FindRules) -> None:
    rings = """\
        a:
          transfer: {to: ["+15550197", "+15550198", "+15550199"], how: %s}
          ring_seconds: 40
          hold: {media: music}
        sorry: {say: Nobody is there.}
        """

    top = "last_resort: sorry\nlimits: {minutes: 1}\n"
    assert found_in(rings % "in_turn", top) == [(2, "patience-too-long")]
    assert found_in(rings % "at_once", top) == []


# what the rules know of the language


def test_every_way_that_a_step_names_is_known_as_it_is_written() -> None:
    """`unknown-step` reads the names of steps where they are written; a way that is new must be made known to it."""
    folders = [SAMPLES, ROOT / "tests" / "flows" / "accepted", ROOT / "tests" / "flows" / "every-path"]
    for path in (path for folder in folders for path in flow_paths(folder)):
        file = Folder(path.parent, TODAY).file(path)
        assert file.kind is Kind.FLOW
        known = {".".join(map(str, each[2:])) for each in step_names(file.document) if each[0] == "steps"}

        written = [step for name, step in file.steps.items() if name != CONSENT_STEP]
        named = {where for step in written for where, _ in step.targets() if where != "next"}

        assert {where for where in named if not where.startswith("keys.")} <= known, path


# unlikely-caller


@pytest.mark.parametrize(
    ("caller", "found"),
    [
        ("withheld", []),
        ('""', []),
        ('["+13125550142", "+44*", "sip:alice@pbx.example", "sip:*", withheld]', []),
        ('"701"', []),
        ("witheld", ["unlikely-caller"]),
        ('"13125550142"', ["unlikely-caller"]),
        ("anonymous", ["unlikely-caller"]),
        ('["+13125550142", "+266696687"]', ["unlikely-caller"]),
    ],
)
def test_callers_that_no_call_has_are_found_in_branches_and_routes(
    found_in: FindRules, tmp_path: Path, caller: str, found: list[str]
) -> None:
    steps = f"who:\n  branch: [{{when: {{caller: {caller}}}, to: bye}}]\n  otherwise: bye\nbye: hangup\n"

    in_branch = found_in(steps, "", **{"numbers.yaml": f'"+15550100": [{{flow: desk, caller: {caller}}}, desk]\n'})

    assert [rule for _, rule in in_branch] == found
    assert [rule for _, rule in steps_of(tmp_path / "numbers.yaml")] == found


@pytest.mark.parametrize("line", ['"sip:reception"', '"sip:reception@desk.example"', '"sip:7*"', '"*"', '"+1555*"'])
def test_numbers_may_list_sip_users_and_beginnings(found_in: FindRules, tmp_path: Path, line: str) -> None:
    found_in("bye: hangup\n", "", **{"numbers.yaml": f"{line}: desk\n"})

    assert steps_of(tmp_path / "numbers.yaml") == []


def test_a_withheld_number_cannot_be_shown(found_in: FindRules) -> None:
    steps = 'a: {transfer: "+12125557890", caller_id: "+266696687", busy: b, no_answer: b}\nb: hangup\n'

    assert (2, "unroutable-number") in found_in(steps, "last_resort: b\n")


# Flows that are visited


def test_a_visited_flow_that_records_without_consent_is_found_where_consent_is_demanded(found_in: FindRules) -> None:
    steps = "a: {go: {flow: other}}\nb: hangup\n"
    other = "flow: other\nrecord: {}\nsteps:\n  a: {say: Hello.}\n"

    assert found_in(steps, "consent_policy: announce\n", **{"other.yaml": other}) == [(2, "missing-consent")]
    assert found_in(steps, "", **{"other.yaml": other}) == []


@pytest.mark.parametrize(
    ("numbers", "found"),
    [('"+15550100": other\n', ["idle-limits"]), ('"+15550100": other\n"+15550101": desk\n', [])],
)
def test_limits_count_in_flows_in_which_calls_begin(found_in: FindRules, numbers: str, found: list[str]) -> None:
    other = "flow: other\nsteps:\n  a: {go: {flow: desk}}\n"

    rules = found_in("a: {say: Hello.}\n", "limits: {minutes: 5}\n", **{"other.yaml": other, "numbers.yaml": numbers})

    assert [rule for _, rule in rules] == found


# unlikely-media


@pytest.mark.parametrize(
    ("media", "found"),
    [
        ("opening-hours", []),
        ("opening-hours.mp3", ["unlikely-media"]),
        ("openning-hours", ["unlikely-media"]),
        ("opening-hours-2", ["unlikely-media"]),
        ("hold-music", ["unlikely-media"]),
        ('"{language}-hours"', []),
    ],
)
def test_media_that_no_file_beside_the_flow_is_named_for_is_a_slip(
    found_in: FindRules, media: str, found: list[str]
) -> None:
    beside = {"audio/opening-hours.mp3": "ID3 and so on", "audio/opening-hours-1.mp3": "ID3 and so on"}

    rules = found_in(f"a: {{play: {{media: {media}}}}}\n", "language: en-US\n", **beside)

    assert [rule for _, rule in rules if rule == "unlikely-media"] == found


# commented-text


@pytest.mark.parametrize(
    ("said", "cut"),
    [
        ("Press 1. Or # to end.", True),
        ("We are open # 1", True),
        ("We are open  #1 of all", True),
        ("We are open. # 1", True),
        ("We are open\n      until nine #1", True),
        ("We are open.  # since May", False),
        ("We are open  # lint: ignore=idle-silence no", False),
        ('"Press # to end"  # the key', False),
        ("Room C#4 is open", False),
        ("Closed  # today", False),
    ],
)
def test_a_comment_that_looks_like_the_rest_of_a_text_is_found(said: str, found_in: FindRules, *, cut: bool) -> None:
    rules = [rule for _, rule in found_in(f"a:\n  say: {said}\n")]

    assert ("commented-text" in rules) is cut


def test_a_text_cut_off_is_found_in_a_list_and_where_the_rest_is_no_yaml(found_in: FindRules) -> None:
    assert found_in("a:\n  say:\n    - Hello.\n    - You are number # 1\n") == [(5, "commented-text")]
    assert (3, "commented-text") in found_in("a:\n  say: You are number # 1\n  next: {b\n")


# unfilled-braces


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("say: 'You are {{caller}}.'", 1),
        ("say: 'You are { caller } of {Called}.'", 2),
        ("say: 'You are {caller'", 1),
        ("say: {ssml: '<speak>{CALLER}</speak>'}", 1),
        ("say: 'You are {caller}.'", 0),
        ("send_digits: '12{caller}'", 0),
        ("transfer: 'sip:{{called}}@acme.example.com'", 1),
        ("set: {note: '{{caller}}'}", 1),
        ("""set: {note: '{"a": 1}'}""", 0),
        ("say: Hello.\n  on_hangup: {note: '{ caller }'}", 1),
        ("branch: [{when: {called: '{caller}'}, to: b}]", 1),
    ],
)
def test_braces_that_nothing_fills_in_are_found(step: str, found: int, found_in: FindRules) -> None:
    rules = [rule for _, rule in found_in(f"a:\n  {step}\n  next: b\nb: hangup\n", "last_resort: b\n")]

    assert rules.count("unfilled-braces") == found


# impossible-pattern


@pytest.mark.parametrize(
    ("digits", "pattern", "possible"),
    [
        ("4", r"\d{6}", False),
        ("6", r"\d{6}", True),
        ("6", r"^1\d{5}$", True),
        ("4", r"(12|345)\d{3}", False),
        ("5", r"(12|345)\d{3}", True),
        ("{min: 2, max: 3}", r"\d{4,}", False),
        ("{min: 2, max: 9}", r"\d+", True),
        ("3", r"(?=1)\d{3}", True),
        ("4", r"(\d\d)\1", True),
        ("1", r"[1-3*#]", True),
        ("3", r"\d\d?", False),
    ],
)
def test_a_pattern_of_another_length_than_the_digits_is_found(
    digits: str, pattern: str, found_in: FindRules, *, possible: bool
) -> None:
    steps = f"a: {{collect: Key it in., into: n, digits: {digits}, pattern: '{pattern}', otherwise: b}}\nb: hangup\n"

    assert found_in(steps) == ([] if possible else [(2, "impossible-pattern")])


# shadowed-case


@pytest.mark.parametrize(
    ("earlier", "later", "shadowed"),
    [
        ("{caller: '+1*'}", "{caller: '+1312*'}", True),
        ("{caller: '+1312*'}", "{caller: '+1*'}", False),
        ("{day: [sat, sun]}", "{day: sun, caller: '+1*'}", True),
        ("{day: sat, caller: '+1*'}", "{day: sat}", False),
        ("{caller: [withheld, '+1*']}", "{caller: withheld}", True),
        ("{called: '*'}", "{called: ''}", True),
        ("{day: [sat, sun]}", "{day: [sun, mon]}", False),
    ],
)
def test_a_case_that_an_earlier_one_takes_is_found(
    earlier: str, later: str, found_in: FindRules, *, shadowed: bool
) -> None:
    cases = f"a:\n  branch:\n    - {{when: {earlier}, to: b}}\n    - {{when: {later}, to: b}}\n  otherwise: b\n"

    assert found_in(f"{cases}b: hangup\n") == ([(5, "shadowed-case")] if shadowed else [])


def test_a_route_that_an_earlier_one_takes_is_found(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text("flow: desk\nsteps: {a: hangup}\n", encoding="utf-8")
    routes = "[{flow: desk, caller: '+1*'}, {flow: desk, caller: '+1312*', open: office}, desk]"
    (tmp_path / "numbers.yaml").write_text(f'"+15550100": {routes}\n', encoding="utf-8")

    assert (1, "shadowed-case") in steps_of(tmp_path)


# unmet-condition


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("day: monday", 1),
        ("day: [mon, Tue]", 1),
        ("day: 'm*'", 0),
        ("day: 'x*'", 1),
        ("language: en", 1),
        ("language: 'en*'", 0),
        ("language: es-MX", 0),
    ],
)
def test_a_day_or_language_that_there_is_not_is_found(asked: str, found: int, found_in: FindRules) -> None:
    steps = f"a: {{branch: [{{when: {{{asked}}}, to: b}}], otherwise: b}}\nb: hangup\n"
    top = "languages: {en-US: AWS.Polly.Joanna, es-MX: AWS.Polly.Mia}\n"

    assert [rule for _, rule in found_in(steps, top)] == ["unmet-condition"] * found


# too-many-visits, endless-loop


def visiting(name: str, other: str, *, ask: bool) -> str:
    asks = "a: {menu: 'For more, press 1.', keys: {1: v}, otherwise: b}\n  " if ask else ""
    return f"flow: {name}\nsteps:\n  {asks}v: {{go: {{flow: {other}}}, next: b}}\n  b: hangup\n"


def test_flows_that_visit_one_another_by_key_are_found(found_in: FindRules) -> None:
    steps = "a: {menu: 'For more, press 1.', keys: {1: v}, otherwise: b}\nv: {go: {flow: one}, next: b}\nb: hangup\n"
    beside = {"one.yaml": visiting("one", "two", ask=True), "two.yaml": visiting("two", "desk", ask=False)}

    assert found_in(steps, **beside) == [(3, "too-many-visits")]


def test_flows_that_visit_one_another_without_a_caller_are_an_error(found_in: FindRules) -> None:
    steps = "v: {go: {flow: one}, next: b}\nb: hangup\n"
    one = visiting("one", "desk", ask=False)

    assert found_in(steps, **{"one.yaml": one}) == [(2, "endless-loop")]


@pytest.mark.parametrize(("deep", "found"), [(8, False), (9, True)])
def test_a_chain_of_visits_deeper_than_possible_is_found(deep: int, found_in: FindRules, *, found: bool) -> None:
    chain = {f"f{n}.yaml": visiting(f"f{n}", f"f{n + 1}", ask=False) for n in range(1, deep)}
    last = {f"f{deep}.yaml": f"flow: f{deep}\nsteps: {{a: {{say: Hello.}}}}\n"}

    rules = found_in("v: {go: {flow: f1}, next: b}\nb: hangup\n", **chain, **last)

    assert rules == ([(2, "too-many-visits")] if found else [])


@pytest.mark.parametrize("top", ["", "limits: {steps: 50}\n"])
def test_a_transfer_that_rings_busy_into_itself_is_found(top: str, found_in: FindRules) -> None:
    steps = "a: {transfer: '+12025550199', busy: a, failed: b, no_answer: b, next: b}\nb: hangup\n"

    assert found_in(steps, top) == [(2, "endless-loop")]


def test_a_transfer_that_says_something_before_it_rings_again_is_not(found_in: FindRules) -> None:
    steps = """\
        a: {transfer: '+12025550199', busy: again, failed: b, no_answer: b, next: b}
        again: {say: Busy. We try again., next: a}
        b: hangup
        """

    assert found_in(steps, "limits: {steps: 50}\n") == []


# unheard-word


@pytest.mark.parametrize(
    ("words", "spoken", "times"),
    [
        ("For sales, say sales or press 1.", "{1: sales}", 0),
        ("For sales, say “our sales team” or press one.", "{1: [sales]}", 0),
        ("For sales, say sales or press 1.", "{1: shop}", 1),
        ("For sales, say sales or press 1.", "{}", 1),
        ("Para ventas, diga ventas o pulse 1.", "{}", 1),
        ("Für Verkauf sagen Sie Verkauf oder drücken Sie die 1.", "{}", 1),
        ("Pour les ventes, dites ventes ou appuyez sur le 1.", "{}", 1),
        ("Say what you want, or press 1.", "{1: sales}", 0),
        ("For sales, press 1.", "{1: sales}", 0),
    ],
)
def test_words_that_a_menu_asks_for_are_listened_for(words: str, spoken: str, times: int, found_in: FindRules) -> None:
    menu = f"a: {{menu: '{words}', keys: {{1: b}}, say_or_press: {spoken}, otherwise: b}}\nb: hangup\n"

    assert [rule for _, rule in found_in(menu)] == ["unheard-word"] * times


@pytest.mark.parametrize(
    ("words", "listens", "times"),
    [
        ("Please say or key in your number.", "true", 0),
        ("Please say or key in your number.", "false", 1),
        ("Please enter your PIN or say it.", "false", 1),
        ("Sagen Sie oder tippen Sie Ihre Nummer.", "false", 1),
        ("Please key in your number. Say nothing to wait.", "false", 0),
    ],
)
def test_digits_that_are_asked_for_in_words_and_not_heard_are_found(
    words: str, listens: str, times: int, found_in: FindRules
) -> None:
    asked = f"a: {{collect: '{words}', into: pin, digits: 4, say_or_press: {listens}, next: b}}\nb: hangup\n"

    assert [rule for _, rule in found_in(asked)] == ["unheard-word"] * times


# idle-on-error


RESORT = "hello: {say: Hello.}\nbye: hangup\nsorry: {say: Sorry., on_error: bye, next: bye}\n"
VISITOR = "flow: other\nsteps:\n  a: {go: {flow: desk}}\n  b: hangup\n"


@pytest.mark.parametrize(("beside", "times"), [({}, 1), ({"other.yaml": VISITOR}, 0)])
def test_an_error_path_of_the_last_resort_is_found_but_in_a_flow_that_others_visit(
    beside: dict[str, str], times: int, found_in: FindRules
) -> None:
    found = found_in(RESORT, "last_resort: sorry\n", **beside)

    assert [rule for _, rule in found if rule == "idle-on-error"] == ["idle-on-error"] * times


# queue-sizes


QUEUED = "a: {{queue: support, {}hold: {{media: m}}, agents: ['+15550191'], next: b}}\nb: hangup\n"
ELSEWHERE = (
    "flow: other\nsteps:\n  a: {queue: support, max_size: 5, hold: {media: m}, agents: ['+15550191'], next: b}\n"
    "  b: hangup\n"
)


@pytest.mark.parametrize(("size", "times"), [("max_size: 5, ", 0), ("max_size: 9, ", 1), ("", 1)])
def test_a_queue_that_has_another_size_elsewhere_is_found(size: str, times: int, found_in: FindRules) -> None:
    found = found_in(QUEUED.format(size), "", **{"other.yaml": ELSEWHERE})

    assert [rule for _, rule in found if rule == "queue-sizes"] == ["queue-sizes"] * times


# caller-chooses-callee


def test_a_number_to_show_that_callers_choose_is_found(found_in: FindRules) -> None:
    steps = (
        "ask: {collect: Number., into: n, otherwise: bye}\n"
        "note: {set: {mine: '+{digits.n}'}}\n"
        "ring: {transfer: '+15550191', caller_id: '{mine}', failed: bye, busy: bye, no_answer: bye, next: bye}\n"
        "bye: hangup\n"
    )

    assert "caller-chooses-callee" in {rule for _, rule in found_in(steps)}
    assert "caller-chooses-callee" not in {rule for _, rule in found_in(steps.replace("{mine}", "{caller}"))}


# unspoken-key


@pytest.mark.parametrize("words", ["Push 8 or 9.", "Dial 8, 9 or star.", "For sales, hit 8."])
def test_a_key_that_is_asked_for_in_other_words_is_found(words: str, found_in: FindRules) -> None:
    menu = f"a: {{menu: 'For sales press 1. {words}', keys: {{1: b}}, otherwise: b}}\nb: hangup\n"

    assert {rule for _, rule in found_in(menu)} == {"unspoken-key"}


def test_a_key_that_a_reminder_asks_for_is_found(found_in: FindRules) -> None:
    menu = "a: {menu: 'For sales press 1.', no_input: Press 7., keys: {1: b}, otherwise: b}\nb: hangup\n"

    assert found_in(menu) == [(2, "unspoken-key")]


# wrong-kind, unknown-function, and what compares or reckons in the eyes of other rules


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        (
            "a: {set: {n: 0}}\nb: {set: {n: {add: 1}}}\nc: {branch: [{when: {n: {at_least: 3}}, to: d}]}\nd: hangup\n",
            [],
        ),
        ("a: {set: {n: {add: 1}}}\nc: {branch: [{when: {n: {at_least: 18:00}}, to: d}]}\nd: hangup\n", ["wrong-kind"]),
        ("a: {set: {n: ''}}\nc: {branch: [{when: {n: {at_least: 3}}, to: d}]}\nd: hangup\n", []),
        ("a: {set: {n: gold}}\nc: {branch: [{when: {n: {at_least: '{n}'}}, to: d}]}\nd: hangup\n", []),
        ("c: {branch: [{when: {day: {at_least: 3}}, to: d}]}\nd: hangup\n", ["wrong-kind"]),
        ("c: {branch: [{when: {time: {below: '{date}'}}, to: d}]}\nd: hangup\n", ["wrong-kind"]),
        ("c: {branch: [{when: {date: {below: '{dte}'}}, to: d}]}\nd: hangup\n", ["unknown-variable"]),
        ("c: {branch: [{when: {date: {below: '{ date }'}}, to: d}]}\nd: hangup\n", ["invalid-flow"]),
        ("c: {branch: [{when: {day: {not: monday}}, to: d}]}\nd: hangup\n", ["unmet-condition"]),
        ("c: {branch: [{when: {caller: {not: '+1*'}}, to: d}]}\nd: hangup\n", []),
        ("a: {say: '{caller | digits | last 4}'}\n", []),
        ("a: {say: '{caller | digit}'}\n", ["unknown-function"]),
        ("a: {say: '{caller |}'}\n", ["unfilled-braces"]),
    ],
)
def test_what_is_compared_reckoned_and_said_is_of_its_kind(found_in: FindRules, steps: str, found: list[str]) -> None:
    assert [rule for _, rule in found_in(steps)] == found


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        ("{at_least: 3}", "'5'", True),
        ("{at_least: 3}", "['5', '2']", False),
        ("{at_least: 3}", "{at_least: 3}", True),
        ("{at_least: 3}", "{at_least: 4}", False),
        ("'5'", "{at_least: 3}", False),
        ("{not: '6'}", "'5'", True),
        ("{not: '6*'}", "'5*'", False),
    ],
)
def test_a_case_that_an_earlier_comparison_takes_is_found(
    found_in: FindRules, first: str, second: str, *, shadowed: bool
) -> None:
    steps = f"a: {{branch: [{{when: {{caller: {first}}}, to: b}}, {{when: {{caller: {second}}}, to: c}}]}}\n"

    found = found_in(steps + "b: {say: B., next: d}\nc: {say: C.}\nd: hangup\n")

    assert ("shadowed-case" in [rule for _, rule in found]) is shadowed


# Flows that call others with variables of their own


@pytest.mark.parametrize(
    ("go", "found"),
    [
        ("{flow: other, given: {who: '{name}'}, into: got, gives: [mood]}", []),
        ("{flow: other, given: {}, into: got, gives: [mood]}", ["not-given"]),
        ("{flow: other, given: {who: x, whom: y}, into: got, gives: [mood]}", ["not-given"]),
        ("{flow: other, given: {who: x}, into: got, gives: [moods]}", ["unknown-variable", "unknown-variable"]),
        ("{flow: other}", ["not-given", "unknown-variable"]),
    ],
)
def test_what_a_flow_is_given_and_gives_is_what_it_declares_and_sets(
    found_in: FindRules, go: str, found: list[str]
) -> None:
    steps = f"a: {{set: {{name: Ann}}}}\nb: {{go: {go}, next: c}}\nc: {{say: '{{got.mood}}'}}\n"
    other = "flow: other\ngiven: {who: Whom}\nsteps:\n  a: {say: '{who}'}\n  b: {set: {mood: glad}}\n"

    assert [rule for _, rule in found_in(steps, **{"other.yaml": other})] == found


def test_a_flow_with_variables_of_its_own_does_not_know_those_of_its_caller(
    found_in: FindRules, tmp_path: Path
) -> None:
    steps = "a: {set: {name: Ann}}\nb: {go: {flow: other, given: {}}, next: c}\nc: hangup\n"
    other = "flow: other\nsteps:\n  a: {say: '{name}'}\n"
    found_in(steps, **{"other.yaml": other})

    assert [each.rule for each in lint(tmp_path / "other.yaml", today=TODAY)] == ["unknown-variable"]


def test_flows_that_lead_to_each_other_for_good_do_not_stack(found_in: FindRules) -> None:
    steps = """
        a: {menu: To go on press 1., keys: {1: b}, otherwise: c}
        b: {go: {flow: other, come_back: false}}
        c: hangup
    """
    other = f"flow: other\nsteps:{textwrap.dedent(steps.replace('other', 'desk')).replace(chr(10), chr(10) + '  ')}"

    assert found_in(steps, **{"other.yaml": other}) == []


def test_digits_that_are_given_to_another_flow_are_the_callers_there_and_so_is_what_it_gives_of_them(
    found_in: FindRules, tmp_path: Path
) -> None:
    steps = """
        a: {collect: Number?, into: n, next: b, otherwise: e}
        b: {go: {flow: other, given: {number: '+{digits.n}'}, into: got, gives: [same]}}
        c: {transfer: '{got.same}', busy: e, no_answer: e, failed: e, next: e}
        e: hangup
    """
    other = "flow: other\ngiven: {number: N}\nlast_resort: e\nsteps:\n  a: {set: {same: '{number}'}}\n"
    other += "  b: {transfer: '{number}', next: e}\n  e: hangup\n"

    found = found_in(steps, **{"other.yaml": other})

    assert [rule for _, rule in found] == ["caller-chooses-callee"]
    assert [each.rule for each in lint(tmp_path / "other.yaml", today=TODAY)] == ["caller-chooses-callee"]


def test_a_key_that_words_before_a_menu_ask_for_is_found(found_in: FindRules) -> None:
    steps = "a: {say: 'For sales press 1, or press 5.'}\nm: {menu: Now., keys: {1: b}, otherwise: b}\nb: hangup\n"

    assert found_in(steps) == [(2, "unspoken-key")]
    assert found_in(steps.replace("5.'", "5.', keys: {5: b}")) == []


@pytest.mark.parametrize("line", ["#: b", "#: 'b'", "#: b  # back", "# , *: b"])
def test_a_hash_key_that_is_a_comment_is_found_however_it_is_written(line: str, found_in: FindRules) -> None:
    steps = f"a:\n  menu: For sales press 1.\n  keys:\n    1: b\n    {line}\n  otherwise: b\nb: hangup\n"

    assert (6, "commented-key") in found_in(steps)


def test_a_step_that_another_flow_goes_to_is_reached(found_in: FindRules, tmp_path: Path) -> None:
    steps = "a: {go: {flow: other, step: b, given: {who: Ann}}, next: c}\nc: hangup\n"
    other = "flow: other\ngiven: {who: W}\nsteps:\n  a: {say: A., next: z}\n  b: {say: '{who}'}\n  z: come_back\n"
    found_in(steps, **{"other.yaml": other})

    assert lint(tmp_path / "other.yaml", today=TODAY) == []


def test_the_remedy_for_steps_after_the_hang_up_names_every_kind_that_needs_no_caller() -> None:
    kinds = {kind for kind in STEP_KINDS if not STEP_KINDS[kind].model_construct(name=kind).needs_caller()}

    assert set(REMEDY.partition(": ")[2].split(", ")) == kinds - {"come_back"}, "`come_back` ends a visited flow only"
