"""`pay`: a card is asked for by its parts, and charged by a connector's processor; no key of it is reported."""

from typing import Any

from dialtone.domain.units import MILLIS_PER_SECOND
from infra.carrier.audio import speech
from infra.carrier.exchange import Exchange
from infra.carrier.leg_session import LegSession
from infra.carrier.legs import Leg, Prompt

#: The connector that is taken where a command names none (Telnyx's documentation).
DEFAULT = "Default"
PROCESSING_SECONDS = 2.0
DEFAULT_MILLIS, DEFAULT_ATTEMPTS = 5_000, 3

_WORDS = {
    "payment-card-number": "Please enter your card number, then press pound.",
    "expiration-date": "Please enter your card's expiration date, month and year.",
    "postal-code": "Please enter your postal code, then press pound.",
    "security-code": "Please enter your card's security code.",
    "bank-routing-number": "Please enter your routing number.",
    "bank-account-number": "Please enter your account number, then press pound.",
}
_LENGTHS = {
    "payment-card-number": (13, 19, "invalid-card-number"),
    "expiration-date": (4, 4, "invalid-date"),
    "postal-code": (1, 10, "invalid-postal-code"),
    "security-code": (3, 4, "invalid-security-code"),
    "bank-routing-number": (9, 9, "invalid-bank-routing-number"),
    "bank-account-number": (4, 17, "invalid-bank-account-number"),
}


class Payment(LegSession):
    """A payment in progress on a leg. It takes the place of a gather: keys go to it."""

    reports_keys = False

    def __init__(self, exchange: Exchange, leg: Leg, given: dict[str, Any]) -> None:
        super().__init__(exchange, leg)
        self._given = given
        card = given.get("payment_method", "credit-card") == "credit-card"
        postal = ["postal-code"] if given.get("postal_code", True) in {True, "true"} else []
        parts = ["payment-card-number", "expiration-date", *postal, "security-code"]
        self._left = parts if card else ["bank-routing-number", "bank-account-number"]
        self._keyed: dict[str, str] = {}
        self._digits = ""
        self._attempt = 1

    def begin(self) -> None:
        """Ask for the first part."""
        self._replace_gather()
        self._leg.gather = self
        self._ask()

    def press(self, digit: str) -> None:
        """Take a key."""
        self._stop_speaking()
        part = self._left[0]
        if digit != "#":
            self._digits += digit
        if digit == "#" or len(self._digits) >= _LENGTHS[part][1]:
            self._judge()
        else:
            self._wait("inter_digit_timeout_millis")

    def end(self, status: str) -> None:
        """Stop: the caller has gone, or something else begins."""
        del status
        self._leave()
        self._complete("cancelled")

    def _ask(self) -> None:
        part = self._left[0]
        self._digits = ""
        words = self._given.get("prompts", {}).get(part, _WORDS[part])
        said = words if isinstance(words, str) else words[0]["text"]
        self._speak(
            Prompt("speech", *speech(said), announced=False, on_end=lambda _status: self._wait("timeout_millis"))
        )

    def _wait(self, limit: str) -> None:
        self._cancel_timer()
        seconds = self._given.get(limit, DEFAULT_MILLIS) / MILLIS_PER_SECOND
        self._timer = self._exchange.clock.after(seconds, self._judge)

    def _judge(self) -> None:
        self._cancel_timer()
        part = self._left[0]
        low, high, error = _LENGTHS[part]
        if low <= len(self._digits) <= high:
            self._keyed[part] = self._digits
            self._report(part, "completed")
            self._left.pop(0)
            self._attempt = 1
            self._next()
            return
        self._report(part, "failed", error_type=error if self._digits else "timeout")
        self._attempt += 1
        if self._attempt > self._given.get("max_attempts", DEFAULT_ATTEMPTS):
            self._leave()
            self._complete("too-many-failed-attempts")
        else:
            self._ask()

    def _next(self) -> None:
        if self._left:
            self._ask()
            return
        self._report("payment-processing", "processing")
        self._timer = self._exchange.clock.after(PROCESSING_SECONDS, self._processed)

    def _processed(self) -> None:
        self._leave()
        answer = self._exchange.pay_connectors.get(self._given.get("connector_name", DEFAULT), "success")
        if answer != "success":
            self._complete("payment-connector-error", pay_error_code=answer)
            return
        charged = self._given.get("transaction_type", "charge") == "charge"
        made = {"charge_id": "ch_1"} if charged else {"token_id": "tok_1"}
        self._complete("success", payment_confirmation_code="C0FFEE", **made)

    def _report(self, part: str, status: str, **more: str) -> None:
        said = {"attempt": self._attempt, "payment_step": part, "payment_status": status, **more}
        self._exchange.emit(self._leg, "call.payment.progress", **self._masked(), **said)

    def _complete(self, result: str, **more: str) -> None:
        self._exchange.emit(self._leg, "call.payment.completed", **self._masked(), result=result, **more)

    def _masked(self) -> dict[str, Any]:
        """What Telnyx shows of what was keyed in."""
        card = self._keyed.get("payment-card-number", "")
        shown: dict[str, Any] = {
            "payment_connector": self._given.get("connector_name", DEFAULT),
            "payment_method": self._given.get("payment_method", "credit-card"),
        }
        if card:
            shown |= {"payment_card_number": f"{'x' * (len(card) - 4)}{card[-4:]}", "payment_card_type": "visa"}
        if "expiration-date" in self._keyed:
            shown["expiration_date"] = self._keyed["expiration-date"]
        if "postal-code" in self._keyed:
            shown["payment_card_postal_code"] = self._keyed["postal-code"]
        return shown
