"""Telnyx's API: sends commands and reads calls and recordings, within a deadline.

What each answer of Telnyx means here (statuses and codes decide, never a message's text):

| Telnyx answers | meaning |
|---|---|
| 2xx with JSON | accepted |
| 422 with code 90018 | ended: the call hung up before the command came; normal |
| 401 | sent once more if the secret holds another key by now; else unavailable: none is obeyed until it is fixed |
| 403 that is about the key or the account | the same, without being sent again |
| 400, 403 about this command, 404, 422, other 4xx | refused: sending again will not help |
| 409 | sent once more, since another command may have held the call; then refused |
| 408, 429, 5xx, 3xx | sent once more, after Retry-After if there is one and the deadline allows; then unavailable |
| no connection, no answer in time | sent once more; then unavailable |
| 2xx without JSON | sent once more: whether Telnyx obeyed cannot be known; then unavailable |

Sending again is safe because it carries the same command id, which Telnyx obeys once.
"""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeGuard
from urllib.parse import quote

from dialtone.adapters.secrets import FixedSecret
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.commands import SEND_MESSAGE
from dialtone.domain.deadline import request_until
from dialtone.domain.errors import TelnyxRefused, TelnyxUnavailable
from dialtone.domain.recording_identity import is_named, names_in
from dialtone.domain.sms import MESSAGING_CODES
from dialtone.domain.stored_records import EMPTY
from dialtone.domain.telnyx_actions import ACTIONS, CONFERENCE, OF_CONFERENCES, WITH_CALL_IN_BODY
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import ModuleType

    import httpx
    import telnyx

    from dialtone.adapters.secrets import Secret
    from dialtone.domain.commands import Command

    _Ask = Callable[[telnyx.Telnyx, telnyx.RequestOptions], httpx.Response]

CONNECT_SECONDS = 1.0  # a TLS handshake takes a tenth of it; longer means that this address will not answer
READ_SECONDS = 1.5  # with the connection there: leaves room for the rest within the 2 s that Telnyx waits for us
RESEND_AFTER_SECONDS = 0.5  # Telnyx: no answer within 500 ms or a 5xx, then send the identical command again
ATTEMPTS = 2  # a caller is listening; beyond that Telnyx delivers the event again, with the same command ids
SHORTEST_ATTEMPT_SECONDS = 0.1  # less than this before the deadline is not worth a connection
# A connection without use is kept so long: callers listen to a menu for longer than httpx's 5 s, and then wait for the
# command that follows, not for a TLS handshake before it. Servers commonly keep one for a minute; if not, that is seen.
IDLE_SECONDS = 30.0
COMMANDS_ASKED = 250  # Telnyx's largest page; far more than the commands of one decision
LOOKUP_SECONDS = 10.0  # no caller waits while a recording is looked up
DELIVERIES_ASKED = 250  # Telnyx's largest page; a phone call has some thirty events
RECORDINGS_ASKED = 250  # Telnyx's largest page; no leg of ours has more recordings than that
SAME_MILLISECOND_SECONDS = 0.001
SAME_START_SECONDS = 1.0  # the webhook gives microseconds, the API milliseconds

CALL_ENDED = "90018"
UNKNOWN_CALL = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Statuses of a request about a call whose id Telnyx does not know, or no longer."""
# Telnyx takes no command id for them, but they are idempotent: they set a value.
WITHOUT_COMMAND_ID = frozenset(
    {"client_state_update", "conference_mute", "conference_unmute", "switch_supervisor_role"}
)
PUT = frozenset({"client_state_update"})

# Commands whose 403 may be about their parameters (a destination, a kind of recording), not about the account.
MAY_BE_FORBIDDEN = frozenset({"dial", "transfer", "record_start"})
CALL_CONTROL_CODES = "90"  # prefix of Call Control's own codes: they are about one command, such as channel limits


Kind = Literal["accepted", "ended", "refused", "unavailable"]
Reason = Literal["", "deadline", "timeout", "connection", "rate-limited", "server-error", "unreadable", "unauthorized"]


class Outcome(NamedTuple):
    """The outcome of a request to Telnyx."""

    kind: Kind
    attempts: int
    """How often it was sent; 0 if the deadline left no time at all."""
    status: int = 0
    """The HTTP status; 0 without a response."""
    body: Mapping[str, object] = EMPTY
    """Telnyx's response, if accepted."""
    code: str = ""
    """Telnyx's error code, like `title` and `detail`, if refused or ended."""
    title: str = ""
    detail: str = ""
    """Without a connection: the kind of failure, such as ConnectError."""
    reason: Reason = ""
    """Why Telnyx is unavailable."""
    retry_after_seconds: float | None = None
    """If unavailable: how long Telnyx asks us to wait; None if it does not say."""
    rate_limited: int = 0
    """How often Telnyx answered 429, whatever the final outcome."""
    milliseconds: float = 0
    """How long the last attempt took."""

    @property
    def data(self) -> Mapping[str, object]:
        """The `data` of Telnyx's response.

        For a dial, the new leg's `call_control_id`, `call_leg_id` and `call_session_id`.
        """
        data = self.body.get("data")
        return data if isinstance(data, dict) else {}

    @property
    def remedy(self) -> str:
        """What an operator should check; empty if the response is self-explanatory."""
        return _REMEDIES.get(self.status, "") if self.kind != "accepted" else ""


