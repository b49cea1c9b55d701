"""The SDK loaded leanly against the SDK loaded plainly: the same on the wire and the same in the hand."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters.telnyx_sdk import IndexUnreadable, read_index
from dialtone.domain.telnyx_actions import ACTIONS
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx, error

ROOT = Path(__file__).parents[2]
VOLATILE_HEADERS = {"host", "x-stainless-read-timeout"}
MODULES_LEAN = 40  # of telnyx; plainly there are some 3,000 once a command was sent
LOOKUPS = 17
PROCESS_SECONDS = 60

LOAD = {
    "lean": "from dialtone.adapters.telnyx_sdk import sdk; telnyx = sdk.load()",
    "plain": "import telnyx",
}

# Every request that Dialtone makes, as the SDK's own methods make it, and the same by our TelnyxApi.
METHODS = """
import sys
client = telnyx.Telnyx(api_key="KEY0123", base_url=sys.argv[1], max_retries=0)
actions, call = client.calls.actions, "v3:a b/c"
state = {"command_id": "id-1", "client_state": "aGVsbG8="}
actions.answer(call, **state, record_format="mp3", webhook_retries_policies={"a": {"retries_ms": [1]}})
actions.reject(call, **state, cause="USER_BUSY")
actions.hangup(call, **state)
actions.speak(call, **state, payload="Zoë", voice="male", loop="infinity", voice_settings={"type": "aws"})
actions.start_playback(call, **state, audio_url="https://example.com/a.mp3", loop=2)
actions.stop_playback(call, **state, stop="all")
actions.start_recording(call, **state, channels="dual", format="mp3", transcription_language="en-US")
actions.stop_recording(call, **state)
actions.pause_recording(call, **state)
actions.resume_recording(call, **state)
actions.enqueue(call, **state, queue_name="support", max_size=50)
actions.leave_queue(call, **state)
actions.gather(call, **state, gather_id="g")
actions.stop_gather(call, **state)
actions.gather_using_speak(call, **state, payload="Hi", voice="female", valid_digits="12")
actions.gather_using_audio(call, **state, media_name="menu")
actions.gather_using_ai(call, **state, parameters={"type": "object"}, language="de")
actions.start_ai_assistant(call, **state, assistant={"id": "a-1"}, greeting="Hi")
actions.stop_ai_assistant(call, **state)
actions.start_transcription(call, **state, transcription_engine="Google", transcription_tracks="both")
actions.stop_transcription(call, **state)
actions.transfer(call, **state, to="+15550100", from_="+15550101")
actions.bridge(call, **state, call_control_id_to_bridge_with="v3:other")
actions.send_dtmf(call, **state, digits="1w2")
actions.pay(call, **state, amount="12.50", valid_card_types=["visa"])
actions.switch_supervisor_role(call, role="whisper")
actions.update_client_state(call, client_state="aGVsbG8=")
rooms, id_only, both = client.conferences.actions, {"command_id": "id-1"}, ["v3:a", "v3:b"]
client.conferences.create(call_control_id=call, **state, name="board", max_participants=9)
rooms.join("c/1", call_control_id=call, **state, mute=True)
rooms.leave("c/1", call_control_id=call, **id_only)
rooms.mute("c/1", call_control_ids=both)
rooms.unmute("c/1", call_control_ids=both)
rooms.speak("c/1", **id_only, payload="Hi", voice="female")
rooms.end_conference("c/1", **id_only)
client.calls.dial(**state, connection_id="7", to=["+15550100"], from_="+15550101")
client.messages.send(to="+15550142", from_="+15550100", text="Hi", type="SMS", idempotency_key="id-1")
client.recordings.retrieve("r/1")
client.recordings.list(filter={"call_leg_id": "leg"}, page_size=250)
client.recordings.list(filter={"call_session_id": "session"}, page_size=250)
created = {"gte": "2026-11-30T12:00:00.500Z", "lte": "2026-11-30T12:10:00.500Z"}
client.recordings.list(filter={"created_at": created}, page_number=2, page_size=250)
client.calls.retrieve_status(call)
client.recording_transcriptions.retrieve("t-1")
since = {"gte": "2026-11-30T12:00:00.500Z"}
client.call_events.list(
    filter={"application_session_id": "session", "type": "command", "occurred_at": since}, page_size=250
)
lost = {"status": {"eq": "failed"}, "webhook": {"contains": "session"}, "started_at": since}
client.webhook_deliveries.list(filter=lost, page_size=250)
client.recording_transcriptions.list(filter={"recording_id": "r/1"}, page_size=250)
client.queues.calls.retrieve(call, queue_name="the/line")
client.queues.retrieve("the/line")
client.queues.calls.list("the/line")
client.conferences.retrieve("c/1")
client.recordings.delete("r/1")
client.recording_transcriptions.delete("t/1")
client.ai.conversations.messages.list("c/1", page_number=1, page_size=100)
client.ai.conversations.delete("c/1", extra_headers={"Accept": "application/json"})  # the SDK takes what it never reads
"""
OURS = """
import sys, time
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.commands import Command
from dialtone.domain.errors import DialtoneError
api, call, state = TelnyxApi("KEY0123", sys.argv[1]), "v3:a b/c", {"client_state": "aGVsbG8="}
def send(action, **parameters):
    api.send(Command(action, "" if action == "dial" else call, state | parameters), "id-1", time.monotonic() + 60)
