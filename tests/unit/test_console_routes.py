"""The console on AWS: which requests reach the API, and what a person gets who is not signed in."""

import json
from typing import Any

import pytest

from control.authorization import ALL
from control.console import file_answer, for_api, is_for_files
from control.console_files import STATIC
from infra.checkout import ROOT
from infra.flowkit.drawing.svg import STYLE
from infra.local.translate import of_type, read

SIGN_IN = "https://dialtone-x.auth.eu-west-1.amazoncognito.com"


def request(path: str, route: str = "GET /{proxy+}", **headers: str) -> dict[str, Any]:
    return {
        "routeKey": route,
        "rawPath": path,
        "headers": headers,
        "stageVariables": {"SignIn": SIGN_IN, "ClientId": "client"},
        "requestContext": {"http": {"method": "GET", "path": path}},
    }


def audio() -> str:
    return "https://bucket.example"


def test_only_a_route_with_the_authorizer_leads_to_the_api() -> None:
    routes = of_type(read(ROOT / "infra" / "console.yaml"), "AWS::ApiGatewayV2::Route").values()

    for route in (each["Properties"] for each in routes):
        is_signed_in = route["AuthorizationType"] == "JWT"
        assert is_for_files({"routeKey": route["RouteKey"]}) is not is_signed_in
        assert (for_api(request("/api/calls", route["RouteKey"]))["rawPath"] == "/calls") is is_signed_in


@pytest.mark.parametrize(
    "path", ["/api/calls", "//api/calls", "/API/calls", "/calls/../api/calls", "/openapi.json", "/api"]
)
def test_without_sign_in_no_path_gives_more_than_a_file(path: str) -> None:
    event = request(path)

    assert is_for_files(event)
    answer = file_answer(event, audio)
    assert (answer["statusCode"], "+1555" in answer["body"]) in {(404, False), (200, False)}
    assert answer["statusCode"] == 404 or answer["headers"]["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("POST", "/recordings/one~leg-01/delete", ("DELETE", "/recordings/one~leg-01")),
        ("GET", "/recordings/one~leg-01/delete", ("GET", "/recordings/one~leg-01/delete")),
        ("POST", "/recordings/delete", ("POST", "/recordings/delete")),
        ("POST", "/recordings/a/b/delete", ("POST", "/recordings/a/b/delete")),
        ("POST", "/calls/one/actions/hangup", ("POST", "/calls/one/actions/hangup")),
    ],
)
def test_pages_read_by_get_and_do_everything_else_by_post(method: str, path: str, asked: tuple[str, str]) -> None:
    event = request(f"/api{path}", f"{method} /api/{{proxy+}}")
    event["requestContext"]["http"]["method"] = method

    resolved = for_api(event)

    assert (resolved["requestContext"]["http"]["method"], resolved["rawPath"]) == asked
    assert resolved["requestContext"]["http"]["path"] == asked[1]


def test_requests_of_the_control_api_stay_as_they_are() -> None:
    event = request("/calls", "GET /calls")

    assert not is_for_files(event)
    assert for_api(event) == event


def test_pages_know_where_to_sign_in_and_may_ask_there_and_nowhere_else() -> None:
    answer = file_answer(request("/static/settings.json"), audio)

    assert json.loads(answer["body"]) == {"sign_in": SIGN_IN, "client_id": "client"}
    policy = file_answer(request("/calls"), audio)["headers"]["Content-Security-Policy"]
    assert f"connect-src 'self' {SIGN_IN};" in policy
    assert "media-src https://bucket.example;" in policy


def test_what_a_browser_has_is_not_sent_again() -> None:
    tag = file_answer(request("/static/dom.js"), audio)["headers"]["ETag"]

    assert file_answer(request("/static/dom.js", **{"if-none-match": tag}), audio)["statusCode"] == 304
    assert file_answer(request("/static/dom.js", **{"if-none-match": '"other"'}), audio)["statusCode"] == 200


def test_pictures_of_flows_look_alike_on_every_page() -> None:
    assert (STATIC / "picture.css").read_text(encoding="utf-8") == STYLE


def test_nothing_of_it_is_there_unless_asked_for_and_nobody_signs_up() -> None:
    stack, console = read(ROOT / "template.yaml"), read(ROOT / "infra" / "console.yaml")

    assert stack["Parameters"]["Console"]["Default"] == "off"
    assert stack["Resources"]["ConsoleStack"]["Condition"] == "ServesConsole"
    assert set(stack["Resources"]["ConsoleStack"]["Properties"]["Parameters"]) == set(console["Parameters"])
    assert console["Resources"]["Pool"]["Properties"]["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    client = console["Resources"]["Client"]["Properties"]
    assert (client["AllowedOAuthFlows"], client["GenerateSecret"]) == (["code"], False)
    groups = {each["Properties"]["GroupName"] for each in of_type(console, "AWS::Cognito::UserPoolGroup").values()}
    assert groups == ALL