_REMEDIES = {
    401: "Telnyx does not know the API key: check TELNYX_API_KEY, or the secret that TELNYX_API_KEY_SECRET names",
    403: "the API key is known but may not do this: check its permissions and the account in the Telnyx portal",
    404: "Telnyx knows neither call nor address: check that the call is of the API key's account, and TELNYX_BASE_URL",
}


class RecordingInfo(NamedTuple):
    """A recording in Telnyx's API; unknown fields are empty."""

    recording_id: str
    call_leg_id: str
    call_session_id: str
    channels: str
    status: str
    duration_millis: int | None
    """None if Telnyx gives none."""
    started_at: str
    ended_at: str
    download_urls: Mapping[str, str]
    """By format, mp3 or wav; valid for ten minutes."""
    created_at: str = ""
    """When Telnyx saved it: about the time of its webhook."""
    connection_id: str = ""
    """The application of its call."""

    @property
    def format(self) -> str:
        """The format of the first URL."""
        return next(iter(self.download_urls), "")


class RecordingsPage(NamedTuple):
    """A page of a list of recordings."""

    recordings: tuple[RecordingInfo, ...]
    more: bool
    """Whether another page follows; if Telnyx does not say, true for every page that is not empty."""


class CallInfo(NamedTuple):
    """Whether a leg is open, according to Telnyx."""

    is_alive: bool
    ended_at: str
    """'' if Telnyx gives none."""


class QueueInfo(NamedTuple):
    """A queue in Telnyx's API."""

    current_size: int
    average_wait_time_secs: int | None
    """The average wait so far of the calls in it; None if not reported."""


class TranscriptInfo(NamedTuple):
    """A recording's transcript in Telnyx's API; unknown fields are empty."""

    recording_id: str
    status: str
    """`in-progress` or `completed`."""
    text: str
    transcription_id: str = ""


class TakenCommand(NamedTuple):
    """A command that Telnyx accepted, from its list of a call's events."""

    action: str
    """The part after the last dot; '' if the name has another form."""
    call_leg_id: str
    said: str
    """The whole entry as JSON: Telnyx documents no field for the command's id."""


class ReportedEvent(NamedTuple):
    """An event of a call, from Telnyx's list of a call's events."""

    name: str
    call_leg_id: str
    occurred_at: str
    event: Mapping[str, object] | None
    """The `data` of its webhook, if the list has it; Telnyx calls it the raw event."""


MESSAGES_ASKED, MESSAGE_PAGES = 100, 20
"""Messages of a conversation per page, and pages: more than is said in an hour."""