send("answer", record_format="mp3", webhook_retries_policies={"a": {"retries_ms": [1]}})
send("reject", cause="USER_BUSY")
send("hangup")
send("speak", payload="Zoë", voice="male", loop="infinity", voice_settings={"type": "aws"})
send("playback_start", audio_url="https://example.com/a.mp3", loop=2)
send("playback_stop", stop="all")
send("record_start", channels="dual", format="mp3", transcription_language="en-US")
send("record_stop")
send("record_pause")
send("record_resume")
send("enqueue", queue_name="support", max_size=50)
send("leave_queue")
send("gather", gather_id="g")
send("gather_stop")
send("gather_using_speak", payload="Hi", voice="female", valid_digits="12")
send("gather_using_audio", media_name="menu")
send("gather_using_ai", parameters={"type": "object"}, language="de")
send("ai_assistant_start", assistant={"id": "a-1"}, greeting="Hi")
send("ai_assistant_stop")
send("transcription_start", transcription_engine="Google", transcription_tracks="both")
send("transcription_stop")
send("transfer", to="+15550100", **{"from": "+15550101"})
send("bridge", call_control_id="v3:other")
send("send_dtmf", digits="1w2")
send("pay", amount="12.50", valid_card_types=["visa"])
api.send(Command("switch_supervisor_role", call, {"role": "whisper"}), "id-1", time.monotonic() + 60)
send("client_state_update")
def room(action, **parameters):
    api.send(Command(f"conference_{action}", call, {"conference": "c/1", **parameters}), "id-1", time.monotonic() + 60)
created = {**state, "name": "board", "max_participants": 9}
api.send(Command("conference_create", call, created), "id-1", time.monotonic() + 60)
room("join", **state, mute=True)
room("leave")
room("mute", call_control_ids=["v3:a", "v3:b"])
room("unmute", call_control_ids=["v3:a", "v3:b"])
room("speak", payload="Hi", voice="female")
room("end")
send("dial", connection_id="7", to=["+15550100"], **{"from": "+15550101"})
text = {"to": "+15550142", "from": "+15550100", "text": "Hi", "type": "SMS"}
api.send(Command("send_message", "", text), "id-1", time.monotonic() + 60)
api.find_recording(recording_id="r/1")
api.find_recording(call_leg_id="leg")
noon = 1796040000.5
for find in (
    lambda: api.recordings_of("session"),
    lambda: api.recordings_created(noon, noon + 600, 2),
    lambda: api.find_call(call),
    lambda: api.find_transcript("t-1"),
    lambda: api.commands_since("session", noon, time.monotonic() + 60),
    lambda: api.undelivered("session", noon),
    lambda: api.transcriptions_of("r/1"),
    lambda: api.queue_position("the/line", call),
    lambda: api.find_queue("the/line"),
    lambda: api.first_in_queue("the/line"),
    lambda: api.conference_status("c/1"),
    lambda: api.delete_recording("r/1"),
    lambda: api.delete_transcription("t/1"),
    lambda: api.conversation_messages("c/1"),
    lambda: api.delete_conversation("c/1"),
):
    try:
        find()
    except DialtoneError:
        pass  # the answer is none of what was asked for
"""

# The same requests of a client that was loaded leanly and of one loaded plainly, with one answer of each kind.
CALLS = """
import httpx, json, sys
client = telnyx.Telnyx(api_key="KEY0123", base_url=sys.argv[1], max_retries=0, timeout=telnyx.Timeout(0.4))
results = []
for place in range(int(sys.argv[2])):
    try:
        answer = client.post("/calls/v3:abc/actions/hangup", cast_to=httpx.Response, body={"command_id": str(place)})
        results.append([type(answer).__name__, answer.status_code, answer.text])
    except Exception as failure:
        results.append([f"{type(failure).__module__}.{type(failure).__name__}", getattr(failure, "status_code", None),
                        str(failure), getattr(failure, "body", None)])
