"""For every parameter of every command: values that Telnyx takes, and values that it refuses.

A key is a parameter's name, or "action.parameter" where one action's differs from the others'.
"""

from __future__ import annotations

UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
NOT_TEXT = (None, 7, True, ["x"], {"x": "y"})
NOT_WHOLE = (None, "7", 7.5, True, [7])
NOT_FLAG = (None, "true", 1, 0)

Examples = tuple[tuple[object, ...], tuple[object, ...]]

FLAG: Examples = ((True, False), NOT_FLAG)
FROM_ZERO: Examples = ((0, 1, 60_000), (-1, *NOT_WHOLE))
BASE64: Examples = (("aGVsbG8=", ""), ("hello!", "aGVsbG8", "aGVs\nbG8=", "ä", *NOT_TEXT))
PROMPT: Examples = (("Good morning.", "x" * 3_000, "<speak>Hi</speak>"), ("", "x" * 3_001, *NOT_TEXT))
WORD: Examples = (("7267xxxx", "v3:abc-_"), ("", " ", *NOT_TEXT))
WEB: Examples = (
    ("https://example.com/a.mp3", "http://127.0.0.1:8000/x"),
    ("example.com/a.mp3", "ftp://x/y", *NOT_TEXT),
)
SOCKET: Examples = (("wss://example.com/s", "ws://127.0.0.1"), ("https://example.com", "wss://", *NOT_TEXT))
E164: Examples = (("+15550100", "+442079460000"), ("15550100", "+0155501", "+1555-0100", "sip:a@b.c", *NOT_TEXT))
PARTY: Examples = (
    ("+15550100", "sip:agent@example.com;secure=srtp", "+18004247767,200"),
    ("5550100", "agent", "+15550100,", "+15550100,2x", "sip:", *NOT_TEXT),
)
NAME: Examples = (("a", "x" * 40), ("", "x" * 41, *NOT_TEXT))
LANGUAGE: Examples = (("en-US", "arb", "es-419", "auto_detect", "pa-Guru-IN"), ("", "english language", "-", *NOT_TEXT))
DIGITS: Examples = (("1234", "1w2W#*AD"), ("", "12 34", "x", "1e", *NOT_TEXT))
HEADERS: Examples = (
    ([{"name": "X-Line", "value": "sales"}], []),
    (
        [{"name": "X-Line"}],
        [{"name": "X-Line", "value": 1}],
        [{"name": "a", "value": "b", "c": "d"}],
        ["X-Line"],
        "X",
        {},
    ),
)


def one_of(*choices: str) -> Examples:
    """Give a true enumeration's examples."""
    return choices, ("", choices[0].swapcase(), f"{choices[0]} ", *NOT_TEXT)


AMD: dict[str, object] = {
    "after_greeting_silence_millis": 800,
    "beep_detection_profile": "freq_only",
    "beep_max_frequency_hz": 2_000,
    "beep_min_frequency_hz": 500,
    "beep_min_tone_duration_millis": 100,
    "beep_spectral_confirmation": True,
    "beep_spectral_min_purity": 0.5,
    "beep_spectral_reject_fax_cng": False,
    "beep_spectral_window_millis": 50,
    "between_words_silence_millis": 50,
    "greeting_duration_millis": 3_500,
    "greeting_silence_duration_millis": 1_500,
    "greeting_total_analysis_time_millis": 5_000,
    "initial_silence_millis": 3_500,
    "maximum_number_of_words": 5,
    "maximum_word_length_millis": 3_500,
    "prompt_end_timeout_millis": 5_000,
    "silence_threshold": 256,
    "total_analysis_time_millis": 3_500,
}
CONFERENCE: dict[str, object] = {
    "id": UUID,
    "beep_enabled": "on_enter",
    "conference_name": "standup",
    "early_media": True,
    "end_conference_on_exit": False,
    "hold": True,
    "hold_audio_url": "https://example.com/hold.mp3",
    "hold_media_name": "hold",
    "mute": False,
    "soft_end_conference_on_exit": False,
    "start_conference_on_create": True,
    "start_conference_on_enter": False,
    "supervisor_role": "whisper",
    "whisper_call_control_ids": ["v3:a", "v3:b"],
}