class TelnyxApi:
    """Telnyx's API, with one connection pool per process; thread-safe."""

    def __init__(
        self,
        api_key: str | Secret[str],
        base_url: str | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now_seconds: Callable[[], float] = time.time,
    ) -> None:
        """Take the key, or the secret that is read at each request; the SDK itself reads TELNYX_BASE_URL."""
        self._api_key = FixedSecret(api_key) if isinstance(api_key, str) else api_key
        self._base_url = base_url
        self._clock = clock
        self._sleep = sleep
        self._now_seconds = now_seconds
        self._lock = threading.Lock()
        self._client: telnyx.Telnyx | None = None
        self._answer: Callable[[httpx.Request], tuple[int, Mapping[str, object]]] | None = None

    def over(self, answer: Callable[[httpx.Request], tuple[int, Mapping[str, object]]]) -> TelnyxApi:
        """A copy with the same key that sends no requests: `answer` returns the status and JSON of each."""
        other = TelnyxApi(self._api_key, self._base_url, clock=self._clock, sleep=self._sleep)
        other._answer = answer
        return other

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        """Send one command and return its outcome.

        `deadline` is a reading of the clock, by default `time.monotonic()`; no wait for Telnyx exceeds it. Raises only
        the errors of fetching the API key, including DeadlinePassed.
        """
        if command.action not in ACTIONS:
            # StoredDecision by a later version of the program that was taken back since: the flow takes its error path.
            return Outcome("refused", 0, title=f"no action of this version: {command.action}")
        if command.action == SEND_MESSAGE:
            return self._send_message(command, command_id, deadline)
        path, body = request_of(command, command_id)

        def ask(client: telnyx.Telnyx, options: telnyx.RequestOptions) -> httpx.Response:
            send = client.put if command.action in PUT else client.post
            # The SDK needs longer to join URL and path than for the rest of the request.
            return send(f"{client.base_url}{path[1:]}", cast_to=_as_it_came(), body=body, options=options)

        outcome = self._ask(ask, deadline)
        return outcome._replace(kind="unavailable", reason="unauthorized") if _locked_out(command, outcome) else outcome

    def _send_message(self, message: Command, key: str, deadline: float) -> Outcome:
        """Send a text (SMS). For a day, Telnyx returns the same response to the same body with the same key."""
        body = dict(sorted(message.parameters.items()))  # byte for byte the same, even after being stored

        def ask(client: telnyx.Telnyx, options: telnyx.RequestOptions) -> httpx.Response:
            options = {**options, "headers": {"Idempotency-Key": key}}
            return client.post("/messages", cast_to=_as_it_came(), body=body, options=options)

        outcome = self._ask(ask, deadline)
        if outcome.status == HTTPStatus.CONFLICT and not outcome.code.startswith(MESSAGING_CODES):
            return outcome._replace(kind="unavailable", reason="server-error")  # a request with this key is in progress
        about_text = outcome.code.startswith(MESSAGING_CODES)
        locked_out = not about_text and outcome.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        return outcome._replace(kind="unavailable", reason="unauthorized") if locked_out else outcome

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        """Send several commands in parallel and return their outcomes; otherwise like `send`."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 -- most calls never need it

        with ThreadPoolExecutor(len(asked)) as threads:
            return tuple(threads.map(lambda each: self.send(each[0], each[1], deadline), asked))

    def find_recording(
        self,
        *,
        recording_id: str = "",
        call_leg_id: str = "",
        file_name: str = "",
        started_at: str = "",
        deadline: float | None = None,
    ) -> RecordingInfo | None:
        """A recording by its id, else by leg and file name, else by leg and start time.

        None if there is none, or if several match: a guess could mix up recordings. Without `started_at` the leg must
        have exactly one recording. Raises TelnyxRefused and TelnyxUnavailable.
        """
        if recording_id:
            outcome = self._get(f"/recordings/{_path_part(recording_id)}", deadline)
            return None if outcome.status == HTTPStatus.NOT_FOUND else recording_info(_answered(outcome).data)
        if not call_leg_id:
            raise ValueError("a recording is found by its recording_id or its call_leg_id: both are empty")
        outcome = self._get("/recordings", deadline, _listed_of(call_leg_id=call_leg_id))
        listed = _answered(outcome).body.get("data")
        found = [recording_info(each) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        named = [each for each in found if is_named(file_name, names_in(each.download_urls.values()))]
        return named[0] if len(named) == 1 else _started(found, started_at)

    def recordings_of(self, call_session_id: str, *, deadline: float | None = None) -> tuple[RecordingInfo, ...]:
        """Every recording of a phone call, on any leg. Raises TelnyxRefused and TelnyxUnavailable.

        A response without a list raises, too, so that it is not taken for an empty list.
        """
        outcome = self._get("/recordings", deadline, _listed_of(call_session_id=call_session_id))
        return tuple(recording_info(each) for each in _listed(outcome))

    def recordings_created(
        self, since_seconds: float, until_seconds: float, page: int = 1, *, deadline: float | None = None
    ) -> RecordingsPage:
        """A page of the account's recordings created within these unix times, of any application.

        Raises TelnyxRefused and TelnyxUnavailable. A response without a list raises, too.
        """
        wanted = {"created_at": {"gte": _written(since_seconds), "lte": _written(until_seconds)}}
        query = {"filter": wanted, "page[number]": page, "page[size]": RECORDINGS_ASKED}
        outcome = self._get("/recordings", deadline, query)
        listed = tuple(recording_info(each) for each in _listed(outcome))
        return RecordingsPage(listed, page < _pages(outcome.body, page + bool(listed)))

    def find_call(self, call_control_id: str, *, deadline: float | None = None) -> CallInfo | None:
        """Whether a leg is open; None if Telnyx does not know it (any more).

        Raises TelnyxRefused and TelnyxUnavailable.
        """
        outcome = self._get(f"/calls/{_path_part(call_control_id)}", deadline)
        if outcome.status in UNKNOWN_CALL:
            return None
        found = call_info(_answered(outcome).data)
        if found is None:
            raise TelnyxUnavailable("unreadable", outcome.attempts, None)
        return found

    def queue_position(self, queue: str, call_control_id: str, *, deadline: float | None = None) -> int:
        """A call's position in a queue, 1 for the first; 0 if it is not in it.

        Raises TelnyxRefused and TelnyxUnavailable.
        """
        outcome = self._get(f"/queues/{_path_part(queue)}/calls/{_path_part(call_control_id)}", deadline)
        return 0 if outcome.status == HTTPStatus.NOT_FOUND else count_in(_answered(outcome).data, "queue_position") or 0

    def find_queue(self, queue: str, *, deadline: float | None = None) -> QueueInfo | None:
        """A queue; None if there is none of that name. Raises TelnyxRefused and TelnyxUnavailable."""
        outcome = self._get(f"/queues/{_path_part(queue)}", deadline)
        return None if outcome.status == HTTPStatus.NOT_FOUND else queue_info(_answered(outcome).data)

    def first_in_queue(self, queue: str, *, deadline: float | None = None) -> int:
        """Since when a queue's first call has waited, in unix milliseconds; 0 if it is empty.

        Raises TelnyxRefused and TelnyxUnavailable. A response without a list raises, too.
        """
        outcome = self._get(f"/queues/{_path_part(queue)}/calls", deadline)
        return 0 if outcome.status == HTTPStatus.NOT_FOUND else first_of(_listed(outcome))

    def conference_status(self, conference: str, *, deadline: float | None = None) -> str:
        """A conference's status, in Telnyx's terms; '' if there is none.

        Raises TelnyxRefused and TelnyxUnavailable.
        """
        outcome = self._get(f"/conferences/{_path_part(conference)}", deadline)
        return "" if outcome.status == HTTPStatus.NOT_FOUND else str(_answered(outcome).data.get("status") or "")

    def find_transcript(self, transcription_id: str, *, deadline: float | None = None) -> TranscriptInfo | None:
        """A transcript by its id; None if it does not exist. Raises TelnyxRefused and TelnyxUnavailable."""
        outcome = self._get(f"/recording_transcriptions/{_path_part(transcription_id)}", deadline)
        if outcome.status == HTTPStatus.NOT_FOUND:
            return None
        return transcript_info(_answered(outcome).data)

    def transcriptions_of(self, recording_id: str, *, deadline: float | None = None) -> tuple[str, ...]:
        """The ids of a recording's transcriptions, even if it was deleted. Raises as `transcripts_of`."""
        return tuple(each.transcription_id for each in self.transcripts_of(recording_id, deadline=deadline))

    def transcripts_of(self, recording_id: str, *, deadline: float | None = None) -> tuple[TranscriptInfo, ...]:
        """A recording's transcripts, even if it was deleted.

        Raises TelnyxRefused and TelnyxUnavailable. A response without a list raises, too.
        """
        wanted = {"filter": {"recording_id": recording_id}, "page[size]": RECORDINGS_ASKED}
        listed = map(transcript_info, _listed(self._get("/recording_transcriptions", deadline, wanted)))
        return tuple(each for each in listed if each.transcription_id and each.recording_id == recording_id)

    def delete_recording(self, recording_id: str, *, deadline: float | None = None) -> bool:
        """Delete a recording permanently; False if it does not exist.

        Its transcriptions stay and must be deleted separately. Raises TelnyxRefused and TelnyxUnavailable.
        """
        return self._delete(f"/recordings/{_path_part(recording_id)}", deadline)

    def delete_transcription(self, transcription_id: str, *, deadline: float | None = None) -> bool:
        """Delete a transcription permanently; False if it does not exist. Raises as `delete_recording`."""
        return self._delete(f"/recording_transcriptions/{_path_part(transcription_id)}", deadline)

    def delete_conversation(self, conversation_id: str, *, deadline: float | None = None) -> bool:
        """Delete a conversation with an assistant permanently; False if it does not exist. Raises as above."""
        return self._delete(f"/ai/conversations/{_path_part(conversation_id)}", deadline)

    def conversation_messages(self, conversation_id: str, *, deadline: float | None = None) -> list[dict[str, object]]:
        """The messages of a conversation with an assistant, in order; empty if it does not exist.

        Raises TelnyxRefused and TelnyxUnavailable. A response without a list raises, too.
        """
        messages: list[dict[str, object]] = []
        for page in range(1, MESSAGE_PAGES + 1):
            query = {"page[number]": page, "page[size]": MESSAGES_ASKED}
            outcome = self._get(f"/ai/conversations/{_path_part(conversation_id)}/messages", deadline, query)
            if outcome.status == HTTPStatus.NOT_FOUND:
                break
            listed = _listed(outcome)
            messages += map(dict, listed)
            if len(listed) < MESSAGES_ASKED:
                break
        return messages

    def commands_since(
        self, call_session_id: str, since_seconds: float, deadline: float | None = None
    ) -> tuple[TakenCommand, ...]:
        """The commands that Telnyx has accepted since that unix time, on all legs of a phone call.

        Raises TelnyxRefused and TelnyxUnavailable. A response without a list raises, too.
        """
        since = _written(since_seconds)
        wanted = {"application_session_id": call_session_id, "type": "command", "occurred_at": {"gte": since}}
        listed = _listed(self._get("/call_events", deadline, {"filter": wanted, "page[size]": COMMANDS_ASKED}))
        return tuple(taken_command(each) for each in listed)

    def events_since(
        self, call_session_id: str, since_seconds: float, *, deadline: float | None = None
    ) -> tuple[ReportedEvent, ...]:
        """The events of a phone call since that unix time, whether or not their webhooks have come.

        Raises TelnyxRefused and TelnyxUnavailable. A response without a list raises, too.
        """
        since = _written(since_seconds)
        wanted = {"application_session_id": call_session_id, "type": "webhook", "occurred_at": {"gte": since}}
        listed = _listed(self._get("/call_events", deadline, {"filter": wanted, "page[size]": COMMANDS_ASKED}))
        return tuple(reported_event(each, call_session_id) for each in listed if each.get("type") == "webhook")

    def undelivered(
        self, call_session_id: str, since_seconds: float, *, deadline: float | None = None
    ) -> tuple[Mapping[str, object], ...]:
        """The events of a phone call whose webhooks Telnyx gave up since that unix time, oldest first.

        Each is the `data` that Telnyx would have delivered. Raises TelnyxRefused and TelnyxUnavailable. A response
        without a list raises, too.
        """
        wanted = {
            "status": {"eq": "failed"},
            "webhook": {"contains": call_session_id},
            "started_at": {"gte": _written(since_seconds)},
        }
        listed = _listed(self._get("/webhook_deliveries", deadline, {"filter": wanted, "page[size]": DELIVERIES_ASKED}))
        return undelivered_events(listed, call_session_id)

    def prepare(self) -> None:
        """Load the parts of the SDK that commands need, without the key or a request."""
        self._made("none is needed").close()

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self, key: str) -> telnyx.Telnyx:
        """The client with that key; clients of different keys share their connections."""
        with self._lock:
            if self._client is None:
                self._client = self._made(key)
            elif self._client.api_key != key:
                self._client = self._client.with_options(api_key=key)
            return self._client

    def _made(self, key: str) -> telnyx.Telnyx:
        package = sdk.load()
        few = package.DEFAULT_CONNECTION_LIMITS
        limits = type(few)(
            max_connections=few.max_connections,
            max_keepalive_connections=few.max_keepalive_connections,
            keepalive_expiry=IDLE_SECONDS,
        )
        if self._answer:
            http = package.DefaultHttpxClient(transport=_in_process(self._answer))
        else:
            http = package.DefaultHttpxClient(limits=limits)
            _keep_to_deadlines(http)
        # Its own retries wait up to 8 s and ignore deadlines.
        client: telnyx.Telnyx = package.Telnyx(api_key=key, base_url=self._base_url, http_client=http, max_retries=0)
        return client

    def _get(self, path: str, deadline: float | None, query: Mapping[str, object] | None = None) -> Outcome:
        """GET a resource, by the deadline or within the time of a lookup."""

        def ask(client: telnyx.Telnyx, options: telnyx.RequestOptions) -> httpx.Response:
            return client.get(path, cast_to=_as_it_came(), options={**options, "params": query or {}})

        return self._ask(ask, self._clock() + LOOKUP_SECONDS if deadline is None else deadline)

    def _delete(self, path: str, deadline: float | None) -> bool:
        def ask(client: telnyx.Telnyx, options: telnyx.RequestOptions) -> httpx.Response:
            return client.delete(path, cast_to=_as_it_came(), options=options)

        outcome = self._ask(ask, self._clock() + LOOKUP_SECONDS if deadline is None else deadline)
        if outcome.status == HTTPStatus.NOT_FOUND:
            return False
        _answered(outcome)
        return True

    def _ask(self, ask: _Ask, deadline: float) -> Outcome:
        """Send a request; resend it with the new key if the key was rotated and Telnyx rejects the old one."""
        key = self._api_key(deadline)
        outcome = self._asked_with(key, ask, deadline)
        if outcome.status != HTTPStatus.UNAUTHORIZED or (replaced := self._api_key.after_refusal(key, deadline)) == key:
            return outcome
        again = self._asked_with(replaced, ask, deadline)
        limited = outcome.rate_limited + again.rate_limited
        return again._replace(attempts=outcome.attempts + again.attempts, rate_limited=limited)

    def _asked_with(self, key: str, ask: _Ask, deadline: float) -> Outcome:
        """Send a request; resend it once if that may help and the deadline allows."""
        client = self._open(key)  # before time is measured: it may import the SDK
        outcome, limited, took = Outcome("unavailable", 0, reason="deadline"), 0, 0.0
        for attempt in range(1, ATTEMPTS + 1):
            left = deadline - self._clock()
            if left < SHORTEST_ATTEMPT_SECONDS:
                break
            outcome = self._attempt(client, ask, attempt, left)
            took = left - (deadline - self._clock())
            limited += outcome.status == HTTPStatus.TOO_MANY_REQUESTS
            pause = RESEND_AFTER_SECONDS if outcome.retry_after_seconds is None else outcome.retry_after_seconds
            again = outcome.kind == "unavailable" or outcome.status == HTTPStatus.CONFLICT
            if not again or attempt == ATTEMPTS or self._clock() + pause + SHORTEST_ATTEMPT_SECONDS > deadline:
                break
            self._sleep(pause)
        return outcome._replace(rate_limited=limited, milliseconds=round(took * MILLIS_PER_SECOND, 1))

    def _attempt(self, client: telnyx.Telnyx, ask: _Ask, attempt: int, left: float) -> Outcome:
        package = sdk.load()
        try:
            ends = time.monotonic() + min(left, CONNECT_SECONDS + READ_SECONDS)
            with request_until(ends, "Telnyx"):
                answer = ask(client, {"timeout": _timeout(package, left)})
        except package.APITimeoutError:
            return Outcome("unavailable", attempt, reason="timeout")
        except package.APIConnectionError as error:
            return Outcome("unavailable", attempt, reason="connection", detail=type(error.__cause__).__name__)
        except package.APIStatusError as error:
            return _not_accepted(error, attempt, self._now_seconds())
        try:
            body = answer.json()
        except ValueError:
            return Outcome("unavailable", attempt, answer.status_code, reason="unreadable")
        return Outcome("accepted", attempt, answer.status_code, body if isinstance(body, dict) else {})


