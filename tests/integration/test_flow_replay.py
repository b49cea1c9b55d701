"""`dialtone flow replay` and `dialtone flow test-from`: real calls, played again and written down."""

import json
import re
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from control import listing
from dialtone.adapters.flow_versions_table import Change, FlowVersionsTable, Version
from dialtone.domain.live_version import Live
from infra.carrier import (
    BEEP,
    Callee,
    Caller,
    HangUp,
    Hear,
    Machine,
    NoAnswer,
    Person,
    Press,
    Say,
    Silence,
    WebhookFault,
)
from infra.carrier.caller_identity import UNKNOWN_CALLER, CallerIdentity
from infra.checkout import SAMPLES
from infra.cli import flow_replay_run
from infra.cli.main import main
from infra.flowkit.scripted_backends import Answering
from infra.flowkit.stage import Stage
from infra.operations import aws
from infra.operations.custody.call_items import CallItems
from infra.operations.publishing.files import files_of
from tests.integration.dependencies import Line
from tests.unit.test_docs import ROOT, blocks

PAGE = ROOT / "docs" / "publishing.md"

HOURS = Caller(Hear("press 1"), Press("1"), Silence(2), HangUp())
MESSAGE = Caller(Hear("press 2"), Press("2"), BEEP, Say(4, "It is Ada, on +1 555 0142."), Press("#"))
AGENT = "+15550199"

ORDERS = f"""
flow: orders
last_resort: sorry
steps:
  number:
    collect: Please key your order number in.
    into: order
    digits: {{min: 4, max: 8}}
    ends_on: "#"
    otherwise: sorry
  find:
    lookup: order-book
    send: {{order: "{{digits.order}}"}}
    into: found
    gives: [state, name]
    not_found: sorry
  which:
    branch:
      - {{when: {{found.state: shipped}}, to: shipped}}
    otherwise: desk
  shipped:
    say: "{{found.name}}, your order is on its way."
    next: bye
  desk:
    transfer: "{AGENT}"
    ring_seconds: 20
    no_answer: sorry
    next: bye
  bye: hangup
  sorry:
    say: We are sorry.
    next: bye
"""


