"""A small share of the drills, and what holds the drills themselves: the list of requests, the checks, the seeds."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from archive import custody
from deliver.claims import Claims
from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.signature import Verifier
from dialtone.domain.recordings import Recording
from infra.carrier import WebhookFault
from infra.checkout import ROOT
from infra.flowkit.memory_table import MemoryTable
from reconcile.comparison import Comparison
from tests.drills import gate
from tests.drills.aws_memory import MemoryBucket
from tests.drills.checkers import violations
from tests.drills.crash import SCENES, deaths, play_scene, undisturbed
from tests.drills.faults import Faults
from tests.drills.gate import Weather
from tests.drills.hostile import play_menus, play_webhooks
from tests.drills.hostile_audio import play_audio
from tests.drills.io_points import BESIDE, ELSEWHERE_IN, IO_POINTS, PLAYED, service_of
from tests.drills.oracle import Oracle
from tests.drills.orders import LOOSE_PLAYS, any_order, loosely_allowed
from tests.drills.processes import UnknownRequest
from tests.drills.program import PARTS, main
from tests.drills.receivers import MemoryBus
from tests.drills.report import DOUBLED, FORGED, LOST, STUCK, WRONG, Part, Tally, kept_seeds
from tests.drills.stack import Stack
from tests.drills.stack import play_scene as play_stack
from tests.drills.stack import undisturbed as undisturbed_stack
from tests.drills.stack_scenes import SCENES as STACK_SCENES
from tests.drills.times import Times
from tests.drills.world import World
from tests.simulation.plays import ALL_PLAYS, SPEECH_PLAYS, flows_of
from webhook import processor

pytestmark = pytest.mark.no_cover  # plays again and again what other tests take

QUICK_SEEDS = (*range(9), 10, 11)
"""In the world of seed 9 Telnyx is away for so long that a recording has 40 MB."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", QUICK_SEEDS)
def test_whatever_fails_until_it_does_not_everything_comes_to_its_end(seed: int) -> None:
    tally = Tally()

    Faults().play(seed, tally)

    assert tally.failures == {}


@pytest.mark.parametrize("number", range(len(SCENES)))
def test_a_death_at_some_request_of_every_call_leaves_no_trace(number: int) -> None:
    turn = number * 7 % (2 * len(undisturbed(number).requests))

    assert play_scene(number, deaths(number, turn), Tally()) == []


@pytest.mark.parametrize("scene", STACK_SCENES)
def test_a_death_of_a_function_beside_a_call_leaves_no_trace(scene: str) -> None:
    requests = undisturbed_stack(scene, 0)
    place = next(place for place in range(60, 999) if requests[place % len(requests)] in BESIDE) % len(requests)

    assert play_stack(scene, 0, Tally(), weather=Weather(kills={place: "after"})) == []


@pytest.mark.parametrize("seed", [2, 8])
def test_whatever_fails_beside_a_call_all_of_it_comes_to_its_end(seed: int) -> None:
    tally = Tally()

    Stack().play(seed, tally)

    assert tally.failures == {}


@pytest.mark.parametrize("part", [Times(), Oracle(with_emulator=False)], ids=lambda part: part.name)
def test_a_round_of_each_other_part_breaks_nothing(part: Part) -> None:
    tally = Tally()

    part.play(7, tally)

    assert tally.failures == {}
    assert tally.happened


@pytest.mark.parametrize(
    "play", ["a recorded conversation", "a lookup that takes its time", "the third of three on call"]
)
def test_events_before_their_causes_break_nothing(play: str) -> None:
    assert list(any_order(play, Random(7))) == []


@pytest.mark.parametrize("play", LOOSE_PLAYS)
def test_words_and_keys_that_come_in_another_order_lose_and_double_nothing(play: str) -> None:
    assert list(loosely_allowed(play, Random(7))) == []


@pytest.mark.parametrize("play", SPEECH_PLAYS)
def test_words_before_their_causes_break_nothing(play: str) -> None:
    assert list(any_order(play, Random(7))) == []


def test_hostile_input_brings_no_error_of_ours() -> None:
    tally, chance = Tally(), Random(7)

    assert [*play_webhooks(chance, tally, 1_000), *play_menus(chance, tally, 10), *play_audio(chance, tally, 20)] == []
    assert tally.happened["answered 200"]
    assert tally.happened["answered 401"]


@pytest.mark.parametrize(("part", "seed"), list(kept_seeds()))
def test_a_seed_that_once_failed_does_not_fail_again(part: str, seed: int) -> None:
    tally = Tally()

    PARTS[part].play(seed, tally)

    assert tally.failures == {}


# --- What holds the drills themselves --------------------------------------------------------------------------


