"""Passes lookups to the lookup function, because a webhook cannot wait for other systems."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from dialtone.domain.deadline import NO_DEADLINE, request_until

if TYPE_CHECKING:
    from dialtone.domain.lookups import Lookup

ANSWER_TO, LOOKUP = "answer_to", "lookup"
"""Keys of the message: the function that gets the answer, and the question."""


class Functions(Protocol):
    """The part of Lambda's client that is used."""

    def invoke(self, *, FunctionName: str, InvocationType: Any, Payload: bytes) -> object:  # noqa: ANN401, N803 -- boto's
        """Invoke a function."""
        ...


class LookupFunction:
    """Sends questions to the lookup function. If one is sent twice, only the first answer counts."""

    def __init__(self, functions: Functions, name: str, answer_to: str) -> None:
        """`answer_to` is the webhook function's own name."""
        self._functions = functions
        self._name = name
        self._answer_to = answer_to

    def ask(self, lookup: Lookup, deadline: float = NO_DEADLINE) -> None:
        """Invoke the lookup function asynchronously. Raises botocore's errors, DeadlinePassed."""
        question = {ANSWER_TO: self._answer_to, LOOKUP: lookup.to_json()}
        payload = json.dumps(question).encode()
        with request_until(deadline, "Invoke"):
            self._functions.invoke(FunctionName=self._name, InvocationType="Event", Payload=payload)
