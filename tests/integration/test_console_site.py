"""The console on this machine: its files, what it passes on to the API, and what never reaches the page."""

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials

from control import console_files
from dialtone.client import Client
from infra.pages.console import ConsoleSite, origin
from infra.pages.server import LocalServer
from tests.integration.control_server import LISTENER, ControlServer
from tests.integration.test_control_api import Client as Stack
from tests.integration.test_control_api import client as stack  # noqa: F401 -- a fixture

SECRET = "a-secret-access-key"
AUDIO = "https://audio.example"


class Site:
    """The console before a stack by moto."""

    def __init__(self, opened: ExitStack, line: Stack) -> None:
        self.api = opened.enter_context(ControlServer(line.api))
        self.client = opened.enter_context(Client(self.api.url, "eu-west-1", Credentials("AKIDEXAMPLE", SECRET)))
        self.faults: list[Exception] = []
        site = ConsoleSite(self.client, AUDIO)
        self.server = opened.enter_context(LocalServer(0, self.faults.append, site.routes()))

    def act(self, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, str], str]:
        """Ask as the console's own pages do."""
        own = {"Origin": self.server.address.rstrip("/"), "Content-Type": "application/json", "Idempotency-Key": "one"}
        return self.ask(path, "POST", json.dumps(body or {}), **{**own, **headers})

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.request(method, path, body, headers=headers)
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        connection.close()
        return found


@pytest.fixture
def site(stack: Stack) -> Iterator[Site]:  # noqa: F811 -- the fixture
    with ExitStack() as opened:
        yield Site(opened, stack)


def test_every_page_is_the_one_document_and_all_its_parts_are_there(site: Site) -> None:
    for path in ("/", "/calls", "/calls/a%2Fb", "/calls/open", "/recordings/x~y", "/health", "/patterns"):
        status, headers, body = site.ask(path)
        assert (status, headers["content-type"], "/static/console.js" in body) == (
            200,
            "text/html; charset=utf-8",
            True,
        )
    for name in [each.name for each in console_files.STATIC.iterdir() if each.suffix != ".html"] + ["picture.css"]:
        assert site.ask(f"/static/{name}")[0] == 200
    assert json.loads(site.ask("/static/settings.json")[2]) == {"sign_in": None}


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/console.html",
        "/static/../console_files.py",
        "/static/..%2Fconsole_files.py",
        "/console_files.py",
    ],
)
def test_nothing_else_is(site: Site, path: str) -> None:
    assert site.ask(path)[0] == 404


def test_scripts_styles_and_requests_come_from_here_and_audio_from_the_bucket(site: Site) -> None:
    policy = site.ask("/calls")[1]["content-security-policy"]

    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert f"connect-src 'self'; media-src {AUDIO};" in policy
    assert "unsafe" not in policy


def test_what_a_browser_has_is_not_sent_again(site: Site) -> None:
    tag = site.ask("/static/console.js")[1]["etag"]

    assert site.ask("/static/console.js", **{"If-None-Match": tag})[::2] == (304, "")
    assert site.ask("/static/dom.js", **{"If-None-Match": tag})[0] == 200


def test_requests_are_passed_on_signed_and_the_page_sees_no_credentials(stack: Stack, site: Site) -> None:  # noqa: F811
    stack.call("one", timedelta(minutes=1))

    status, headers, body = site.ask("/api/calls?number=%2B15550142")

    assert (status, [each["call_session_id"] for each in json.loads(body)["calls"]]) == (200, ["one"])
    path, sent = site.api.requests[-1]
    assert path == "/calls?number=%2B15550142"
    assert "AWS4-HMAC-SHA256" in sent["authorization"]
    assert not any(SECRET in each or "AKIDEXAMPLE" in each for each in (body, *headers.values()))


def test_refusals_are_passed_on_as_they_are(site: Site) -> None:
    site.api.instead.append((503, {"Retry-After": "2"}, json.dumps({"error": {"code": "unavailable"}})))

    assert site.ask("/api/calls")[1]["retry-after"] == "2"
    status, _, body = site.ask("/api/calls?limit=0")
    assert (status, json.loads(body)["error"]["parameter"]) == (422, "limit")


def test_an_api_that_does_not_answer_is_said_in_a_sentence(site: Site) -> None:
    site.client.url = "http://127.0.0.1:9"

    status, _, body = site.ask("/api/calls")

    assert (status, json.loads(body)["error"]["code"]) == (502, "no_answer")
    assert site.faults == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "attacker.example"}, 421),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_another_sites_page_gets_nothing(site: Site, headers: dict[str, Any], status: int) -> None:
    asked = len(site.api.requests)

    assert site.ask("/api/calls", **headers)[0] == status
    assert len(site.api.requests) == asked


def test_a_press_is_passed_on_signed_with_its_key_and_its_refusal_is_the_apis(stack: Stack, site: Site) -> None:  # noqa: F811
    stack.call("one", timedelta(minutes=1))

    status, _, body = site.act("/api/calls/one/actions/transfer", {"to": "+15550164"})

    assert (status, json.loads(body)["error"]["code"]) == (403, "destination_not_allowed")
    path, sent = site.api.requests[-1]
    assert (path, sent["idempotency-key"]) == ("/calls/one/actions/transfer", "one")
    assert "AWS4-HMAC-SHA256" in sent["authorization"]


def test_a_recording_is_deleted_by_post_and_by_no_link(stack: Stack, site: Site) -> None:  # noqa: F811
    name = stack.recording("one").name
    path = f"/api/recordings/one~{name}/delete"

    assert site.ask(path)[0] == 404
    assert site.ask(path, "DELETE")[0] == 501
    status, _, body = site.act(path)

    assert (status, json.loads(body)["deleted_by"]) == (200, LISTENER)
    assert json.loads(site.ask(f"/api/recordings/one~{name}")[2])["status"] == "erased"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://attacker.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "attacker.example"}, 421),
        ({"Content-Type": "text/plain"}, 415),
        ({"Idempotency-Key": ""}, 400),
    ],
)
def test_nothing_acts_but_a_page_of_the_console_under_a_key(site: Site, headers: dict[str, Any], status: int) -> None:
    asked = len(site.api.requests)

    assert site.act("/api/calls/one/actions/hangup", **headers)[0] == status
    assert len(site.api.requests) == asked


def test_audio_comes_from_the_origin_of_a_link() -> None:
    assert origin("https://bucket.s3.eu-west-1.amazonaws.com/recordings/x?X-Amz-Signature=y") == (
        "https://bucket.s3.eu-west-1.amazonaws.com"
    )
