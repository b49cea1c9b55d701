"""The console as the stack itself serves it: signing in at the user pool's page, with the emulator's Cognito."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from infra.local.cloud import LocalCloud
from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from tests.integration.browser import PROGRAM, Browser
from tests.integration.relay import Relay
from tests.integration.staged_night import Night

PASSWORD = "Harbour-Dental-1842"
LISTENER, NOBODY = "ada@example.com", "eve@example.com"


class SignIn:
    """The console on an address of its own, and the people of its pool."""

    def __init__(self, cloud: LocalCloud, opened: ExitStack) -> None:
        self._cloud = cloud
        url = cloud.api_url(cloud.outputs["ConsoleUrl"])
        relay = opened.enter_context(Relay(url.rstrip("/"), cloud.endpoint_url))
        self.url = relay.url
        self.pool = cloud.outputs["ConsolePoolId"]
        self.cognito = self._client("cognito-idp")
        (found,) = self.cognito.list_user_pool_clients(UserPoolId=self.pool)["UserPoolClients"]
        self.client = found["ClientId"]
        relay.settings |= {"sign_in": cloud.endpoint_url, "client_id": self.client}
        self._move()
        for name in (LISTENER, NOBODY):
            self.cognito.admin_create_user(
                UserPoolId=self.pool,
                Username=name,
                MessageAction="SUPPRESS",
                TemporaryPassword=PASSWORD,
                UserAttributes=[{"Name": "email", "Value": name}],
            )
            self.cognito.admin_set_user_password(UserPoolId=self.pool, Username=name, Password=PASSWORD, Permanent=True)
        self.cognito.admin_add_user_to_group(UserPoolId=self.pool, Username=LISTENER, GroupName="listen")

    def _client(self, service: str) -> Any:  # noqa: ANN401 -- of services that have no types here
        return boto3.client(
            service,  # type: ignore[call-overload]  # any of them
            region_name=REGION,
            endpoint_url=self._cloud.endpoint_url,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
        )

    def _move(self) -> None:
        """Say the emulator's addresses in place of those on AWS."""
        known = self.cognito.describe_user_pool_client(UserPoolId=self.pool, ClientId=self.client)["UserPoolClient"]
        kept = {name: known[name] for name in ("AllowedOAuthFlows", "AllowedOAuthScopes", "SupportedIdentityProviders")}
        self.cognito.update_user_pool_client(
            UserPoolId=self.pool, ClientId=self.client, AllowedOAuthFlowsUserPoolClient=True,
            CallbackURLs=[f"{self.url}/signed-in"], LogoutURLs=[f"{self.url}/calls"], **kept,
        )  # fmt: skip

    def asked(self, path: str, token: str = "") -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=30).status_code

    def acted(self, path: str, token: str = "") -> tuple[int, str]:
        """Status and text of what a press is answered."""
        headers = {"Idempotency-Key": "one"} | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = httpx.post(f"{self.url}{path}", headers=headers, json={}, timeout=30)
        return answer.status_code, answer.text


@pytest.fixture
def console(cloud: LocalCloud) -> Iterator[SignIn]:
    with ExitStack() as opened:
        yield SignIn(cloud, opened)


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")
def test_who_signs_in_sees_the_line_and_a_link_without_sign_in_shows_nothing(
    console: SignIn, cloud: LocalCloud, tmp_path: Path
) -> None:
    began = datetime.now(UTC) - timedelta(hours=10)
    night = Night(cloud.client("dynamodb"), cloud.calls_table, cloud.client("s3"), cloud.recordings_bucket, began)
    recording = night.voicemail()
    for path in ("/api/calls", "/api/recordings", "/api/openapi.json"):
        assert console.asked(path) == console.asked(path, "a.forged.token") == 401
    assert console.asked("/calls") == console.asked("/static/console.js") == 200

    with Browser(tmp_path / "profile") as browser:
        browser.call("Page.navigate", url=f"{console.url}/recordings?since=1d")
        sign_in(browser, LISTENER)
        browser.until(f"document.body?.innerText.includes({recording.from_number!r})")

        assert browser.js("location.pathname + location.search") == "/recordings?since=1d"
        assert LISTENER in browser.js("document.getElementById('person').textContent")
        token = browser.js("JSON.parse(sessionStorage.getItem('dialtone.tokens')).id_token")
        assert console.asked("/api/calls", token) == 200
        assert console.asked("/api/calls", token[:-4] + "AAAA") == 401

        one = f"/recordings/{recording.api_id}"
        for path, role in (("/calls/one/actions/hangup", "control"), (f"{one}/delete", "erase")):
            assert console.acted(f"/api{path}")[0] == 401
            status, said = console.acted(f"/api{path}", token)
            assert (status, f"role {role}" in said) == (403, True)
        browser.call("Page.navigate", url=f"{console.url}{one}")
        browser.until("document.querySelector('.transcript')")
        assert browser.js("document.querySelector('.acts')") is None, "who only listens is offered nothing else"
        browser.call("Page.navigate", url=f"{console.url}/recordings?since=1d")
        browser.until(f"document.body?.innerText.includes({recording.from_number!r})")

        browser.js("[...document.links].find((each) => each.innerText === 'This page as JSON').click()")
        browser.until(f"location.protocol === 'blob:' && document.body.innerText.includes({recording.name!r})")

        browser.js("sessionStorage.clear()")
        browser.call("Page.navigate", url=f"{console.url}/calls")
        sign_in(browser, NOBODY)
        browser.until("document.querySelector('[role=alert]')?.innerText.includes('operator for the role')")
        assert "+1555" not in browser.js("document.querySelector('main').innerText.replaceAll(/placeholder/g, '')")

        browser.call("Page.navigate", url=f"{console.url}/signed-in?code=stolen&state=x")
        browser.until("document.querySelector('[role=alert]')?.innerText.includes('was not begun here')")


def sign_in(browser: Browser, name: str) -> None:
    """Fill in the pool's own page."""
    browser.until("document.querySelector('input[name=username], input[name=password]')")
    browser.js(
        f"document.querySelector('input[name=username]').value = {name!r};"
        f"document.querySelector('input[name=password]').value = {PASSWORD!r};"
        "document.querySelector('form').submit()"
    )
