"""The caller pays by card or bank account: Telnyx asks for it and charges it; no digit of it comes here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, WithJsonSchema, model_validator

from dialtone.domain.commands import Command, command
from dialtone.domain.payments import CANCELLED, COMPLETED, DECLINED, SUCCESS, TOO_MANY_TRIES, VARIABLES
from dialtone.domain.telnyx_actions import PROMPT_CHARACTERS
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.step import Speaking
from dialtone.flow.step_moves import Fail, Move, Wait
from dialtone.flow.step_state import StepState
from dialtone.flow.templating import filled, known

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")

TOKENIZE = "tokenize"


def _written(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    return str(written) if type(written) in {int, float} else written


Amount = Annotated[
    str,
    BeforeValidator(_written),
    Field(max_length=100),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 100}, {"type": "number", "exclusiveMinimum": 0}]}),
]
Card = Literal["visa", "mastercard", "amex", "maestro", "discover", "optima", "jcb", "diners-club", "enroute"]
Part = Literal[
    "payment-card-number",
    "expiration-date",
    "security-code",
    "postal-code",
    "bank-routing-number",
    "bank-account-number",
]
Words = Annotated[str, Field(min_length=1, max_length=PROMPT_CHARACTERS)]


@dataclass(frozen=True)
class PayState(StepState):
    """Whether the step has paused a recording."""

    paused: bool = False


class Pay(Speaking):
    """Let Telnyx take a payment, or a token for later ones; a running recording is paused meanwhile."""

    paths: ClassVar[tuple[str, ...]] = ("declined", "failed")
    sensitive: ClassVar[bool] = True
    """Whatever keys are reported meanwhile are a card's."""

    pay: Amount | None = Field(
        description="The amount, in US dollars: 25, 12.50, {order.total}; null to tokenize only."
    )
    connector: str = Field("", max_length=255, description="The payment connector at Telnyx; without it, its default.")
    transaction: Literal["charge", "tokenize"] = Field("charge", description="tokenize: a token for later payments.")
    method: Literal["credit-card", "ach-debit"] = Field("credit-card", description="What the caller pays with.")
    about: str = Field("", max_length=1_000, description="A description of the payment, for the processor.")
    postal_code: StrictBool = Field(default=True, description="Ask for the postal code of the billing address, too.")
    cards: tuple[Card, ...] = Field((), description="The accepted cards; without it, all that Telnyx supports.")
    words: dict[Part, Words] = Field(default_factory=dict, description="Prompt → its text; without it, Telnyx's.")
    tries: StrictInt = Field(3, ge=1, le=10, description="How often the caller may try each part.")
    wait_seconds: StrictInt = Field(5, ge=1, le=120, description="How long to wait for a key after a prompt.")
    between_seconds: StrictInt = Field(5, ge=1, le=60, description="How long to wait for the next digit.")
    declined: str = Field("", description="The step if the processor declines the payment; without it, on_error.")
    failed: str = Field("", description="The step after too many invalid inputs; without it, on_error.")

    @model_validator(mode="after")
    def _amount(self) -> Pay:
        if (self.pay is None) != (self.transaction == TOKENIZE):
            raise ValueError(
                "an amount is only for a charge; write `pay: null` with tokenize, and an amount without it"
            )
        if self.pay is not None and "{" not in self.pay and not _is_amount(self.pay):
            raise ValueError(f"{self.pay} is not an amount above 0; write one such as 25 or 12.50")
        return self

    def sets(self) -> tuple[str, ...]:
        """The variables that Telnyx reports about the payment."""
        return tuple(VARIABLES)

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Start the payment. A recording is paused first, whatever Telnyx itself does about it."""
        values = known(call)
        amount = filled(self.pay or "", values).strip()
        if self.pay is not None and not _is_amount(amount):
            return Fail(f"nothing to pay: {amount or self.pay} is not an amount")
        pausing = call.recorder == "on"
        before = (command("record_pause", call.control_id),) if pausing else ()
        options = {"connector_name": self.connector, "description": filled(self.about, values), "amount": amount}
        given: dict[str, object] = {name: value for name, value in options.items() if value}
        if amount:
            given |= {"amount": float(amount), "currency": "USD"}
        if self.cards:
            given["valid_card_types"] = list(self.cards)
        if self.words:
            given["prompts"] = {
                part: filled(words, values, voice_defaults.language) for part, words in self.words.items()
            }
        if self.method == "credit-card":
            given["postal_code"] = self.postal_code
        asked = command(
            "pay",
            call.control_id,
            transaction_type=self.transaction,
            payment_method=self.method,
            max_attempts=self.tries,
            timeout_millis=self.wait_seconds * MILLIS_PER_SECOND,
            inter_digit_timeout_millis=self.between_seconds * MILLIS_PER_SECOND,
            voice=voice_defaults.voice,
            language=voice_defaults.language or "en-US",
            **given,
        )
        return Wait((*before, asked), PayState(paused=pausing))

    def on(self, call: Call, event: Event) -> Move | None:
        """Go on with the result. A caller who hangs up cancels the payment; the hang-up is reported by itself."""
        result = event.text("result")
        if event.type != COMPLETED or result == CANCELLED:
            return None
        if result == SUCCESS:
            return self.take("next", commands=self.abandoned(call))
        path = {DECLINED: "declined", TOO_MANY_TRIES: "failed"}.get(result, "")
        if path and getattr(self, path):
            return self.take(path, commands=self.abandoned(call))
        return Fail(f"payment {result}", self.abandoned(call), fault=not path)

    def repeated(self, call: Call) -> None:
        """None: it must not be taken twice."""
        del call

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Resume the recording."""
        return (command("record_resume", call.control_id),) if PayState.of(call).paused else ()


def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None and float(text) > 0