def request_of(command: Command, command_id: str) -> tuple[str, dict[str, object]]:
    """A command's path and body; for all commands except texts."""
    body = dict(command.parameters)
    if command.action not in WITHOUT_COMMAND_ID:
        body["command_id"] = command_id
    if command.action == "dial":
        return "/calls", body
    if command.action not in OF_CONFERENCES:
        return f"/calls/{_path_part(command.call_control_id)}/actions/{command.action}", body
    if command.action in WITH_CALL_IN_BODY:
        body["call_control_id"] = command.call_control_id
    if command.action == "conference_create":
        return "/conferences", body
    conference = str(body.pop("conference"))
    return f"/conferences/{_path_part(conference)}/actions/{command.action.removeprefix(CONFERENCE)}", body


def _path_part(text: str) -> str:
    return quote(text, safe=":")


def _listed(outcome: Outcome) -> list[dict[str, object]]:
    listed = _answered(outcome).body.get("data")
    if not isinstance(listed, list):
        raise TelnyxUnavailable("unreadable", outcome.attempts, None)
    return [each for each in listed if isinstance(each, dict)]


def _pages(body: Mapping[str, object], unless_said: int) -> int:
    """The number of pages that a list reports."""
    meta = body.get("meta")
    total = meta.get("total_pages") if isinstance(meta, dict) else None
    return total if type(total) is int else unless_said


