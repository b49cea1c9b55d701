"""Numbers, dates and times of day in variables: parsed, calculated and compared, exactly and within limits."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dialtone.domain.calls import Call

MAX_WHOLE_DIGITS = 15
"""For the digits before a number's point: more than any amount, account or card number needs."""

MAX_DECIMALS = 6
"""For the digits after a number's point."""

_NUMBER = rf"-?[0-9]{{1,{MAX_WHOLE_DIGITS}}}(\.[0-9]{{1,{MAX_DECIMALS}}})?"
_DATE = r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.]+(Z|[+-][0-9:]+)?)?"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?"

_EXACT = Context(prec=3 * (MAX_WHOLE_DIGITS + MAX_DECIMALS), rounding=ROUND_HALF_UP)
"""Precision for the exact product of two numbers, which is rounded once, at the end."""

Kind = Literal["number", "date", "time of day"]

Operation = Literal["add", "subtract", "multiply", "divide"]


class NotComputable(DialtoneError):  # noqa: N818 -- reads as the sentence it is: something is not computable
    """A variable's new value cannot be calculated."""


class Comparable(NamedTuple):
    """The value of a text that is more than text. Two of the same kind can be compared."""

    kind: Kind
    value: Any
    """A Decimal, a date or a time."""


def number(text: str) -> Decimal | None:
    """The text as a number; None if it is not one, or is too long."""
    return Decimal(text) if re.fullmatch(_NUMBER, text) else None


def comparable(text: str) -> Comparable | None:
    """The text as a number, date or time of day; None for any other text. For a date and time, the date counts."""
    if (read := number(text)) is not None:
        return Comparable("number", read)
    try:
        if dated := re.fullmatch(_DATE, text):
            return Comparable("date", date.fromisoformat(dated[1]))
        return Comparable("time of day", time.fromisoformat(text)) if re.fullmatch(_TIME, text) else None
    except ValueError:
        return None


def plain_text(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    """A value that YAML reads as a number or date, as a variable would hold it."""
    if isinstance(written, bool):
        return written
    if isinstance(written, datetime):
        return written.isoformat()
    if isinstance(written, date):
        return written.isoformat()
    if isinstance(written, float):
        return format(Decimal(repr(written)), "f")
    return str(written) if isinstance(written, int) else written


def reckoned(operation: Operation, numbers: Sequence[Decimal], decimals: int | None = None) -> str:
    """The sum, difference, product or quotient of numbers, from left to right, rounded half up.

    With `decimals`, to so many; otherwise to six, without trailing zeros. Raises NotComputable.
    """
    result, *others = numbers
    reckon = getattr(_EXACT, operation)
    for each in others:
        if operation == "divide" and not each:
            raise NotComputable("would be divided by zero")
        result = _bounded(reckon(result, each))
    rounded = result.quantize(Decimal(1).scaleb(-(MAX_DECIMALS if decimals is None else decimals)), context=_EXACT)
    text = format(_bounded(rounded) or abs(rounded), "f")  # zero is never written with a minus
    return text.rstrip("0").rstrip(".") if decimals is None and "." in text else text


def _bounded(result: Decimal) -> Decimal:
    if abs(result) >= Decimal(10) ** MAX_WHOLE_DIGITS:
        raise NotComputable(f"would have more than {MAX_WHOLE_DIGITS} digits")
    return result


def drawn(low: int, high: int, *seed: object) -> int:
    """A random whole number from low to high: always the same for the same seed."""
    digest = sha256("\0".join(map(str, seed)).encode("utf-8", "surrogatepass")).digest()
    return low + int.from_bytes(digest) % (high - low + 1)


def chance(call: Call, name: str) -> tuple[object, ...]:
    """The seed for a random value in a call's step: deciding again on the same event gives the same value."""
    return (call.session_id, call.step, call.turn, name)
