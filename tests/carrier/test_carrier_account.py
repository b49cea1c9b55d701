"""The account: applications, outbound voice profiles, numbers, stored audio, and whose key it is."""

import json
from typing import Any

import pytest

from dialtone.domain.errors import ApiVersion1
from dialtone.domain.events import parse_event
from infra.carrier import API_KEY, Application, Carrier, Request, Response
from infra.carrier.api.media import DEFAULT_TTL_SECONDS
from tests.carrier.desk import CALLER, CONNECTION, NUMBER, URL, Desk, wav_of

APPLICATION = {"application_name": "front desk", "webhook_event_url": "https://example.com/webhooks"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def made(desk: Desk, path: str, **body: object) -> dict[str, Any]:
    response = desk.api("POST", path, body)
    assert response.status == 201, response.content()
    data: dict[str, Any] = response.json()["data"]
    return data


def data(desk: Desk, method: str, path: str, body: object = None, **query: str) -> Any:  # noqa: ANN401 -- JSON
    response = desk.api(method, path, body, query)
    assert response.status == 200, response.content()
    return response.json()["data"]


def form(desk: Desk, method: str, path: str, **fields: bytes) -> Response:
    """Send a form, as curl -F does."""
    parts = b"".join(
        b'--frontier\r\ncontent-disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
        % (name.encode(), b'; filename="a.wav"' if name == "media" else b"", content)
        for name, content in fields.items()
    )
    headers = {"authorization": f"Bearer {API_KEY}", "content-type": "multipart/form-data; boundary=frontier"}
    return desk.carrier.handle(Request(method, f"/v2{path}", {}, headers, parts + b"--frontier--\r\n"))


def test_an_application_begins_with_telnyxs_defaults_and_keeps_what_is_not_changed(desk: Desk) -> None:
    application = made(desk, "/call_control_applications", **APPLICATION)
    path = f"/call_control_applications/{application['id']}"

    assert (application["webhook_api_version"], application["webhook_timeout_secs"]) == ("1", None)
    assert (application["active"], application["redact_dtmf_debug_logging"]) == (True, False)
    assert application["outbound"]["outbound_voice_profile_id"] is None
    changed = data(
        desk,
        "PATCH",
        path,
        {**APPLICATION, "webhook_api_version": "2", "inbound": {"shaken_stir_enabled": True}},
    )
    assert changed["inbound"]["shaken_stir_enabled"] is True
    assert data(desk, "PATCH", path, {**APPLICATION, "webhook_timeout_secs": 5})["webhook_api_version"] == "2"
    assert data(desk, "GET", path)["webhook_timeout_secs"] == 5
    assert data(desk, "PATCH", path, {**APPLICATION, "webhook_timeout_secs": None})["webhook_timeout_secs"] is None
    assert data(desk, "DELETE", path)["id"] == application["id"]
    assert desk.api("GET", path).status == 404


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/call_control_applications", {"application_name": "a"}, "/webhook_event_url"),
        ("/call_control_applications", {**APPLICATION, "webhook_url": "https://a"}, "/webhook_url"),
        ("/call_control_applications", {**APPLICATION, "webhook_api_version": 2}, "/webhook_api_version"),
        ("/call_control_applications", {**APPLICATION, "webhook_timeout_secs": 31}, "/webhook_timeout_secs"),
        ("/call_control_applications", {**APPLICATION, "webhook_event_url": "example.com"}, "/webhook_event_url"),
        (
            "/call_control_applications",
            {**APPLICATION, "outbound": {"outbound_voice_profile_id": "7"}},
            "/outbound/outbound_voice_profile_id",
        ),
        ("/call_control_applications", {**APPLICATION, "inbound": {"codecs": []}}, "/inbound/codecs"),
        ("/outbound_voice_profiles", {"daily_spend_limit": "10"}, "/name"),
        ("/outbound_voice_profiles", {"name": "a", "daily_spend_limit": 10}, "/daily_spend_limit"),
        ("/outbound_voice_profiles", {"name": "a", "daily_spend_limit": "ten"}, "/daily_spend_limit"),
        ("/outbound_voice_profiles", {"name": "a", "whitelisted_destinations": ["usa"]}, "/whitelisted_destinations/0"),
        ("/media", {"media_name": "hours"}, "/media_url"),
        ("/media", {"media_url": "https://a", "ttl_secs": 630_720_001}, "/ttl_secs"),
    ],
)
def test_what_is_not_described_is_refused(desk: Desk, path: str, body: dict[str, Any], pointer: str) -> None:
    response = desk.api("POST", path, body)

    assert response.status == 422
    assert response.json()["errors"][0]["source"]["pointer"] == pointer


