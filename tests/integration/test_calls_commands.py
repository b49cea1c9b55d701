"""`dialtone calls`: what an operator finds of the calls of a stack, by moto."""

import itertools
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from control import call_filters as selection_module
from control import listing as listing_module
from control.call_filters import Selection, ago_or_moment
from control.listing import QUIET_DAYS, Listing
from dialtone.domain.calls import Call
from dialtone.domain.commands import command
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from infra.cli import calls_list_run as calls_list
from infra.cli.main import main
from infra.operations import aws
from infra.operations.calls import following
from infra.operations.calls.following import Following
from tests.integration.dependencies import Line
from tests.integration.ended_calls import ended_call
from tests.unit.test_docs import ROOT, blocks

NOW = datetime.now(UTC)
SHORT_DAYS = 12
"""That calls are kept here: each day is a request to moto."""


@dataclass
class Operator:
    """Someone with credentials at a shell, and the calls of their stack."""

    line: Line
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `dialtone calls` with these arguments; gives status, output and errors."""
        self.capsys.readouterr()
        try:
            status = main(["calls", *arguments])
        except SystemExit as ended:  # argparse refuses arguments by ending the program
            status = ended.code if isinstance(ended.code, int) else 1
        return status, *self.capsys.readouterr()

    def listed(self, *arguments: str) -> list[str]:
        """The sessions that a list has, in its order."""
        status, out, _ = self.run("list", "--json", *arguments)
        assert status == 0
        return [json.loads(line)["call_session_id"] for line in out.splitlines()]

    def call(self, session: str, ago: timedelta = timedelta(0), **changes: Any) -> Call:  # noqa: ANN401 -- any field
        """Let there be a call that began so long ago, and is over unless it says otherwise."""
        call = ended_call(session, NOW - ago, **changes)
        self.commit(call, "call.initiated", f"{NOW - ago:%Y-%m-%dT%H:%M:%S.%f}Z")
        return call._replace(version=1)

    def commit(self, call: Call, event_type: str, at: str, **payload: object) -> None:
        """Let an event of the call be stored, by which it came to be as it is."""
        given = {"call_session_id": call.session_id, "call_leg_id": call.leg_id, **payload}
        event = Event(f"{call.session_id}-{next(_NUMBERS)}", event_type, at, given)
        said = (command("speak", call.control_id, payload="Hello.", voice="female"),)
        before = call._replace(turn=-1)
        self.line.store.commit(event, before, Decision(call, said), at_seconds=NOW.timestamp())


_NUMBERS = itertools.count()


@pytest.fixture
def at_work(line: Line, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    for module in (listing_module, selection_module):
        monkeypatch.setattr(module, "KEEP_DAYS", SHORT_DAYS)
    clients = {"dynamodb": line.dynamodb}
    monkeypatch.setattr(aws, "client", lambda service, *_: clients[service])
    monkeypatch.setenv("CALLS_TABLE", line.table)
    return Operator(line, capsys)


def test_calls_come_the_newest_first_over_days(at_work: Operator) -> None:
    for session, days in (("two-days", 2), ("today", 0), ("ten-days", 10), ("yesterday", 1)):
        at_work.call(session, timedelta(days=days))

    assert at_work.listed() == ["today", "yesterday", "two-days", "ten-days"]
    assert at_work.listed("--since", "36h") == ["today", "yesterday"]
    assert at_work.listed("--since", "99999w", "--to", "9999-12-30")[:2] == ["today", "yesterday"], (
        "soon: no day is asked twice"
    )
    assert at_work.listed("--to", (NOW - timedelta(days=1)).isoformat()) == ["two-days", "ten-days"]
    begins, ends = (NOW - timedelta(days=5)).isoformat(), (NOW - timedelta(hours=12)).isoformat()
    assert at_work.listed("--from", begins, "--to", ends) == ["yesterday", "two-days"]


def test_calls_are_found_by_number_on_either_side_by_flow_and_by_outcome(at_work: Operator) -> None:
    at_work.call("in")
    at_work.call("out", timedelta(hours=1), direction="outgoing", from_number="+15550100", to_number="+15550161")
    at_work.call("busy", timedelta(hours=2), flow="announcement", hangup_cause="user_busy")
    at_work.call("live", timedelta(hours=3), status="answered", ended_at="", hangup_cause="")

    assert at_work.listed("--number", "+1 555 0161") == ["out"]
    assert at_work.listed("--number", "+15550100") == ["in", "out", "busy", "live"]
    assert at_work.listed("--flow", "announcement") == ["busy"]
    assert at_work.listed("--outcome", "completed") == ["in", "out"]
    assert at_work.listed("--outcome", "busy", "--flow", "announcement") == ["busy"]
    assert at_work.listed("--outcome", "answered") == ["live"]


def test_pages_follow_one_another_without_a_gap_and_without_a_call_twice(at_work: Operator) -> None:
    every = [f"call-{number:02d}" for number in range(9)]
    for number, session in enumerate(every):
        at_work.call(session, timedelta(seconds=10 * (number // 2)))

    pages: list[list[str]] = []
    until: list[str] = []
    for _ in range(9):
        status, out, err = at_work.run("list", "--json", "--limit", "3", *until)
        assert status == 0
        pages.append([json.loads(line)["call_session_id"] for line in out.splitlines()])
        if "go on with" not in err:
            break
        until = shlex.split(err.partition("go on with ")[2])

    assert [len(page) for page in pages] == [4, 4, 1], "a page ends with a second"
    assert sorted(itertools.chain(*pages)) == every
    began = [every.index(session) // 2 for session in itertools.chain(*pages)]
    assert began == sorted(began), "in their order over both shards of the index"
    shards = {
        item["began_on"]["S"]
        for item in at_work.line.dynamodb.scan(TableName=at_work.line.table)["Items"]
        if "began_on" in item
    }
    assert {each[-2:] for each in shards} == {"#0", "#1"}


def test_a_search_that_would_read_too_much_stops_and_says_where(
    at_work: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_list, "MOST_READ", 3)
    for number in range(5):
        at_work.call(f"call-{number}", timedelta(minutes=number))
    at_work.call("wanted", timedelta(hours=1), flow="rare")

    status, out, err = at_work.run("list", "--flow", "rare")

    assert (status, out) == (0, "")
    assert "stopped after 3 calls, older ones may match: go on with --to" in err
    assert at_work.listed("--flow", "rare", *shlex.split(err.partition("go on with ")[2])) == ["wanted"]


def test_a_call_of_an_erased_caller_is_listed_without_anybody(at_work: Operator) -> None:
    at_work.call("erased", from_number="", to_number="")

    _, out, _ = at_work.run("list")

    assert "withheld → unknown" in out


@pytest.mark.parametrize(
    "named",
    ["3f0c21aa-1111-4111-8111-111111111111", "3f0c21aa-1111-4111-8111-111111111111-leg", "3f0c", "v3:3f0c21aa"],
)
def test_a_call_is_shown_by_any_of_its_ids(at_work: Operator, named: str) -> None:
    session = "3f0c21aa-1111-4111-8111-111111111111"
    at_work.call("9999", timedelta(minutes=1))
    at_work.call(session, timedelta(days=3), control_id="v3:3f0c21aa")

    status, out, err = at_work.run("show", named)

    assert (status, err) == (0, "")
    assert session in out
    assert "“Hello.”" in out


def test_a_story_is_json_with_recordings_and_money(at_work: Operator) -> None:
    call = at_work.call("paid")
    cost = {"total_cost": "0.0068", "billed_duration_secs": 60, "cost_parts": [{"currency": "USD"}]}
    at_work.commit(call, "call.cost", call.ended_at, **cost)

    status, out, _ = at_work.run("show", "paid", "--json")

    shown = json.loads(out)
    assert status == 0
    assert shown["total"] == {"USD": "0.0068"}
    assert shown["recordings"] == []
    assert [leg["outcome"] for leg in shown["legs"]] == ["completed"]
    assert [row["telnyx"] for row in shown["timeline"] if row["towards"] == "to-dialtone"] == [
        "initiated",
        "cost 0.0068 USD",
    ]


def test_a_page_of_a_call_is_written_to_be_sent_around(at_work: Operator, tmp_path: Path) -> None:
    at_work.call("drawn")

    status, out, _ = at_work.run("show", "drawn", "--html", str(tmp_path / "call.html"))

    assert status == 0
    assert "It holds the numbers of the people on the call." in out
    assert "<svg" in (tmp_path / "call.html").read_text(encoding="utf-8")


def test_what_makes_no_sense_is_refused_in_a_sentence_with_the_remedy(
    at_work: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work.call("same-1")
    at_work.call("same-2")
    unreadable = {"call_session_id": {"S": "odd"}, "item": {"S": "LEG#odd"}}
    at_work.line.dynamodb.put_item(TableName=at_work.line.table, Item=unreadable)
    for arguments, why in (
        (["list", "--number", "Ada"], "'Ada' is not a number: write it with + and its country's code"),
        (["list", "--since", "yesterday"], "'yesterday' is not a time: give how long ago (2h, 3d)"),
        (["list", "--from", "2026-13-01"], "'2026-13-01' is not a time"),
        (["list", "--to", "soon"], "'soon' is not a time"),
        (["list", "--since", "2h", "--from", "2026-11-30"], "not allowed with argument"),
        (["list", "--limit", "0"], "--limit 0 is not possible: give a number from 1 to 1,000"),
        (["show", "nobody"], "there is no call 'nobody': `dialtone calls list` shows the calls of the last 12 days"),
        (["show", "v3:nobody"], "there is no call 'v3:nobody'"),
        (["show", "sam"], "'sam' is too short: give at least 4 characters"),
        (["show", ""], "'' is too short"),
        (["show", "same"], "'same' is the beginning of 2 calls: give more of it: same-"),
        (["show", "FLOW#main-menu"], "there is no call 'FLOW#main-menu'"),
        (["show", "odd"], "an item of the call odd cannot be read"),
        (["show", "same-1", "--html", str(tmp_path)], "cannot be written (Is a directory): name another --html FILE"),
        (["tail", "--for", "-1"], "give a number of seconds above 0"),
    ):
        status, out, err = at_work.run(*arguments)

        assert status in (1, 2), arguments
        assert out == ""
        assert why in err
        assert "Traceback" not in err

    monkeypatch.delenv("CALLS_TABLE")
    assert "which stack? Pass --stack NAME" in at_work.run("list")[2]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("AccessDeniedException", "AWS forbids Query"),
        ("ThrottlingException", "AWS cannot do Query now (ThrottlingException): run this again in a minute"),
        ("ResourceNotFoundException", "AWS answered Query with ResourceNotFoundException"),
    ],
)
def test_what_aws_refuses_is_said(at_work: Operator, monkeypatch: pytest.MonkeyPatch, code: str, why: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Query")

    monkeypatch.setattr(at_work.line.dynamodb, "query", refuse)

    for arguments in (["list"], ["show", "some-call"], ["tail", "--for", "1"]):
        status, _, err = at_work.run(*arguments)
        assert status == 1
        assert why in err


def test_keys_that_dynamodb_leaves_unread_are_asked_for_again(
    at_work: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work.call("one")
    at_work.call("two", timedelta(minutes=1))
    whole: Callable[..., Any] = at_work.line.dynamodb.batch_get_item
    monkeypatch.setattr("control.listing.READ_PAUSES_SECONDS", (0.0, 0.0))

    def halved(*, RequestItems: Any) -> Any:  # noqa: ANN401, N803 -- boto's own
        ((table, asked),) = RequestItems.items()
        answer = whole(RequestItems={table: {"Keys": asked["Keys"][:1]}})
        left = asked["Keys"][1:]
        return {**answer, "UnprocessedKeys": {table: {"Keys": left}} if left else {}}

    monkeypatch.setattr(at_work.line.dynamodb, "batch_get_item", halved)

    assert at_work.listed() == ["one", "two"]


def test_calls_are_followed_from_when_they_ring_and_nothing_comes_twice(at_work: Operator) -> None:
    old = at_work.call("old", timedelta(minutes=9), status="answered", ended_at="", step="welcome")
    watch = Following(Listing(at_work.line.dynamodb, at_work.line.table), Selection(), NOW - timedelta(seconds=30))
    first = watch.look(NOW)
    at_work.call("new", timedelta(seconds=1), ended_at="", status="answered")
    second = watch.look(NOW)
    at_work.commit(old, "call.dtmf.received", old.answered_at, digit="5")

    third, fourth = watch.look(NOW), watch.look(NOW)

    assert [(each.call.session_id, each.row.caller) for each in first] == [("old", "on the line")]
    assert [each.call.session_id for each in second] == ["new", "new"], "its event and its command"
    assert ("old", "presses *") in [(each.call.session_id, each.row.caller) for each in third]
    assert fourth == []
    assert watch.count == 2


def test_a_call_that_is_over_is_followed_until_its_cost_has_come(at_work: Operator) -> None:
    watch = Following(Listing(at_work.line.dynamodb, at_work.line.table), Selection(), NOW - timedelta(seconds=5))
    call = at_work.call("short")
    assert watch.look(NOW)
    at_work.commit(call, "call.cost", call.ended_at, total_cost="0.01")
    later = [watch.look(NOW + timedelta(seconds=seconds)) for seconds in (30, 60, 91, 92)]

    assert "cost 0.01" in [each.row.telnyx for each in later[0]]
    assert later[1:] == [[], [], []]
    at_work.commit(call._replace(version=2), "call.cost", call.ended_at, total_cost="0.02")
    assert watch.look(NOW + timedelta(seconds=93)) == [], "no caller is waiting for it any more"
    assert watch.count == 1


def test_a_look_that_fails_half_way_is_made_up_for_by_the_next(
    at_work: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Following(Listing(at_work.line.dynamodb, at_work.line.table), Selection(), NOW - timedelta(seconds=5))
    at_work.call("one")
    at_work.call("two")
    timeline, read = watch.listing.store.timeline, []

    def failing_once(session: str) -> object:
        read.append(session)
        if len(read) == 2:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "Query")
        return timeline(session)

    monkeypatch.setattr(watch.listing.store, "timeline", failing_once)
    with pytest.raises(ClientError):
        watch.look(NOW)

    shown = [(each.call.session_id, each.row.event_id) for each in watch.look(NOW) if each.row.event_id]

    assert sorted(session for session, _ in shown) == ["one", "two"]
    assert len(set(shown)) == 2


def test_following_outlives_a_dependency_that_does_not_answer_for_a_while(
    at_work: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def silent(self: Following, now: datetime) -> list[object]:
        del self, now
        looks.append(1)
        if len(looks) == 2:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "Query")
        if len(looks) == 4:
            raise KeyboardInterrupt
        return []

    monkeypatch.setattr(Following, "look", silent)
    monkeypatch.setattr("time.sleep", lambda _: None)

    status, _, err = at_work.run("tail")

    assert status == 0
    assert len(looks) == 4
    assert "run this again in a minute; still following" in err


def test_only_calls_that_are_meant_are_followed(at_work: Operator) -> None:
    listing = Listing(at_work.line.dynamodb, at_work.line.table)
    watch = Following(listing, Selection(flow="recorded-line"), NOW - timedelta(seconds=5))
    at_work.call("menu")
    ringing = at_work.call("ringing", flow="", status="ringing", ended_at="", answered_at="")
    assert watch.look(NOW) == []
    led = ringing._replace(flow="recorded-line", version=1)
    at_work.commit(led, "call.answered", ringing.initiated_at)

    news = watch.look(NOW)

    assert {each.call.session_id for each in news} == {"ringing"}
    assert len({each.row.event_id for each in news if each.row.event_id}) == 2, (
        "what was before its flow was known, too"
    )


def test_of_too_many_calls_some_are_followed_and_the_others_counted(
    at_work: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_CALLS", 2)
    watch = Following(Listing(at_work.line.dynamodb, at_work.line.table), Selection(), NOW - timedelta(seconds=5))
    for number in range(5):
        at_work.call(f"call-{number}")

    assert len({each.call.session_id for each in watch.look(NOW)}) == 2
    assert watch.left_out == 3


def test_following_ends_when_its_time_is_over_or_it_is_interrupted(
    at_work: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work.call("going", timedelta(minutes=2), ended_at="", status="answered", step="welcome")

    ended = at_work.run("tail", "--for", "0.01")
    shown = at_work.run("tail", "--for", "0.01", "--json")
    monkeypatch.setattr("time.sleep", interrupt)
    interrupted = at_work.run("tail")

    assert ended[0] == interrupted[0] == 0
    assert "going  +15550142 → +15550100, main-menu, answered" in ended[1]
    assert "on the line → at welcome" in ended[1]
    assert interrupted[2] == "1 calls were followed\n"
    assert json.loads(shown[1])["call_session_id"] == "going"


def interrupt(_: float) -> None:
    raise KeyboardInterrupt


def test_a_time_is_a_moment_or_how_long_ago_it_was() -> None:
    assert ago_or_moment("90s", NOW) == NOW - timedelta(seconds=90)
    assert ago_or_moment("2w", NOW) == NOW - timedelta(days=14)
    assert ago_or_moment("2026-11-30T14:00+02:00", NOW) == datetime(2026, 11, 30, 12, tzinfo=UTC)


PAGE = ROOT / "docs" / "calls.md"
EXAMPLES = [line for block in blocks(PAGE, "sh") for line in block.splitlines() if line.startswith("dialtone calls ")]


def test_every_example_of_the_page_runs_with_no_more_permissions_than_it_says(
    at_work: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work.call("eb1167b3-67a9-4378-bc65-c1e582e2e662")
    at_work.line.wire.requests.clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.sleep", interrupt)
    monkeypatch.setattr("control.call_filters.KEEP_DAYS", 4 * QUIET_DAYS)

    ran = {each: at_work.run(*shlex.split(each.replace(" --stack dialtone-prod", ""))[2:])[0] for each in EXAMPLES}

    assert ran == dict.fromkeys(EXAMPLES, 0)
    assert len(EXAMPLES) > 5
    named = set(re.findall(r"`dynamodb:(\w+)`", PAGE.read_text(encoding="utf-8")))
    assert set(at_work.line.wire.requests) == named
