"""Gathering digits: time-outs, terminators, tries, and prompts that a key interrupts."""

from dataclasses import dataclass, field, replace
from typing import Any

from dialtone.domain.units import MILLIS_PER_SECOND
from infra.carrier.clock import Timer
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg, Prompt


@dataclass(frozen=True, slots=True)
class Rules:
    """What a gather command asks for, with Telnyx's defaults; times in seconds."""

    minimum_digits: int = 1
    maximum_digits: int = 128
    valid_digits: str = "0123456789#*"
    terminating_digit: str = "#"
    first_digit_seconds: float = 5.0
    inter_digit_seconds: float = 5.0
    overall_seconds: float | None = None
    tries: int = 1
    gather_id: str | None = None

    def judge(self, digits: str) -> str:
        """Return the status that these digits end with, once no more can come."""
        if not digits:
            return "timeout"
        counted = self.minimum_digits <= len(digits) <= self.maximum_digits
        return "valid" if counted and set(digits) <= set(self.valid_digits) else "invalid"


def rules(parameters: dict[str, Any], *, prompted: bool) -> Rules:
    """Read the rules out of a gather command; with a prompt, `timeout_millis` counts from the prompt's end."""
    timeout = parameters.get("timeout_millis", 60_000) / MILLIS_PER_SECOND
    return Rules(
        minimum_digits=parameters.get("minimum_digits", 1),
        maximum_digits=parameters.get("maximum_digits", 128),
        valid_digits=parameters.get("valid_digits", "0123456789#*"),
        terminating_digit=parameters.get("terminating_digit", "#"),
        first_digit_seconds=timeout
        if prompted
        else parameters.get("initial_timeout_millis", 5_000) / MILLIS_PER_SECOND,
        inter_digit_seconds=parameters.get("inter_digit_timeout_millis", 5_000) / MILLIS_PER_SECOND,
        overall_seconds=None if prompted else timeout,
        tries=parameters.get("maximum_tries", 3) if prompted else 1,
        gather_id=parameters.get("gather_id"),
    )


@dataclass(slots=True, eq=False)
class Gather:
    """A gather under way on a leg. `prompt` opens each try, `invalid_prompt` comes before it after a wrong entry."""

    exchange: Exchange
    leg: Leg
    rules: Rules
    prompt: Prompt | None = None
    invalid_prompt: Prompt | None = None
    digits: str = ""
    tries_left: int = 0
    current: list[Prompt] = field(default_factory=list)
    timer: Timer | None = None
    overall: Timer | None = None

    @property
    def reports_keys(self) -> bool:
        """Whether its keys are reported one by one."""
        return True

    def begin(self) -> None:
        """Start: a gather that is still under way on the leg is cancelled."""
        if self.leg.gather is not None:
            self.leg.gather.end("cancelled")
        self.leg.gather = self
        self.tries_left = self.rules.tries
        if self.rules.overall_seconds is not None:
            self.overall = self.exchange.clock.after(self.rules.overall_seconds, self._no_more)
        self._try(after_invalid=False)

    def press(self, digit: str) -> None:
        """Take a key."""
        self._interrupt_prompts()
        if digit == self.rules.terminating_digit:
            self._no_more(pressed=True)
            return
        self.digits += digit
        if len(self.digits) >= self.rules.maximum_digits:
            self._no_more(pressed=True)
        else:
            self._wait(self.rules.inter_digit_seconds)

    def end(self, status: str) -> None:
        """End with a status, whatever was gathered so far."""
        self.leg.gather = None
        for timer in (self.timer, self.overall):
            if timer is not None:
                timer.cancel()
        self._interrupt_prompts()
        extra = {} if self.rules.gather_id is None else {"gather_id": self.rules.gather_id}
        self.exchange.emit(self.leg, "call.gather.ended", digits=self.digits, status=status, **extra)

    def _try(self, *, after_invalid: bool) -> None:
        self.tries_left -= 1
        self.digits = ""
        opening = [self.invalid_prompt] if after_invalid and self.invalid_prompt is not None else []
        prompts = [prompt for prompt in (*opening, self.prompt) if prompt is not None]
        if not prompts:
            self._wait(self.rules.first_digit_seconds)
            return
        last = replace(prompts[-1], on_end=lambda _status: self._wait(self.rules.first_digit_seconds))
        self.current = [*prompts[:-1], last]
        for prompt in list(self.current):
            self.leg.audio.add(self.leg, prompt)

    def _wait(self, seconds: float) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = self.exchange.clock.after(seconds, self._no_more)

    def _interrupt_prompts(self) -> None:
        interrupted, self.current = self.current, []
        for prompt in reversed(interrupted):
            self.leg.audio.withdraw(self.leg, prompt)

    def _no_more(self, *, pressed: bool = False) -> None:
        """Judge the gathered digits, and retry if a try is left."""
        if self.timer is not None:
            self.timer.cancel()
        status = self.rules.judge(self.digits)
        if pressed and status == "timeout":
            status = "invalid"
        if status == "valid" or self.tries_left <= 0:
            self.end(status)
        else:
            self._try(after_invalid=status == "invalid")