def _listed_of(**wanted: str) -> dict[str, object]:
    return {"filter": wanted, "page[size]": RECORDINGS_ASKED}


def _as_it_came() -> type[httpx.Response]:
    """Makes the SDK return successful responses unparsed."""
    import httpx  # noqa: PLC0415 -- not needed at start

    return httpx.Response


def _in_process(answer: Callable[[httpx.Request], tuple[int, Mapping[str, object]]]) -> httpx.BaseTransport:
    import httpx  # noqa: PLC0415 -- the SDK has loaded it

    def respond(request: httpx.Request) -> httpx.Response:
        status, content = answer(request)
        return httpx.Response(status, json=content)

    return httpx.MockTransport(respond)


def _keep_to_deadlines(http: httpx.Client) -> None:
    """Replace the network backend of its connections, including those to proxies: the client takes no such argument."""
    from dialtone.adapters.timed_network import TimedNetwork  # noqa: PLC0415 -- imports httpcore

    for transport in (http._transport, *http._mounts.values()):  # noqa: SLF001 -- as above
        if transport is not None:
            transport._pool._network_backend = TimedNetwork()  # type: ignore[attr-defined] # noqa: SLF001 -- as above


def _timeout(package: ModuleType, left: float) -> telnyx.Timeout:
    """The time-outs of one attempt: each may use all the time left, since the attempt as a whole ends in time."""
    connect, read = min(CONNECT_SECONDS, left), min(READ_SECONDS, left)
    timeout: telnyx.Timeout = package.Timeout(connect=connect, read=read, write=read, pool=connect)
    return timeout


