"""Queries other systems: Lambda functions of the account, and URLs, within a time limit."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from dialtone.domain.errors import DialtoneError
from dialtone.domain.lookups import FAILED, Answer
from lookup.answer_parsing import MAX_ANSWER_BYTES, answer_of, answer_of_http

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient

    from dialtone.adapters.secrets import Secret
    from dialtone.domain.lookups import Lookup

CONNECT_SECONDS = 2.0
"""Including TLS; a system that takes longer to connect will not answer in time."""

ADDRESS = ("https://", "http://")


StillWaiting = Callable[[float], bool]
"""Waits up to that many seconds for the answer; true while there is no answer and time is left."""


class BackendClient:
    """A system that flows query."""

    def __init__(self, functions: LambdaClient, tokens: Secret[Mapping[str, str]]) -> None:
        self._functions = functions
        self._tokens = tokens
        self._addresses = urllib3.PoolManager(retries=False)

    def ask(self, lookup: Lookup, tell_slow: Callable[[StillWaiting], None]) -> Answer:
        """Query the system within the lookup's limit; errors become answers, too.

        `tell_slow` is called if there is no answer after the lookup's `quiet_seconds`. The limit covers the whole
        request, even if bytes arrive slowly: it runs in its own thread, which is abandoned at the limit.
        """
        answers: list[Answer] = []
        thread = threading.Thread(target=lambda: answers.append(self._asked(lookup)), daemon=True)
        ends = time.monotonic() + lookup.limit_seconds
        thread.start()

        def still_waiting(seconds: float) -> bool:
            thread.join(max(0.0, min(seconds, ends - time.monotonic())))
            return not answers and time.monotonic() < ends

        if lookup.quiet_seconds and still_waiting(lookup.quiet_seconds):
            tell_slow(still_waiting)
        thread.join(max(0.0, ends - time.monotonic()))
        return answers[0] if answers else Answer(FAILED, reason=f"no answer within {lookup.limit_seconds} s")

    def _asked(self, lookup: Lookup) -> Answer:
        try:
            return self._post(lookup) if lookup.target.startswith(ADDRESS) else self._invoke(lookup)
        except ClientError as error:
            return Answer(FAILED, reason=f"Lambda refused: {error.response['Error'].get('Code')}")
        except (BotoCoreError, urllib3.exceptions.HTTPError) as error:
            return Answer(FAILED, reason=f"could not be asked: {type(error).__name__}")
        except Exception as error:  # noqa: BLE001 -- a caller waits: report a bug at once, not at the limit
            # Other errors' texts may quote the question, and the reason is stored in the timeline.
            said = f": {error}" if isinstance(error, DialtoneError) else ""
            return Answer(FAILED, reason=f"a fault of ours: {type(error).__name__}{said}", fault=error)

    def _invoke(self, lookup: Lookup) -> Answer:
        answered = self._functions.invoke(FunctionName=lookup.target, Payload=_question(lookup))
        body = answered["Payload"].read(MAX_ANSWER_BYTES + 1)
        if answered.get("FunctionError"):
            return Answer(FAILED, reason=f"failed: {_error_type(body)}")
        return answer_of(lookup, body)

    def _post(self, lookup: Lookup) -> Answer:
        """Post the question; post it again if the token was refused because it has been rotated."""
        ends = time.monotonic() + lookup.limit_seconds
        tokens = self._tokens(ends)
        status, body = self._posted(lookup, _token(tokens, lookup), lookup.limit_seconds)
        left = ends - time.monotonic()
        if status == HTTPStatus.UNAUTHORIZED and left > 0:
            replaced = self._tokens.after_refusal(tokens, ends)
            if _token(replaced, lookup) != _token(tokens, lookup):
                status, body = self._posted(lookup, _token(replaced, lookup), left)
        return answer_of_http(lookup, status, body)

    def _posted(self, lookup: Lookup, token: str, read_seconds: float) -> tuple[int, bytes]:
        """Status and body of one request; the body is cut off at the maximum length of an answer."""
        headers = {"content-type": "application/json", "accept": "application/json", "idempotency-key": lookup.id}
        if token:
            headers["authorization"] = f"Bearer {token}"
        response = self._addresses.request(
            "POST",
            lookup.target,
            body=_question(lookup),
            headers=headers,
            redirect=False,  # questions and tokens go only to the flow's URL
            preload_content=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds),
        )
        try:
            return response.status, response.read(MAX_ANSWER_BYTES + 1)
        finally:
            response.close()


def _token(tokens: Mapping[str, str], lookup: Lookup) -> str:
    """The bearer token for the host; '' if there is none."""
    return tokens.get(urlsplit(lookup.target).hostname or "", "")


def _question(lookup: Lookup) -> bytes:
    """The flow's fields and the question's id, which stays the same if it is sent twice."""
    return json.dumps({**lookup.send, "lookup_id": lookup.id}).encode()


def _error_type(body: bytes) -> str:
    """The error type of a failed function; its message may hold anything and is not repeated."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        return "unknown"
    return str(said.get("errorType", "unknown"))[:100] if isinstance(said, dict) else "unknown"
