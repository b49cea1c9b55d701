"""Refused requests and their error responses."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field

from dialtone.adapters.calls_table import StoreUnavailable
from dialtone.domain.errors import TelnyxRefused, TelnyxUnavailable

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
    from aws_lambda_powertools.event_handler.exceptions import NotFoundError

    from control.authorization import Role
    from dialtone.adapters.telemetry import Observer

RETRY_SECONDS = 2
"""`Retry-After` when a dependency failed."""


class Problem(BaseModel):
    """Why a request was refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(description="An error code for programs.")
    message: str = Field(description="What is wrong and how to fix it.")
    parameter: str | None = Field(None, description="The parameter that is wrong.")


class ProblemAnswer(BaseModel):
    """The body of every error response."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    error: Problem


class Refused(Exception):  # noqa: N818 -- reads as the sentence it is: the request was refused
    """A refused request, with its error response."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, parameter: str | None = None, *, retry_seconds: int = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_seconds = retry_seconds
        self.problem = Problem(code=code, message=message, parameter=parameter)


def not_found(what: str, identifier: str) -> Refused:
    """The error for an unknown id."""
    return Refused(HTTPStatus.NOT_FOUND, "not_found", f"There is no {what} {identifier!r}.")


def wrong(parameter: str, message: str) -> Refused:
    """The error for a wrong parameter."""
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", message, parameter)


def must_have(role: Role) -> Refused:
    """The error for a token without that role."""
    message = f"This needs the role {role}: ask an administrator to add you to the group of that name."
    return Refused(HTTPStatus.FORBIDDEN, "forbidden", message)


def answer_problems(api: APIGatewayHttpResolver, observer: Observer) -> None:
    """Turn every error into a response of the API: none becomes a bare 500 of API Gateway."""

    @api.exception_handler(Refused)
    def refused(error: Refused) -> Response[str]:
        answer = _answer(error.status, error.problem)
        if error.retry_seconds:
            answer.headers["Retry-After"] = str(error.retry_seconds)
        return answer

    @api.exception_handler(RequestValidationError)
    def invalid(error: RequestValidationError) -> Response[str]:
        first: Any = error.errors()[0]
        if first["loc"][0] == "response":  # the API's own answer, not the request
            return _fault(error, observer, detail=f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        place = [str(part) for part in first["loc"] if part not in {"query", "path", "body"}]
        parameter = ".".join(place) or None
        said = f"{parameter or 'The body'}: {first['msg']}."
        return _answer(
            HTTPStatus.UNPROCESSABLE_ENTITY, Problem(code="invalid_parameter", message=said, parameter=parameter)
        )

    @api.exception_handler(RequestUnsupportedContentType)
    def not_json(error: RequestUnsupportedContentType) -> Response[str]:
        del error
        said = "The body must be JSON: send it with Content-Type: application/json."
        return _answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Problem(code="not_json", message=said))

    @api.exception_handler([UnicodeError, RecursionError])
    def unreadable(error: Exception) -> Response[str]:
        del error
        said = "The body must be JSON in UTF-8, and not too deeply nested."
        return _answer(HTTPStatus.UNPROCESSABLE_ENTITY, Problem(code="invalid_parameter", message=said))

    @api.not_found
    def no_route(error: NotFoundError) -> Response[str]:
        del error
        return _answer(
            HTTPStatus.NOT_FOUND, Problem(code="no_route", message="The API has no route for this method and path.")
        )

    @api.exception_handler([ClientError, BotoCoreError, StoreUnavailable, TelnyxRefused, TelnyxUnavailable])
    def unavailable(error: Exception) -> Response[str]:
        observer.log("error", "a dependency failed", {"error": type(error).__name__, "detail": str(error)})
        said = "A dependency did not answer. Send the request again in a moment."
        answer = _answer(HTTPStatus.SERVICE_UNAVAILABLE, Problem(code="unavailable", message=said))
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        return answer

    @api.exception_handler(Exception)
    def fault(error: Exception) -> Response[str]:
        return _fault(error, observer)


def _fault(error: Exception, observer: Observer, detail: str = "") -> Response[str]:
    fields = {"error": type(error).__name__} | ({"detail": detail} if detail else {})
    observer.log("error", "an error of ours", fields, failed=error)
    said = "Internal error of Dialtone; the function's log has the details."
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, Problem(code="fault", message=said))


def _answer(status: HTTPStatus, problem: Problem) -> Response[str]:
    body = ProblemAnswer(error=problem).model_dump_json()
    return Response(status_code=status, content_type="application/json", body=body)