@dataclass
class Desk:
    """Somebody with a changed copy of the flows, and the table with the calls that there were."""

    line: Line
    flows: Path
    capsys: pytest.CaptureFixture[str]
    sessions: list[str] = field(default_factory=list)

    def rings(  # noqa: PLR0913 -- what may differ from call to call, each with its default
        self,
        number: str,
        who: Caller,
        *,
        agent: Person | None = None,
        caller: str = "+15557654321",
        identity: CallerIdentity = UNKNOWN_CALLER,
        at: datetime | None = None,
        faults: dict[WebhookFault, float] | None = None,
        **lookups: Answering,
    ) -> str:
        """A call to the flows as they are now."""
        stage = Stage(seed=len(self.sessions), flows=self.flows, start=at, faults=faults)
        stage.systems.answering = {name.replace("_", "-"): how for name, how in lookups.items()}
        if agent:
            stage.carrier.add_callee(AGENT, agent)
        line = stage.call(caller, number, who, identity)
        stage.carrier.run()
        return self._kept(stage, line.name.call_session_id)

    def dials(self, callee: Callee, flow: str, given: dict[str, str] | None = None) -> str:
        """A call that the line dials for a flow."""
        stage = Stage(seed=len(self.sessions), flows=self.flows)
        return self._kept(stage, stage.dial("+15550161", callee, flow, given))

    def _kept(self, stage: Stage, session: str) -> str:
        for item in stage.table.items():
            self.line.dynamodb.put_item(TableName=self.line.table, Item=item)
        self.sessions.append(session)
        return session

    def change(self, file: str, old: str, new: str) -> None:
        """Edit a flow."""
        text = (self.flows / file).read_text(encoding="utf-8")
        assert old in text
        (self.flows / file).write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `dialtone flow …`; gives status, output and errors."""
        self.capsys.readouterr()
        status = main(["flow", *arguments, "--flows", str(self.flows)])
        return status, *self.capsys.readouterr()

    def replayed(self, *arguments: str) -> list[dict[str, object]]:
        """What `dialtone flow replay --json` says."""
        status, out, _ = self.run("replay", "--json", *arguments)
        assert status == 0
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def desk(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    flows = tmp_path / "flows"
    shutil.copytree(SAMPLES, flows)
    (flows / "orders.yaml").write_text(ORDERS, encoding="utf-8")
    with (flows / "numbers.yaml").open("a", encoding="utf-8") as numbers:
        numbers.write('"+15550107": orders\n')
    for module in (flow_replay_run, listing):
        monkeypatch.setattr(module, "KEEP_DAYS", 2)
    clients = {"dynamodb": line.dynamodb}
    monkeypatch.setattr(aws, "client", lambda service, *_: clients[service])
    monkeypatch.setenv("CALLS_TABLE", line.table)
    monkeypatch.setenv("NO_COLOR", "1")
    return Desk(line, flows, capsys)


@pytest.mark.parametrize(
    ("number", "caller"),
    [
        ("+15550100", HOURS),
        ("+15550100", MESSAGE),
        ("+15550100", Caller(Hear("press 1"), Press("9"), Hear("press 2"), Press("2"), BEEP, Say(3), HangUp())),
        ("+15550100", Caller()),
        ("+15550100", Caller(Silence(1), HangUp())),
        ("+15550104", Caller(Hear("1"), Press("1"), Silence(3), HangUp())),
    ],
    ids=["a key", "a message", "a wrong key", "silence", "at once", "a language"],
)
def test_on_unchanged_flows_every_caller_goes_the_way_they_went(desk: Desk, number: str, caller: Caller) -> None:
    session = desk.rings(number, caller)

    (found,) = desk.replayed(session)

    assert (found["verdict"], found["then"]) == ("same", found["now"])


def test_whoever_was_dialled_is_reached_again(desk: Desk) -> None:
    ada = {"name": "Ada Lovelace", "time": "tomorrow at ten o'clock"}
    confirms = desk.dials(Person(Say(1), Hear("press 1"), Press("1"), Hear("Goodbye")), "appointment", ada)
    machine = desk.dials(Machine(), "announcement")
    nobody = desk.dials(NoAnswer(), "announcement")

    found = desk.replayed(confirms, machine, nobody)

    assert [each["verdict"] for each in found] == ["same", "same", "not played"]
    assert [each["now"]["outcome"] for each in found[:2]] == ["confirmed", "left on a machine"]  # type: ignore[index]
    desk.change("appointment.yaml", "given:\n", "given:\n  doctor: Whom it is with\n")
    desk.change("appointment.yaml", "You have an appointment {time}", "You have an appointment {time} with {doctor}")
    (more,) = desk.replayed(confirms)
    assert more["now"]["unknown"] == "the flow wants to be given doctor, which this call was not given"  # type: ignore[index]
    (desk.flows / "appointment.yaml").unlink()
    (gone,) = desk.replayed(confirms)
    assert (gone["verdict"], gone["now"]["unknown"]) == ("elsewhere", "there is no such flow any more")  # type: ignore[index]
    status, _, err = desk.run("test-from", machine)
    assert (status, "Dialtone dialled it: choose a call that came in" in err) == (1, True)


def test_events_that_came_late_or_at_once_make_no_difference(desk: Desk) -> None:
    faults = {WebhookFault.LATE: 0.2, WebhookFault.OUT_OF_ORDER: 0.2, WebhookFault.AT_ONCE: 0.1}
    again = Caller(Press("1", after=0.5), Hear("star"), Press("*"), Press("1", after=2), Silence(3), HangUp())
    sessions = [desk.rings("+15550104", again, faults=faults) for _ in range(6)]

    assert [each["verdict"] for each in desk.replayed(*sessions)] == ["same"] * 6


def test_a_changed_sentence_leads_nobody_elsewhere(desk: Desk) -> None:
    session = desk.rings("+15550100", MESSAGE)
    desk.change("main-menu.yaml", "Welcome to Harbour Dental.", "Hello.")

    assert [each["verdict"] for each in desk.replayed(session)] == ["same"]


def test_a_key_that_leads_elsewhere_is_found_with_the_step_after_which_the_ways_part(desk: Desk) -> None:
    session = desk.rings("+15550100", MESSAGE)
    desk.change("main-menu.yaml", "2: message\n    no_input", "2: goodbye\n    no_input")

    (found,) = desk.replayed(session)

    assert (found["verdict"], found["parts_after"]) == ("elsewhere", "welcome")
    assert found["now"] == {
        "flow": "main-menu",
        "steps": ["welcome", "goodbye", "bye"],
        "outcome": "completed",
        "recordings": 0,
        "unknown": "",
    }


def test_what_the_caller_was_never_asked_is_not_guessed(desk: Desk) -> None:
    session = desk.rings("+15550100", MESSAGE)
    question = "  sure:\n    menu: Are you sure? Press 2.\n    keys: {2: message}\n    otherwise: bye\n\n  message:\n"
    desk.change("main-menu.yaml", "2: message\n    no_input", "2: sure\n    no_input")
    desk.change("main-menu.yaml", "  message:\n", question)

    (found,) = desk.replayed(session)

    assert found["verdict"] == "elsewhere"
    assert found["now"]["unknown"] == "the caller would have been asked something else at sure"  # type: ignore[index]


def test_what_others_did_and_answered_is_as_it_was(desk: Desk) -> None:
    asked = Caller(Hear("order number"), Press("4711#"))
    shipped = Answering("found", {"state": "shipped", "name": "Ada Lovelace"})
    at_desk = Answering("found", {"state": "lost", "name": "Ada Lovelace"})
    agent = Person(Say(2, "Hello?"), Silence(3), HangUp(), answers_after=9)
    first = desk.rings("+15550107", asked, order_book=shipped)
    second = desk.rings("+15550107", asked, agent=agent, order_book=at_desk)
    third = desk.rings("+15550107", asked, order_book=Answering("not_found"))

    found = desk.replayed(first, second, third)

    assert [each["verdict"] for each in found] == ["same"] * 3
    went = zip(("shipped", "desk", "sorry"), found, strict=True)
    assert [step for step, each in went if step not in each["now"]["steps"]] == []  # type: ignore[index]
    desk.change("orders.yaml", "ring_seconds: 20", "ring_seconds: 5")
    (shorter,) = desk.replayed(second)
    assert (shorter["verdict"], shorter["parts_after"]) == ("elsewhere", "desk")
    desk.change("orders.yaml", "gives: [state, name]", "gives: [state, name, date]")
    why = [each["now"]["unknown"] for each in desk.replayed(first, third)]  # type: ignore[index]
    assert why == ["it would have looked up date at order-book, which this call did not ask for", ""]


def test_over_the_newest_calls_the_share_that_goes_elsewhere(desk: Desk) -> None:
    for caller in (HOURS, MESSAGE, HOURS, HOURS):
        desk.rings("+15550100", caller)
    card = Caller(Hear("press 2"), Press("2"), Hear("card"), Press("411111111111#"))
    desk.rings("+15550102", card, agent=Person(HangUp(after=2)))
    desk.change("main-menu.yaml", "2: message\n    no_input", "2: goodbye\n    no_input")

    status, out, _ = desk.run("replay", "--last", "5")

    assert status == 0
    assert "its keys were not kept, since its flow asks for sensitive digits" in out
    assert out.splitlines()[-1] == "1 of 4 calls go elsewhere (25 %); 1 could not be played"


def test_calls_are_played_on_a_published_version(desk: Desk) -> None:
    session = desk.rings("+15550100", MESSAGE)
    desk.change("main-menu.yaml", "2: message\n    no_input", "2: goodbye\n    no_input")
    texts = files_of(desk.flows)
    change = Change("2026-11-30T14:00:00Z", "user/ada", "published 1", Live(revision=1, version=1))
    version = Version(1, "Shorter", "user/ada", change.at, "", len(texts))
    FlowVersionsTable(desk.line.dynamodb, desk.line.table).change(Live(), change, version, texts)
    shutil.rmtree(desk.flows / "calendars")

    (found,) = desk.replayed(session, "--version", "1")

    assert (found["verdict"], found["parts_after"]) == ("elsewhere", "welcome")
    status, _, err = desk.run("replay", session, "--version", "2")
    assert (status, "version 2 was not published: `dialtone versions` lists" in err) == (1, True)


@pytest.mark.parametrize("field", ["payload", "commands", "occurred_at"])
def test_an_item_that_cannot_be_read_stops_no_other_call(desk: Desk, field: str) -> None:
    broken, whole = desk.rings("+15550100", HOURS), desk.rings("+15550100", HOURS)
    (item, *_) = desk.line.dynamodb.query(
        TableName=desk.line.table,
        KeyConditionExpression="call_session_id = :session AND begins_with(#item, :event)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={":session": {"S": broken}, ":event": {"S": "EVENT#"}},
    )["Items"]
    desk.line.dynamodb.put_item(TableName=desk.line.table, Item={**item, field: {"S": "{"}})

    found = desk.replayed(broken, whole)

    assert [each["verdict"] for each in found] == ["not played", "same"]


def test_a_call_that_cannot_be_played_says_why(desk: Desk) -> None:
    session = desk.rings("+15550100", HOURS)
    flow = {"call_session_id": {"S": "FLOW#main-menu"}}
    for item in desk.line.dynamodb.query(
        TableName=desk.line.table,
        KeyConditionExpression="call_session_id = :flow",
        ExpressionAttributeValues={":flow": {"S": "FLOW#main-menu"}},
    )["Items"]:
        desk.line.dynamodb.delete_item(TableName=desk.line.table, Key={**flow, "item": item["item"]})

    (found,) = desk.replayed(session)

    assert found["verdict"] == "not played"
    assert "is no longer kept: choose a later call" in str(found["why"])


def test_an_erased_call_is_said_to_be_erased(desk: Desk) -> None:
    session = desk.rings("+15550100", HOURS)
    CallItems(desk.line.dynamodb, desk.line.table).strip(session)

    (found,) = desk.replayed(session)

    assert (found["verdict"], found["why"]) == ("not played", "it was erased: choose another call")
    status, _, err = desk.run("test-from", session)
    assert (status, "it was erased: choose another call" in err) == (1, True)


def test_the_page_of_conversations_shows_what_is_written(desk: Desk) -> None:
    session = desk.rings("+15550100", MESSAGE, at=datetime(2026, 11, 30, 14, tzinfo=UTC))

    _, out, _ = desk.run("test-from", session)

    assert out in blocks(ROOT / "docs" / "conversations.md", "text")


def test_the_page_shows_what_is_printed(desk: Desk) -> None:
    session = desk.rings("+15550100", MESSAGE)
    desk.change("main-menu.yaml", "2: message\n    no_input", "2: goodbye\n    no_input")

    _, out, _ = desk.run("replay", session)

    shown = re.sub(r"^[0-9a-f-]{36}", "SESSION", out).strip()
    assert shown in [block.strip() for block in blocks(PAGE, "text")], shown


def test_a_conversation_from_a_real_call_passes_and_names_nobody(desk: Desk) -> None:
    asked = Caller(Hear("order number"), Press("4711#"))
    found = Answering("found", {"state": "shipped", "name": "Ada Lovelace"})
    sessions = [
        desk.rings("+15550100", HOURS),
        desk.rings("+15550100", MESSAGE, caller="anonymous"),
        desk.rings("+15550107", asked, order_book=found),
        desk.rings(
            "+15550107",
            asked,
            agent=Person(Say(2, "Hello?"), Silence(3), HangUp(), answers_after=9),
            order_book=Answering("found", {"state": "lost", "name": "Ada Lovelace"}),
        ),
    ]

    (desk.flows / "main-menu.test.yaml").unlink()

    for session, flow in zip(sessions, ("main-menu", "main-menu", "orders", "orders"), strict=True):
        file = desk.flows / f"{flow}.test.yaml"
        status, out, err = desk.run("test-from", session, "--append", str(file))
        assert status == 0, err
        assert "run `dialtone flow test " in out

    assert [desk.run("test", flow)[0] for flow in ("main-menu", "orders")] == [0, 0]
    written = "".join((desk.flows / f"{flow}.test.yaml").read_text("utf-8") for flow in ("main-menu", "orders"))
    assert [detail for detail in ("7654321", "4711", "Ada", "Lovelace", "Hello?") if detail in written] == []
    assert [
        kept
        for kept in ("shipped", "1234#", "+15550142", "(speech left out)", "caller: withheld")
        if kept not in written
    ] == []


def test_a_lookup_that_was_answered_in_two_ways_is_written_as_a_list(desk: Desk) -> None:
    desk.change("orders.yaml", "not_found: sorry", "not_found: number")
    asked = Caller(Hear("order number"), Press("4711#"), Hear("order number"), Press("4712#"))
    shipped = Answering("found", {"state": "shipped", "name": "Ada Lovelace"})
    session = desk.rings("+15550107", asked, order_book=Answering("not_found", then=[shipped]))

    status, out, err = desk.run("test-from", session)

    assert status == 0, err
    answers = yaml.safe_load(out)["conversations"][0]["lookups"]["order-book"]
    assert [answer["answers"] for answer in answers] == ["not_found", "found"]


def test_digits_are_replaced_by_such_as_lead_the_same_way(desk: Desk) -> None:
    desk.change("orders.yaml", "ends_on:", 'pattern: "77[0-9]{4}"\n    ends_on:')
    desk.change("orders.yaml", "found.state: shipped", 'digits.order: "77123*"')
    asked = Caller(Hear("order number"), Press("771234"))
    session = desk.rings("+15550107", asked, order_book=Answering("found", {"state": "lost", "name": "Ada Lovelace"}))

    status, out, err = desk.run("test-from", session)

    assert status == 0, err
    assert "presses: 771236#" in out, out


def test_of_a_number_that_the_flow_goes_by_only_the_beginning_stays(desk: Desk) -> None:
    desk.change("orders.yaml", "found.state: shipped", 'caller: "+4420*"')
    asked = Caller(Hear("order number"), Press("4711#"))
    found = Answering("found", {"state": "lost", "name": "Ada Lovelace"})
    session = desk.rings("+15550107", asked, caller="+442079460018", order_book=found)

    status, out, err = desk.run("test-from", session)

    assert status == 0, err
    assert "caller: '+4420123456" in out
    assert "- shipped" in out


TRUSTED = """
flow: trusted
steps:
  who:
    branch:
      - {when: {caller: {in: vips}, shaken_stir_attestation: A, caller_id_name: "ADA*"}, to: vip}
  plain: {say: Hello., next: bye}
  vip: {say: Hello Ada., next: bye}
  bye: hangup
