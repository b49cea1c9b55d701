"""Audio that is to be heard over other audio, where there may be none."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule


@rule("overlay-without-audio", ERROR)
def overlay_without_audio(file: FlowFile) -> Iterator[Found]:
    """Audio with `overlay` to which a path leads while none plays in the background: Telnyx cannot play it."""
    for flow, step in sorted(file.folder.paths.unsupported):
        if flow == file.flow.name:
            remedy = "play some before with `times: infinity` and `background: true`, or leave `overlay` out"
            reason = "is played over other audio, and a path leads here while none plays"
            yield Found(("steps", step, "overlay"), reason, remedy)
