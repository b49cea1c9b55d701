"""The API of telephones: calls by a page or a program, several at once, and whatever becomes of those who call."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.phone import call_service
from infra.phone.hearing import Stage
from tests.integration.phone_line import Listener, OpenLine

pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parents[2]
MENU, NIGHT = "+15550100", "+15550103"


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "functions" / "flows", tmp_path / "flows"))


@pytest.fixture
def line(flows: Path) -> Iterator[OpenLine]:
    with OpenLine(flows) as line:
        yield line


def test_what_can_be_called_is_reported_and_reported_again_when_it_was_saved(line: OpenLine, flows: Path) -> None:
    _, before = line.ask("GET", "/api/line")
    with (flows / "numbers.yaml").open("a") as numbers:
        numbers.write('"+15550198": languages\n')
    line.phones.changed()
    _, after = line.ask("GET", "/api/line")
    (flows / "numbers.yaml").write_text("[")
    line.phones.changed()
    _, broken = line.ask("GET", "/api/line")

    assert {"number": MENU, "flow": "main-menu"} in before["numbers"]
    assert {"number": "+15550198", "flow": "languages"} in after["numbers"]
    assert "numbers.yaml:1" in broken["error"]


def test_a_call_is_heard_pressed_spoken_to_and_its_way_reported(line: OpenLine) -> None:
    with line.place(MENU) as call:
        call.hears("Welcome to Harbour Dental.")
        call.does("press", digits="2")
        call.hears("(tone)")
        call.does("speak", words="Hello, this\n is <b>Ada</b>.")
        call.hears("say Hello, this is <b>Ada</b>.")
        call.does("press", digits="#")
        call.until("stage", "over")
        call.takes(steps=4)  # they are looked up, which takes longer than a hang-up

        assert [step.partition(".")[2] for step in call.route] == ["welcome", "message", "thanks", "bye"]
        edges = [(each["source"], each["edge"]) for each in call.entries if each.get("edge")]
        assert edges[:2] == [("", "start"), ("welcome", "keys.2")]
        assert "hung up by the line" in call.printed
        status, conversation = line.ask("GET", f"/api/calls/{call.call}/conversation")
        assert (status, conversation["called"], conversation["ends"]["hung_up_by"]) == (200, MENU, "line")


def test_several_calls_at_once_each_hear_their_own(line: OpenLine) -> None:
    with line.place(MENU) as one, line.place("+15550104", caller="+15550143") as two, line.place(MENU) as three:
        one.hears("Welcome to Harbour Dental.")
        one.does("press", digits="2")
        two.hears("as +15550143")
        three.hears("Welcome to Harbour Dental.")
        three.does("hang-up")
        one.comes_to("message")
        two.until("flow", "languages")
        three.until("stage", "over")

        assert [each.printed.splitlines()[0] for each in (one, two, three)] == [
            "line call 1",
            "line call 2",
            "line call 3",
        ]
        assert "hung up" not in one.printed + two.printed
        assert "For our opening hours" not in two.printed
        assert all("message" not in step for step in three.route)


def test_two_calls_of_different_hours_go_different_ways_at_the_same_time(line: OpenLine) -> None:
    with line.place(NIGHT, at="2026-03-02T15:00") as day, line.place(NIGHT, at="2026-03-03T03:00+00:00") as night:
        for call in (day, night):
            call.takes(steps=2)

        assert day.route[1] != night.route[1]
        _, conversation = line.ask("GET", f"/api/calls/{night.call}/conversation")
        assert conversation["at"].startswith("2026-03-03T03:00:0")


def test_the_hour_decides_about_the_flow_before_the_call_as_in_it(line: OpenLine, flows: Path) -> None:
    calendar = next((flows / "calendars").iterdir()).stem
    numbers = f'"{MENU}":\n  - {{flow: after-hours, closed: {calendar}}}\n  - main-menu\n'
    (flows / "numbers.yaml").write_text(numbers)

    routes = [
        line.ask("GET", f"/api/route?called=%2B15550100{at}")[1]
        for at in ("", "&at=2026-03-02T15:00", "&at=2026-03-03T03:00")
    ]
    with line.place(MENU, at="2026-03-03T03:00") as night:
        night.until("flow", "after-hours")

    assert "flow" in routes[0]
    assert [each["flow"] for each in routes[1:]] == ["main-menu", "after-hours"]


def test_who_is_cut_off_for_a_moment_hears_all_that_was_missed_and_nothing_twice(line: OpenLine) -> None:
    with line.place(MENU) as first:
        first.hears("Welcome to Harbour Dental.")
        number, before = first.number, len(first.entries)
    with Listener(line, first.call, last_event=number) as second:
        second.does("press", digits="2")
        second.comes_to("message")

        assert "ringing" not in second.printed
        assert before == number


def test_a_call_whose_telephone_is_killed_is_hung_up(line: OpenLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_service, "LEFT_ALONE_SECONDS", 0.2)
    with line.place(MENU) as call:
        call.hears("Welcome")

    left = line.calls.call(call.call)
    with left.changed:
        assert left.changed.wait_for(lambda: left.receiver.stage is Stage.OVER, timeout=10)

    assert left.diary.pages[left.line.name.call_leg_id].hung_up_by_person


def test_a_call_that_nobody_ever_listened_to_is_hung_up(line: OpenLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_service, "LEFT_ALONE_SECONDS", 0.2)

    _, placed = line.ask("POST", "/api/calls", called=MENU)

    left = line.calls.call(placed["id"])
    with left.changed:
        assert left.changed.wait_for(lambda: left.is_over, timeout=10)


def test_the_agent_whom_a_flow_rings_can_be_played(line: OpenLine, flows: Path) -> None:
    (flows / "main-menu.yaml").write_text("flow: main-menu\nsteps:\n  desk: {transfer: '+15550188'}\n")
    with line.place(MENU) as call:
        call.hears("connected")
        assert call.does("switch") == {"is_agent": True}
        call.does("speak", words="Here is the agent.")
        call.hears("they say Here is the agent.")
        assert call.does("switch") == {"is_agent": False}
        call.does("switch")
        call.does("hang-up", caller=True)
        call.until("stage", "over")

        assert "hung up by the caller" in call.printed


@pytest.mark.parametrize(
    ("path", "body", "status", "why"),
    [
        ("calls", {"called": "+15550177"}, 422, "leads +15550177 to no flow"),
        ("calls", {"called": ""}, 422, "to no flow"),
        ("calls", {"called": 1}, 400, "called must be a text"),
        ("calls", {"called": MENU, "caller": "<b>"}, 422, "<b> is not a caller"),
        ("calls", {"called": MENU, "at": "noon"}, 422, "noon is not a time"),
        ("calls", {"called": MENU, "at": "0001-01-01T00:00+23:59"}, 422, "is not a time"),
        ("calls/nobody/press", {"digits": "1"}, 422, "there is no such call"),
        ("calls/../press", {"digits": "1"}, 422, "there is no such call"),
        ("calls/ID/press", {"digits": "x"}, 422, "keys are 0-9"),
        ("calls/ID/press", {"digits": ""}, 422, "keys are 0-9"),
        ("calls/ID/press", {"digits": "1" * 101}, 422, "keys are 0-9"),
        ("calls/ID/speak", {"words": " \n"}, 422, "give a text of 1 to"),
        ("calls/ID/speak", {"words": "x" * 2001}, 422, "give a text of 1 to"),
    ],
)
def test_what_cannot_be_done_is_said(line: OpenLine, path: str, body: dict[str, object], status: int, why: str) -> None:
    with line.place(MENU) as call:
        got, answer = line.ask("POST", f"/api/{path.replace('ID', call.call)}", **body)

    assert got == status
    assert why in answer["error"]


@pytest.mark.parametrize("path", ["/api/pictures/..%2Fnumbers", "/api/pictures/%2Fetc%2Fpasswd", "/api/pictures/A"])
def test_only_flows_have_pictures(line: OpenLine, path: str) -> None:
    assert line.ask("GET", path)[0] == 404


def test_a_flow_that_cannot_be_read_is_reported_with_its_place(line: OpenLine, flows: Path) -> None:
    status, picture = line.ask("GET", "/api/pictures/main-menu")
    (flows / "main-menu.yaml").write_text("flow: main-menu\nsteps:\n  bye: {hang: up}\n")
    answers = [
        line.ask("GET", "/api/pictures/main-menu"),
        line.ask("GET", f"/api/route?called=%2B{MENU[1:]}"),
        line.ask("POST", "/api/calls", called=MENU),
    ]

    assert (status, picture[:4]) == (200, b"<svg")
    assert [got for got, _ in answers] == [422, 422, 422]
    assert all("main-menu.yaml:3" in answer["error"] for _, answer in answers)


def test_a_recording_that_is_not_of_the_call_is_not_given(line: OpenLine) -> None:
    with line.place(MENU) as call:
        status, answer = line.ask("GET", f"/api/calls/{call.call}/recordings/..%2Fother.mp3")

    assert (status, answer["error"]) == (422, "this call has no recording ../other.mp3")
