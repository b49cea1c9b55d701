"""Loads a flow from its text, with the flows and calendars that it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.errors import FlowInvalid
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.parser import read_flow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dialtone.flow.flow import Flow
    from dialtone.flow.parser import FileReader

MAX_TEXT_BYTES = 300_000
"""Of all files of a flow together, as UTF-8. They are stored in one item of the table, where texts of that length take
less than the limit of 400 KB (a test). And a cold start reads them while a caller waits."""

DIVIDE = "divide it into flows that do not visit one another"
"""The remedy for a flow that is too large."""


def read_script(flow: str, read_file: FileReader) -> LoadedFlow | None:
    """The flow with all flows that a call can get into from it; None if there is no such flow. Raises FlowInvalid."""
    flows, texts = _gathered(flow, read_file)
    if not flows:
        return None
    _check_visits(flows)
    if reason := too_large(texts.values()):
        raise FlowInvalid(f"{flow}.yaml", 1, "", reason, DIVIDE)
    return LoadedFlow(flows.pop(flow), flows, texts)


def _gathered(flow: str, read_file: FileReader) -> tuple[dict[str, Flow], dict[str, str]]:
    """The flow and all flows that it leads to, by name, and all their files; empty if there is no such flow."""
    flows: dict[str, Flow] = {}
    texts: dict[str, str] = {}

    def remembered(file: str) -> str | None:
        text = read_file(file)
        if text is not None:
            texts[file] = text
        return text

    unread = [flow] if remembered(f"{flow}.yaml") is not None else []
    while unread:
        name = unread.pop()
        if name not in flows:
            flows[name] = read_flow(f"{name}.yaml", texts[f"{name}.yaml"], remembered)
            unread += sorted(flows[name].others)
    return flows, texts


def _check_visits(flows: dict[str, Flow]) -> None:
    for name, each in flows.items():
        for step_name, step in each.steps.items():
            for other, step_of_other in step.visits():
                if step_of_other and step_of_other not in flows[other].steps:
                    reason = f"leads to {step_of_other}, which is not a step of the flow {other}"
                    raise FlowInvalid(f"{name}.yaml", 1, step_name, reason, "name one that exists")


def too_large(texts: Iterable[str]) -> str:
    """Why these files are too large for one flow and all that it leads to; '' if they are not."""
    size = sum(len(text.encode()) for text in texts)
    return f"has {size:,} bytes with all that it leads to; {MAX_TEXT_BYTES:,} are kept" if size > MAX_TEXT_BYTES else ""