"""


def test_a_call_goes_by_its_data_file_and_by_what_the_network_said_again(desk: Desk) -> None:
    (desk.flows / "data").mkdir()
    (desk.flows / "data" / "vips.csv").write_text("number\n+15557654321\n", encoding="utf-8")
    (desk.flows / "trusted.yaml").write_text(TRUSTED.lstrip(), encoding="utf-8")
    desk.change("numbers.yaml", '"+15550107": orders', '"+15550107": trusted')
    session = desk.rings("+15550107", Caller(), identity=CallerIdentity("ADA BYRON", "A"))

    unchanged = desk.replayed(session)
    status, out, err = desk.run("test-from", session)
    desk.change("data/vips.csv", "+15557654321", "+15557654322")
    changed = desk.replayed(session)

    assert [[each["verdict"] for each in path] for path in (unchanged, changed)] == [["same"], ["elsewhere"]]
    assert (status, "attestation: A" in out, "number: '+15557654321'" in out) == (0, True, True), err


def test_digits_that_nothing_can_replace_are_not_written_down(desk: Desk) -> None:
    desk.change("orders.yaml", "ends_on:", 'pattern: "771234|88.*"\n    ends_on:')
    desk.change("orders.yaml", "found.state: shipped", 'digits.order: "77*"')
    asked = Caller(Hear("order number"), Press("771234"))
    session = desk.rings("+15550107", asked, order_book=Answering("found", {"state": "lost", "name": "Ada Lovelace"}))

    status, out, err = desk.run("test-from", session)

    assert (status, out) == (1, "")
    assert "without that it takes another path; choose another call" in err


def test_a_call_whose_keys_were_not_kept_gives_no_conversation(desk: Desk) -> None:
    card = Caller(Hear("press 2"), Press("2"), Hear("card"), Press("411111111111#"))
    session = desk.rings("+15550102", card, agent=Person(HangUp(after=2)))

    status, _, err = desk.run("test-from", session)

    assert status == 1
    assert "its keys were not kept, since its flow asks for sensitive digits: choose another call" in err


def test_what_was_drawn_by_chance_is_drawn_again(desk: Desk) -> None:
    steps = (
        "steps:\n  which: {split: [{percent: 50, to: b}]}\n  a: {say: A., next: bye}\n  b: {say: B.}\n  bye: hangup\n"
    )
    (desk.flows / "dice.yaml").write_text(f"flow: dice\n{steps}", encoding="utf-8")
    with (desk.flows / "numbers.yaml").open("a", encoding="utf-8") as numbers:
        numbers.write('"+15550108": dice\n')

    sessions = [desk.rings("+15550108", Caller(Silence(9))) for _ in range(6)]
    went = [str(found["then"]) for session in sessions for found in desk.replayed(session)]

    assert [each["verdict"] for session in sessions for each in desk.replayed(session)] == ["same"] * len(sessions)
    assert len(set(went)) > 1


SPOKEN = """\
flow: spoken
last_resort: sorry
steps:
  choice:
    menu: Say sales or press 1. Say repairs or press 2.
    keys: {1: sales, 2: repairs}
    say_or_press: {1: sales, 2: repairs}
    wrong: Once more.
    otherwise: sorry
  sales: {say: Sales., next: bye}
  repairs: {say: Repairs., next: bye}
  sorry: {say: Sorry., next: bye}
  bye: hangup
