"""What log lines and reasons lose, and what they keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.redaction import LEFT_OUT, MAX_CHARACTERS, redacted, redacted_exception, redacted_text

ID = "0f0e0d0c-1111-2222-3333-123456789012"

LOSES = {
    "no flow for +15550142": "no flow for +1555****",
    "to +1 (555) 010-0142, twice": "to +1555010****, twice",
    "(to: tel:+442079460958)": "(to: tel:+44207946****)",
    "the card 4539 5787 6362 1486 is not valid": "the card (16 digits) is not valid",
    "314159# was keyed": "(6 digits)# was keyed",
    "a repr: to\\n5550142": "a repr: to\\n(7 digits)",
    "the phone5550142, the callee+15550142": "the phone(7 digits), the callee+1555****",
    "*72.5550142*#, +15550142*": "*(9 digits)*#, +1555*****",
    "5550142x17": "(7 digits)x17",
    "01.23.45.67.89": "(10 digits)",
    "sip:alice@pbx.example.com:5060;transport=tls": "sip:…@pbx.example.com:5060;transport=tls",
    "<sip:+15550142@host.example>": "<sip:…@host.example>",
    "sip:alice has no host": "sip:… has no host",
    "ada@example.com": "…@example.com",
    "https://user:word@store.example:8443/a/b.mp3?X-Amz-Signature=1f": "https://store.example:8443/…",
    "s3://their-bucket/ada.mp3": "s3://their-bucket/…",
    "Invalid key KEY0123456789ABCDEF_abc": f"Invalid key {LEFT_OUT}",
    "ASIA0123456789ABCDEF": LEFT_OUT,
    "authorization: Bearer abc.def": f"authorization: {LEFT_OUT}",
    "was sent Bearer abcdefghij": f"was sent Bearer {LEFT_OUT}",
    "eyJhbGciOi.eyJzdWIiOi.c2ln": LEFT_OUT,
    '{"digits": "12", "status": "valid"}': f'{{"digits": {LEFT_OUT}, "status": "valid"}}',
    "{'transcription_text': 'Call me, please', 'id': 1}": f"{{'transcription_text': {LEFT_OUT}, 'id': 1}}",
    "?token=abc&digit=4": f"?token={LEFT_OUT}&digit={LEFT_OUT}",
}

KEEPS = [
    "",
    f"event {ID} of leg {ID}",
    f"recordings/2026/11/30/{ID}/message-1.wav",
    "2026-11-30T12:00:00.123456Z and 2026-11-30 12:00:00,123+0000",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "arn:aws:sts::123456789012:assumed-role/dialtone/webhook is not authorized to perform dynamodb:Query",
    "main-menu@398cc2813456 and 16f87df3c37c",
    "1-57596988-bd862e3fe1be46a994272793",
    "refused: 90018 Call has already ended, status 422",
    "answered more than 65,536 bytes; 144004400 bytes came in 12.345678 s",
    "127.0.0.1:54321 refused the connection",
    "main-menu.yaml:14: step sales is never reached",
]


@pytest.mark.parametrize(("text", "left"), LOSES.items())
def test_what_is_about_callers_or_opens_doors_is_left_out(text: str, left: str) -> None:
    assert redacted_text(text) == left
    assert redacted_text(left) == left


@pytest.mark.parametrize("text", KEEPS)
def test_what_an_operator_needs_to_find_anything_stays(text: str) -> None:
    assert redacted_text(text) == text


def test_fields_with_private_names_lose_their_values_and_numbers_stay_numbers() -> None:
    fields = {"digits": "12", "Token": "x", "answer": 200, "bytes": 144004400, "commands": [{"client_state": "aGk="}]}

    assert redacted(fields) == {
        "digits": LEFT_OUT,
        "Token": LEFT_OUT,
        "answer": 200,
        "bytes": 144004400,
        "commands": [{"client_state": LEFT_OUT}],
    }


def test_what_an_exception_quotes_stays_only_if_it_can_be_a_name() -> None:
    raised = "Traceback (most recent call last):\n  words = 'all that was said'\nValueError: 'call me back' is no digit"

    assert redacted_exception(raised) == raised.replace("'call me back'", "(12 characters)")
    assert redacted_exception("KeyError: 'call_session_id'") == "KeyError: 'call_session_id'"
    assert redacted({"detail": "The text 'Dear Ada,' isn't valid"}) == {"detail": "The text (9 characters) isn't valid"}


@given(st.text(max_size=120))
def test_redacting_twice_is_redacting_once_whatever_the_text(text: str) -> None:
    once = redacted({"reason": text, "detail": text})

    assert redacted(once) == once


@given(
    st.from_regex(r"[1-9][0-9]{6,18}", fullmatch=True),
    st.text(alphabet=" .,:;'\"()=/<>xyznrt@#_*-", max_size=9),
    st.booleans(),
)
def test_no_number_survives_between_whatever_stands_around_it(digits: str, around: str, plus: bool) -> None:  # noqa: FBT001 -- drawn
    assert digits not in redacted_text(f"{around}{'+' * plus}{digits}{around[::-1]}")


def test_a_text_without_end_is_cut() -> None:
    assert len(redacted_text("a" * 1_000_000)) == MAX_CHARACTERS
