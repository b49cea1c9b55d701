"""The JSON Schemas of the life-cycle events: made from the types that are sent, published in docs/events/.

`python -m tests.event_schemas` writes them.
"""

from typing import Any

from pydantic import ConfigDict, TypeAdapter

from events.life_cycle_events import CallEvent, CallFacts, RecordingEvent, RecordingFacts
from infra.checkout import ROOT
from infra.flowkit.reference.schemas import DIALECT, Schema, written
from infra.output.files import write_whole

DOCS = ROOT / "docs" / "events"

EVENTS = {"call-1": CallEvent, "recording-1": RecordingEvent}
"""By the name and version of the schema."""

_CONFIG = ConfigDict(use_attribute_docstrings=True)
"""Fields that a schema does not know are allowed: a consumer that checks events is to take those of a later release."""


def schemas() -> dict[str, Schema]:
    """Every schema by its name and version."""
    return {name: _schema(name, kind) for name, kind in EVENTS.items()}


def _schema(name: str, kind: type[Any]) -> Schema:
    for each in (CallFacts, RecordingFacts, kind):
        each.__pydantic_config__ = _CONFIG  # type: ignore[union-attr]  # pydantic's own place for it
    return {"$schema": DIALECT, "$id": f"dialtone/{name}.json", **TypeAdapter(kind).json_schema()}


def write() -> None:
    """Write every schema to its place."""
    DOCS.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        write_whole(DOCS / f"{name}.json", written(schema))


if __name__ == "__main__":
    write()
