"""`ai_assistant_start`: an assistant talks with the person on a leg until one of them ends it.

A simulated one understands nothing. It says after the person what they said, and asks whether there is anything else;
it ends once they say goodbye. Tools are not called.
"""

import re
from typing import Any

from infra.carrier.ai_session import MODEL, THINKING_SECONDS, AiSession
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg

GOODBYE = re.compile(r"\b(good ?bye|bye|auf wiederhören|adiós|au revoir)\b", re.IGNORECASE)

STOPPED, OVER, HUNG_UP = "assistant_stopped", "assistant_ended", "customer_disconnect"
"""Why a conversation ended. Telnyx's description has an example only, `customer_disconnect`."""


class AiAssistant(AiSession):
    """An assistant that talks with a caller, until somebody ends it."""

    def __init__(self, exchange: Exchange, leg: Leg, given: dict[str, Any]) -> None:
        super().__init__(exchange, leg)
        self._id = given["assistant"]["id"]
        self._greeting = given.get("greeting") or given["assistant"].get("greeting")

    def begin(self) -> None:
        """Greet the caller; a gather in progress on the leg is cancelled."""
        self._replace_gather()
        if self._id in self._exchange.broken_assistants:
            failed = {"assistant_id": self._id, "reason": "invalid_request"}
            self._exchange.emit(self._leg, "call.conversation.start_failed", **failed)
            return
        self._leg.gather = self
        self._exchange.emit(self._leg, "call.conversation.created", conversation_id=self.conversation_id)
        if self._greeting:
            self._say(self._greeting, then=lambda: None)

    def hears(self) -> None:
        """React to the start of speech, which interrupts the assistant."""
        self._stop_speaking()

    def heard(self, words: str) -> None:
        """Answer what was said."""
        if not words:
            return
        self._messages.append({"role": "user", "content": words})
        self._timer = self._exchange.clock.after(THINKING_SECONDS, lambda: self._answer(words))

    def end(self, status: str) -> None:
        """Stop: the person has gone, or something else begins."""
        self._end(HUNG_UP if status == "call_hangup" else STOPPED)

    def _answer(self, words: str) -> None:
        if GOODBYE.search(words):
            self._say("Goodbye.", then=lambda: self._end(OVER))
        else:
            self._say(f"You said: {words} Is there anything else?", then=lambda: None)

    def _end(self, reason: str) -> None:
        self._leave()
        self._exchange.conversations[self.conversation_id] = self._messages
        self._exchange.emit(
            self._leg,
            "call.conversation.ended",
            assistant_id=self._id,
            conversation_id=self.conversation_id,
            duration_sec=self._seconds(),
            llm_model=MODEL,
            messages=self._messages,
            reason=reason,
        )
