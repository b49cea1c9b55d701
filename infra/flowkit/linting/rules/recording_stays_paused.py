"""Recordings that are paused and not resumed."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("recording-stays-paused", WARNING)
def recording_stays_paused(file: FlowFile) -> Iterator[Found]:
    """A pause that nothing resumes, or a path to a conversation on which the recording is still paused."""
    paths = file.folder.paths
    for pause in sorted(paths.pausing - paths.resumed):
        if pause.flow == file.flow.name:
            remedy = "add a step with `recording: resume`, or write `recording: stop` if that is meant"
            yield Found(("steps", pause.step), "pauses the recording, and nothing resumes it", remedy)
    for talk, pause in sorted(paths.paused_talks):
        if talk.flow == file.flow.name and pause in paths.resumed:
            named = pause.step if pause.flow == talk.flow else f"{pause.flow}/{pause.step}"
            reason = f"can be reached while the recording is still paused by {named}, and would not be recorded"
            yield Found(("steps", talk.step), reason, "put a step with `recording: resume` before it")
