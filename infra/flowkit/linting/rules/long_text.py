"""Texts (SMS) that take more messages than they look like."""

from collections.abc import Iterator

from dialtone.domain.sms import MAX_PARTS, not_gsm7, parts
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule

MANY_PARTS = 3
"""A longer text is hardly read, and costs by the part."""


@rule("long-text", WARNING)
def long_text(file: FlowFile) -> Iterator[Found]:
    """A text that takes several messages, each of which costs: too many, or because of a single character."""
    for path, value in file.step_values("text"):
        if path[1] not in file.steps or not isinstance(value, str):
            continue
        count, odd = parts(value), not_gsm7(value)
        plain = parts(value.replace(odd, "")) if odd else count
        if odd and not not_gsm7(value.replace(odd, "")) and plain < count:
            reason = (
                f"takes {count} messages, not {plain}, since {odd} is not in the alphabet of plain texts (GSM 7-bit)"
            )
            yield Found(path, reason, "write it otherwise")
        elif count > MANY_PARTS:
            reason = f"takes {count} messages before anything is filled in; {MAX_PARTS} are the most"
            yield Found(path, reason, "shorten it")
