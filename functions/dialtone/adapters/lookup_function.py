"""Hands lookups to the lookup function, since a webhook cannot wait for other systems."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from dialtone.domain.deadline import NO_DEADLINE, request_until

if TYPE_CHECKING:
    from dialtone.domain.lookups import Lookup

ANSWER_TO, LOOKUP = "answer_to", "lookup"
"""What a question is handed over with: the function that wants the answer, and the question."""


class Functions(Protocol):
    """What is needed of Lambda."""

    def invoke(self, *, FunctionName: str, InvocationType: Any, Payload: bytes) -> object:  # noqa: ANN401, N803 -- boto's
        """Call a function."""
        ...


class LookupFunction:
    """Where the webhook leaves questions. One may be left twice: the first answer counts, the other changes nothing."""

    def __init__(self, functions: Functions, name: str, answer_to: str) -> None:
        """`answer_to` is our own name."""
        self._functions = functions
        self._name = name
        self._answer_to = answer_to

    def ask(self, lookup: Lookup, deadline: float = NO_DEADLINE) -> None:
        """Leave a question; Lambda itself calls the function, at once. Raises botocore's errors, DeadlinePassed."""
        question = {ANSWER_TO: self._answer_to, LOOKUP: lookup.to_json()}
        payload = json.dumps(question).encode()
        with request_until(deadline, "Invoke"):
            self._functions.invoke(FunctionName=self._name, InvocationType="Event", Payload=payload)
