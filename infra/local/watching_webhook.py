"""The webhook function for work on flows: it reads a flow again once its file has changed, and notes calls' steps."""

import os
from pathlib import Path
from typing import Any

from infra.flowkit.watched_flows import WatchedFlows
from infra.local.steps_taken import FOLDER_NAME, LOCAL_FOLDER, NotingTable
from webhook.settings import Settings
from webhook.wiring import open_endpoint

endpoint = open_endpoint(Settings.read(os.environ), WatchedFlows)
endpoint.processor.store = NotingTable(endpoint.processor.store, Path(os.environ[LOCAL_FOLDER]) / FOLDER_NAME)


def handler(request: Any, context: object) -> dict[str, Any]:  # noqa: ANN401 -- any JSON that may invoke it
    """As `webhook.app.handler`."""
    del context
    return endpoint.handle(request)