"""


@pytest.mark.parametrize(
    ("caller", "steps"),
    [
        (Caller(Hear("press 2"), Silence(4), Say(6, "Repairs, I think"), Silence(30)), "repairs"),
        (Caller(Hear("press 2"), Press("1"), Silence(30)), "sales"),
        (Caller(Hear("press 2"), Say(2, "Hello?"), Hear("Once more"), Say(1, "Sales"), Silence(30)), "sales"),
        (Caller(Hear("press 2"), Silence(2), HangUp()), "choice"),
        (Caller(), "sorry"),
    ],
)
def test_a_choice_that_was_said_is_replayed_by_its_key(desk: Desk, caller: Caller, steps: str) -> None:
    (desk.flows / "spoken.yaml").write_text(SPOKEN, encoding="utf-8")
    with (desk.flows / "numbers.yaml").open("a", encoding="utf-8") as numbers:
        numbers.write('"+15550109": spoken\n')
    session = desk.rings("+15550109", caller)

    (found,) = desk.replayed(session)

    assert (found["verdict"], found["then"]) == ("same", found["now"])
    assert steps in str(found["then"])


SPOKEN_DIGITS = """\
flow: spoken-digits
last_resort: sorry
steps:
  account:
    collect: Your number?
    into: account
    digits: {min: 2, max: 4}
    say_or_press: true
    wrong: Once more.
    otherwise: sorry
  thanks: {say: "Thanks, {digits.account}.", next: bye}
  sorry: {say: Sorry., next: bye}
  bye: hangup
