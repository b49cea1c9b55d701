"""The verifier held to the SDK's own: it accepts what `client.webhooks.unwrap` accepts, and rejects what that rejects.

The SDK takes text and parses it afterwards, so bodies here are JSON text; bytes are the unit tests' business.
"""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from dialtone.adapters.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, NotSigned, Verifier
from tests.integration.deliveries import body

OURS, OTHER, FORGERS = SigningKey(b"1" * 32), SigningKey(b"2" * 32), SigningKey(b"3" * 32)
NOW = 1_790_000_000.5
MANY = settings(
    max_examples=max(300, settings().max_examples),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def text_of(key: SigningKey) -> str:
    return base64.b64encode(bytes(key.verify_key)).decode()


def sign(key: SigningKey, timestamp: str, payload: str) -> str:
    signed = f"{timestamp}|{payload}".encode("utf-8", "surrogatepass")
    return base64.b64encode(key.sign(signed).signature).decode()


class Both:
    """The two verifiers, asked the same at the same time."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 -- the SDK's type would import the SDK for the checker's sake
        self._client = client

    def sdk_believes(self, payload: str, headers: Mapping[str, str], key: SigningKey) -> bool:
        try:
            self._client.webhooks.unwrap(payload, headers=headers, key=text_of(key))
        except (ValueError, OverflowError):  # the SDK subtracts from a time beyond all floats
            return False
        return True

    def believe(self, payload: str, headers: Mapping[str, str], *keys: SigningKey) -> bool:
        """Give the verdict on which both agree."""
        theirs = any(self.sdk_believes(payload, headers, key) for key in keys)
        lowered = {name.lower(): value for name, value in headers.items()}
        ours = self.we_believe(payload, lowered, keys)
        assert ours == theirs, f"we say {ours}, the SDK says {theirs}"
        return ours

    def we_believe(self, payload: str, headers: Mapping[str, str], keys: Sequence[SigningKey]) -> bool:
        verifier = Verifier.from_text(",".join(map(text_of, keys)))
        try:
            verifier.verify(payload.encode(), headers, NOW)
        except NotSigned:
            return False
        return True


@pytest.fixture(scope="session")
def client() -> Any:  # noqa: ANN401 -- as above
    import telnyx  # noqa: PLC0415 -- seconds, and only these tests need all of it

    client = telnyx.Telnyx(api_key="KEY0123", base_url="http://127.0.0.1:1/v2")
    headers = {TIMESTAMP_HEADER: str(int(time.time()))}
    payload = body("call.answered").decode()
    headers[SIGNATURE_HEADER] = sign(OURS, headers[TIMESTAMP_HEADER], payload)
    client.webhooks.unwrap(payload, headers=headers, key=text_of(OURS))
    return client


@pytest.fixture
def both(client: Any, monkeypatch: pytest.MonkeyPatch) -> Both:  # noqa: ANN401 -- as above
    monkeypatch.setattr(time, "time", lambda: NOW)
    return Both(client)


payloads = st.one_of(
    st.just(body("call.answered").decode()),
    st.text(st.characters(codec="utf-8"), max_size=40).map(
        lambda text: json.dumps(
            {"data": {"event_type": "call.answered", "payload": {"from": text}}}, ensure_ascii=False
        )
    ),
)
near = st.integers(int(NOW) - 310, int(NOW) + 310).map(str)
edges = st.sampled_from([str(int(NOW) + seconds) for seconds in (-301, -300, -299, -1, 0, 1, 299, 300, 301)])
arabic = {ord("0") + digit: 0x660 + digit for digit in range(10)}
full_width = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}
odd = st.sampled_from(
    [
        "+1790000000",
        " 1790000000 ",
        "1790000000\n",
        "1_790_000_000",
        "1__790000000",
        "01790000000",
        "-1790000000",
        "1790000000".translate(arabic),
        "1790000000".translate(full_width),
        "1790000000\u2003",
        "\x1c1790000000",
        "1790000000.0",
        "1.79e9",
        "0x6ab13380",
        "1790000000,1790000000",
        "1790000000\x00",
        "+5",
        " 5 ",
        "1_700",
        "",
        "soon",
        "9" * 400,
        "-" + "9" * 400,
        "9" * 4_301,
    ]
)
timestamps = st.one_of(near, edges, odd, st.text("0123456789+-_ .,e\t\u0663\uff15", max_size=12))


@MANY
@given(payload=payloads, timestamp=timestamps, key=st.sampled_from([OURS, OTHER, FORGERS]))
def test_every_timestamp_and_key_meets_the_sdks_verdict(
    both: Both, payload: str, timestamp: str, key: SigningKey
) -> None:
    headers = {SIGNATURE_HEADER: sign(key, timestamp, payload), TIMESTAMP_HEADER: timestamp}

    alone, rotating = both.believe(payload, headers, OURS), both.believe(payload, headers, OTHER, OURS)

    event(f"alone {alone}, rotating {rotating}")
    assert rotating or not alone


@MANY
@given(payload=payloads, tampered=st.data())
def test_one_changed_character_of_the_body_is_not_believed(both: Both, payload: str, tampered: st.DataObject) -> None:
    timestamp = str(int(NOW))
    headers = {SIGNATURE_HEADER: sign(OURS, timestamp, payload), TIMESTAMP_HEADER: timestamp}
    place = tampered.draw(st.integers(0, len(payload) - 1))
    other = tampered.draw(st.characters(codec="utf-8"))
    changed = payload[:place] + other + payload[place + 1 :]

    believed = both.believe(changed, headers, OURS)

    assert believed == (changed == payload)


@MANY
@given(timestamp=near, signed_for=near, payload=payloads)
def test_a_changed_timestamp_is_not_believed(both: Both, timestamp: str, signed_for: str, payload: str) -> None:
    headers = {SIGNATURE_HEADER: sign(OURS, signed_for, payload), TIMESTAMP_HEADER: timestamp}

    believed = both.believe(payload, headers, OURS)

    assert not believed or timestamp == signed_for


def bent(signature: str) -> st.SearchStrategy[str]:
    """Give ways in which a signature's text can be wrong, or right in spite of looking wrong."""
    raw = base64.b64decode(signature)
    flipped = st.integers(0, 511).map(
        lambda bit: base64.b64encode(
            bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(raw))
        ).decode()
    )
    fixed = [
        signature,
        signature.rstrip("="),
        signature + "=",
        signature + "==",
        f" {signature}",
        f"{signature}\n",
        f"{signature},{signature}",
        signature[:40] + "\n" + signature[40:],
        signature.replace("+", "-").replace("/", "_"),
        signature[:-3] + "B==",  # the unused bits of the last character set
        signature.lower(),
        base64.b64encode(raw[:-1]).decode(),
        base64.b64encode(raw + b"\0").decode(),
        base64.b64encode(raw[:32] + bytes(32)).decode(),
        raw.hex(),
        "",
        "é",
        "\udc80",
    ]
    return st.one_of(st.sampled_from(fixed), flipped, st.text(max_size=90), st.binary(max_size=70).map(b64))


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@MANY
@given(payload=payloads, data=st.data())
def test_every_signature_meets_the_sdks_verdict(both: Both, payload: str, data: st.DataObject) -> None:
    timestamp = str(int(NOW))
    signature = data.draw(bent(sign(OURS, timestamp, payload)))

    believed = both.believe(payload, {SIGNATURE_HEADER: signature, TIMESTAMP_HEADER: timestamp}, OURS, OTHER)

    event(f"believed {believed}")


