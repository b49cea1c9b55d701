"""What Telnyx's assistants have in common while one talks with a leg."""

from collections.abc import Callable

from infra.carrier.audio import speech
from infra.carrier.exchange import Exchange
from infra.carrier.leg_session import LegSession
from infra.carrier.legs import Leg, Prompt

#: Of the model, from the last word to its answer; Telnyx says nothing of it.
THINKING_SECONDS = 1.0
MODEL = "Qwen/Qwen3-235B-A22B"


class AiSession(LegSession):
    """An assistant on a leg. It takes the place of a gather, and ignores keys."""

    reports_keys = True

    def __init__(self, exchange: Exchange, leg: Leg) -> None:
        super().__init__(exchange, leg)
        self.conversation_id = exchange.new_id()
        self._messages: list[dict[str, str]] = []
        self._began = exchange.clock.now

    def press(self, digit: str) -> None:
        """Take no key: what Telnyx's assistant makes of one is not documented."""
        del self, digit

    def _say(self, text: str, then: Callable[[], None]) -> None:
        words, seconds = speech(text, ssml=text.startswith("<speak"))
        self._messages.append({"role": "assistant", "content": words})
        self._speak(Prompt("speech", words, seconds, announced=False, on_end=lambda _status: then()))

    def _seconds(self) -> int:
        return round(self._exchange.clock.now - self._began)
