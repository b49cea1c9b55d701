"""Ways that lead nowhere."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.mentions import step_names, steps_of_others
from infra.flowkit.linting.rule import ERROR, Found, Of, rule


@rule("unknown-step", ERROR, Of.WRITTEN)
def unknown_step(file: FlowFile) -> Iterator[Found]:
    """A path to a step that does not exist in the flow."""
    # Without any steps, every name would be another error.
    for path in step_names(file.document) if file.document.steps() else ():
        target = file.document.at(path)
        if isinstance(target, str) and target and target not in file.document.steps():
            yield Found(
                path, f"leads to {target}, which is not a step of this flow", near(target, file.document.steps())
            )
    for path, flow, step in steps_of_others(file.document):
        steps = file.folder.steps_of(flow)
        if steps and step not in steps:
            yield Found(path, f"leads to {step}, which is not a step of the flow {flow}", near(step, steps))


def near(word: str, known: Collection[str], otherwise: str = "add that step, or name one that exists") -> str:
    """The remedy for a name that is not known."""
    likely = get_close_matches(word, known, 1)
    return f"did you mean {likely[0]}?" if likely else otherwise
