"""What Telnyx's assistants have in common while one talks with a leg."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from infra.carrier.audio import speech
from infra.carrier.clock import Timer
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg, Prompt

#: Of the model, from the last word to its answer; Telnyx says nothing of it.
THINKING_SECONDS = 1.0
MODEL = "Qwen/Qwen3-235B-A22B"


class AiSession(ABC):
    """An assistant on a leg. It takes the place of a gather, and ignores keys."""

    tells_keys = True

    def __init__(self, exchange: Exchange, leg: Leg) -> None:
        self.conversation_id = exchange.new_id()
        self._exchange = exchange
        self._leg = leg
        self._messages: list[dict[str, str]] = []
        self._prompt: Prompt | None = None
        self._timer: Timer | None = None
        self._began = exchange.clock.now

    def press(self, digit: str) -> None:
        """Take no key: what Telnyx's assistant makes of one is not documented."""
        del self, digit

    @abstractmethod
    def end(self, status: str) -> None:
        """Stop: the person has gone, or something else begins."""

    def _replace_gather(self) -> None:
        """Stand on the leg: a gather that is still under way there is cancelled."""
        if self._leg.gather is not None:
            self._leg.gather.end("cancelled")

    def _say(self, text: str, then: Callable[[], None]) -> None:
        words, seconds = speech(text, ssml=text.startswith("<speak"))
        self._messages.append({"role": "assistant", "content": words})
        self._prompt = Prompt("speech", words, seconds, announced=False, on_end=lambda _status: then())
        self._leg.audio.add(self._leg, self._prompt)

    def _leave(self) -> None:
        """Wait for nothing, say nothing more, and make room on the leg."""
        self._cancel_timer()
        self._stop_speaking()
        if self._leg.gather is self:
            self._leg.gather = None

    def _seconds(self) -> int:
        return round(self._exchange.clock.now - self._began)

    def _stop_speaking(self) -> None:
        if self._prompt is not None:
            prompt, self._prompt = self._prompt, None
            self._leg.audio.withdraw(self._leg, prompt)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
