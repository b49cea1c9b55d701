"""Steps that deliver a recording in flows that make none."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule

RECORDS = ("record", "recording")


@rule("delivers-nothing", WARNING)
def delivers_nothing(file: FlowFile) -> Iterator[Found]:
    """A step that delivers the call's last recording, in a flow that records nothing and leads to no other flow."""
    content = file.document.content
    steps = file.document.steps()
    written = [each for each in steps.values() if isinstance(each, dict)]
    records = "record" in content or any(name in each for each in written for name in (*RECORDS, "go"))
    if records:
        return
    for name, step in steps.items():
        if isinstance(step, dict) and "deliver" in step and name in file.steps:
            remedy = "let callers leave a message with `record`, or remove the step"
            yield Found(("steps", name, "deliver"), "delivers a recording, and the flow makes none", remedy)