EXAMPLES: dict[str, Examples] = {
    "gather_using_ai.assistant": (({}, {"instructions": "Listen."}), ([], "x", None)),
    "gather_ended_speech": (("Thank you.", "x" * 3_000), ("", "x" * 3_001, *NOT_TEXT)),
    "greeting": (("Hello.", "x" * 3_000), ("", "x" * 3_001, *NOT_TEXT)),
    "interruption_settings": (({}, {"enable": True}), ([], "x", None)),
    "message_history": (([], [{"role": "user", "content": "Hi"}]), ([{"role": "x"}], [{"say": "x"}], "x", None)),
    "send_message_history_updates": FLAG,
    "send_partial_results": FLAG,
    "gather_using_ai.transcription": (({}, {"language": "de"}), ([], "x", None)),
    "user_response_timeout_ms": FROM_ZERO,
    "transcription_start.transcription_engine": (("Google", "Telnyx", "A"), ("", "google", *NOT_TEXT)),
    "transcription_engine_config": (({}, {"transcription_engine": "Google", "language": "en"}), ([], "x", None)),
    "transcription_tracks": (("inbound", "outbound", "both"), ("", "all", *NOT_TEXT)),
    "ai_assistant_start.assistant": (({"id": "a-1"}, {"id": "a-1", "tools": []}), ({}, [], "x", None)),
    "ai_assistant_start.transcription": (({}, {"language": "de"}), ([], "x", None)),
    "ai_assistant_start.message_history": (([], [{"role": "user"}]), (["x"], "x", None)),
    "participants": (([], [{"id": "x"}]), (["x"], "x", None)),
    "amount": ((1, 12.5), (0, -1, "1", None, True)),
    "connector_name": WORD,
    "currency": (("USD", "usd"), ("", "EUR", *NOT_TEXT)),
    "description": (("An order",), ("", *NOT_TEXT)),
    "max_attempts": ((1, 3), (0, *NOT_WHOLE)),
    "metadata": (({}, {"order": 1}), ([], "x", None)),
    "min_postal_code_length": ((1, 5), (0, *NOT_WHOLE)),
    "parameters": (({}, {"order": 1}), ([], "x", None)),
    "payment_method": one_of("credit-card", "ach-debit"),
    "payment_token": (("tok_1",), ("", *NOT_TEXT)),
    "postal_code": ((True, False, "90210"), ("", 90210, None)),
    "prompts": (
        ({}, {"security-code": "Your code, please."}, {"postal-code": [{"text": "Once more.", "attempt": "2"}]}),
        ({"pin": "Your PIN"}, {"postal-code": [{}]}, {"postal-code": ""}, [], "x"),
    ),
    "pay.service_level": WORD,
    "pay.timeout_millis": FROM_ZERO,
    "transaction_type": one_of("charge", "tokenize"),
    "valid_card_types": ((["visa"], []), (["Visa"], "visa", [1], None)),
    "auto_detect": FLAG,
    "encoding": one_of("auto", "gsm7", "ucs2"),
    "media_urls": ((["https://example.com/a.png"], []), (["a.png"], "https://example.com/a.png", None)),
    "messaging_profile_id": WORD,
    "send_at": WORD,
    "send_message.from": (("+15550100", "12345", "Acme"), ("", "+1", "a sender of many letters", *NOT_TEXT)),
    "send_message.to": E164,
    "subject": (("Hello",), ("", *NOT_TEXT)),
    "text": (("Hello.", "x" * 1_600), ("", "x" * 1_601, *NOT_TEXT)),
    "type": one_of("SMS", "MMS"),
    "use_profile_webhooks": FLAG,
    "webhook_failover_url": WEB,
    "answering_machine_detection": one_of(
        "detect",
        "premium",
        "premium_ios_call_screening_detection",
        "detect_beep",
        "detect_words",
        "greeting_end",
        "disabled",
    ),
    "answering_machine_detection_config": (
        (AMD, {}),
        ({"total_analysis_time_millis": "x"}, {"beep_spectral_min_purity": 1.5}, {"patience": 1}, {1: 2}, [], "x"),
    ),
    "assistant": (({"id": "assistant-1", "greeting": "Hi", "tools": [{"type": "hangup"}]},), ({}, {"id": ""}, [], "x")),
    "audio_type": one_of("mp3", "wav"),
    "audio_url": WEB,
    "billing_group_id": ((UUID,), ("7", f"{UUID}0", *NOT_TEXT)),
    "bridge_intent": FLAG,
    "bridge_on_answer": FLAG,
    "cache_audio": FLAG,
    "call_control_id": WORD,
    "cause": one_of("USER_BUSY", "CALL_REJECTED", "NOT_FOUND", "TEMPORARILY_UNAVAILABLE"),
    "channels": one_of("single", "dual"),
    "client_state": BASE64,
    "conference_config": (
        (CONFERENCE, {}),
        (
            {"id": "x"},
            {"hold": "yes"},
            {"whisper_call_control_ids": "v3:a"},
            {"whisper_call_control_ids": [1]},
            {"x": 1},
        ),
    ),
    "conference": (("board", "r" * 255), ("", "r" * 256, *NOT_TEXT)),
    "beep_enabled": one_of("always", "never", "on_enter", "on_exit"),
    "call_control_ids": ((["v3:a"], []), ([1], "v3:a", None)),
    "comfort_noise": FLAG,
    "duration_minutes": ((1, 240), (0, *NOT_WHOLE)),
    "end_conference_on_exit": FLAG,
    "hold": FLAG,
    "hold_audio_url": WEB,
    "hold_media_name": WORD,
    "max_participants": ((2, 800), (1, 801, *NOT_WHOLE)),
    "mute": FLAG,
    "name": WORD,
    "region": one_of("Australia", "Europe", "Middle East", "US"),
    "soft_end_conference_on_exit": FLAG,
    "start_conference_on_create": FLAG,
    "start_conference_on_enter": FLAG,
    "conference_join.supervisor_role": one_of("barge", "monitor", "none", "whisper"),
    "whisper_call_control_ids": ((["v3:a"], []), ([1], "v3:a", None)),
    "connection_id": WORD,
    "conversation_relay_config": (({"url": "wss://example.com/r", "dtmf_detection": True},), ({}, {"url": "x"}, [])),
    "custom_file_name": NAME,
    "custom_headers": HEADERS,
    "deepfake_detection": (
        ({"enabled": True, "rtp_timeout": 30, "timeout": 15}, {"enabled": False}),
        ({}, {"enabled": True, "timeout": 61}, {"enabled": True, "rtp_timeout": 4}, {"enabled": 1}, True),
    ),
    "dialogflow_config": (
        ({"analyze_sentiment": True}, {}),
        ([], "x", {"partial": float("nan")}, {"partial": object()}, {"partial": [{1: 2}]}),
    ),
    "digits": DIGITS,
    "diversion": E164,
    "duration_millis": ((100, 250, 500), (99, 501, *NOT_WHOLE)),
    "early_media": FLAG,
    "enable_dialogflow": FLAG,
    "format": one_of("mp3", "wav"),
    "from": E164,
    "from_display_name": (("Dialtone -_~!.+ 1", "x" * 128), ("x" * 129, "Zoë", "a\nb", *NOT_TEXT)),
    "gather_id": NAME,
    "hold_after_unbridge": FLAG,
    "initial_timeout_millis": FROM_ZERO,
    "inter_digit_timeout_millis": FROM_ZERO,
    "invalid_audio_url": WEB,
    "invalid_media_name": WORD,
    "invalid_payload": PROMPT,
    "language": LANGUAGE,
    "link_to": WORD,
    "loop": ((1, 100, "infinity"), (0, 101, "1", "forever", None, True, 1.0)),
    "max_length": ((0, 14_400), (-1, 14_401, *NOT_WHOLE)),
    "maximum_digits": ((1, 128), (0, 129, *NOT_WHOLE)),
    "maximum_tries": ((1, 3), (0, *NOT_WHOLE)),
    "media_encryption": one_of("SRTP", "DTLS", "disabled"),
    "media_name": WORD,
    "minimum_digits": ((1, 128), (0, 129, *NOT_WHOLE)),
    "mute_dtmf": one_of("both", "none", "self", "opposite"),
    "overlay": FLAG,
    "park_after_unbridge": one_of("self"),
    "payload": PROMPT,
    "payload_type": one_of("ssml", "text"),
    "play_beep": FLAG,
    "play_ringtone": FLAG,
    "playback_content": BASE64,
    "preferred_codecs": (("G722,PCMU,PCMA,G729,OPUS,VP8,H264", "AMR-WB"), ("", "G722,", "g722", "MP3", *NOT_TEXT)),
    "prevent_double_bridge": FLAG,
    "privacy": one_of("id", "none"),
    "keep_after_hangup": FLAG,
    "max_size": ((1, 500), (0, *NOT_WHOLE)),
    "max_wait_time_secs": ((1, 3_600), (0, *NOT_WHOLE)),
    "queue": WORD,
    "queue_name": (("support", "q" * 255), ("", "q" * 256, *NOT_TEXT)),
    "reason": (("answered elsewhere", "", "Zoë"), ('say "hi"', "a\\b", "a\nb", "\x7f", "😀", *NOT_TEXT)),
    "record": one_of("record-from-answer"),
    "record_channels": one_of("single", "dual"),
    "record_custom_file_name": NAME,
    "record_format": one_of("mp3", "wav"),
    "record_max_length": ((0, 43_200), (-1, 43_201, *NOT_WHOLE)),
    "record_timeout_secs": FROM_ZERO,
    "record_track": one_of("both", "inbound", "outbound"),
    "record_trim": one_of("trim-silence"),
    "recording_id": ((UUID, UUID.upper()), ("latest", *NOT_TEXT)),
    "recording_track": one_of("both", "inbound", "outbound"),
    "retry_on_timeout": FLAG,
    "ringtone": one_of("us-old", "de"),
    "route_to_mobile": FLAG,
    "send_digits_on_answer": (("200", "1" * 64), ("1" * 65, *DIGITS[1])),
    "send_silence_when_idle": FLAG,
    "service_level": one_of("premium", "basic"),
    "sip_auth_password": (("hunter2 ",), ("", *NOT_TEXT)),
    "sip_auth_username": WORD,
    "sip_headers": (([{"name": "User-to-User", "value": "x"}], []), ([{"name": "X-Line", "value": "x"}], {}, "x")),
    "sip_region": one_of("Middle East", "US", "Europe", "Canada", "Australia"),
    "sip_transport_protocol": one_of("TLS", "UDP", "TCP"),
    "sound_modifications": (
        ({"octaves": -1, "pitch": 0.5, "semitone": 14, "track": "inbound"}, {"octaves": 0.5}),
        ({"octaves": 1.1}, {"pitch": 0}, {"semitone": -15}, {"track": "both"}, {"octaves": True}, {"x": 1}, 1),
    ),
    "stop": one_of("current", "all"),
    "stream_auth_token": (("t" * 4_000, ""), ("t" * 4_001, *NOT_TEXT)),
    "stream_bidirectional_codec": one_of("OPUS", "PCMU", "PCMA", "G722", "AMR-WB", "L16"),
    "stream_bidirectional_mode": one_of("rtp", "mp3"),
    "stream_bidirectional_sampling_rate": ((16_000, 8_000, 48_000), (11_025, 16_000.0, "16000", None, True)),
    "stream_bidirectional_target_legs": one_of("opposite", "self", "both"),
    "stream_codec": one_of("default", "L16"),
    "stream_establish_before_call_originate": FLAG,
    "stream_track": one_of("both_tracks", "inbound_track", "outbound_track"),
    "stream_url": SOCKET,
    "supervise_call_control_id": WORD,
    "supervisor_role": one_of("whisper", "barge", "monitor"),
    "role": one_of("whisper", "barge", "monitor"),
    "target_leg_client_state": BASE64,
    "target_legs": one_of("self", "opposite", "both"),
    "terminating_digit": (("#", "", "A"), ("##", "x", *NOT_TEXT)),
    "time_limit_secs": ((30, 14_400), (29, 14_401, *NOT_WHOLE)),
    "timeout_millis": FROM_ZERO,
    "timeout_secs": ((5, 600), (4, 601, *NOT_WHOLE)),
    "record_start.timeout_secs": FROM_ZERO,
    "to": PARTY,
    "dial.to": ((*PARTY[0], ["+15550100", "sip:a@b.c"]), (["+15550100,200"], ["x"], None, 7, {})),
    "transcription": FLAG,
    "transcription_config": (({"transcription_engine": "B"}, {}), ([], "x", {"a": object()})),
    "transcription_engine": one_of("A", "B", "deepgram/nova-3"),
    "transcription_language": LANGUAGE,
    "transcription_max_speaker_count": ((1, 6), (0, *NOT_WHOLE)),
    "transcription_min_speaker_count": ((1, 2), (0, *NOT_WHOLE)),
    "transcription_profanity_filter": FLAG,
    "transcription_speaker_diarization": FLAG,
    "trim": one_of("trim-silence"),
    "valid_digits": (("0123456789#*", "12"), ("", "1w", "x", *NOT_TEXT)),
    "video_room_context": (("{}", ""), NOT_TEXT),
    "video_room_id": ((UUID,), ("room", *NOT_TEXT)),
    "voice": (
        (
            "female",
            "AWS.Polly.Joanna-Neural",
            "Azure.en-US-Ava:DragonHDLatestNeural",
            "FishAudio.s2.1-pro.7f92",
            "Telnyx",
        ),
        ("", " female", "AWS.", "AWS..Joanna", "AWS.Polly Joanna", *NOT_TEXT),
    ),
    "voice_settings": (
        ({"type": "elevenlabs", "api_key_ref": "k"}, {"type": "telnyx", "voice_speed": 1.2}),
        ({"type": ""}, {"type": 1}, [], "x", {"type": "aws", "speed": float("inf")}),
    ),
    "webhook_retries_policies": (
        ({"call.answered": {"retries_ms": [1_000, 2_000, 5_000]}, "call.hangup": {"retries_ms": [12_000] * 5}}, {}),
        (
            {"call.answered": {"retries_ms": [1] * 6}},
            {"call.answered": {"retries_ms": [30_000, 30_001]}},
            {"call.answered": {"retries_ms": [-1]}},
            {"call.answered": {"retries_ms": 1_000}},
            {"call.answered": [1_000]},
            {"call.answered": {"retries": [1_000]}},
            [],
        ),
    ),
    "webhook_url": WEB,
    "webhook_url_method": one_of("POST", "GET"),
    "webhook_urls": (
        ({"call.answered": ["https://a.example/x", "https://b.example/x"]}, {"call.answered": "https://a.example/x"}),
        ({"call.answered": "a.example"}, {"call.answered": ["a.example"]}, "https://a.example/x", []),
    ),
    "webhook_urls_method": one_of("GET", "POST"),
}


def taken(action: str, parameter: str) -> tuple[object, ...]:
    """Give values that Telnyx takes."""
    return EXAMPLES.get(f"{action}.{parameter}", EXAMPLES[parameter])[0]


def refused(action: str, parameter: str) -> tuple[object, ...]:
    """Give values that Telnyx refuses."""
    return EXAMPLES.get(f"{action}.{parameter}", EXAMPLES[parameter])[1]
