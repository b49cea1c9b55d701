"""Telnyx's API for setting an account up: applications, outbound voice profiles, numbers, stored audio.

Requests that change nothing, or set what may be set twice, are sent again when they fail. What makes something new is
not: sent twice it might be made twice, and a second run finds what the first one made.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.errors import DialtoneError
from infra.operations.connect.account import Application, Number, Profile, StoredAudio, flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    import telnyx

REQUEST_SECONDS = 10.0
UPLOAD_SECONDS = 120.0
"""20 MB over a slow line."""

RETRIES = 3
GONE = frozenset({"deleted", "port-failed", "ported-out", "purchase-failed"})
"""Numbers that Telnyx still lists, and that the account has no longer, or never had."""

PAGE_SIZE = 250
"""The largest that Telnyx gives."""

KEEP_SECONDS = 630_720_000
"""20 years, the longest that Telnyx stores audio for. Without a time it is deleted after two days."""

TELNYX_KEY_PAGE = "Telnyx's portal, Account, Keys & Credentials"


class TelnyxSilent(DialtoneError):  # noqa: N818 -- reads as the sentence it is: Telnyx is silent
    """Telnyx did not answer, or not now: nothing is known."""


class KeyRefused(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the key was refused
    """Telnyx does not accept the API key."""


class RequestRefused(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the request was refused
    """Telnyx refused the request itself."""


@dataclass(frozen=True, slots=True)
class TelnyxAccount:
    """The account that an API key belongs to.

    Everything raises KeyRefused, RequestRefused, TelnyxSilent: sentences that say what was asked and what to do.
    """

    client: telnyx.Telnyx

    @classmethod
    def of_key(cls, api_key: str, retries: int = RETRIES) -> TelnyxAccount:
        """The account of a key; TELNYX_BASE_URL is honoured."""
        made: telnyx.Telnyx = sdk.load().Telnyx(api_key=api_key, timeout=REQUEST_SECONDS, max_retries=retries)
        return cls(made)

    def check_key(self) -> None:
        """Ask Telnyx whose key it is: the cheapest question that needs a key."""
        self._get("/whoami", "check the API key")

    def public_key(self) -> str:
        """The key that the account's webhooks are signed with."""
        return str(self._get("/public_key", "read the public key")["data"]["public"])

    # Applications

    def applications(self) -> list[Application]:
        """All of them, the newest first."""
        return [_application(each) for each in self._list("/call_control_applications", "list the applications")]

    def create_application(self, body: Mapping[str, Any]) -> Application:
        """A new one."""
        return _application(self._create("/call_control_applications", body, "create the application"))

    def update_application(self, application_id: str, body: Mapping[str, Any]) -> None:
        """Change settings of one."""
        self._patch(f"/call_control_applications/{application_id}", body, "change the application")

    def delete_application(self, application_id: str) -> None:
        """Delete one, which may be gone already."""
        self._delete(f"/call_control_applications/{application_id}", "delete the application")

    # Outbound voice profiles

    def profiles(self) -> list[Profile]:
        """All of them, the newest first."""
        return [_profile(each) for each in self._list("/outbound_voice_profiles", "list the outbound voice profiles")]

    def create_profile(self, body: Mapping[str, Any]) -> Profile:
        """A new one."""
        return _profile(self._create("/outbound_voice_profiles", body, "create the outbound voice profile"))

    def update_profile(self, profile_id: str, body: Mapping[str, Any]) -> None:
        """Change settings of one."""
        self._patch(f"/outbound_voice_profiles/{profile_id}", body, "change the outbound voice profile")

    def delete_profile(self, profile_id: str) -> None:
        """Delete one, which may be gone already."""
        self._delete(f"/outbound_voice_profiles/{profile_id}", "delete the outbound voice profile")

    # Numbers

    def numbers(self) -> list[Number]:
        """All of the account, in order."""
        listed = [_number(each) for each in self._list("/phone_numbers", "list the phone numbers")]
        return sorted((each for each in listed if each.status not in GONE), key=lambda each: each.number)

    def assign(self, number: Number, connection_id: str) -> None:
        """Let a number ring an application; with '', nothing.

        The SDK's description has no null for it: an empty text is the closest that it allows.
        """
        self._patch(f"/phone_numbers/{number.id}", {"connection_id": connection_id}, f"assign {number.number}")

    def give_back(self, number: Number, connection_id: str) -> bool:
        """Let a number ring what it rang before; nothing, and False, where that has been deleted.

        It may be a connection of any kind, not only an application: whether it is still there only the assignment says.
        """
        try:
            self.assign(number, connection_id)
        except RequestRefused:
            if not connection_id:
                raise
            self.assign(number, "")
            return False
        return True

    # Audio

    def stored_audio(self) -> list[StoredAudio]:
        """All files."""
        return [_stored(each) for each in self._get("/media", "list the stored audio")["data"]]

    def store_audio(self, name: str, file_name: str, content: bytes, *, replace: bool) -> StoredAudio:
        """Store a file under a name for as long as Telnyx does, or in place of the one that has the name."""
        form = {"ttl_secs": str(KEEP_SECONDS), **({} if replace else {"media_name": name})}
        path, send = (f"/media/{quote(name, safe='')}", "put") if replace else ("/media", "post")
        options: Any = {"timeout": UPLOAD_SECONDS, "headers": {"Content-Type": "multipart/form-data"}}
        options |= {} if replace else {"max_retries": 0}
        with _asked(f"store the audio {name}"):
            answer = getattr(self.client, send)(
                path, cast_to=object, body=form, files={"media": (file_name, content)}, options=options
            )
        return _stored(_data(answer, f"store the audio {name}"))

    # Requests

    def _get(self, path: str, action: str, query: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 -- JSON
        with _asked(action):
            answer: Any = self.client.get(path, cast_to=object, options={"params": dict(query or {})})
        _data(answer, action)
        return answer

    def _list(self, path: str, action: str) -> Iterator[dict[str, Any]]:
        number, pages = 1, 1
        while number <= pages:
            answer = self._get(path, action, {"page[number]": number, "page[size]": PAGE_SIZE})
            yield from answer["data"]
            pages = (answer.get("meta") or {}).get("total_pages") or 1
            number += 1

    def _create(self, path: str, body: Mapping[str, Any], action: str) -> dict[str, Any]:
        with _asked(action):
            answer: Any = self.client.post(path, cast_to=object, body=dict(body), options={"max_retries": 0})
        return cast("dict[str, Any]", _data(answer, action))

    def _patch(self, path: str, body: Mapping[str, Any], action: str) -> None:
        with _asked(action):
            self.client.patch(path, cast_to=object, body=dict(body))

    def _delete(self, path: str, action: str) -> None:
        errors = sdk.load()
        with _asked(action):
            try:
                self.client.delete(path, cast_to=object)
            except errors.NotFoundError:
                return


@contextmanager
def _asked(action: str) -> Iterator[None]:
    """Translate the SDK's errors: statuses decide, never a message's text."""
    errors = sdk.load()
    try:
        yield
    except errors.APITimeoutError as error:
        raise TelnyxSilent(
            f"Telnyx did not answer in time to {action}: run it again; what was done stays done"
        ) from error
    except errors.APIConnectionError as error:
        raise TelnyxSilent(
            f"Telnyx could not be reached to {action}: check the network, and run it again ({error})"
        ) from error
    except errors.APIStatusError as error:
        raise _answered(action, error, errors) from error


def _answered(action: str, error: Any, errors: ModuleType) -> DialtoneError:  # noqa: ANN401 -- the SDK is loaded late
    said = _said(error.body)
    if isinstance(error, errors.AuthenticationError):
        remedy = f"make one in {TELNYX_KEY_PAGE}, and store it with `dialtone secret`"
        return KeyRefused(f"Telnyx does not accept the API key: {remedy}")
    if isinstance(error, errors.PermissionDeniedError):
        remedy = f"give it the permission in {TELNYX_KEY_PAGE}, or store another with `dialtone secret`"
        return RequestRefused(f"the API key may not {action} ({said}): {remedy}")
    if isinstance(error, errors.RateLimitError):
        after = error.response.headers.get("retry-after", "")
        wait = f"in {after} s" if after else "in a minute"
        return TelnyxSilent(f"Telnyx's rate limit is reached: it refused to {action}: run it again {wait}")
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TelnyxSilent(f"Telnyx fails to {action} ({error.status_code}): run it again in a minute")
    return RequestRefused(f"Telnyx refused to {action} ({error.status_code}): {said}")


def _said(body: object) -> str:
    """What an error body says, with the parameter that it is about."""
    try:
        [first, *_] = cast("Any", body)["errors"]
        where = (first.get("source") or {}).get("pointer") or (first.get("source") or {}).get("parameter") or ""
        return " ".join(filter(None, (first.get("code"), first.get("title"), first.get("detail"), where)))
    except (KeyError, TypeError, ValueError, AttributeError):
        return "without a reason"


def _data(answer: Any, action: str) -> Any:  # noqa: ANN401 -- JSON
    """What an answer holds. Raises TelnyxSilent for one that is not Telnyx's."""
    if not isinstance(answer, dict) or "data" not in answer:
        raise TelnyxSilent(f"Telnyx's answer cannot be read to {action}: there may be a proxy in between. Run it again")
    return answer["data"]


def _application(resource: Mapping[str, Any]) -> Application:
    return Application(str(resource["id"]), resource.get("application_name") or "", flat(resource))


def _profile(resource: Mapping[str, Any]) -> Profile:
    return Profile(str(resource["id"]), resource.get("name") or "", dict(resource))


def _number(resource: Mapping[str, Any]) -> Number:
    return Number(
        str(resource["id"]),
        resource["phone_number"],
        str(resource.get("connection_id") or ""),
        resource.get("connection_name") or "",
        resource.get("status") or "",
        resource.get("country_iso_alpha2") or "",
    )


def _stored(resource: Mapping[str, Any]) -> StoredAudio:
    return StoredAudio(resource["media_name"], resource.get("updated_at") or "", resource.get("expires_at") or "")
