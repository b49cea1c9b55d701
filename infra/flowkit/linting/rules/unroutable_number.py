"""Numbers in the form of E.164 that no telephone has."""

import re
from collections.abc import Iterator

from dialtone.domain.numbers import is_withheld
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.mentions import numbers
from infra.flowkit.linting.rule import ERROR, Found, Of, rule
from infra.flowkit.linting.rules.not_e164 import E164

_UNASSIGNED = re.compile(
    r"\+(21[04579]|259|28|29[2-6]|384|42[24-9]|671|684|69[3-9]|80[1-79]|83|85[14789]|87[1-79]|88[4579]|89|969|978|99[079])"
)
"""Country codes that the ITU has given to nobody (list of E.164 assigned country codes)."""

_NORTH_AMERICA = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}")
"""Area code and exchange begin with 2 to 9, and there are ten digits."""

_FICTION = re.compile(r"\+1([2-9][0-9]{2})?55501[0-9]{2}")
"""Numbers for examples, such as those of the flows that come with Dialtone; with the area code or without it."""


@rule("unroutable-number", ERROR, Of.WRITTEN)
def unroutable_number(file: FlowFile) -> Iterator[Found]:
    """A number that cannot be dialled: an unassigned country code, or an invalid North American number."""
    for path, number in numbers(file.document):
        if not E164.fullmatch(number) or _FICTION.fullmatch(number):
            continue
        if is_withheld(number):
            yield Found(path, f"has {number}, which stands for a withheld number", "name a number of yours")
            continue
        if _UNASSIGNED.match(number):
            yield Found(path, f"has {number}, whose country code nobody has", "look the country code up")
        elif number.startswith("+1") and not _NORTH_AMERICA.fullmatch(number):
            reason = f"has {number}, which cannot be a number in North America"
            yield Found(path, reason, "write +1, three digits of area code, and seven digits")