"""


@pytest.mark.parametrize(
    ("caller", "steps"),
    [
        (Caller(Hear("number"), Say(3, "four seven one"), Silence(30)), "thanks"),
        (Caller(Hear("number"), Press("47#", after=1), Silence(30)), "thanks"),
        (Caller(Hear("number"), Say(2, "Hello?"), Hear("Once more"), Say(1, "4711"), Silence(30)), "thanks"),
    ],
)
def test_digits_that_were_said_are_replayed_by_their_keys(desk: Desk, caller: Caller, steps: str) -> None:
    (desk.flows / "spoken-digits.yaml").write_text(SPOKEN_DIGITS, encoding="utf-8")
    with (desk.flows / "numbers.yaml").open("a", encoding="utf-8") as numbers:
        numbers.write('"+15550109": spoken-digits\n')
    session = desk.rings("+15550109", caller)

    (found,) = desk.replayed(session)

    assert (found["verdict"], found["then"]) == ("same", found["now"])
    assert steps in str(found["then"])


KEYS_IN_TALK = """\
flow: keys-in-talk
last_resort: sorry
steps:
  desk:
    transfer: "+15550199"
    hold: {media: hold-music}
    whisper: Press 1 to take the call.
    accept: 1
    during: {"*2": {recording: start}, "*5": park, "*7": consult, "*9": supervisor}
    park: lot
    consult: "+15550192"
    supervisor: {to: "+15550193", role: barge}
    busy: sorry
    no_answer: sorry
    on_hangup_connected: {outcome: talked}
  lot: {say: You are parked., next: bye}
  sorry: {say: Sorry., next: bye}
  bye: hangup
