"""The function that asks other systems: handed questions by the webhook, which cannot wait for their answers."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_lambda import LambdaClient

    from dialtone.lookups import Lookup

ANSWER_TO, LOOKUP = "answer_to", "lookup"
"""What a question is handed over with: the function that wants the answer, and the question."""


class LookupFunction:
    """Where the webhook leaves questions. One may be left twice: the first answer counts, the other changes nothing."""

    def __init__(self, connect: Callable[[], LambdaClient], name: str, answer_to: str) -> None:
        """`connect` is called with the first question: most webhooks ask none. `answer_to` is our own name."""
        self._connect = connect
        self._name = name
        self._answer_to = answer_to

    def ask(self, lookup: Lookup) -> None:
        """Leave a question; Lambda itself calls the function, at once. Raises botocore's errors."""
        question = {ANSWER_TO: self._answer_to, LOOKUP: lookup.to_json()}
        self._client.invoke(FunctionName=self._name, InvocationType="Event", Payload=json.dumps(question).encode())

    @cached_property
    def _client(self) -> LambdaClient:
        return self._connect()