def test_an_applications_own_timeout_is_taken_as_it_is_given(desk: Desk) -> None:
    path = f"/call_control_applications/{CONNECTION}"
    before = data(desk, "GET", path)

    changed = data(desk, "PATCH", path, {**APPLICATION, "webhook_event_url": URL, "webhook_timeout_secs": 30})
    again = {name: before[name] for name in ("application_name", "webhook_event_url", "webhook_timeout_secs")}

    assert changed["webhook_timeout_secs"] == 30
    assert data(desk, "PATCH", path, again)["webhook_timeout_secs"] == 2


def test_a_number_rings_the_application_that_it_is_assigned_to(desk: Desk) -> None:
    desk.carrier.add_numbers(["+13125550123"])
    [number] = data(desk, "GET", "/phone_numbers", **{"filter[phone_number]": "13125550123"})
    application = made(desk, "/call_control_applications", **{**APPLICATION, "webhook_event_url": URL})
    path = f"/phone_numbers/{number['id']}"

    assert number["connection_id"] is None
    with pytest.raises(LookupError):
        desk.carrier.call(CALLER, "+13125550123")
    assert desk.api("PATCH", path, {"connection_id": "7"}).status == 422
    assert desk.api("PATCH", path, {"voice": {}}).status == 422
    assert data(desk, "PATCH", path, {"connection_id": application["id"]})["connection_name"] == "front desk"
    line = desk.carrier.call(CALLER, "+13125550123")
    assert line.leg.application.connection_id == application["id"]
    data(desk, "DELETE", f"/call_control_applications/{application['id']}")
    assert data(desk, "GET", path)["connection_id"] is None


def test_numbers_are_found_by_digits_alone_and_come_in_pages(desk: Desk) -> None:
    desk.carrier.add_numbers([f"+1312555010{digit}" for digit in range(5)])

    first = desk.api("GET", "/phone_numbers", query={"page[size]": "4"}).json()
    assert (len(first["data"]), first["meta"]["total_results"], first["meta"]["total_pages"]) == (4, 6, 2)
    assert data(desk, "GET", "/phone_numbers", **{"filter[phone_number]": "+13125550100"}) == []
    assert [
        each["phone_number"] for each in data(desk, "GET", "/phone_numbers", **{"filter[connection_id]": CONNECTION})
    ] == [NUMBER]
    assert desk.api("GET", "/phone_numbers", query={"filter[number]": "1"}).status == 422


def test_an_application_without_an_outbound_profile_calls_nobody(desk: Desk) -> None:
    application = made(desk, "/call_control_applications", **APPLICATION)
    profile = made(desk, "/outbound_voice_profiles", name="calls", daily_spend_limit="10.00")
    call = {"connection_id": application["id"], "from": NUMBER, "to": "+15550199"}

    assert profile["whitelisted_destinations"] == ["US", "CA"]
    assert desk.api("POST", "/calls", call).status == 403
    path = f"/call_control_applications/{application['id']}"
    data(desk, "PATCH", path, {**APPLICATION, "outbound": {"outbound_voice_profile_id": profile["id"]}})
    assert desk.api("POST", "/calls", call).status == 200
    abroad = desk.api("POST", "/calls", {**call, "to": ["+15550199", "+493012345678"]})
    assert (abroad.status, abroad.json()["errors"][0]["code"]) == (403, "10010")
    profile_path = f"/outbound_voice_profiles/{profile['id']}"
    assert desk.api("PATCH", profile_path, {"name": "calls", "whitelisted_destinations": ["DE"]}).status == 200
    assert desk.api("POST", "/calls", call).status == 403
    assert desk.api("POST", "/calls", {**call, "to": "+493012345678"}).status == 200
    assert data(desk, "GET", profile_path)["connections_count"] == 1
    assert desk.api("DELETE", profile_path).status == 422
    data(desk, "PATCH", profile_path, {"name": "calls", "enabled": False})
    assert desk.api("POST", "/calls", call).status == 403
    data(desk, "DELETE", path)
    assert data(desk, "DELETE", profile_path)["name"] == "calls"