"""

TAKES = (Hear("Press 1"), Press("1", after=1), Silence(4))


@pytest.mark.parametrize(
    ("agent", "ends"),
    [
        (Person(*TAKES, Press("*5"), Silence(60)), ("lot", "completed", 0)),
        (Person(*TAKES, Press("*2"), Silence(20)), ("desk", "talked", 1)),
        (Person(*TAKES, Press("*7"), Silence(9), Press("1"), Silence(60)), ("desk", "talked", 0)),
        (Person(*TAKES, Press("*9"), Silence(60)), ("desk", "talked", 0)),
        (Person(Hear("Press 1"), Press("5", after=1)), ("sorry", "completed", 0)),
    ],
    ids=["parks", "records", "hands on", "fetches a supervisor", "does not take it"],
)
def test_agents_press_the_keys_that_they_pressed(desk: Desk, agent: Person, ends: tuple[str, str, int]) -> None:
    (desk.flows / "keys-in-talk.yaml").write_text(KEYS_IN_TALK, encoding="utf-8")
    with (desk.flows / "numbers.yaml").open("a", encoding="utf-8") as numbers:
        numbers.write('"+15550110": keys-in-talk\n')
    talks = Caller(Silence(50), HangUp())
    session = desk.rings("+15550110", talks, agent=agent)

    (found,) = desk.replayed(session)
    status, _, err = desk.run("test-from", session)

    assert (found["verdict"], found["then"]) == ("same", found["now"])
    now = found["now"]
    assert isinstance(now, dict)
    assert (now["steps"][-2 if now["steps"][-1] == "bye" else -1], now["outcome"], now["recordings"]) == ends
    assert status == 0, err
