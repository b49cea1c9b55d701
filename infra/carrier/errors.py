"""Telnyx's refusals: one exception, and a constructor for each error that the API description names."""

from typing import Any

from infra.carrier.wire import Response, as_json

#: Parameters whose bad value has an error code of its own (Telnyx's error list); any other is 10015, 10032 or 10033.
CODE_OF_PARAMETER = {
    "format": "90000",
    "record_format": "90000",
    "loop": "90009",
    "payload": "90010",
    "invalid_payload": "90010",
    "voice": "90012",
    "language": "90013",
    "stop": "90016",
    "client_state": "90017",
    "target_leg_client_state": "90017",
    "recording_track": "90059",
    "record_track": "90059",
}


class RefusalError(Exception):
    """A request that Telnyx refuses, with what its error body says."""

    def __init__(  # noqa: PLR0913 - the fields of Telnyx's error object
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        *,
        pointer: str | None = None,
        parameter: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code} {title}: {detail}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.pointer = pointer
        self.parameter = parameter
        self.headers = headers

    def response(self) -> Response:
        """Return the error body: `{"errors": [{"code", "title", "detail", "source", "meta"}]}`."""
        error: dict[str, Any] = {"code": self.code, "title": self.title, "detail": self.detail}
        if self.pointer is not None:
            error["source"] = {"pointer": self.pointer}
        elif self.parameter is not None:
            error["source"] = {"parameter": self.parameter}
        error["meta"] = {"url": f"https://developers.telnyx.com/docs/overview/errors/{self.code}"}
        return as_json(self.status, {"errors": [error]}, self.headers)


def _named(pointer: str) -> str:
    return pointer.rsplit("/", 1)[-1]


def unauthorized() -> RefusalError:
    """Refuse a missing or wrong API key."""
    detail = "The required authentication headers were either invalid or not included in the request."
    return RefusalError(401, "10009", "Authentication failed", detail)


def not_found() -> RefusalError:
    """Refuse an unknown path or resource."""
    return RefusalError(404, "10005", "Resource not found", "The requested resource or URL could not be found.")


def method_not_allowed() -> RefusalError:
    """Refuse a method that the resource does not have."""
    return RefusalError(405, "10005", "Method not allowed", "The resource does not support this method.")


def bad_body(detail: str) -> RefusalError:
    """Refuse a body that is not a JSON object."""
    return RefusalError(400, "10015", "Bad Request", detail)


def unreadable_encoding(position: int) -> RefusalError:
    """Refuse a body that is not UTF-8."""
    return RefusalError(400, "10028", "Character encoding error", f"Error decoding request body at position {position}")


def missing(pointer: str) -> RefusalError:
    """Refuse a request without a required parameter."""
    detail = f"The '{_named(pointer)}' parameter is required and cannot be blank."
    return RefusalError(422, "10004", "Missing required parameter", detail, pointer=pointer)


def unknown_parameter(pointer: str) -> RefusalError:
    """Refuse a parameter that the description does not have."""
    detail = f"The '{_named(pointer)}' parameter is not accepted by this command."
    return RefusalError(422, "10015", "Unknown parameter", detail, pointer=pointer)


def invalid(pointer: str, detail: str) -> RefusalError:
    """Refuse a value of the wrong type or format."""
    code = CODE_OF_PARAMETER.get(_named(pointer), "10015")
    return RefusalError(422, code, f"Invalid value for {_named(pointer)}", detail, pointer=pointer)


def not_one_of(pointer: str, allowed: tuple[object, ...]) -> RefusalError:
    """Refuse a value outside an enumeration."""
    code = CODE_OF_PARAMETER.get(_named(pointer), "10032")
    detail = f"The value must be one of: {', '.join(sorted(str(value) for value in allowed))}."
    return RefusalError(422, code, "Invalid enumerated value", detail, pointer=pointer)


def out_of_range(pointer: str, low: float, high: float) -> RefusalError:
    """Refuse a number, or a text by its length, outside its range."""
    code = CODE_OF_PARAMETER.get(_named(pointer), "10033")
    detail = f"The value is outside of allowed range {low:g} to {high:g}"
    return RefusalError(422, code, "Value outside of range", detail, pointer=pointer)


