"""Numbers that callers choose, rung by way of another variable."""

from collections.abc import Iterator

from dialtone.flow.caller_chosen_variables import Sources
from dialtone.flow.templating import CALLER
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule
from infra.flowkit.linting.variables import uses


@rule("caller-chooses-callee", ERROR)
def caller_chooses_callee(file: FlowFile) -> Iterator[Found]:
    """A transfer, or a text, to what callers key in, by way of a variable: they could ring the world at your cost."""
    sources = Sources.of(
        step for flow in (file.flow, *file.folder.flows_around(file.flow)) for step in flow.steps.values()
    )
    for use in uses(file.document):
        if (
            use.path[2:] == ("to",)
            and file.wrote(use.step, "text")
            and use.name != CALLER
            and sources.is_callers(use.name)
        ):
            reason = f"texts {{{use.name}}}, which callers choose, so that they could have texts sent at your cost"
            yield Found(use.path, reason, "text {caller}, or a number that a lookup gives")
        if use.path[2:] == ("caller_id",) and use.name != CALLER and sources.is_callers(use.name):
            reason = f"shows {{{use.name}}}, which callers choose, so that they could call under any number"
            yield Found(use.path, reason, "show {caller}, a number of yours, or one that a lookup gives")
        of_a_transfer = use.path[2:3] == ("transfer",) and str(file.document.at(use.path)).startswith("{")
        if of_a_transfer and not file.wrote(use.step, "allowed") and sources.is_callers(use.name):
            reason = f"rings {{{use.name}}}, which callers choose, so that they could ring the world at your cost"
            yield Found(
                use.path, reason, "list under `allowed` the numbers that it may be, or take one of a data file's rows"
            )
