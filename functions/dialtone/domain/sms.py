"""Texts (SMS): how many parts one has, which numbers can receive them, and what Telnyx reports. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SENT, FINALIZED = "message.sent", "message.finalized"
"""Telnyx's events of the texts that we send."""

QUEUED = "queued"
"""The status of a text that Telnyx has taken, without any report yet."""

OPTED_OUT_CODE = "40300"
"""Telnyx: "Blocked due to STOP message". The messaging profile blocks the number."""

MESSAGING_CODES = "40"
"""The prefix of Telnyx's error codes about a single text."""

MAX_PARTS = 10
"""For one text: more parts are a mistake, and each costs."""

MAX_TEXTS = 10
"""For one call: a caller who goes round in a menu must not be able to send without limit."""

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_TWICE = frozenset("\f^{}\\[~]|€")
"""Characters that count twice (GSM 03.38)."""

GSM7_ALONE, GSM7_PART, UCS2_ALONE, UCS2_PART = 160, 153, 70, 67

_PROGRESS = {"": 0, QUEUED: 1, "sending": 2, "sent": 3}


def not_gsm7(text: str) -> str:
    """The first character that forces a text into UCS-2, with less than half the room; '' if there is none."""
    return next((each for each in text if each not in _GSM7 and each not in _GSM7_TWICE), "")


def parts(text: str) -> int:
    """How many parts a text has: what it costs, and what Telnyx limits."""
    if not_gsm7(text):
        places = len(text.encode("utf-16-be", "surrogatepass")) // 2
        alone, part = UCS2_ALONE, UCS2_PART
    else:
        places = len(text) + sum(each in _GSM7_TWICE for each in text)
        alone, part = GSM7_ALONE, GSM7_PART
    return 1 if places <= alone else -(-places // part)


def why_not(to: str, sender: str, countries: tuple[str, ...]) -> str:
    """Why a text may not be sent from one E.164 number to another; '' if it may.

    Without `countries` (ISO 3166-1 alpha-2) only the sender's own country is allowed: the number that a caller shows
    may be one to which a text costs a fortune.
    """
    from dialtone.domain.numbering_plans import countries as countries_of  # noqa: PLC0415 -- its tables are large

    allowed = frozenset(countries) or countries_of(sender)
    if countries_of(to) & allowed:
        return ""
    return f"it is not a number of {', '.join(sorted(countries)) or 'the country that it is sent from'}"


def takes_texts(number: str) -> bool:
    """Whether an E.164 number may be a mobile one: its numbering plan does not say that it is something else."""
    from dialtone.domain.numbering_plans import is_fixed, is_possible  # noqa: PLC0415 -- as above

    return is_possible(number) and not is_fixed(number)


def later(known: str, reported: str) -> str:
    """The later of two states of a text: webhooks overtake one another, and a delivery result is final."""
    return reported if _PROGRESS.get(reported, 9) >= _PROGRESS.get(known, 9) else known


def report(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The part of Telnyx's event about a text that is stored: neither its words nor its recipient."""
    to, errors, cost = (payload.get(name) for name in ("to", "errors", "cost"))
    first = to[0] if isinstance(to, list) and to and isinstance(to[0], dict) else {}
    error = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    amounts = cost if isinstance(cost, dict) else {}
    kept = {
        "message_id": payload.get("id"),
        "status": first.get("status"),
        "code": error.get("code"),
        "amount": amounts.get("amount"),
        "currency": amounts.get("currency"),
        "parts": payload.get("parts"),
    }
    return {name: str(value)[:100] for name, value in kept.items() if isinstance(value, (str, int, float))}
