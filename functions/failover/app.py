"""The failover function: Telnyx posts here after two failed deliveries to the webhook function."""

from __future__ import annotations

import os
from typing import Any

from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Observer
from failover.endpoint import Endpoint
from failover.settings import Settings
from failover.telnyx_client import TelnyxClient


def open_endpoint(settings: Settings) -> Endpoint:
    """Connect everything, without any request yet. Raises KeyInvalid."""
    verifier = Verifier.from_text(settings.public_key)
    telnyx = TelnyxClient(settings.base_url)
    return Endpoint(verifier, settings.sentence, settings.api_key, telnyx, Observer("failover"))


endpoint = open_endpoint(Settings.read(os.environ))
"""Made once, at start."""


def handler(request: Any, context: object) -> dict[str, Any]:  # noqa: ANN401 -- any JSON that may be posted
    """Answer a request to the function's URL."""
    del context
    return endpoint.respond(request)
