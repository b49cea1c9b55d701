"""The webhook function: what Lambda calls."""

from __future__ import annotations

import gc
import os
from typing import Any

gc.disable()  # what the start creates stays, so collecting garbage meanwhile only costs time: a twentieth of the start

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.synthetic_call import SYNTHETIC_CALL
from webhook.settings import Settings
from webhook.wiring import open_endpoint

settings = Settings.read(os.environ)
endpoint = open_endpoint(settings, FlowLibrary.open)
"""Made once, at start, so that a missing setting fails the start and not the first call."""


def handler(request: Any, context: object) -> dict[str, Any]:  # noqa: ANN401 -- any JSON that may invoke us
    """Answer an API Gateway request, or an event of our own from a function that IAM lets invoke us."""
    del context
    if isinstance(request, dict) and SYNTHETIC_CALL in request:
        from webhook import synthetic_call  # noqa: PLC0415 -- once a deployment

        return synthetic_call.answer(endpoint, settings.api_key, request[SYNTHETIC_CALL])
    answer = endpoint.handle(request)
    if not gc.isenabled():  # the first webhook is part of the start: it loads the SDK and its flow
        gc.freeze()
        gc.enable()
    return answer