def test_every_request_that_is_listed_is_sent_by_some_scene() -> None:
    missing = set(PLAYED)
    for number in reversed(range(len(SCENES))):  # those with which something is amiss send what others do not
        missing -= set(undisturbed(number).requests)
        if not missing:
            break

    assert missing == set()


def test_every_request_beside_a_call_is_sent_by_some_scene() -> None:
    assert BESIDE - {request for scene in STACK_SCENES for request in undisturbed_stack(scene, 0)} == set()


def test_a_request_that_is_not_listed_stops_a_drill() -> None:
    listed = IO_POINTS - {"webhook dynamodb:TransactWriteItems"}

    with patch.object(gate, "IO_POINTS", listed), SCENES[0].open() as world, pytest.raises(UnknownRequest):
        world.play(ALL_PLAYS[SCENES[0].play])


def test_the_files_that_have_other_requests_fail_are_there() -> None:
    folder = ROOT / "tests" / "integration"

    assert [name for name in ELSEWHERE_IN if not (folder / name).is_file()] == []


def test_every_operation_of_aws_in_the_functions_code_is_listed() -> None:
    listed = {point.partition(":")[2] for point in IO_POINTS}

    found = {operation for path in sources() for operation in aws_operations(ast.parse(path.read_text()))}

    assert "TransactWriteItems" in found
    assert found - listed == set()


def test_every_path_of_telnyx_in_the_functions_code_is_listed() -> None:
    listed = {point.partition(" ")[2].partition(" ")[2] for point in IO_POINTS if service_of(point) == "telnyx"}
    tree = ast.parse((FUNCTIONS / "dialtone/adapters/telnyx_api.py").read_text())

    found = {path for node in ast.walk(tree) if (path := path_of(node))}

    assert "/call_events" in found
    assert found - listed == set()


def test_only_the_modules_that_the_gate_stands_before_reach_the_network() -> None:
    found = {path.relative_to(FUNCTIONS).as_posix() for path in sources() if imported(path) & NETWORK}

    assert found == GATED


NETWORK = frozenset({"aiohttp", "asyncio", "boto3", "http", "httpcore", "httpx", "requests", "socket", "urllib3"})
GATED = frozenset(
    {
        "archive/download.py",
        "deliver/chat.py",
        "dialtone/adapters/aws_clients.py",
        "dialtone/adapters/telnyx_api.py",
        "dialtone/adapters/timed_network.py",
        "lookup/backend_client.py",
    }
)
"""The World has something in memory where these go out: a module that is new here needs a gate of its own."""
HARMLESS = frozenset({"http.HTTPStatus", "boto3.dynamodb.types"})


def imported(path: Path) -> set[str]:
    """The packages that a module imports when it runs."""
    found: set[str] = set()
    module = ast.parse(path.read_text())
    module.body = [node for node in module.body if not (isinstance(node, ast.If) and _is_for_types(node))]
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            harmless = node.module in HARMLESS or names <= HARMLESS
            found |= set() if harmless else {node.module.partition(".")[0]}
    return found


def _is_for_types(condition: ast.If) -> bool:
    return isinstance(condition.test, ast.Name) and condition.test.id == "TYPE_CHECKING"


FUNCTIONS = ROOT / "functions"


def sources() -> list[Path]:
    """The code of the functions that the drills play."""
    beside = ("campaigns", "control", "deliver", "events")
    folders = ("archive", "dialtone/adapters", "lookup", "reconcile", "watchdog", "webhook", *beside)
    return [path for folder in folders for path in (FUNCTIONS / folder).rglob("*.py")]


@cache
def operations() -> dict[str, str]:
    """The operations of the services that the functions use, by the names that boto3 gives them."""
    loader = Loader()
    services = ("dynamodb", "lambda", "s3", "secretsmanager", "sesv2", "sqs")
    names = [name for each in services for name in loader.load_service_model(each, "service-2")["operations"]]
    return {xform_name(name): name for name in [*names, "PutEvents"]}


def aws_operations(tree: ast.AST) -> set[str]:
    """What a module asks of AWS: the methods of boto3's clients that it calls, and the pages that it asks for."""
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    names = {node.func.attr for node in called if isinstance(node.func, ast.Attribute)}
    names |= {str(each.value) for node in called for each in node.args if isinstance(each, ast.Constant)}
    return {operations()[name] for name in names if name in operations()}


