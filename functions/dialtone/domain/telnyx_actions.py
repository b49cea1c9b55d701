"""Every Call Control action that Dialtone sends, with every parameter that Telnyx documents for it.

The source is Telnyx's API description; `tests/unit/test_commands.py` compares this table with the SDK's parameter
types. Voices and languages are checked only for their format, because Telnyx adds new ones between releases of its SDK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from dialtone.domain.parameter_checks import (
    BASE64,
    FLAG,
    SECRET,
    UUID,
    WEB,
    WEBSOCKET,
    WORD,
    Check,
    Fault,
    ListOf,
    MapOf,
    Parameter,
    Shape,
    choice,
    either,
    number,
    shown,
    text,
    whole,
    written,
)

PROMPT_CHARACTERS = 3_000  # Telnyx: "There is a 3,000 character limit"
RECORD_START_SECONDS = 14_400  # the longest recording of record_start
RECORD_FROM_ANSWER_SECONDS = 43_200  # the longest recording of record=record-from-answer
MESSAGE_CHARACTERS = 1_600  # more than the ten parts of a text that flows may send
CALL_SECONDS = 14_400  # the longest leg, four hours
QUEUE_NAME_CHARACTERS = 255  # Telnyx: "Must be between 1 and 255 characters"
WEBHOOK_RETRIES = 5  # of one event type's webhook_retries_policies
WEBHOOK_RETRIES_MILLIS = 60_000  # all its delays together


class Rule(Protocol):
    """What several parameters of one action must satisfy together."""

    def faults(self, given: Mapping[str, object]) -> Iterator[Fault]:
        """The faults of the parameters taken together."""
        ...


class OneOf(NamedTuple):
    """Parameters that exclude one another; with `needed`, one of them is required."""

    names: tuple[str, ...]
    needed: bool = False

    def faults(self, given: Mapping[str, object]) -> Iterator[Fault]:
        """A fault for the second of two that exclude one another, or if a required one is missing."""
        present = [name for name in self.names if name in given]
        if len(present) > 1:
            yield Fault(present[1], f"cannot be used together with {present[0]}")
        if self.needed and not present:
            yield Fault(self.names[0], f"is missing: give one of {', '.join(self.names)}")


class Needs(NamedTuple):
    """A parameter that has an effect only beside another; with `when`, only beside one of these values of it."""

    name: str
    other: str
    when: tuple[object, ...] = ()

    def faults(self, given: Mapping[str, object]) -> Iterator[Fault]:
        """A fault for the one that stands alone."""
        if self.name in given and (not self.when or given[self.name] in self.when) and self.other not in given:
            yield Fault(self.name, f"needs {self.other} beside it")


class Narrows(NamedTuple):
    """A value of one parameter that narrows what another may be."""

    name: str
    when: tuple[object, ...]
    other: str
    to: Check

    def faults(self, given: Mapping[str, object]) -> Iterator[Fault]:
        """A fault for the other parameter."""
        if given.get(self.name) in self.when and self.other in given and not self.to.accepts(given[self.other]):
            reason = (
                f"must be {self.to.allowed} where {self.name} is {given[self.name]}, not {shown(given[self.other])}"
            )
            yield Fault(self.other, reason)


class Ordered(NamedTuple):
    """Two numbers of which the first is not greater than the second."""

    low: str
    high: str

    def faults(self, given: Mapping[str, object]) -> Iterator[Fault]:
        """A fault if the order is wrong."""
        low, high = given.get(self.low), given.get(self.high)
        if isinstance(low, int) and isinstance(high, int) and low > high:
            yield Fault(self.low, f"must not be greater than {self.high}, which is {high}, but is {low}")


class Action(NamedTuple):
    """One action's parameters and rules."""

    parameters: Mapping[str, Parameter]
    required: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


def _retries(given: object) -> bool:
    return (
        isinstance(given, (list, tuple))
        and len(given) <= WEBHOOK_RETRIES
        and all(whole(0).accepts(delay) for delay in given)
        and sum(given) <= WEBHOOK_RETRIES_MILLIS
    )


