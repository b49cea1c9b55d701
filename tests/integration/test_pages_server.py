"""Pages for this machine alone: what other sites' pages, other host names and other programs get from them."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dialtone.domain.errors import DialtoneError
from infra.local.errors import PortInUseError
from infra.pages.assets import STATIC, assets
from infra.pages.feed import Feed
from infra.pages.server import LARGEST_BODY_BYTES, Asked, LocalServer, Reply, Stream, as_json

pytestmark = pytest.mark.no_cover

JSON = {"Content-Type": "application/json"}


def _broken(_asked: Asked) -> Reply:
    raise KeyError("leg")


def _wrong(_asked: Asked) -> Reply:
    raise DialtoneError("there is no such flow; name another")


class Site:
    """A server with a few routes, and what it was asked."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.faults: list[Exception] = []
        self.feed = Feed({"n": 1})
        self.left = threading.Event()
        routes = [
            *assets("watch.html"),
            ("POST", "/do/(.+)", self._do),
            ("GET", "/broken", _broken),
            ("GET", "/wrong", _wrong),
            ("GET", "/events", lambda _asked: Stream(self._followed())),
        ]
        self.server = LocalServer(0, self.faults.append, routes)

    def _do(self, asked: Asked, what: str) -> Reply:
        self.done.append((what, dict(asked.body)))
        return as_json({"done": what, "text": asked.text("text")})

    def _followed(self) -> Iterator[Any]:
        try:
            yield from self.feed.events()
        finally:
            self.left.set()

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answered = connection.getresponse()
            return answered.status, json.loads(answered.read())
        finally:
            connection.close()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with site.server:
        yield site


def test_a_program_and_the_own_page_may_do_what_there_is_to_do(site: Site) -> None:
    own = {"Origin": site.server.address.rstrip("/"), "Sec-Fetch-Site": "same-origin"}

    answers = [site.ask("POST", "/do/a%20b", b'{"text": "x"}', **JSON, **each) for each in ({}, own)]

    assert answers == [(200, {"done": "a b", "text": "x"})] * 2
    assert site.done == [("a b", {"text": "x"})] * 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),  # a name that its owner's DNS leads to 127.0.0.1
        ({"Host": "127.0.0.1"}, 421),  # another port's
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),  # a page of another port of this machine
        ({"Content-Type": "text/plain"}, 415),  # what a form can send without being allowed to
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_what_another_sites_page_sends_does_nothing(site: Site, headers: dict[str, str], status: int) -> None:
    got, answer = site.ask("POST", "/do/it", b"{}", **{**JSON, **headers})

    assert got == status
    assert answer["error"]
    assert site.done == []


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_both_names_of_this_machine_are_answered(site: Site, name: str) -> None:
    assert site.ask("POST", "/do/it", b"{}", **JSON, Host=f"{name}:{site.server.port}")[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/nowhere", b"{}", 404),
        ("/broken", b"{}", 405),
        ("/do/it", b"{", 400),
        ("/do/it", b"[" * 60_000, 400),
        ("/do/it", b"[]", 400),
        ("/do/it", b'{"text": 1}', 400),
        ("/do/it", b"\xff", 400),
        ("/do/it", b" " * (LARGEST_BODY_BYTES + 1), 413),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(site: Site, path: str, body: bytes, status: int) -> None:
    got, answer = site.ask("POST", path, body, **JSON)

    assert (got, bool(answer["error"])) == (status, True)
    assert site.faults == []


def test_a_fault_of_ours_is_reported_on_both_sides_and_a_persons_slip_to_the_person(site: Site) -> None:
    broken, wrong = site.ask("GET", "/broken"), site.ask("GET", "/wrong")

    assert broken == (500, {"error": "a fault of Dialtone itself (KeyError('leg'))"})
    assert wrong == (422, {"error": "there is no such flow; name another"})
    assert [repr(each) for each in site.faults] == ["KeyError('leg')"]


def test_every_answer_forbids_what_comes_from_elsewhere(site: Site) -> None:
    for path in ("/", "/style.css", "/picture.css", "/nowhere"):
        connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=5)
        connection.request("GET", path)
        answered = connection.getresponse()
        policy = answered.headers["Content-Security-Policy"]
        answered.read()
        connection.close()

        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answered.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answered.headers


def test_no_page_loads_anything_from_elsewhere_or_brings_its_own_script_or_style() -> None:
    for file in STATIC.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert "://" not in text
        assert "<style" not in text
        assert " style=" not in text
        assert "></script>" in text
        assert " on" not in [each[:3] for each in text.split("<")]
    for file in STATIC.glob("*.js"):
        text = file.read_text(encoding="utf-8")
        assert not [
            word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(") if word in text
        ]


def test_who_follows_gets_the_latest_then_every_change_and_who_left_is_noticed(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=5)
    connection.request("GET", "/events")
    stream = connection.getresponse()

    first = [stream.readline() for _ in range(3)]
    site.feed.publish({"n": "</script>\n"})
    second = [stream.readline() for _ in range(3)]
    stream.close()
    connection.close()

    assert first == [b"id: 1\n", b'data: {"n": 1}\n', b"\n"]
    assert second == [b"id: 2\n", b'data: {"n": "</script>\\n"}\n', b"\n"]
    assert site.left.wait(10)
    assert site.faults == []


def test_a_port_that_is_taken_is_said_with_the_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(PortInUseError, match="Stop the program that listens on it"):
            LocalServer(taken.getsockname()[1], print)