def _not_accepted(error: telnyx.APIStatusError, attempt: int, now_seconds: float) -> Outcome:
    status = error.status_code
    refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not refusal or status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}:
        reason: Reason = "rate-limited" if status == HTTPStatus.TOO_MANY_REQUESTS else "server-error"
        wait = _seconds(error.response.headers.get("retry-after", ""), now_seconds)
        return Outcome("unavailable", attempt, status, reason=reason, retry_after_seconds=wait)
    errors = _errors(error.body)
    codes = [str(each.get("code", "")) for each in errors]
    kind: Kind = "ended" if status == HTTPStatus.UNPROCESSABLE_ENTITY and CALL_ENDED in codes else "refused"
    first = errors[codes.index(CALL_ENDED) if kind == "ended" else 0] if errors else {}
    code, title, detail = (str(first.get(name, "")) for name in ("code", "title", "detail"))
    return Outcome(kind, attempt, status, code=code, title=title, detail=detail)


def _errors(body: object) -> list[dict[str, object]]:
    """Telnyx's errors; empty if the body is not Telnyx's, such as a proxy's error page."""
    errors = body.get("errors") if isinstance(body, dict) else None
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def _locked_out(command: Command, outcome: Outcome) -> bool:
    """Whether Telnyx refuses the key or the account, and thus all commands, not just this one."""
    if outcome.status == HTTPStatus.UNAUTHORIZED:
        return True
    forbidden = outcome.status == HTTPStatus.FORBIDDEN and not outcome.code.startswith(CALL_CONTROL_CODES)
    return forbidden and command.action not in MAY_BE_FORBIDDEN


