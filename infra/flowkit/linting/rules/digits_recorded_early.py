"""Digits of a card that are keyed in before they are asked for, while the recording still runs."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule


@rule("digits-recorded-early", ERROR)
def digits_recorded_early(file: FlowFile) -> Iterator[Found]:
    """A prompt that leads straight to a `sensitive` step while the recording runs: it has the digits keyed early."""
    for heard, sensitive in sorted(file.folder.paths.recorded_early):
        if heard.flow != file.flow.name:
            continue
        asking = sensitive.step if sensitive.flow == heard.flow else f"{sensitive.flow}/{sensitive.step}"
        reason = f"leads straight to {asking} while the recording runs: digits that callers key early are recorded"
        remedy = "pause before it with a step `recording: pause`, and resume after the digits with `recording: resume`"
        yield Found(("steps", heard.step), reason, remedy)
