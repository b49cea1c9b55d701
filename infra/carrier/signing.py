"""Webhook signatures as Telnyx makes them: Ed25519 over `timestamp|body`."""

import time
from base64 import b64encode

from nacl.signing import SigningKey

#: Length of an Ed25519 seed.
SEED_BYTES = 32


class WebhookKey:
    """The account's webhook key pair, made at start or from a seed of 32 bytes."""

    def __init__(self, seed: bytes | None = None) -> None:
        self._key = SigningKey(seed) if seed is not None else SigningKey.generate()
        #: What goes into TELNYX_PUBLIC_KEY: base64 of 32 bytes.
        self.public_key = b64encode(bytes(self._key.verify_key)).decode()

    def headers(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """Return the two signature headers.

        The time stamp is wall time, since the verifier compares it with its own.
        """
        stamp = str(int(time.time()) if timestamp is None else timestamp)
        signature = self._key.sign(f"{stamp}|".encode() + body).signature
        return {"telnyx-signature-ed25519": b64encode(signature).decode(), "telnyx-timestamp": stamp}