def _seconds(retry_after: str, now_seconds: float) -> float | None:
    """The seconds of a Retry-After, a number or a date (RFC 9110, 10.2.3); None for anything else."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now_seconds)


def _answered(outcome: Outcome) -> Outcome:
    if outcome.kind == "unavailable":
        raise TelnyxUnavailable(outcome.reason, outcome.attempts, outcome.retry_after_seconds)
    if outcome.kind != "accepted":
        said = " ".join(part for part in (outcome.code, outcome.title, outcome.detail) if part)
        sentence = f"Telnyx refused with status {outcome.status}: {outcome.remedy or said or 'no reason given'}"
        raise TelnyxRefused(outcome.status, outcome.code, sentence)
    return outcome


def call_info(data: Mapping[str, object]) -> CallInfo | None:
    """Whether a leg is open, from Telnyx's JSON; None if it does not say."""
    is_alive, ended_at = data.get("is_alive"), data.get("end_time")
    if not isinstance(is_alive, bool):
        return None
    return CallInfo(is_alive, ended_at if isinstance(ended_at, str) and _moment(ended_at) else "")


def queue_info(data: Mapping[str, object]) -> QueueInfo:
    """A queue, from Telnyx's JSON."""
    return QueueInfo(count_in(data, "current_size") or 0, count_in(data, "average_wait_time_secs"))


