"""A webhook's signature: Ed25519 over `timestamp|raw body`, and the request that carries both."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from dialtone.domain.errors import DialtoneError

SIGNATURE_HEADER = "telnyx-signature-ed25519"
TIMESTAMP_HEADER = "telnyx-timestamp"

TOLERANCE_SECONDS = 300
"""In both directions, like Telnyx's SDK: an older or newer webhook may be a replay."""

_HINT = '; webhooks of API version 1 have none: the application\'s webhook_api_version must be "2"'

KEY_BYTES, SIGNATURE_BYTES = 32, 64


class NotSigned(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the webhook is not signed
    """A webhook without a valid signature of Telnyx."""


class KeyInvalid(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the key is invalid
    """A malformed public key."""


class Verifier:
    """Telnyx's public key, or several during a rotation."""

    def __init__(self, keys: Sequence[VerifyKey]) -> None:
        self._keys = keys

    @classmethod
    def from_text(cls, text: str) -> Verifier:
        """Base64 keys of 32 bytes, separated by commas, as the Telnyx portal shows them. Raises KeyInvalid."""
        return cls([_key(each.strip()) for each in text.split(",")])

    def verify(self, body: bytes, headers: Mapping[str, str], now_seconds: float) -> None:
        """Raises NotSigned saying what is wrong. Header names are in lower case; `now_seconds` is unix time."""
        timestamp = headers.get(TIMESTAMP_HEADER, "")
        try:
            sent_seconds = int(timestamp)
        except ValueError:
            raise NotSigned(f"{TIMESTAMP_HEADER} is missing or no unix time{_HINT if not timestamp else ''}") from None
        signature = _signature(headers.get(SIGNATURE_HEADER, ""))
        signed = timestamp.encode() + b"|" + body
        if not any(_signed_by(key, signed, signature) for key in self._keys):
            raise NotSigned(f"{SIGNATURE_HEADER} is not Telnyx's for this body and time")
        if not now_seconds - TOLERANCE_SECONDS <= sent_seconds <= now_seconds + TOLERANCE_SECONDS:
            raise NotSigned(f"{TIMESTAMP_HEADER} is more than {TOLERANCE_SECONDS} s from now")


def _decoded(text: str) -> bytes:
    """The decoded base64; empty for any other text."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _key(text: str) -> VerifyKey:
    raw = _decoded(text)
    if len(raw) != KEY_BYTES:
        raise KeyInvalid(
            f"{text!r} is not a public key: it must be {KEY_BYTES} bytes in base64, from the Telnyx portal"
        )
    return VerifyKey(raw)


def _signature(text: str) -> bytes:
    raw = _decoded(text)
    if len(raw) != SIGNATURE_BYTES:
        raise NotSigned(f"{SIGNATURE_HEADER} is missing or no signature")
    return raw


def _signed_by(key: VerifyKey, signed: bytes, signature: bytes) -> bool:
    try:
        key.verify(signed, signature)
    except BadSignatureError:
        return False
    return True


def request_body(request: Mapping[str, Any]) -> bytes:
    """The signed bytes of an API Gateway or function URL request. Raises NotSigned."""
    text = request.get("body")
    if not isinstance(text, str):
        return b""
    try:
        return base64.b64decode(text, validate=True) if request.get("isBase64Encoded") is True else text.encode()
    except ValueError:  # binascii's and the codec's are kinds of it
        raise NotSigned("the body is neither the text nor the base64 that it is said to be") from None


def request_headers(request: Mapping[str, Any]) -> dict[str, str]:
    """The request's headers, names in lower case.

    The gateway joins duplicates with commas, which makes a signature invalid.
    """
    headers = request.get("headers")
    given = headers.items() if isinstance(headers, Mapping) else ()
    return {name.lower(): value for name, value in given if isinstance(name, str) and isinstance(value, str)}
