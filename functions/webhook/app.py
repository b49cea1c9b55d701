"""The webhook function: what Lambda calls."""

from __future__ import annotations

import gc
import os
from typing import Any

gc.disable()  # what a start makes stays: looking through it again and again for garbage takes a twentieth of the start

from dialtone.adapters.flow_library import FlowLibrary
from webhook.settings import Settings
from webhook.wiring import open_endpoint

endpoint = open_endpoint(Settings.read(os.environ), FlowLibrary.open)
"""Made once, at start: a function that lacks a setting says so then, not to the first caller."""


def handler(request: Any, context: object) -> dict[str, Any]:  # noqa: ANN401 -- any JSON that may invoke us
    """API Gateway's request in, its response out; or an event of our own, by a function that IAM lets invoke us."""
    del context
    answer = endpoint.handle(request)
    if not gc.isenabled():  # the first webhook is part of the start: it loads the SDK and its flow
        gc.freeze()
        gc.enable()
    return answer