def test_applications_and_profiles_are_found_by_their_names(desk: Desk) -> None:
    made(desk, "/call_control_applications", **APPLICATION)
    made(desk, "/outbound_voice_profiles", name="Calls out")

    named = {"filter[application_name][contains]": "FRONT"}
    assert [each["application_name"] for each in data(desk, "GET", "/call_control_applications", **named)] == [
        "front desk"
    ]
    assert (
        desk.api("GET", "/call_control_applications", query={"filter[application_name][contains]": "fr"}).status == 422
    )
    assert len(data(desk, "GET", "/outbound_voice_profiles", **{"filter[name][contains]": "calls"})) == 1
    assert desk.api("GET", "/outbound_voice_profiles", query={"filter[name]": "calls"}).status == 422


def test_audio_is_stored_replaced_and_deleted_and_does_not_outlive_its_time(desk: Desk) -> None:
    stored = form(desk, "POST", "/media", media=wav_of(3), media_name=b"hours", ttl_secs=b"3600")

    assert stored.status == 201
    assert desk.carrier.media.named("hours").seconds == 3
    assert form(desk, "POST", "/media", media=wav_of(3), media_name=b"hours").status == 422
    desk.carrier.run_for(10)
    assert form(desk, "PUT", "/media/hours", media=wav_of(4)).status == 200
    assert desk.carrier.media.named("hours").seconds == 4
    [file] = data(desk, "GET", "/media")
    assert (file["media_name"], file["content_type"]) == ("hours", "audio/wav")
    assert file["created_at"] < file["updated_at"] < file["expires_at"]
    desk.carrier.run_for(DEFAULT_TTL_SECONDS)
    assert data(desk, "GET", "/media") == []
    assert desk.carrier.media.named("hours").failed_status == "file_not_found"
    form(desk, "POST", "/media", media=wav_of(1), media_name=b"hours")
    assert desk.api("DELETE", "/media/hours").status == 204
    assert desk.api("GET", "/media/hours").status == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"media_name": b"hours"},
        {"media": b"no audio", "media_name": b"hours"},
        {"media": wav_of(1), "name": b"hours"},
        {"media": wav_of(1), "ttl_secs": b"soon"},
        {"media": bytes(20 * 10**6 + 1)},
    ],
)
def test_a_form_that_is_not_described_is_refused(desk: Desk, fields: dict[str, bytes]) -> None:
    assert form(desk, "POST", "/media", **fields).status == 422


def test_a_key_is_asked_whose_it_is_and_a_wrong_one_gets_no_answer(desk: Desk) -> None:
    assert data(desk, "GET", "/whoami")["organization_id"]
    assert data(desk, "GET", "/public_key")["public"] == desk.carrier.public_key
    for path in ("whoami", "public_key", "phone_numbers", "media", "outbound_voice_profiles"):
        refused = desk.carrier.handle(Request("GET", f"/v2/{path}", {}, {"authorization": "Bearer KEY_other"}))
        assert (refused.status, refused.json()["errors"][0]["code"]) == (401, "10009")
    assert desk.api("POST", "/whoami").status == 405


def test_an_application_of_api_version_1_gets_webhooks_of_that_format() -> None:
    bodies: list[dict[str, Any]] = []

    def take(request: Request, _timeout_seconds: float) -> int:
        bodies.append(json.loads(request.body))
        return 200

    carrier = Carrier(take)
    carrier.add_application(Application(CONNECTION, URL, webhook_api_version="1"), [NUMBER])
    carrier.call(CALLER, NUMBER)
    carrier.run_for(1)

    assert bodies[0]["event_type"] == "call_initiated"
    with pytest.raises(ApiVersion1):
        parse_event(json.dumps(bodies[0]).encode())