def first_of(calls: Iterable[Mapping[str, object]]) -> int:
    """Since when the first of these calls has waited, in unix milliseconds; 0 if there is none."""
    first = min(calls, key=lambda each: count_in(each, "queue_position") or 0, default={})
    return int(_moment(str(first.get("enqueued_at"))) * MILLIS_PER_SECOND)


def count_in(data: Mapping[str, object], name: str) -> int | None:
    """A field that is a count; None for anything else."""
    value = data.get(name)
    return value if type(value) is int and value >= 0 else None


def recording_info(data: Mapping[str, object]) -> RecordingInfo:
    """A recording, from Telnyx's JSON; fields of unexpected types count as unknown."""

    def given(name: str) -> str:
        value = data.get(name)
        return value if isinstance(value, str) else ""

    urls, duration = data.get("download_urls"), data.get("duration_millis")
    return RecordingInfo(
        recording_id=given("id"),
        call_leg_id=given("call_leg_id"),
        call_session_id=given("call_session_id"),
        channels=given("channels"),
        status=given("status"),
        duration_millis=duration if isinstance(duration, int) else None,
        started_at=given("recording_started_at"),
        ended_at=given("recording_ended_at"),
        created_at=given("created_at"),
        connection_id=given("connection_id"),
        download_urls={name: url for name, url in urls.items() if isinstance(url, str) and url}
        if isinstance(urls, dict)
        else {},
    )


def transcript_info(data: Mapping[str, object]) -> TranscriptInfo:
    """A transcript, from Telnyx's JSON; fields that are not text count as unknown."""
    given = (data.get(name) for name in ("recording_id", "status", "transcription_text", "id"))
    return TranscriptInfo(*(value if isinstance(value, str) else "" for value in given))


def taken_command(data: Mapping[str, object]) -> TakenCommand:
    """A command of Telnyx's list, in any form."""
    name, leg = data.get("name"), data.get("call_leg_id")
    action = name.rpartition(".")[2] if isinstance(name, str) else ""
    return TakenCommand(action, leg if isinstance(leg, str) else "", json.dumps(data, sort_keys=True))


def reported_event(data: Mapping[str, object], call_session_id: str) -> ReportedEvent:
    """An event of Telnyx's list, whatever the form of its metadata."""
    given = (data.get(name) for name in ("name", "call_leg_id", "event_timestamp"))
    name, leg, at = (each if isinstance(each, str) else "" for each in given)
    metadata = data.get("metadata")
    inside = (metadata, *metadata.values()) if isinstance(metadata, dict) else ()
    found = next((each for each in inside if _is_event_of(each, call_session_id)), None)
    return ReportedEvent(name, leg, at, found)


def _is_event_of(value: object, call_session_id: str) -> TypeGuard[Mapping[str, object]]:
    """Whether it is the `data` of a webhook of that phone call; then it is processed like a delivered one."""
    if not isinstance(value, dict) or not all(isinstance(value.get(each), str) for each in _OF_EVERY_EVENT):
        return False
    payload = value.get("payload")
    return isinstance(payload, dict) and payload.get("call_session_id") == call_session_id


_OF_EVERY_EVENT = ("id", "event_type", "occurred_at")


def undelivered_events(
    listed: Iterable[Mapping[str, object]], call_session_id: str
) -> tuple[Mapping[str, object], ...]:
    """The events of a phone call in Telnyx's list of failed deliveries, oldest first.

    Telnyx searches by text anywhere in the event, so the event's own session is checked.
    """
    found: dict[str, Mapping[str, object]] = {}
    for each in listed:
        event = each.get("webhook")
        if each.get("status") != "failed" or not isinstance(event, dict):
            continue
        payload = event.get("payload")
        if isinstance(payload, dict) and payload.get("call_session_id") == call_session_id:
            found[str(event.get("id"))] = event
    return tuple(sorted(found.values(), key=lambda event: str(event.get("occurred_at"))))


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _started(found: Sequence[RecordingInfo], started_at: str) -> RecordingInfo | None:
    """The recording that started at that time, or the only one if no time is given; None if several match."""
    if not started_at:
        return found[0] if len(found) == 1 else None
    wanted = _moment(started_at)
    for apart in (SAME_MILLISECOND_SECONDS, SAME_START_SECONDS):
        then = [each for each in found if (moment := _moment(each.started_at)) and abs(moment - wanted) < apart]
        if then:
            return then[0] if len(then) == 1 else None
    return None


def _moment(written: str) -> float:
    """The unix seconds of an ISO 8601 time; 0 for any other text."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return 0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
