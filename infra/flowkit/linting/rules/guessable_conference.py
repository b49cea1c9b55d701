"""Conferences that callers can come into by guessing."""

from collections.abc import Iterator

from dialtone.flow.caller_chosen_variables import Sources
from dialtone.flow.steps.conference import Conference
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("guessable-conference", WARNING)
def guessable_conference(file: FlowFile) -> Iterator[Found]:
    """A conference whose name callers choose: anyone who keys in the same digits can listen in."""
    sources = Sources.of(file.steps.values())
    for name, step in file.steps.items():
        chosen = sorted(each for each in getattr(step, "room_names", ()) if sources.is_callers(each))
        if isinstance(step, Conference) and chosen:
            reason = f"lets callers into any conference whose name they guess: they choose {', '.join(chosen)}"
            remedy = "look the room up by its PIN with `find` or `lookup`, and name the conference by the answer"
            yield Found(file.path_to(name, "conference"), reason, remedy)
