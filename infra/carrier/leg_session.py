"""What talks with a leg in a gather's place: an assistant, or a payment."""

from abc import ABC, abstractmethod

from infra.carrier.clock import Timer
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg, Prompt


class LegSession(ABC):
    """What it says, and what it waits for."""

    reports_keys: bool
    """Whether keys are reported as events, too."""

    def __init__(self, exchange: Exchange, leg: Leg) -> None:
        self._exchange = exchange
        self._leg = leg
        self._prompt: Prompt | None = None
        self._timer: Timer | None = None

    @abstractmethod
    def press(self, digit: str) -> None:
        """Take a key."""

    @abstractmethod
    def end(self, status: str) -> None:
        """Stop: the person has gone, or something else begins."""

    def _replace_gather(self) -> None:
        """Cancel a gather that is still under way on the leg."""
        if self._leg.gather is not None:
            self._leg.gather.end("cancelled")

    def _speak(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._leg.audio.add(self._leg, prompt)

    def _leave(self) -> None:
        """Wait for nothing, say nothing more, and make room on the leg."""
        self._cancel_timer()
        self._stop_speaking()
        if self._leg.gather is self:
            self._leg.gather = None

    def _stop_speaking(self) -> None:
        if self._prompt is not None:
            prompt, self._prompt = self._prompt, None
            self._leg.audio.withdraw(self._leg, prompt)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