loaded = sum(name.split(".")[0] == "telnyx" for name in sys.modules)
print(json.dumps({"results": results, "modules": loaded, "all": sorted(telnyx.__all__)}))
"""

ANSWERS = [
    Answer(),
    error(400, "10015"),
    error(401, "10009"),
    error(403, "10010"),
    error(404, "10005"),
    error(409, "10012"),
    error(422, "90018"),
    error(429, "10011", **{"retry-after": "1"}),
    error(500, "10007"),
    Answer(502, b"<html>", {"content-type": "text/html"}),
    Answer(200, b"<html>", {"content-type": "text/html"}),
    Answer(200, b"{", {"content-type": "application/json"}),
    Answer(cut=True),
    Answer(silent=True),
]


def python(script: str, *arguments: str) -> str:
    """Run a script in a fresh interpreter and give what it printed."""
    environment = {"PYTHONPATH": f"{ROOT / 'functions'}{os.pathsep}{ROOT}", "PATH": os.environ["PATH"]}
    return subprocess.run(  # noqa: S603 -- this interpreter, with a script of this file
        [sys.executable, "-c", script, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PROCESS_SECONDS,
    ).stdout


def asked(server: ScriptedTelnyx) -> list[tuple[object, ...]]:
    """Give the requests that came, without what differs from one client to the next."""
    return [
        (each.method, each.path, {k: v for k, v in each.headers.items() if k not in VOLATILE_HEADERS}, each.json)
        for each in server.requests
    ]


def play(route: str) -> tuple[list[tuple[object, ...]], dict[str, Any]]:
    """Ask with the SDK loaded this way; give the requests and what the caller got."""
    with ScriptedTelnyx() as server:
        server.answers.extend(ANSWERS)
        printed = python(f"{LOAD[route]}\n{CALLS}", server.url, str(len(ANSWERS)))
        return asked(server), json.loads(printed)


def test_what_we_ask_of_telnyx_is_what_the_sdks_own_methods_ask() -> None:
    with ScriptedTelnyx() as theirs, ScriptedTelnyx() as ours:
        python(f"{LOAD['plain']}\n{METHODS}", theirs.url)
        python(OURS, ours.url)

        assert len(ours.requests) == len(ACTIONS) + LOOKUPS
        for sent, expected in zip(asked(ours), asked(theirs), strict=True):
            assert sent == expected


def test_the_lean_sdk_sends_and_gives_what_the_plain_one_does() -> None:
    lean_requests, lean = play("lean")
    plain_requests, plain = play("plain")

    assert len(lean_requests) == len(ANSWERS)
    assert lean_requests == plain_requests
    assert lean["results"] == plain["results"]
    assert lean["all"] == plain["all"]
    assert lean["modules"] < MODULES_LEAN < plain["modules"]
    assert [result[0] for result in lean["results"]] == [
        "Response",
        "telnyx.BadRequestError",
        "telnyx.AuthenticationError",
        "telnyx.PermissionDeniedError",
        "telnyx.NotFoundError",
        "telnyx.ConflictError",
        "telnyx.UnprocessableEntityError",
        "telnyx.RateLimitError",
        "telnyx.InternalServerError",
        "telnyx.InternalServerError",
        "Response",
        "Response",
        "telnyx.APIConnectionError",
        "telnyx.APITimeoutError",
    ]


def test_every_index_of_the_sdk_can_be_read() -> None:
    """At an upgrade of the SDK this says first that the lean way needs another look."""
    spec = importlib.util.find_spec("telnyx")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    indexes = [*package.glob("types/**/__init__.py"), *package.glob("resources/**/__init__.py")]

    names = {str(index.relative_to(package)): read_index(index.read_text()) for index in indexes}

    assert names["types/__init__.py"]["StreamCodec"] == (".stream_codec", "StreamCodec")
    assert names["types/calls/__init__.py"]["ActionSpeakResponse"] == (".action_speak_response", "ActionSpeakResponse")
    assert names["resources/calls/__init__.py"]["CallsResource"] == (".calls", "CallsResource")


def test_a_name_of_an_index_is_the_same_object_as_in_its_own_module() -> None:
    script = """
import importlib
for package, name, source in [
    ("telnyx.types", "StreamCodec", "telnyx.types.stream_codec"),
    ("telnyx.types", "CallDialResponse", "telnyx.types.call_dial_response"),
    ("telnyx.types.calls", "ActionSpeakResponse", "telnyx.types.calls.action_speak_response"),
    ("telnyx.resources", "RecordingsResource", "telnyx.resources.recordings.recordings"),
]:
    index = importlib.import_module(package)
    assert getattr(index, name) is getattr(importlib.import_module(source), name), name
    assert name in index.__all__
    assert vars(index)[name] is getattr(index, name), "asked for once"
