"""Audio within a flow where keys are waited for."""

from collections.abc import Iterator

from dialtone.flow.prompted_input import PromptedInput
from dialtone.flow.step import Step
from dialtone.flow.steps.play import Play
from dialtone.flow.steps.say import Say
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule

_ASKED = ("review.say", "whisper")


@rule("content-under-keys", ERROR)
def content_under_keys(file: FlowFile) -> Iterator[Found]:
    """Audio inside the flow (`content`) where a key may be pressed: Telnyx plays it only to its end."""
    for piece in file.pieces:
        if piece.kind == "content" and _asks(file.steps.get(str(piece.prompt[1])), piece.prompt[2:]):
            reason = "plays content, which cannot be interrupted by a key"
            yield Found(piece.path, reason, "put it into a file in the folder audio, or play it in a step before")


def _asks(step: Step | None, where: tuple[str | int, ...]) -> bool:
    interrupted = isinstance(step, (Play, Say)) and (step.keys or getattr(step, "barge_in", False))
    if isinstance(step, PromptedInput) or interrupted:
        return True
    consent = getattr(step, "consent", None)
    return ".".join(map(str, where)) in _ASKED or (
        where[:1] == ("consent",) and consent is not None and consent.how == "ask"
    )