E164 = written(r"\+[1-9][0-9]{4,14}", "a number in E.164, such as +15550100")
PARTY = written(r"\+[1-9][0-9]{4,14}|sips?:[^\s,]+", "a number in E.164, such as +15550100, or a SIP URI")
PARTY_WITH_DIGITS = written(
    r"(\+[1-9][0-9]{4,14}|sips?:[^\s,]+)(,[0-9A-DwW*#]{1,64})?",
    "a number in E.164, such as +15550100, or a SIP URI, with or without digits to send after a comma",
)
DTMF = "digits 0-9, A-D, * and #, with w (0.5 s) and W (1 s) for pauses"
LANGUAGE = written(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*", "a language code, such as en-US")
VOICE = written(r"[A-Za-z][A-Za-z0-9_]*(\.[^\s.][^\s]*)?", "a voice, such as AWS.Polly.Joanna-Neural, female or male")
PROMPT = text(1, PROMPT_CHARACTERS)
FILE_NAME = text(1, 40)
CODECS = written(
    r"({0})(,({0}))*".format("G722|PCMU|PCMA|G729|OPUS|VP8|H264|AMR-WB"),
    "codecs with commas between them: G722, PCMU, PCMA, G729, OPUS, VP8, H264, AMR-WB",
)
LEGS = choice("self", "opposite", "both")
STOP = choice("current", "all")
MILLIS = whole(0)
LOOP = either(whole(1, 100), choice("infinity"), allowed="a whole number from 1 to 100 or infinity")
PARK = choice("self")
SUPERVISOR_ROLE = choice("barge", "whisper", "monitor")
# fmt: off
RINGTONES = (
    "at", "au", "be", "bg", "br", "ch", "cl", "cn", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hu", "il", "in",
    "it", "jp", "lt", "mx", "my", "nl", "no", "nz", "ph", "pl", "pt", "ru", "se", "sg", "th", "tw", "uk", "us-old",
    "us", "ve", "za",
)
# fmt: on
MUTE_DTMF = choice("none", "both", "self", "opposite")
AUDIO_FORMAT = choice("wav", "mp3")
CHANNELS = choice("single", "dual")
TRACK = choice("both", "inbound", "outbound")
TRIM = choice("trim-silence")
ENGINES = (
    *("Google", "Telnyx", "Deepgram", "Azure", "xAI", "AssemblyAI", "Speechmatics", "Soniox", "Parakeet", "Humain"),
    *("Reson8", "Cohere", "A", "B"),
)
"""The engines of live transcription. A is Google's and B Telnyx's, by their old names."""

CARD_TYPES = ("visa", "mastercard", "amex", "maestro", "discover", "optima", "jcb", "diners-club", "enroute")
PAYMENT_STEPS = (
    "bank-account-number",
    "bank-routing-number",
    "expiration-date",
    "payment-card-number",
    "postal-code",
    "security-code",
)
PAYMENT_PROMPT = either(
    text(1, PROMPT_CHARACTERS),
    ListOf(
        Shape(
            {
                "text": text(1, PROMPT_CHARACTERS),
                "attempt": WORD,
                "card_type": choice(*CARD_TYPES),
                "error_type": WORD,
            },
            required=("text",),
        )
    ),
    allowed="a text, or a list of texts with what each is for",
)

STATE: dict[str, Parameter] = {"client_state": BASE64}

RECORD_FROM_ANSWER: dict[str, Parameter] = {
    "record": choice("record-from-answer"),
    "record_channels": CHANNELS,
    "record_custom_file_name": FILE_NAME,
    "record_format": AUDIO_FORMAT,
    "record_max_length": whole(0, RECORD_FROM_ANSWER_SECONDS),
    "record_timeout_secs": whole(0),
    "record_track": TRACK,
    "record_trim": TRIM,
}
# Without `record` Telnyx ignores these silently, and the call would not be recorded.
RECORD_FROM_ANSWER_RULES: tuple[Rule, ...] = (
    *(Needs(name, "record") for name in RECORD_FROM_ANSWER if name != "record"),
    Narrows("record_track", ("inbound", "outbound"), "record_channels", choice("single")),
)

WEBHOOKS: dict[str, Parameter] = {
    "webhook_retries_policies": MapOf(
        Shape(
            {
                "retries_ms": Check(
                    "at most 5 delays in milliseconds, at most 60,000 in all",
                    _retries,
                    schema={
                        "type": "array",
                        "maxItems": WEBHOOK_RETRIES,
                        "items": {"type": "integer", "minimum": 0, "maximum": WEBHOOK_RETRIES_MILLIS},
                    },
                )
            }
        )
    ),
    "webhook_url": WEB,
    "webhook_url_method": choice("POST", "GET"),
    # Telnyx's description allows one URL an event type, its SDK a list of them: both are accepted.
    "webhook_urls": MapOf(either(WEB, ListOf(WEB), allowed="an address or a list of addresses")),
    "webhook_urls_method": choice("POST", "GET"),
}

CUSTOM_HEADERS = ListOf(Shape({"name": WORD, "value": text(1, 4_096)}, required=("name", "value")))
SIP_HEADERS = ListOf(Shape({"name": choice("User-to-User"), "value": text(1, 4_096)}, required=("name", "value")))
SOUND: dict[str, Parameter] = {
    "sound_modifications": Shape(
        {
            "octaves": number(-1, 1),
            "pitch": Check(
                "a number above 0",
                lambda given: number(0, 1e9).accepts(given) and given != 0,
                schema={"type": "number", "exclusiveMinimum": 0},
            ),
            "semitone": number(-14, 14),
            "track": choice("inbound", "outbound"),
        }
    )
}

SPEECH: dict[str, Parameter] = {
    "payload": PROMPT,
    "voice": VOICE,
    "language": LANGUAGE,
    "payload_type": choice("text", "ssml"),
    "service_level": choice("basic", "premium"),
    "voice_settings": Shape({"type": WORD}, open=True),  # a dozen providers, each with its own
}
SPEECH_RULES: tuple[Rule, ...] = (
    Narrows("service_level", ("basic",), "language", choice("en-US")),
    Narrows("service_level", ("basic",), "payload_type", choice("text")),
)

DIGITS: dict[str, Parameter] = {
    "inter_digit_timeout_millis": MILLIS,
    "maximum_digits": whole(1, 128),
    "minimum_digits": whole(1, 128),
    "terminating_digit": written(r"[0-9A-D*#]?", "one digit, or empty for none"),
    "timeout_millis": MILLIS,
    "valid_digits": written(r"[0-9A-D*#]+", "digits out of 0-9, A-D, * and #"),
}
DIGITS_RULES: tuple[Rule, ...] = (Ordered("minimum_digits", "maximum_digits"),)

STREAM: dict[str, Parameter] = {
    "stream_bidirectional_codec": choice("PCMU", "PCMA", "G722", "OPUS", "AMR-WB", "L16"),
    "stream_bidirectional_mode": choice("mp3", "rtp"),
    "stream_bidirectional_target_legs": LEGS,
    "stream_codec": choice("PCMU", "PCMA", "G722", "OPUS", "AMR-WB", "L16", "default"),
    "stream_track": choice("inbound_track", "outbound_track", "both_tracks"),
    "stream_url": WEBSOCKET,
}

ON_ANSWER: dict[str, Parameter] = {
    "assistant": Shape({"id": WORD}, required=("id",), open=True),
    "billing_group_id": UUID,
    "conversation_relay_config": Shape({"url": WEBSOCKET}, required=("url",), open=True),
    "deepfake_detection": Shape(
        {"enabled": FLAG, "rtp_timeout": whole(5, 120), "timeout": whole(5, 60)}, required=("enabled",)
    ),
    "send_silence_when_idle": FLAG,
    "transcription": FLAG,
    "transcription_config": Shape(open=True),
}

NEW_LEG: dict[str, Parameter] = SOUND | {
    "answering_machine_detection": choice(
        "premium",
        "premium_ios_call_screening_detection",
        "detect",
        "detect_beep",
        "detect_words",
        "greeting_end",
        "disabled",
    ),
    "answering_machine_detection_config": Shape(
        {
            "after_greeting_silence_millis": MILLIS,
            "beep_detection_profile": choice("both", "freq_only"),
            "beep_max_frequency_hz": whole(0),
            "beep_min_frequency_hz": whole(0),
            "beep_min_tone_duration_millis": MILLIS,
            "beep_spectral_confirmation": FLAG,
            "beep_spectral_min_purity": number(0, 1),
            "beep_spectral_reject_fax_cng": FLAG,
            "beep_spectral_window_millis": MILLIS,
            "between_words_silence_millis": MILLIS,
            "greeting_duration_millis": MILLIS,
            "greeting_silence_duration_millis": MILLIS,
            "greeting_total_analysis_time_millis": MILLIS,
            "initial_silence_millis": MILLIS,
            "maximum_number_of_words": whole(0),
            "maximum_word_length_millis": MILLIS,
            "prompt_end_timeout_millis": MILLIS,
            "silence_threshold": whole(0),
            "total_analysis_time_millis": MILLIS,
        }
    ),
    "audio_url": WEB,
    "custom_headers": CUSTOM_HEADERS,
    "diversion": E164,
    "from": E164,
    "from_display_name": written(r"[A-Za-z0-9 \-_~!.+]{0,128}", "up to 128 letters, digits, spaces and -_~!.+"),
    "media_encryption": choice("disabled", "SRTP", "DTLS"),
    "media_name": WORD,
    "park_after_unbridge": PARK,
    "preferred_codecs": CODECS,
    "privacy": choice("id", "none"),
    "route_to_mobile": FLAG,
    "send_digits_on_answer": written(r"[0-9A-DwW*#]{1,64}", f"up to 64 {DTMF}", secret=True),
    "sip_auth_password": SECRET,
    "sip_auth_username": WORD,
    "sip_headers": SIP_HEADERS,
    "sip_region": choice("US", "Europe", "Canada", "Australia", "Middle East"),
    "sip_transport_protocol": choice("UDP", "TCP", "TLS"),
    "time_limit_secs": whole(30, CALL_SECONDS),
    "timeout_secs": whole(5, 600),
}
NEW_LEG_RULES: tuple[Rule, ...] = (OneOf(("audio_url", "media_name")), *RECORD_FROM_ANSWER_RULES)

CONFERENCE = "conference_"
"""The prefix of the actions on conferences; Telnyx's own name follows."""

OF_A_CONFERENCE: dict[str, Parameter] = {"conference": text(1, 255)}
"""The conference's id, or its name while it lasts: a part of the URL in Telnyx's API."""
BEEP = choice("always", "never", "on_enter", "on_exit")
REGION = choice("Australia", "Europe", "Middle East", "US")
HOLD_AUDIO: dict[str, Parameter] = {"hold_audio_url": WEB, "hold_media_name": WORD}

GOOGLE_ONLY = Check("left out", lambda _: False)  # the parameter has an effect with transcription engine A only

ACTIONS: Mapping[str, Action] = {
    "answer": Action(
        STATE
        | RECORD_FROM_ANSWER
        | WEBHOOKS
        | SOUND
        | STREAM
        | ON_ANSWER
        | {"custom_headers": CUSTOM_HEADERS, "preferred_codecs": CODECS, "sip_headers": SIP_HEADERS},
        rules=RECORD_FROM_ANSWER_RULES,
    ),
    "reject": Action(
        STATE | {"cause": choice("CALL_REJECTED", "NOT_FOUND", "TEMPORARILY_UNAVAILABLE", "USER_BUSY")},
        required=("cause",),
    ),
    "hangup": Action(
        STATE
        | {
            "custom_headers": CUSTOM_HEADERS,
            "reason": written(
                r"[^\"\\\x00-\x1f\x7f-\x9f\U00010000-\U0010ffff]*",
                "text without quotation marks, backslashes, control characters and emoji",
            ),
        }
    ),
    "speak": Action(
        STATE | SPEECH | {"loop": LOOP, "stop": STOP, "target_legs": LEGS},
        required=("payload", "voice"),
        rules=SPEECH_RULES,
    ),
    "playback_start": Action(
        STATE
        | {
            "audio_type": choice("mp3", "wav"),
            "audio_url": WEB,
            "cache_audio": FLAG,
            "loop": LOOP,
            "media_name": WORD,
            "overlay": FLAG,
            "playback_content": BASE64,
            "stop": STOP,
            "target_legs": LEGS,
        },
        rules=(
            OneOf(("audio_url", "media_name", "playback_content"), needed=True),
            Narrows("overlay", (True,), "target_legs", choice("self")),
        ),
    ),
    "playback_stop": Action(STATE | {"overlay": FLAG, "stop": STOP}),
    "record_start": Action(
        STATE
        | {
            "channels": CHANNELS,
            "format": AUDIO_FORMAT,
            "custom_file_name": FILE_NAME,
            "max_length": whole(0, RECORD_START_SECONDS),
            "play_beep": FLAG,
            "recording_track": TRACK,
            "timeout_secs": whole(0),
            "transcription": FLAG,
            "transcription_engine": choice("A", "B", "deepgram/nova-3"),
            "transcription_language": LANGUAGE,
            "transcription_max_speaker_count": whole(1),
            "transcription_min_speaker_count": whole(1),
            "transcription_profanity_filter": FLAG,
            "transcription_speaker_diarization": FLAG,
            "trim": TRIM,
        },
        required=("channels", "format"),
        rules=(
            Narrows("recording_track", ("inbound", "outbound"), "channels", choice("single")),
            Narrows(
                "transcription_engine",
                ("deepgram/nova-3",),
                "transcription_language",
                written(r"en(-.+)?", "en or en-REGION"),
            ),
            *(
                Narrows("transcription_engine", ("B", "deepgram/nova-3"), f"transcription_{name}", GOOGLE_ONLY)
                for name in ("max_speaker_count", "min_speaker_count", "profanity_filter", "speaker_diarization")
            ),
            Ordered("transcription_min_speaker_count", "transcription_max_speaker_count"),
        ),
    ),
    "record_stop": Action(STATE | {"recording_id": UUID}),
    "record_pause": Action(STATE | {"recording_id": UUID}),
    "record_resume": Action(STATE | {"recording_id": UUID}),
    "enqueue": Action(
        STATE
        | {
            "keep_after_hangup": FLAG,
            "max_size": whole(1),
            "max_wait_time_secs": whole(1),
            "queue_name": text(1, QUEUE_NAME_CHARACTERS),
        },
        required=("queue_name",),
    ),
    "leave_queue": Action(STATE),
    "gather": Action(STATE | DIGITS | {"gather_id": text(1, 40), "initial_timeout_millis": MILLIS}, rules=DIGITS_RULES),
    "gather_stop": Action(STATE),
    "gather_using_speak": Action(
        STATE | SPEECH | DIGITS | {"invalid_payload": PROMPT, "maximum_tries": whole(1)},
        required=("payload", "voice"),
        rules=(*SPEECH_RULES, *DIGITS_RULES),
    ),
    "gather_using_ai": Action(
        STATE
        | {
            "assistant": Shape(open=True),
            "gather_ended_speech": PROMPT,
            "greeting": PROMPT,
            "interruption_settings": Shape(open=True),
            "language": LANGUAGE,
            "message_history": ListOf(Shape({"content": text(0, 100_000), "role": choice("assistant", "user")})),
            "parameters": Shape(open=True),
            "send_message_history_updates": FLAG,
            "send_partial_results": FLAG,
            "transcription": Shape(open=True),
            "user_response_timeout_ms": MILLIS,
            "voice": VOICE,
            "voice_settings": Shape({"type": WORD}, open=True),
        },
        required=("parameters",),
    ),
    "ai_assistant_start": Action(
        STATE
        | {
            "assistant": Shape({"id": WORD}, required=("id",), open=True),
            "greeting": PROMPT,
            "interruption_settings": Shape(open=True),
            "message_history": ListOf(Shape(open=True)),
            "participants": ListOf(Shape(open=True)),
            "send_message_history_updates": FLAG,
            "transcription": Shape(open=True),
        },
    ),
    "ai_assistant_stop": Action(STATE),
    "transcription_start": Action(
        STATE
        | {
            "transcription_engine": choice(*ENGINES),
            "transcription_engine_config": Shape(open=True),
            "transcription_tracks": TRACK,
        },
    ),
    "transcription_stop": Action(STATE),
    "gather_using_audio": Action(
        STATE
        | DIGITS
        | {
            "audio_url": WEB,
            "invalid_audio_url": WEB,
            "invalid_media_name": WORD,
            "maximum_tries": whole(1),
            "media_name": WORD,
        },
        rules=(
            OneOf(("audio_url", "media_name"), needed=True),
            OneOf(("invalid_audio_url", "invalid_media_name")),
            *DIGITS_RULES,
        ),
    ),
    "transfer": Action(
        STATE
        | NEW_LEG
        | RECORD_FROM_ANSWER
        | WEBHOOKS
        | {"early_media": FLAG, "mute_dtmf": MUTE_DTMF, "target_leg_client_state": BASE64, "to": PARTY_WITH_DIGITS},
        required=("to",),
        rules=NEW_LEG_RULES,
    ),
    "bridge": Action(
        STATE
        | RECORD_FROM_ANSWER
        | {
            "call_control_id": WORD,
            "hold_after_unbridge": FLAG,
            "mute_dtmf": MUTE_DTMF,
            "park_after_unbridge": PARK,
            "play_ringtone": FLAG,
            "prevent_double_bridge": FLAG,
            "queue": WORD,
            "ringtone": choice(*RINGTONES),
            "video_room_context": text(0, 4_096),
            "video_room_id": UUID,
        },
        rules=(
            OneOf(("call_control_id", "queue", "video_room_id"), needed=True),
            Needs("video_room_context", "video_room_id"),
            *RECORD_FROM_ANSWER_RULES,
        ),
    ),
    "send_dtmf": Action(
        STATE | {"digits": written(r"[0-9A-DwW*#]+", DTMF, secret=True), "duration_millis": whole(100, 500)},
        required=("digits",),
    ),
    "conference_create": Action(
        STATE
        | HOLD_AUDIO
        | {
            "beep_enabled": BEEP,
            "comfort_noise": FLAG,
            "duration_minutes": whole(1),
            "max_participants": whole(2, 800),
            "name": WORD,
            "region": REGION,
            "start_conference_on_create": FLAG,
        },
        required=("name",),
        rules=(OneOf(("hold_audio_url", "hold_media_name")),),
    ),
    "conference_join": Action(
        STATE
        | OF_A_CONFERENCE
        | HOLD_AUDIO
        | {
            "beep_enabled": BEEP,
            "end_conference_on_exit": FLAG,
            "hold": FLAG,
            "mute": FLAG,
            "region": REGION,
            "soft_end_conference_on_exit": FLAG,
            "start_conference_on_enter": FLAG,
            "supervisor_role": choice("barge", "monitor", "none", "whisper"),
            "whisper_call_control_ids": ListOf(WORD),
        },
        required=("conference",),
        rules=(OneOf(("hold_audio_url", "hold_media_name")),),
    ),
    "conference_leave": Action(OF_A_CONFERENCE | {"beep_enabled": BEEP, "region": REGION}, required=("conference",)),
    "conference_mute": Action(
        OF_A_CONFERENCE | {"call_control_ids": ListOf(WORD), "region": REGION}, required=("conference",)
    ),
    "conference_unmute": Action(
        OF_A_CONFERENCE | {"call_control_ids": ListOf(WORD), "region": REGION}, required=("conference",)
    ),
    "conference_speak": Action(
        OF_A_CONFERENCE
        | {name: check for name, check in SPEECH.items() if name != "service_level"}
        | {"call_control_ids": ListOf(WORD), "region": REGION},
        required=("conference", "payload", "voice"),
    ),
    "conference_end": Action(OF_A_CONFERENCE, required=("conference",)),
    "pay": Action(
        STATE
        | {
            "amount": Check("an amount above 0", lambda given: number(0, 1e9).accepts(given) and given != 0),
            "connector_name": WORD,
            "currency": choice("USD", "usd"),
            "description": text(1, 4_096),
            "inter_digit_timeout_millis": MILLIS,
            "language": LANGUAGE,
            "max_attempts": whole(1),
            "metadata": Shape(open=True),
            "min_postal_code_length": whole(1),
            "parameters": Shape(open=True),
            "payment_method": choice("credit-card", "ach-debit"),
            "payment_token": written(r".{1,4000}", "text of at most 4,000 characters", secret=True),
            "postal_code": either(FLAG, text(1, 32), allowed="true, false, or a postal code"),
            "prompts": Shape(dict.fromkeys(PAYMENT_STEPS, PAYMENT_PROMPT)),
            "service_level": WORD,
            "timeout_millis": MILLIS,
            "transaction_type": choice("charge", "tokenize"),
            "valid_card_types": ListOf(choice(*CARD_TYPES)),
            "voice": VOICE,
        },
        rules=(OneOf(("payment_token", "valid_card_types")),),
    ),
    "switch_supervisor_role": Action({"role": SUPERVISOR_ROLE}, required=("role",)),
    "client_state_update": Action(STATE, required=("client_state",)),
    "send_message": Action(
        {
            "auto_detect": FLAG,
            "encoding": choice("auto", "gsm7", "ucs2"),
            "from": written(
                r"\+[1-9][0-9]{4,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}", "a number in E.164, or a sender's name"
            ),
            "media_urls": ListOf(WEB),
            "messaging_profile_id": WORD,
            "send_at": WORD,
            "subject": text(1, 4_096),
            "text": text(1, MESSAGE_CHARACTERS),
            "to": E164,
            "type": choice("SMS", "MMS"),
            "use_profile_webhooks": FLAG,
            "webhook_failover_url": WEB,
            "webhook_url": WEB,
        },
        required=("to",),
    ),
    "dial": Action(
        STATE
        | NEW_LEG
        | RECORD_FROM_ANSWER
        | WEBHOOKS
        | STREAM
        | ON_ANSWER
        | {
            "bridge_intent": FLAG,
            "bridge_on_answer": FLAG,
            "conference_config": Shape(
                {
                    "id": UUID,
                    "beep_enabled": choice("always", "never", "on_enter", "on_exit"),
                    "conference_name": WORD,
                    "early_media": FLAG,
                    "end_conference_on_exit": FLAG,
                    "hold": FLAG,
                    "hold_audio_url": WEB,
                    "hold_media_name": WORD,
                    "mute": FLAG,
                    "soft_end_conference_on_exit": FLAG,
                    "start_conference_on_create": FLAG,
                    "start_conference_on_enter": FLAG,
                    "supervisor_role": choice("barge", "monitor", "none", "whisper"),
                    "whisper_call_control_ids": ListOf(WORD),
                }
            ),
            "connection_id": WORD,
            "dialogflow_config": Shape(open=True),
            "enable_dialogflow": FLAG,
            "link_to": WORD,
            "prevent_double_bridge": FLAG,
            "retry_on_timeout": FLAG,
            "stream_auth_token": written(r".{0,4000}", "text of at most 4,000 characters", secret=True),
            "stream_bidirectional_sampling_rate": choice(8000, 16000, 22050, 24000, 48000),
            "stream_establish_before_call_originate": FLAG,
            "supervise_call_control_id": WORD,
            "supervisor_role": SUPERVISOR_ROLE,
            "to": either(
                PARTY_WITH_DIGITS,
                ListOf(PARTY),
                allowed=f"{PARTY_WITH_DIGITS.allowed}; or a list of them without digits",
            ),
        },
        required=("connection_id", "from", "to"),
        rules=(
            Needs("bridge_intent", "link_to", when=(True,)),
            Needs("bridge_on_answer", "link_to", when=(True,)),
            Needs("park_after_unbridge", "link_to"),
            *NEW_LEG_RULES,
        ),
    ),
}

OF_CONFERENCES = frozenset(action for action in ACTIONS if action.startswith(CONFERENCE))
WITH_CALL_IN_BODY = frozenset({"conference_create", "conference_join", "conference_leave"})
"""The conference actions about one call, whose id is in the body; elsewhere it is a part of the URL."""
