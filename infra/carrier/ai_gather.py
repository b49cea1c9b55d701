"""`gather_using_ai`: an assistant listens to what is said, and gives one of the values that a JSON Schema allows.

It understands what such a schema's description says of its values: `1: sales, new sales; 2: repairs; none: anything
else`. A person who says one of the words means that value, and with any other words the last. Where the schema lists no
values the person's digits are the answer, said as figures or one by one: `4 2`, `four two`.
"""

import re
from typing import Any

from dialtone.domain.units import MILLIS_PER_SECOND
from infra.carrier import errors
from infra.carrier.ai_session import MODEL, THINKING_SECONDS, AiSession
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg

#: Telnyx: "The maximum time in milliseconds to wait for user response before timing out".
RESPONSE_MILLIS = 10_000
#: The property by which a schema asks for a number, of which its values are themselves what may be said.
NUMBER = "digits"


class AiGather(AiSession):
    """An assistant that asks a question and listens for one answer."""

    def __init__(self, exchange: Exchange, leg: Leg, given: dict[str, Any]) -> None:
        super().__init__(exchange, leg)
        self._given = given
        self._meanings = _meanings(given["parameters"])

    def begin(self) -> None:
        """Greet, and listen: a gather that is still under way on the leg is cancelled."""
        self._replace_gather()
        self._leg.gather = self
        greeting = self._given.get("greeting")
        if not greeting:
            self._wait()
            return
        self._say(greeting, then=self._wait)

    def hears(self) -> None:
        """Hear somebody begin to speak, which interrupts the greeting unless it must not be."""
        if self._given.get("interruption_settings", {}).get("enable", True):
            self._stop_speaking()
        self._cancel_timer()

    def heard(self, words: str) -> None:
        """Understand what was said."""
        if not words:
            self._wait()
            return
        self._messages.append({"role": "user", "content": words})
        self._timer = self._exchange.clock.after(THINKING_SECONDS, lambda: self._answer(words))

    def end(self, status: str) -> None:
        """Stop without a result: the caller has gone, or something else begins."""
        del status
        self._end("invalid", {})

    def _answer(self, words: str) -> None:
        field, meanings, free = self._meanings
        said = _with_figures(" ".join(re.findall(r"\w+", words.casefold())))
        found = [
            (len(phrase), value)
            for value, phrases in meanings.items()
            for phrase in phrases
            if re.search(rf"\b{re.escape(phrase.casefold())}\b", said)
        ]
        digits = re.findall(r"\d+", said) if free and not found else []
        self._end("valid", {field: max(found)[1] if found else digits[0] if digits else list(meanings)[-1]})

    def _wait(self) -> None:
        self._cancel_timer()
        seconds = self._given.get("user_response_timeout_ms", RESPONSE_MILLIS) / MILLIS_PER_SECOND
        self._timer = self._exchange.clock.after(seconds, lambda: self._end("invalid", {}))

    def _end(self, status: str, result: dict[str, str]) -> None:
        self._leave()
        self._exchange.emit(
            self._leg, "call.ai_gather.ended", status=status, result=result, message_history=self._messages
        )
        self._exchange.emit(
            self._leg,
            "call.conversation.ended",
            conversation_id=self.conversation_id,
            duration_sec=self._seconds(),
            llm_model=MODEL,
        )


_FIGURES = {
    word: str(figure)
    for figure, words in enumerate(["zero oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    for word in words.split()
}


def _with_figures(said: str) -> str:
    """What was said, with digits that were said one after another put together: `is 4711` for `is four seven 1 1`."""
    figures = [_FIGURES.get(word, word) for word in said.split()]
    return re.sub(r"(?<=\d) (?=\d)", "", " ".join(figures))


def _meanings(schema: dict[str, Any]) -> tuple[str, dict[str, list[str]], bool]:
    """The one property that is asked for, value → the words that mean it, and whether other values may be given."""
    properties = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(properties, dict) or not properties:
        raise errors.invalid("/parameters", "The parameters must be a JSON Schema object with properties.")
    field, asked = next(iter(properties.items()))
    meanings: dict[str, list[str]] = {value: [value] for value in asked.get("enum", ())}
    free = "enum" not in asked
    for value, words in re.findall(r"([^\s;:]+): ([^;]+)", asked.get("description", "")):
        if value in meanings or free:
            itself = [value] if field == NUMBER and value.isdigit() else []
            meanings[value] = [*itself, *words.split(", ")]
    return field, meanings or {"": []}, free
