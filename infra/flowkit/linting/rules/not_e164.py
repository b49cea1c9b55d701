"""Numbers that no network understands."""

import re
from collections.abc import Iterator

from dialtone.flow.call_routing import NUMBER
from dialtone.flow.document import Path
from dialtone.flow.templating import VARIABLE
from infra.flowkit.linting.files import FlowFile, Kind
from infra.flowkit.linting.mentions import numbers, routes
from infra.flowkit.linting.rule import ERROR, Found, Of, rule

WITH_EXTENSION = re.compile(rf"\+[1-9][0-9]{{6,13}}\{{{VARIABLE}\}}")
"""A number whose last digits a variable holds."""
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
LINE = re.compile(NUMBER)
"""What numbers.yaml may list: numbers, SIP addresses, and beginnings of either."""


@rule("not-e164", ERROR, Of.WRITTEN)
def not_e164(file: FlowFile) -> Iterator[Found]:
    """A number that is not in E.164: a plus, the country, the number, nothing between them."""
    if file.kind is Kind.NUMBERS:
        named: list[tuple[Path, str]] = [((number,), number) for number, _ in routes(file.document)]
        wrong = [(path, number) for path, number in named if not LINE.fullmatch(number)]
    else:
        wrong = [(path, number) for path, number in numbers(file.document) if not _is_number(number)]
    for path, number in wrong:
        yield Found(path, f"has {number}, which is not a number in E.164", _remedy(number))


def _is_number(number: str) -> bool:
    return bool(E164.fullmatch(number) or WITH_EXTENSION.fullmatch(number))


def _remedy(number: str) -> str:
    if "{" in number:
        return "write seven digits or more in front of the variable, or let it hold the whole number"
    digits = re.sub(r"[^0-9]", "", number)
    likely = f'"+{digits}"'
    if number.startswith("00"):
        likely = f'"+{digits[2:]}"'
    if not E164.fullmatch(likely.strip('"')):
        return 'write it as "+<country><number>", in quotes and without spaces'
    return f"write it in quotes and without spaces: {likely}, if that is its country"