def not_e164(pointer: str) -> RefusalError:
    """Refuse what is neither a phone number nor a SIP URI."""
    detail = f"The '{_named(pointer)}' parameter must be in E164 format."
    return RefusalError(422, "10016", "Phone number must be in +E164 format", detail, pointer=pointer)


def conflicting(pointer: str, detail: str) -> RefusalError:
    """Refuse parameters that cannot be used together."""
    return RefusalError(422, "10015", "Conflicting parameters", detail, pointer=pointer)


def invalid_call_control_id(pointer: str = "/call_control_id") -> RefusalError:
    """Refuse a call control id that was never given out."""
    detail = "The call_control_id provided was not valid."
    return RefusalError(422, "90015", "Invalid Call Control ID", detail, pointer=pointer)


def invalid_connection_id() -> RefusalError:
    """Refuse to dial from an application that does not exist."""
    detail = "The requested connection_id (Call Control App ID) is either invalid or does not exist."
    title = "Invalid value for connection_id (Call Control App ID)"
    return RefusalError(422, "10015", title, detail, pointer="/connection_id")


def no_outbound_profile() -> RefusalError:
    """Refuse to dial from an application that has no outbound voice profile, or a disabled one."""
    detail = "The connection has no outbound voice profile that is enabled."
    return RefusalError(403, "10010", "Authorization failed", detail)


def destination_not_whitelisted() -> RefusalError:
    """Refuse to dial a country that the outbound voice profile does not list."""
    detail = "Dialed number is not included in whitelisted countries D13"
    return RefusalError(403, "10010", "Authorization failed", detail)


def call_ended() -> RefusalError:
    """Refuse a command for a call that is over: the normal end of a race with the caller's hang-up."""
    detail = "This call is no longer active and can't receive commands."
    return RefusalError(422, "90018", "Call has already ended", detail)


def not_answered() -> RefusalError:
    """Refuse a command that needs an answered call."""
    detail = "This call can't receive this command because it has not been answered yet."
    return RefusalError(422, "90034", "Call not answered yet", detail)


def no_audio_yet() -> RefusalError:
    """Refuse a recording before the call has audio."""
    detail = "Call recording cannot be started until audio has commenced on the call."
    return RefusalError(422, "90020", "Call recording triggered before audio started", detail)


def audio_download_failed() -> RefusalError:
    """Refuse a dial whose audio cannot be fetched."""
    detail = "Provided audio file couldn't be downloaded."
    return RefusalError(400, "90040", "Downloading audio file failed", detail)


def conference_ended() -> RefusalError:
    """Refuse a command to a conference that is over."""
    detail = "This conference is no longer active and can't receive commands."
    return RefusalError(422, "90019", "Conference has already ended", detail)


def conference_full(size: int) -> RefusalError:
    """Refuse another participant."""
    detail = f"The maximum allowed value of `max_participants` has been reached at {size}."
    return RefusalError(422, "90032", "Maximum number of participants reached", detail)


def queue_full(name: str) -> RefusalError:
    """Refuse another caller."""
    return RefusalError(422, "90036", "Queue full", f"The '{name}' queue is full and can't accept more calls.")


def in_queue_already() -> RefusalError:
    """Refuse a second place in a queue."""
    return RefusalError(422, "90038", "Call already in queue", "Call can't be added to a queue it's already in.")


def cannot(detail: str) -> RefusalError:
    """Refuse a command in a state for which Telnyx's list has no specific code."""
    return RefusalError(422, "90033", "Unable to execute command", detail)


def too_many_requests(retry_after_seconds: float) -> RefusalError:
    """Refuse for now: the rate limit is met."""
    reset = f"{retry_after_seconds:g}"
    headers = {"retry-after": reset, "x-ratelimit-limit": "30", "x-ratelimit-remaining": "0"}
    detail = "You have exceeded the maximum number of allowed requests."
    return RefusalError(429, "10011", "Too many requests", detail, headers={**headers, "x-ratelimit-reset": reset})


def unavailable(status: int) -> RefusalError:
    """Fail as a server does."""
    title = "Service unavailable" if status == 503 else "Internal server error"  # noqa: PLR2004 - HTTP's own number
    return RefusalError(status, "10007", title, title)