def path_of(node: ast.AST) -> str:
    """The path at Telnyx that a text of the code is; '' for any other text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"/[a-z_]+", node.value):
        return node.value
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values)
        return text if text.startswith("/") else ""
    return ""


def test_the_checks_see_what_is_written_over() -> None:
    commit = MemoryTable.transact_write_items

    def without_conditions(table: MemoryTable, *, TransactItems: Any) -> Any:  # noqa: ANN401, N803 -- boto's own
        kept = {"TableName", "Item", "Key", "UpdateExpression", "ExpressionAttributeValues"}
        bare = [
            {kind: {k: v for k, v in write.items() if k in kept} for kind, write in each.items()}
            for each in TransactItems
        ]
        return commit(table, TransactItems=bare)

    with patch.object(MemoryTable, "transact_write_items", without_conditions):
        assert DOUBLED in promises_broken(copied=1.0)


def test_the_checks_see_a_recording_that_is_never_archived() -> None:
    with patch.object(ArchiveQueue, "put", lambda *_: None):
        assert STUCK in promises_broken()


def test_the_checks_see_a_transcript_that_nobody_asks_for() -> None:
    play, lost = "a message ended by silence", "call.recording.transcription.saved"

    def broken() -> set[str]:
        with World(seed=1, flows=flows_of(play)) as world:
            world.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type=lost)
            world.play(ALL_PLAYS[play])
            return {each.promise for each in violations(world)}

    with patch.object(Recording, "awaits_transcript", property(lambda _: False)):
        assert broken() == {LOST}
    assert broken() == set()


def test_the_checks_see_a_recording_that_nothing_waits_for() -> None:
    with patch.object(Comparison, "run", lambda _: None), pytest.raises(AssertionError, match="lost"):
        undisturbed.__wrapped__(len(SCENES) - 1)


def test_the_checks_see_audio_that_is_written_over() -> None:
    complete = MemoryBucket.complete_multipart_upload

    with patch.object(
        MemoryBucket, "complete_multipart_upload", lambda *a, **b: complete(*a, **{**b, "IfNoneMatch": ""})
    ):
        assert DOUBLED in promises_broken(queued_twice=1.0)


def test_the_checks_see_audio_that_was_not_proved() -> None:
    with patch.object(custody, "_prove", lambda *_: None):
        assert WRONG in promises_broken(spoilt=1.0)

    assert promises_broken(spoilt=1.0) == set()


def test_the_checks_see_commands_that_are_not_sent_again() -> None:
    requests = undisturbed(0).requests
    place = next(place for place, each in enumerate(requests) if each == "webhook telnyx:POST /calls/…/actions/…")

    with patch.object(processor, "to_send_again", lambda *_: frozenset()):
        assert LOST in {each.promise for each in play_scene(0, {place: "before"}, Tally())}


def test_the_checks_see_a_webhook_that_nobody_signed() -> None:
    tally = Tally()

    with patch.object(Verifier, "verify", lambda *_: None):
        Faults().play(1, tally)

    assert tally.figures[FORGED]


def test_the_checks_see_an_event_that_is_never_sent() -> None:
    with patch.object(MemoryBus, "put_events", lambda _, *, Entries: {"Entries": [{} for _ in Entries]}):  # noqa: N803 -- boto's own
        assert LOST in {each.promise for each in play_stack("messages", 0, Tally(), weather=Weather())}


def test_the_checks_see_a_message_that_comes_twice() -> None:
    with patch.object(Claims, "take", lambda *_: "mine"):
        assert DOUBLED in {each.promise for each in play_stack("messages", 0, Tally(), weather=Weather())}


def test_the_checks_see_recipients_who_are_dialled_in_a_version_that_nobody_checked() -> None:
    with patch.object(FlowLibrary, "_as_it_was", lambda *_: None):
        assert WRONG in {each.promise for each in play_stack("campaign", 0, Tally(), weather=Weather())}


def promises_broken(*, copied: float = 0.0, queued_twice: float = 0.0, spoilt: float = 0.0) -> set[str]:
    """The promises that a recorded call breaks."""
    play = "a recorded conversation"
    with World(seed=1, flows=flows_of(play), copied=copied, queued_twice=queued_twice, spoilt=spoilt) as world:
        world.play(ALL_PLAYS[play])
        return {each.promise for each in violations(world)}


def test_a_drill_prints_its_seed_its_figures_and_how_to_play_a_round_again(capsys: pytest.CaptureFixture[str]) -> None:
    with patch.object(Verifier, "verify", lambda *_: None):
        status = main(["--only", "faults", "--seed", "35", "--rounds", "1"])

    printed = capsys.readouterr().out
    assert "drill: seed 35" in printed
    assert re.search(r"forged +[1-9]", printed)
    assert "again: python -m tests.drills --only faults --seed 35 --rounds 1" in printed
    assert status == 1


def test_a_part_that_there_is_not_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "floods"])

    assert 'there is no part "floods"; there are: crash, faults' in capsys.readouterr().err
