"""Functions in braces that there are not."""

from collections.abc import Iterator

from dialtone.flow.templating import functions_in
from dialtone.flow.text_functions import FUNCTIONS, why_not
from infra.flowkit.linting.files import FlowFile, Kind
from infra.flowkit.linting.rule import ERROR, Found, Of, rule
from infra.flowkit.linting.rules.unknown_step import near


@rule("unknown-function", ERROR, Of.WRITTEN)
def unknown_function(file: FlowFile) -> Iterator[Found]:
    """A function in braces that does not exist, or is misspelt: the variable is filled in unchanged."""
    if file.kind is not Kind.FLOW:
        return
    for path, text in file.document.walk():
        if not isinstance(text, str) or path[:1] != ("steps",):
            continue
        for name, calls in functions_in(text):
            for call in filter(why_not, calls):
                known = near(call.partition(" ")[0], FUNCTIONS, f"there are {', '.join(FUNCTIONS)}")
                exists = call.partition(" ")[0] in FUNCTIONS
                remedy = "write it like that" if exists else known
                yield Found(path, f"fills in {{{name} | {call}}}: {why_not(call)}", remedy)
