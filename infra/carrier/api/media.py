"""The part of the API about stored audio: `/media`."""

from email.parser import BytesParser
from email.policy import HTTP

from infra.carrier import errors
from infra.carrier.api import specification
from infra.carrier.api.requests import Resource, only, parameters
from infra.carrier.exchange import Exchange
from infra.carrier.media import StoredFile, UnreadableAudioError
from infra.carrier.wire import Request, Response, as_json

PATH = "/v2/media"

LARGEST_FILE_BYTES = 20 * 10**6
DEFAULT_TTL_SECONDS = 2 * 24 * 3600
LONGEST_TTL_SECONDS = 630_720_000


def answer(exchange: Exchange, request: Request, name: str) -> Response:
    """Answer a request about all files (no name), or one."""
    if not name:
        only(request, "GET", "POST")
        return _upload(exchange, request) if request.method == "POST" else _list(exchange, request)
    only(request, "GET", "PUT", "DELETE")
    if name not in exchange.media.stored:
        raise errors.not_found()
    if request.method == "DELETE":
        exchange.media.delete(name)
        return Response(204)
    if request.method == "PUT":
        _replace(exchange, request, name)
    return as_json(200, {"data": _resource(exchange, name, exchange.media.stored[name])})


def _upload(exchange: Exchange, request: Request) -> Response:
    given, audio = _given(request, "media_upload")
    name = str(given.get("media_name") or exchange.new_id())
    if name in exchange.media.stored:
        raise errors.invalid("/media_name", "The media name has already been taken.")
    audio = _fetched(exchange, given) if audio is None else audio
    _store(exchange, name, audio, given.get("ttl_secs", DEFAULT_TTL_SECONDS))
    return as_json(201, {"data": _resource(exchange, name, exchange.media.stored[name])})


def _replace(exchange: Exchange, request: Request, name: str) -> None:
    given, audio = _given(request, "media_update")
    ttl = given.get("ttl_secs", DEFAULT_TTL_SECONDS)
    if audio is None and "media_url" not in given:
        exchange.media.keep(name, ttl)
    else:
        _store(exchange, name, _fetched(exchange, given) if audio is None else audio, ttl)


def _store(exchange: Exchange, name: str, audio: bytes, ttl_seconds: int) -> None:
    if len(audio) > LARGEST_FILE_BYTES:
        raise errors.invalid("/media", "The file is larger than 20 MB.")
    try:
        exchange.media.upload(name, audio, ttl_seconds)
    except UnreadableAudioError as error:
        raise errors.invalid("/media", str(error)) from error


def _fetched(exchange: Exchange, given: Resource) -> bytes:
    try:
        return exchange.media.fetched(given["media_url"])
    except OSError as error:
        raise errors.invalid("/media_url", f"The media could not be downloaded: {error}") from error


def _given(request: Request, kind: str) -> tuple[Resource, bytes | None]:
    """The parameters, and the file where it is in the request itself."""
    content_type = request.headers.get("content-type", "")
    if not content_type.startswith("multipart/form-data"):
        given = parameters(request)
        specification.request(kind).check(given)
        audio = None
    else:
        given, audio = _form(content_type, request.body)
        allowed = {"ttl_secs", "media_name"} if kind == "media_upload" else {"ttl_secs"}
        for name in given:
            if name not in allowed:
                raise errors.unknown_parameter(f"/{name}")
        if audio is None:
            raise errors.missing("/media")
    if not 1 <= given.get("ttl_secs", 1) <= LONGEST_TTL_SECONDS:
        raise errors.out_of_range("/ttl_secs", 1, LONGEST_TTL_SECONDS)
    return given, audio


def _form(content_type: str, body: bytes) -> tuple[Resource, bytes | None]:
    """The fields of a form, and its file `media`."""
    message = BytesParser(policy=HTTP).parsebytes(f"content-type: {content_type}\r\n\r\n".encode() + body)
    given: Resource = {}
    audio = None
    for part in message.iter_parts():
        name = str(part.get_param("name", "", "content-disposition"))
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            raise errors.bad_body("The form cannot be read.")
        if name == "media":
            audio = content
        else:
            given[name] = content.decode()
    if not given.get("ttl_secs", "0").isdecimal():
        raise errors.invalid("/ttl_secs", "The value must be an integer.")
    if "ttl_secs" in given:
        given["ttl_secs"] = int(given["ttl_secs"])
    return given, audio


def _resource(exchange: Exchange, name: str, file: StoredFile) -> Resource:
    clock = exchange.clock
    return {
        "content_type": file.content_type,
        "created_at": clock.timestamp(file.created),
        "expires_at": None if file.expires is None else clock.timestamp(file.expires),
        "media_name": name,
        "updated_at": clock.timestamp(file.updated),
    }


def _list(exchange: Exchange, request: Request) -> Response:
    """Answer with all files: this list has no pages."""
    wanted = None
    for name, value in request.query.items():
        if name != "filter[content_type][]":
            raise errors.RefusalError(422, "10015", "Unknown filter", f"{name} is not known.", parameter=name)
        wanted = value
    listed = [_resource(exchange, name, file) for name, file in exchange.media.stored.items()]
    return as_json(200, {"data": [each for each in listed if wanted in (None, each["content_type"])]})