from telnyx.types import call_dial_params, CallDialResponse
from telnyx.resources.calls import *
CallsResource
try:
    telnyx.types.NoSuchThing
except AttributeError as missing:
    assert str(missing) == "module 'telnyx.types' has no attribute 'NoSuchThing'", missing
else:
    raise AssertionError("a name that there is not")
print(sdk.loaded_plainly, sdk.load() is telnyx)
"""

    assert python(f"{LOAD['lean']}\n{script}") == "False True\n"


def test_a_plainly_imported_sdk_is_left_alone() -> None:
    script = """
import telnyx
from dialtone.adapters.telnyx_sdk import sdk
assert sdk.load() is telnyx
print(sdk.loaded_plainly, sdk.reason)
"""

    assert python(script) == "True it was imported before\n"


def test_threads_that_load_at_once_get_the_same_package() -> None:
    script = """
from concurrent.futures import ThreadPoolExecutor
from dialtone.adapters.telnyx_sdk import sdk
with ThreadPoolExecutor(8) as pool:
    packages = list(pool.map(lambda _: (lambda t: (t, t.Telnyx(api_key="k").calls.actions))(sdk.load())[0], range(8)))
print(len(set(map(id, packages))), sdk.loaded_plainly)
"""

    assert python(script) == "1 False\n"


def test_asyncio_is_loaded_when_something_in_it_is_first_used_and_works_then() -> None:
    script = """
import sys
from concurrent.futures import ThreadPoolExecutor
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.adapters.telemetry import Observer
package = sdk.load()
package.Telnyx(api_key="k")
Observer("webhook").log("info", "a line of the log asks for no task", {})
print("asyncio" in sys.modules, "asyncio.events" in sys.modules)

with ThreadPoolExecutor(8) as pool:
    runs = list(pool.map(lambda _: sys.modules["asyncio"].run, range(8)))
import asyncio
from asyncio import gather, sleep
async def both():
    return await gather(sleep(0, "one"), sleep(0, "two"))
print(len(set(runs)), asyncio.run(both()), hasattr(asyncio, "nothing"), asyncio.__file__.endswith("__init__.py"))
"""

    printed = python(script).splitlines()

    assert printed[1] == "True False"
    assert printed[2] == "1 ['one', 'two'] False True"


def test_argparse_is_loaded_when_something_in_it_is_first_used() -> None:
    script = """
import sys
from dialtone.adapters.telnyx_sdk import sdk
sdk.load()
print("distro" in sys.modules, "ArgumentParser" in vars(sys.modules["argparse"]))

import argparse
from argparse import ArgumentParser
print(ArgumentParser().parse_args([]), hasattr(argparse, "nothing"), argparse.__file__.endswith("argparse.py"))
"""

    assert python(script) == "True False\nNamespace() False True\n"


def test_nothing_of_the_sdk_is_imported_before_it_is_needed() -> None:
    script = """
import sys
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.commands import command
TelnyxApi("KEY0123"); command("hangup", "v3:abc")
print([name for name in ("telnyx", "httpx", "pydantic") if name in sys.modules])
"""

    assert python(script) == "[]\n"


IMITATION = {
    "__init__.py": "from .types import Codec as Codec\nclass Telnyx: pass\n",
    "types/__init__.py": "from .codec import Codec as Codec\n",
    "types/codec.py": "class Codec: pass\n",
    "resources/__init__.py": "from .calls import CallsResource as CallsResource\n",
    "resources/calls/__init__.py": "from .calls import CallsResource as CallsResource\n__all__ = ['CallsResource']\n",
    "resources/calls/calls.py": "from ...types import Codec\nclass CallsResource: pass\n",
    "resources/recordings/__init__.py": "",
    "resources/recordings/recordings.py": "",
}


def imitate(folder: Path, changed: dict[str, str]) -> None:
    """Write a small package of the SDK's shape, some of its files changed."""
    for name, source in (IMITATION | changed).items():
        (folder / "telnyx" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "telnyx" / name).write_text(source)


TRY = """
import sys; sys.path.insert(0, sys.argv[1])
import logging; logging.basicConfig(stream=sys.stdout, format="%(levelname)s")
from dialtone.adapters.telnyx_sdk import sdk
telnyx = sdk.load()
import telnyx.types, telnyx.resources.calls
print(telnyx.types.Codec.__name__, telnyx.resources.calls.CallsResource.__name__, sdk.loaded_plainly, sdk.reason)
print(sum(type(finder).__name__ == "IndexFinder" for finder in sys.meta_path))
"""


