"""`GET /flows` on a stack by moto: menus, versions, how far callers come; and their pictures on this machine."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from control import flows as flows_module
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from dialtone.domain.live_version import Live
from infra.checkout import SAMPLES
from infra.pages.console import drawn
from tests.integration.ended_calls import ended_call
from tests.integration.test_console_site import (
    Site,
    site,  # noqa: F401 -- fixtures
)
from tests.integration.test_control_api import NOW
from tests.integration.test_control_api import Client as Stack
from tests.integration.test_control_api import client as stack  # noqa: F401 -- a fixture

MENU = FlowLibrary.open(SAMPLES).flow("main-menu")


def led(
    line: Stack, *steps: str, ago: timedelta = timedelta(minutes=1), ending: str = "completed", version: str = ""
) -> None:
    """Let there be a call that a flow led through these steps."""
    assert MENU
    call = ended_call(str(uuid4()), NOW - ago, ending=ending, flow_version=version or MENU.version)
    store = CallsTable(line.house.dynamodb, line.house.name)
    for place, step in enumerate(steps):
        event = Event(
            str(uuid4()),
            "call.initiated",
            f"{NOW - ago + timedelta(seconds=place):%Y-%m-%dT%H:%M:%S.%f}Z",
            {"call_session_id": call.session_id, "call_leg_id": call.leg_id},
        )
        before = store.leg(call.session_id, call.leg_id) or call._replace(turn=-1)
        decision = Decision(call._replace(step=step))
        store.commit(event, before, decision, at_seconds=NOW.timestamp(), snapshot=None if version else MENU)


def test_flows_are_listed_with_their_numbers_and_what_came_of_their_calls(stack: Stack) -> None:  # noqa: F811
    led(stack, "welcome")
    led(stack, "welcome", ending="failed", ago=timedelta(minutes=2))
    led(stack, "welcome", ago=timedelta(days=2))

    found = stack.ok("/flows", since="1d")

    (menu,) = [each for each in found["flows"] if each["name"] == "main-menu"]
    assert (menu["calls"], menu["outcomes"]) == (2, {"completed": 1, "failed": 1})
    assert (found["published"], found["calls_read"], found["is_whole"]) == (0, 2, True)
    assert {"announcement", "main-menu"} <= {each["name"] for each in found["flows"]}
    assert "+15550100" in menu["numbers"]


def test_a_flow_shows_how_far_callers_come_and_where_they_end(stack: Stack) -> None:  # noqa: F811
    assert MENU
    led(stack, "welcome", "message", "thanks")
    led(stack, "welcome", ending="hung-up", ago=timedelta(minutes=2))
    led(stack, "welcome", "message", ending="hung-up", version="earlier", ago=timedelta(minutes=3))

    found = stack.ok("/flows/main-menu")

    assert [(each["step"], each["reached"], each["ended"]) for each in found["steps"]] == [
        ("welcome", 2, {"hung-up": 1}),
        ("message", 1, {}),
        ("thanks", 1, {"completed": 1}),
    ]
    assert [(each["version"], each["calls"]) for each in found["versions"]] == [(MENU.version, 2), ("earlier", 1)]
    assert found["texts"]["main-menu.yaml"] == MENU.texts["main-menu.yaml"]
    earlier = stack.ok("/flows/main-menu", version="earlier")
    assert (earlier["steps_of_calls"], earlier["texts"]) == (1, None)


def test_a_long_time_is_looked_at_as_far_as_a_request_may(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(flows_module, "MOST_READ", 1)
    led(stack, "welcome")
    led(stack, "welcome", ago=timedelta(minutes=2))

    assert (stack.ok("/flows")["calls_read"], stack.ok("/flows")["is_whole"]) == (1, False)


def test_a_flow_shows_the_picture_of_the_version_that_is_asked_for(stack: Stack) -> None:  # noqa: F811
    assert MENU
    led(stack, "welcome")
    assert stack.ok("/flows/main-menu")["picture"] is None

    FlowVersionsTable(stack.house.dynamodb, stack.house.name).keep_picture("main-menu", MENU.version, "<svg/>")

    assert stack.ok("/flows/main-menu")["picture"] == "<svg/>"
    assert stack.ok("/flows/main-menu", version="earlier")["picture"] is None


@pytest.mark.parametrize("name", ["nothing", "numbers", "..", "<b>"])
def test_a_flow_that_is_not_there_is_said_to_be_missing(stack: Stack, name: str) -> None:  # noqa: F811
    assert stack.get(f"/flows/{name}")[0] == 404


def test_published_flows_are_those_of_the_table(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    texts = {"numbers.yaml": '"+15550111": only\n', "only.yaml": "flow: only\nsteps:\n  bye: {hang_up: }\n"}
    monkeypatch.setattr(CallsTable, "live", lambda _: Live(version=3))
    monkeypatch.setattr(CallsTable, "published_texts", lambda _, version: texts if version == 3 else None)

    found = stack.ok("/flows")

    assert [(each["name"], each["numbers"]) for each in found["flows"]] == [("only", ["+15550111"])]


def test_on_this_machine_a_flow_has_its_picture(stack: Stack, site: Site) -> None:  # noqa: F811
    led(stack, "welcome")

    status, _, body = site.ask("/api/flows/main-menu")

    assert (status, json.loads(body)["picture"][:4]) == (200, "<svg")
    assert site.ask("/api/flows/nothing")[0] == 404


def test_what_cannot_be_drawn_has_no_picture() -> None:
    assert drawn("menu", None) is None
    assert drawn("menu", {"menu.yaml": "flow: [\n"}) is None
    assert drawn("../menu", {"../menu.yaml": "flow: menu\n"}) is None
