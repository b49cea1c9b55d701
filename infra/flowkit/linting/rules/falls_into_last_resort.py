"""Steps that go on into the apology."""

from collections.abc import Iterator

from dialtone.flow.step import NEXT
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("falls-into-last-resort", WARNING)
def falls_into_last_resort(file: FlowFile) -> Iterator[Found]:
    """A step without `next` above the last resort: when nothing goes wrong, the caller hears the apology."""
    resort = file.flow.last_resort
    if not resort or resort not in file.steps or not any(file.steps[resort].prompts()) or _is_meant_otherwise(file):
        return
    for name, step in file.steps.items():
        goes_there = any(edge.where == NEXT and edge.target == resort for edge in step.edges())
        if name != resort and goes_there and not file.wrote(name, NEXT):
            reason = f"goes on into {resort}, the last resort, which stands below it"
            yield Found(("steps", name), reason, "write where it goes, `next: …`, or that the call ends, `hangup`")


def _is_meant_otherwise(file: FlowFile) -> bool:
    """Whether a step leads to the last resort by name, though nothing went wrong: then it is a goodbye as well."""
    edges = [edge for step in file.steps.values() for edge in step.edges() if edge.target == file.flow.last_resort]
    return any(not edge.is_error and (edge.where != NEXT or file.wrote(edge.source, NEXT)) for edge in edges)