def test_an_index_that_holds_more_than_names_is_run_with_one_warning(tmp_path: Path) -> None:
    imitate(tmp_path, {"types/__init__.py": "from .codec import Codec as Codec\nCodec.registered = True\n"})

    assert python(TRY, str(tmp_path)) == (
        "WARNING\nCodec CallsResource True telnyx.types: line 2 is neither an import nor __all__\n1\n"
    )


def test_an_sdk_that_cannot_be_had_leanly_is_imported_plainly_with_one_warning(tmp_path: Path) -> None:
    # Its index does something by being run that another module then relies on.
    imitate(
        tmp_path,
        {
            "types/__init__.py": "from .codec import Codec as Codec\nfrom .early import x as x\n",
            "types/early.py": "import telnyx.types.codec as codec\ncodec.ready = True\nx = 1\n",
            "__init__.py": "from .types import Codec, codec\ncodec.ready\nclass Telnyx: pass\n",
        },
    )

    assert python(TRY, str(tmp_path)) == (
        "WARNING\nCodec CallsResource True AttributeError: module 'telnyx.types.codec' has no attribute 'ready'\n0\n"
    )


WATCHED_START = """
import importlib, json, os, sys; sys.path.insert(0, sys.argv[1])
os.environ |= json.loads(sys.argv[2])
importlib.import_module(sys.argv[3])
from dialtone.adapters.telnyx_sdk import sdk
sdk.load()
"""


LEAN_IS_REFUSED = """
import sys
assert not any(type(finder).__name__ == "IndexFinder" for finder in sys.meta_path)
class Codec: pass
"""


@pytest.mark.parametrize("function", ["webhook", "archive"])
def test_a_start_that_is_slow_for_an_sdk_of_tomorrow_is_measured(function: str, tmp_path: Path) -> None:
    imitate(tmp_path, {"types/codec.py": LEAN_IS_REFUSED})
    settings = {
        "TELNYX_PUBLIC_KEY": "A" * 43 + "=",
        "TELNYX_API_KEY": "KEY0123",
        "CALLS_TABLE": "calls",
        "ARCHIVE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/0/archive",
        "LOOKUP_FUNCTION": "lookup",
        "WATCHDOG_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/0/watchdog",
        "PARKED_EVENTS_BUCKET": "parked",
        "RECORDINGS_BUCKET": "recordings",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    [line] = python(WATCHED_START, str(tmp_path), json.dumps(settings), f"{function}.app").splitlines()

    blob = json.loads(line)
    assert (blob["service"], blob["SdkLoadedPlainly"]) == (function, [1])


def test_an_sdk_without_sources_is_imported_plainly_with_one_warning(tmp_path: Path) -> None:
    imitate(tmp_path, {})
    python("import sys, compileall; compileall.compile_dir(sys.argv[1], legacy=True, quiet=1)", str(tmp_path))
    for source in tmp_path.rglob("*.py"):
        source.unlink()

    assert python(TRY, str(tmp_path)) == (
        "WARNING\nCodec CallsResource True telnyx.types has no source to be read\n1\n"
    )


def test_an_imitation_of_the_sdk_is_had_leanly(tmp_path: Path) -> None:
    imitate(tmp_path, {})

    assert python(TRY, str(tmp_path)) == "Codec CallsResource False \n1\n"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("print('hello')", 1),
        ("from .a import A as A\nclass B: pass", 2),
        ("import os", 1),
        ("from telnyx import x", 1),
        ("def helper(): pass", 1),
        ("if True:\n    from .a import A as A", 1),
        ("if _compat.PYDANTIC_V1:\n    a.A.update_forward_refs()\nelse:\n    a.A.register()", 1),
    ],
)
def test_an_index_with_anything_else_in_it_is_not_read(source: str, line: int) -> None:
    with pytest.raises(IndexUnreadable, match=f"line {line} is neither an import nor __all__"):
        read_index(source)


def test_an_index_is_read_name_by_name() -> None:
    source = """
from __future__ import annotations
from typing import TYPE_CHECKING, Any
from .. import _compat
from .a import A as A, b as C
if TYPE_CHECKING:
    from .d import (
        D as D,
    )
def __getattr__(name: str) -> Any: ...
__all__ = ["A"]
if _compat.PYDANTIC_V1:
    a.A.update_forward_refs()
else:
    a.A.model_rebuild(_parent_namespace_depth=0)
"""

    assert read_index(source) == {"A": (".a", "A"), "C": (".a", "b"), "D": (".d", "D")}
