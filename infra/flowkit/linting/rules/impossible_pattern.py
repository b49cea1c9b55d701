"""Entries that no caller can key in."""

from collections.abc import Iterator

from dialtone.flow.digit_patterns import lengths
from dialtone.flow.steps.collect import Collect
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule


@rule("impossible-pattern", ERROR)
def impossible_pattern(file: FlowFile) -> Iterator[Found]:
    """A `pattern` that is longer or shorter than `digits`: whatever a caller keys in is wrong."""
    for name, step in file.steps.items():
        if not isinstance(step, Collect) or not step.pattern:
            continue
        fewest, most = lengths(step.pattern)
        if step.digits.max < fewest or most < step.digits.min:
            asked = _counted(step.digits.min, step.digits.max)
            reason = f"the pattern has {_counted(fewest, most)} digits, and {asked} are asked for"
            yield Found(("steps", name, "pattern"), reason, "let `digits` and `pattern` agree")


def _counted(fewest: int, most: int) -> str:
    return str(fewest) if fewest == most else f"{fewest} to {most}"