@pytest.mark.parametrize("kept", [[], [SIGNATURE_HEADER], [TIMESTAMP_HEADER]])
def test_missing_headers_meet_the_sdks_verdict(both: Both, kept: list[str]) -> None:
    payload = body("call.answered").decode()
    timestamp = str(int(NOW))
    headers = {SIGNATURE_HEADER: sign(OURS, timestamp, payload), TIMESTAMP_HEADER: timestamp}

    assert not both.believe(payload, {name: headers[name] for name in kept}, OURS)


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_a_header_by_any_spelling_meets_the_sdks_verdict(both: Both, spelling: Any) -> None:  # noqa: ANN401 -- str's methods
    payload = body("call.answered").decode()
    timestamp = str(int(NOW))
    headers = {SIGNATURE_HEADER: sign(OURS, timestamp, payload), TIMESTAMP_HEADER: timestamp}

    assert both.believe(payload, {spelling(name): value for name, value in headers.items()}, OURS)


def test_a_header_that_came_twice_meets_the_sdks_verdict(both: Both) -> None:
    payload = body("call.answered").decode()
    timestamp = str(int(NOW))
    signature = sign(OURS, timestamp, payload)

    for headers in (
        {SIGNATURE_HEADER: f"{signature},{signature}", TIMESTAMP_HEADER: timestamp},
        {SIGNATURE_HEADER: signature, TIMESTAMP_HEADER: f"{timestamp},{timestamp}"},
        {SIGNATURE_HEADER: f"{signature}, {signature}", TIMESTAMP_HEADER: f"{timestamp}, {timestamp}"},
    ):
        assert not both.believe(payload, headers, OURS)
