"""Dialtone's own errors: raised where the problem is found, translated once, where Dialtone answers."""


class DialtoneError(Exception):
    """The base class of Dialtone's errors."""


class CommandInvalid(DialtoneError):  # noqa: N818 -- reads as the sentence it is: a command is invalid
    """A command that Telnyx would refuse, so it is not sent."""

    def __init__(self, action: str, parameter: str, reason: str) -> None:
        super().__init__(" ".join(part for part in (action and f"{action}:", parameter, reason) if part))
        self.action = action
        self.parameter = parameter
        self.reason = reason


class TelnyxRefused(DialtoneError):  # noqa: N818 -- as above: Telnyx refused
    """Telnyx refused a request for good: repeating it will not help."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


class TelnyxUnavailable(DialtoneError):  # noqa: N818 -- as above: Telnyx is unavailable
    """Telnyx could not be reached, or did not answer usefully: try again later."""

    def __init__(self, reason: str, attempts: int, retry_after_seconds: float | None) -> None:
        super().__init__(f"Telnyx is unavailable: {reason} after {attempts} attempts")
        self.reason = reason
        self.attempts = attempts
        self.retry_after_seconds = retry_after_seconds


class MalformedEvent(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the event is malformed
    """A body that is not a Telnyx event."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where} {reason}")
        self.where = where
        self.reason = reason


class FlowInvalid(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the flow is invalid
    """A flow or number file that cannot be followed."""

    def __init__(self, file: str, line: int, step: str, reason: str, remedy: str) -> None:
        subject = f'step "{step}" {reason}' if step else reason
        super().__init__(f"{file}:{line}: {subject}; {remedy}")
        self.file = file
        self.line = line
        self.step = step
        self.reason = reason
        self.remedy = remedy


class AddressRefused(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the address was refused
    """A URL that must not be connected to: not https, or not on the public internet."""


class ApiVersion1(MalformedEvent):
    """A webhook in the format of Telnyx's API version 1, which nothing here reads."""

    def __init__(self) -> None:
        super().__init__("body", 'is a webhook of API version 1: set the application\'s webhook_api_version to "2"')
