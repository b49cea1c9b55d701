"""Conferences that no moderator begins."""

from collections.abc import Iterator

from dialtone.flow.steps.conference import Conference
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("no-moderator", WARNING)
def no_moderator(file: FlowFile) -> Iterator[Found]:
    """A conference whose callers are on hold until a moderator comes, while no step here lets one in."""
    for name, step in file.steps.items():
        if isinstance(step, Conference) and step.hold and step.conference not in file.folder.begun_conferences:
            reason = f"keeps callers on hold for a moderator of {step.conference}, whom no step here lets in"
            remedy = f"add a step `conference: {step.conference}` with `moderator: true`, or remove `hold`"
            yield Found(file.path_to(name, "conference"), reason, remedy)
