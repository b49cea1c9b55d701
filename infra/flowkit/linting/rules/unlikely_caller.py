"""Conditions on callers that no caller meets."""

import re
from collections.abc import Iterator

from dialtone.domain.numbers import WITHHELD, is_withheld
from infra.flowkit.linting.files import FlowFile, Kind
from infra.flowkit.linting.mentions import caller_conditions
from infra.flowkit.linting.rule import WARNING, Found, Of, rule
from infra.flowkit.linting.rules.unknown_step import near

_LIKELY = re.compile(r"\+[1-9][0-9]{4,14}|\+[0-9]{0,14}\*|sip:\S+|[0-9]{2,6}|\*")
"""As calls keep callers: E.164, SIP addresses, short codes; or a beginning of these."""


@rule("unlikely-caller", WARNING, Of.WRITTEN)
def unlikely_caller(file: FlowFile) -> Iterator[Found]:
    """A condition on the caller that no caller meets, or that has its own word: `withheld`."""
    if file.kind in {Kind.CALENDAR, Kind.DATA, Kind.ROTA}:
        return
    for path, text in caller_conditions(file.document):
        if text in {"", WITHHELD} or (_LIKELY.fullmatch(text) and not is_withheld(text)):
            continue
        if is_withheld(text):
            reason = f"asks for the caller {text}, one of many signs of a withheld number"
            yield Found(path, reason, f"write {WITHHELD}, which is all of them")
        else:
            remedy = near(text, (WITHHELD,), f'write a number as "+<country><number>", or {WITHHELD}')
            yield Found(path, f"asks for the caller {text}, whom no call has", remedy)
