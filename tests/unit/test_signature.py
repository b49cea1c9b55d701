"""Whom the verifier believes: the rules one by one. That they are Telnyx's own is tested against its SDK elsewhere."""

import base64

import pytest
from nacl.signing import SigningKey

from dialtone.adapters.signature import KeyInvalid, NotSigned, Verifier

NOW = 1_790_000_000
BODY = b'{"data": {}}'
OLD, NEW = SigningKey(b"o" * 32), SigningKey(b"n" * 32)


def text_of(key: SigningKey) -> str:
    return base64.b64encode(bytes(key.verify_key)).decode()


def headers(key: SigningKey = OLD, body: bytes = BODY, timestamp: str = str(NOW)) -> dict[str, str]:
    signature = base64.b64encode(key.sign(timestamp.encode() + b"|" + body).signature).decode()
    return {"telnyx-signature-ed25519": signature, "telnyx-timestamp": timestamp}


def test_what_telnyx_signed_just_now_is_believed() -> None:
    verifier = Verifier.from_text(text_of(OLD))

    verifier.verify(BODY, headers(), NOW)


@pytest.mark.parametrize("key", [OLD, NEW])
def test_while_a_key_is_replaced_both_are_believed(key: SigningKey) -> None:
    verifier = Verifier.from_text(f" {text_of(OLD)} , {text_of(NEW)}")

    verifier.verify(BODY, headers(key), NOW)


def test_a_key_that_was_taken_out_is_believed_no_longer() -> None:
    verifier = Verifier.from_text(text_of(NEW))

    with pytest.raises(NotSigned, match="not Telnyx's"):
        verifier.verify(BODY, headers(OLD), NOW)


@pytest.mark.parametrize("seconds", [-300, -299.5, 0, 300])
def test_three_hundred_seconds_either_way_are_believed(seconds: float) -> None:
    Verifier.from_text(text_of(OLD)).verify(BODY, headers(), NOW + seconds)


@pytest.mark.parametrize("seconds", [-301, -300.001, 300.001, 1e9, float("inf")])
def test_beyond_that_it_may_be_a_replay(seconds: float) -> None:
    with pytest.raises(NotSigned, match="more than 300 s"):
        Verifier.from_text(text_of(OLD)).verify(BODY, headers(), NOW + seconds)


def test_a_time_beyond_all_numbers_is_not_now() -> None:
    far = "9" * 400

    with pytest.raises(NotSigned, match="more than 300 s"):
        Verifier.from_text(text_of(OLD)).verify(BODY, headers(timestamp=far), float(NOW))


@pytest.mark.parametrize(
    "timestamp", ["", " ", "soon", "1790000000.0", "0x6AB1", "1e9", "1790000000,1790000000", "9" * 5_000, "\udc80"]
)
def test_a_timestamp_that_is_no_unix_time_is_named(timestamp: str) -> None:
    unsigned = headers() | {"telnyx-timestamp": timestamp}

    with pytest.raises(NotSigned, match="telnyx-timestamp is missing or no unix time"):
        Verifier.from_text(text_of(OLD)).verify(BODY, unsigned, NOW)


@pytest.mark.parametrize(
    "signature", ["", "?", "====", "AAAA", "é" * 88, "A" * 88, base64.b64encode(b"x" * 63).decode()]
)
def test_a_signature_that_is_none_is_named(signature: str) -> None:
    unsigned = headers() | {"telnyx-signature-ed25519": signature}

    with pytest.raises(NotSigned, match="telnyx-signature-ed25519 is missing or no signature"):
        Verifier.from_text(text_of(OLD)).verify(BODY, unsigned, NOW)


@pytest.mark.parametrize("missing", ["telnyx-signature-ed25519", "telnyx-timestamp"])
def test_a_missing_header_is_named(missing: str) -> None:
    unsigned = {name: value for name, value in headers().items() if name != missing}

    with pytest.raises(NotSigned, match=missing):
        Verifier.from_text(text_of(OLD)).verify(BODY, unsigned, NOW)


def test_bytes_that_are_no_text_are_verified_as_they_came() -> None:
    garbage = bytes(range(256))

    Verifier.from_text(text_of(OLD)).verify(garbage, headers(body=garbage), NOW)

    with pytest.raises(NotSigned):
        Verifier.from_text(text_of(OLD)).verify(garbage[:-1], headers(body=garbage), NOW)


@pytest.mark.parametrize("text", ["", ",", "not base64", "AAAA", text_of(OLD)[:-1], f"{text_of(OLD)},"])
def test_a_key_that_is_none_is_named_at_start(text: str) -> None:
    with pytest.raises(KeyInvalid, match="must be 32 bytes in base64"):
        Verifier.from_text(text)
