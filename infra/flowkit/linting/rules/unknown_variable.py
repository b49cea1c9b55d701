"""Variables that nothing has set."""

from collections.abc import Iterator

from dialtone.flow.steps.branch import DATE, DAY, TIME
from dialtone.flow.steps.go_and_come_back import GoTo
from dialtone.flow.templating import LANGUAGE
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule
from infra.flowkit.linting.rules.unknown_step import near
from infra.flowkit.linting.variables import Use, conditions, uses

ASKABLE = frozenset({DATE, DAY, LANGUAGE, TIME})
"""What a `branch` can ask for beside variables."""


@rule("unknown-variable", ERROR)
def unknown_variable(file: FlowFile) -> Iterator[Found]:
    """A variable in a text or condition that no earlier step has set."""
    for use in uses(file.document):
        if not use.of_its_own:
            yield from _unknown(file, use, "fills in", ASKABLE if use.compares else frozenset())
    for use in conditions(file.document):
        yield from _unknown(file, use, "asks for", ASKABLE)
    yield from _given(file)


def _given(file: FlowFile) -> Iterator[Found]:
    flows = {flow.name: flow for flow in file.folder.flows}
    for name, step in file.steps.items():
        if not isinstance(step, GoTo) or not step.go.gives or step.go.flow not in flows:
            continue
        other = flows[step.go.flow]
        known = {
            *other.given,
            *file.folder.set_outside(other),
            *(each for of in other.steps.values() for each in of.sets()),
        }
        for place, each in enumerate(step.go.gives):
            if each not in known:
                reason = f"takes {each} from {other.name}, which nothing sets there"
                remedy = near(each, known, "set it there, or leave it out")
                yield Found(("steps", name, "go", "gives", place), reason, remedy)


def _unknown(file: FlowFile, use: Use, does: str, beside: frozenset[str]) -> Iterator[Found]:
    before = file.variables.maybe.get(use.step)
    if before is None or use.name in before | beside:
        return
    setters = [name for name, step in file.steps.items() if use.name in step.sets()]
    if setters:
        yield Found(use.path, f"{does} {use.name} before {setters[0]} has set it", "set it earlier")
    else:
        known = sorted(before | beside)
        remedy = near(use.name, known, f"set it before; known here are {', '.join(known)}")
        yield Found(use.path, f"{does} {use.name}, which nothing sets", remedy)
