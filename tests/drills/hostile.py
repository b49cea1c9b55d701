"""Input made to hurt: webhooks, flows and audio. None may bring an error of ours, or a change by a stranger.

Webhooks are made of Telnyx's own: of every type that its SDK describes, and of a whole call's. They are changed field
by field, as an envelope, or byte by byte, and are signed or not.
"""

import base64
import copy
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dialtone.adapters.flow_library import text_beside
from dialtone.adapters.signature import Verifier
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import TELNYX_EVENT
from dialtone.flow.loader import read_script
from infra.checkout import ROOT, SAMPLES
from infra.flowkit.stage import StrictObserver
from tests.drills import report
from tests.drills.crash import SCENES
from tests.drills.faults import play_calls
from tests.drills.hostile_audio import play_audio
from tests.drills.report import FORGED, WRONG, InProcess, Tally, Violation
from tests.drills.world import World
from tests.integration.deliveries import PHONE_CALL, TEAM_CALL, Signer, body, request
from tests.integration.dependencies import Line
from tests.simulation.plays import LANGUAGE_FLOWS, flows_of
from tests.webhook_types import WEBHOOK_TYPES
from webhook.endpoint import Endpoint

INPUTS_A_ROUND = 2_000
UNSIGNED = 0.3
UNCHANGED = 0.5
MENUS_A_ROUND = 40
SOURCES_A_ROUND = 20
ODD_CALLS_A_ROUND = 3
ODD = 0.4
"""Of Telnyx's answers, where they are odd."""
MENU_SECONDS = 5.0
"""Of this machine, however busy, for a phone menu of a hundred lines: what takes longer has blown up."""

KINDS = ("field", "envelope", "bytes", "as it is")
READ_BACK = 0.1
"""Of signed webhooks that are hostile in a field or their envelope: they come as an event that Telnyx lists."""
MENU_KINDS = ("bytes", "lines", "hostile text")


@dataclass(frozen=True, slots=True)
class Hostile(InProcess):
    """The part with hostile input."""

    name: str = "hostile"

    def needs(self) -> frozenset[str]:
        """Every way of making input hostile, signed and not, and every answer."""
        webhooks = {f"webhook {kind} {signed}" for kind in KINDS for signed in ("signed", "unsigned")}
        answers = {f"answered {status}" for status in (200, 400, 401)} | {"odd answers of Telnyx"}
        return frozenset(webhooks | answers | {f"menu {kind}" for kind in MENU_KINDS} | {"menu taken", "menu refused"})

    def play(self, seed: int, tally: Tally) -> None:
        """Play some hundred inputs."""
        chance = random.Random(seed)
        tally.blame(seed, list(play_webhooks(chance, tally, INPUTS_A_ROUND)))
        tally.blame(seed, list(play_menus(chance, tally, MENUS_A_ROUND)))
        tally.blame(seed, list(play_audio(chance, tally, SOURCES_A_ROUND)))
        for _ in range(ODD_CALLS_A_ROUND):
            tally.blame(seed, play_odd_answers(chance, tally))


# --- Webhooks ----------------------------------------------------------------------------------------------------


def play_webhooks(chance: random.Random, tally: Tally, times: int) -> Iterator[Violation]:
    """Deliver hostile webhooks, some of them in the middle of a call."""
    line, signer, observer = Line.in_memory(SAMPLES), Signer(), StrictObserver()
    line.library = library()
    endpoint = Endpoint(
        Verifier.from_text(signer.public_key),
        line.processor(),
        observer,  # type: ignore[arg-type] # it keeps faults of ours
        handling_seconds=float("inf"),
    )
    for number in range(times):
        kind, signed = chance.choice(KINDS), chance.random() >= UNSIGNED
        content = hostile_body(chance, kind, number)
        asked = hostile_request(chance, signer, content, signed=signed)
        sent = len(line.wire.requests) + len(line.telnyx.asked)
        if signed and kind in {"field", "envelope"} and chance.random() < READ_BACK:
            status = endpoint.handle({TELNYX_EVENT: json.loads(content)})["statusCode"]
        else:
            status = endpoint.respond(asked)["statusCode"]
        tally.figures[report.INPUTS_TRIED] += 1
        tally.happened.update([f"webhook {kind} {'signed' if signed else 'unsigned'}", f"answered {status}"])
        if observer.fault or status not in {200, 400, 401}:
            yield Violation(WRONG, f"answered {status} for {content[:600]!r}: {observer.fault}")
            observer.fault = None
        if not signed and (status != 401 or len(line.wire.requests) + len(line.telnyx.asked) != sent):
            yield Violation(FORGED, f"answered {status}, unsigned: {content[:600]!r}")


@cache
def library() -> Any:  # noqa: ANN401 -- FlowLibrary, whose flows are read once
    """The sample flows."""
    return Line.in_memory(SAMPLES).library


@cache
def samples() -> tuple[dict[str, Any], ...]:
    """Webhooks of Telnyx: of every type, and those of whole calls."""
    files = [json.loads(path.read_text()) for path in sorted((ROOT / "tests/events").glob("*.json"))]
    calls = [json.loads(body(kind, number, **payload)) for number, (kind, payload) in enumerate(PHONE_CALL)]
    team = [json.loads(body(kind, number, **payload)) for number, (kind, _, payload) in enumerate(TEAM_CALL)]
    return (*files, *calls, *team, *(whole for whole, _ in WEBHOOK_TYPES.values()))


ODDITIES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    1e308,
    float("nan"),
    float("-inf"),
    "",
    " ",
    "\0",
    "\ud800",
    "\u202e",
    "\N{PILE OF POO}" * 300,
    "x" * 3_000,
    "../../etc/passwd",
    "{name}",
    "${jndi:ldap://x}",
    "2026-09-21T12:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00+14:00",
    "v3:a/b?c#d",
    "+15550100",
    "sip:a@b",
    "incoming",
    "valid",
    "call_hangup",
    [],
    {},
    [[]],
    {"S": "x"},
    [None] * 100,
    {str(number): number for number in range(100)},
)


def hostile_body(chance: random.Random, kind: str, number: int) -> bytes:
    """A webhook's body that is hostile in that way."""
    document: Any = copy.deepcopy(chance.choice(samples()))
    if kind == "field":
        for _ in range(chance.randint(1, 4)):
            change_field(chance, document)
    if kind == "envelope":
        document = envelope(chance, document)
    whole: Any = document
    data = whole.get("data") if isinstance(whole, dict) else None
    if isinstance(data, dict) and isinstance(data.get("id"), str) and chance.random() < 0.8:
        data["id"] = f"{number:08x}-0fd4-4d53-b2f6-0b5d1c1bd0e8"
    content = json.dumps(document).encode()
    return spoil(chance, content) if kind == "bytes" else content


def change_field(chance: random.Random, document: Any) -> None:  # noqa: ANN401 -- JSON
    """Change something anywhere in a document: its value, its name, or whether it is there."""
    inside: Any = document
    while True:
        names: list[Any] = list(inside) if isinstance(inside, dict) else [*range(len(inside))]
        if not names:
            return
        name = chance.choice(names)
        deeper = inside[name]
        if isinstance(deeper, (dict, list)) and deeper and chance.random() < 0.85:
            inside = deeper
            continue
        how = chance.random()
        if how < 0.15 and isinstance(inside, dict):
            del inside[name]
        elif how < 0.3 and isinstance(inside, dict):
            inside[str(chance.choice(ODDITIES))[:50]] = deeper
        elif how < 0.5:
            inside[name] = copy.deepcopy(chance.choice(list(leaves(chance.choice(samples())))))
        else:
            inside[name] = copy.deepcopy(chance.choice(ODDITIES))
        return


def leaves(document: Any) -> Iterator[Any]:  # noqa: ANN401 -- as above
    """Every value in a document that holds no others."""
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    if not inner:
        yield document
    for each in inner:
        yield from leaves(each)


def envelope(chance: random.Random, document: Any) -> Any:  # noqa: ANN401 -- as above
    """The document in another form than that of a webhook."""
    nested: Any = document
    for _ in range(chance.choice((1, 30, 70, 400))):
        nested = {"data": nested} if chance.random() < 0.5 else [nested]
    forms = (
        nested,
        [document],
        {"data": [document]},
        document.get("data", {}),
        {**document, "data": None},
        {**document, "telnyx_event": document, "dialtone_event": document},
        {"dialtone_event": {"id": "x", "type": "dialtone.lookup.answered", "payload": {}}},
        chance.choice(ODDITIES),
    )
    return copy.deepcopy(chance.choice(forms))


def spoil(chance: random.Random, content: bytes) -> bytes:
    """The bytes with some of them changed, left out, doubled or put elsewhere."""
    spoilt = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20))):
        place = chance.randrange(len(spoilt) + 1)
        end = min(len(spoilt), place + chance.choice((1, 1, 8, 200)))
        how = chance.randrange(4)
        if how == 0:
            spoilt[place:end] = b""
        elif how == 1:
            spoilt[place:end] = chance.randbytes(end - place)
        elif how == 2:
            spoilt[place:place] = spoilt[place:end] * chance.choice((1, 3))
        else:
            spoilt[place:place] = chance.choice((b'"', b"{", b"}", b"[", b"\\", b"\\u0000", b"\xff\xfe", b",", b":"))
    return bytes(spoilt)


def hostile_request(chance: random.Random, signer: Signer, content: bytes, *, signed: bool) -> dict[str, Any]:
    """The request that brings it: whole and signed, or with something about it that keeps it from being that."""
    if signed:
        return request(content, signer.headers(content), as_base64=True)
    content = content or b" "  # nothing at all, signed, is what an unreadable body decodes to
    headers = signer.headers(content)
    asked = request(content, headers, as_base64=True)
    how = chance.randrange(7)
    if how == 0:
        asked["body"] = base64.b64encode(content + b" ").decode()
    elif how == 1:
        headers["telnyx-signature-ed25519"] = str(chance.choice(ODDITIES))[:500]
    elif how == 2:
        headers["telnyx-timestamp"] = str(chance.choice(ODDITIES))[:500]
    elif how == 3:
        asked["headers"] = chance.choice((None, {}, [], "x", {"telnyx-timestamp": None}))
    elif how == 4:
        asked = request(content, Signer().headers(content), as_base64=True)
    elif how == 5:
        asked["body"] = chance.choice((None, 5, [], "%%%", "\ud800"))
    else:
        stale = str(int(time.time()) - chance.choice((302, 3_600)))
        asked = request(content, signer.headers(content, stale), as_base64=True)
    return asked


# --- What Telnyx answers ----


def play_odd_answers(chance: random.Random, tally: Tally) -> list[Violation]:
    """Play a call, and what comes after it, where Telnyx often answers with other values than it describes.

    What follows from that for the call is Telnyx's; but it is no error of ours, and nothing is at work for ever.
    """

    def odd(content: bytes) -> bytes:
        if chance.random() >= ODD:
            return content
        try:
            document = json.loads(content)
        except ValueError:
            return content
        change_field(chance, document)
        tally.figures[report.INPUTS_TRIED] += 1
        return json.dumps(document).encode()

    scene = chance.choice(SCENES)
    with World(seed=1, flows=flows_of(scene.play), odd_answer=odd) as world:
        scene.amiss(world)
        broken = play_calls(world, [scene.play])
    tally.happened["odd answers of Telnyx"] += 1
    return [each for each in broken if each.promise == WRONG]


# --- Phone menus -------------------------------------------------------------------------------------------------

TEXTS: tuple[str, ...] = (
    "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)),
    "flow: x\nsteps: &a {first: *a}\n",
    "&a [*a]\n",
    "steps: !!python/object/apply:os.system ['true']\n",
    "flow: !!binary aGVsbG8=\nsteps: !!set {a, b}\n",
    "<<: [{flow: x}, {steps: {}}]\nsteps: {<<: {a: hangup}}\n",
    "flow: x\nsteps: " + "{a: " * 2_000 + "}" * 2_000,
    "flow: x\nsteps: " + "[" * 20_000,
    "flow: x\nsteps:\n  a:\n    say: " + "x" * 400_000 + "\n",
    "flow: x\nsteps:\n  a: {say: 1e999, next: .inf}\n  b: {say: 0o17, wait: 1:30:00}\n",
    "flow: x\nsteps:\n" + "".join(f"  s{number}: {{say: hello, next: s{number + 1}}}\n" for number in range(3_000)),
    "flow: x\nflow: y\nsteps: {a: hangup, a: hangup}\n",
    "%YAML 9.9\n---\nflow: x\n...\n---\nflow: y\n",
    "? {a: b}\n: c\n",
    "? [a, b]\n: c\nflow: x\n",
    "flow: 'x\n",
    "steps: {a: {say: 2026-11-30, next: null}, ~: hangup, 1: hangup, true: hangup}\n",
    "\ufeffflow: x\nsteps: {a: hangup}\n",
    "flow: x\x00\n",
    "flow: \ud83d\nsteps: {}\n",
    "- " * 5_000 + "\n",
    "a: |\n" + "\t x\n" * 100,
    "9" * 5_000 + ": " + "9" * 5_000,
)


@dataclass(frozen=True, slots=True)
class Menu:
    """A phone menu, and where it lies."""

    path: Path
    text: str

    def read(self, text: str) -> object:
        """Read it with another text. Raises FlowInvalid."""
        own = self.path.name
        return read_script(self.path.stem, lambda file: text if file == own else text_beside(self.path.parent, file))


@cache
def menus() -> tuple[Menu, ...]:
    """Phone menus of this repository, good and bad."""
    folders = (SAMPLES, LANGUAGE_FLOWS, ROOT / "tests/flows")
    found = [path for folder in folders for path in sorted(folder.rglob("*.yaml"))]
    return tuple(Menu(path, path.read_text(encoding="utf-8")) for path in found if ".test" not in path.suffixes)


def play_menus(chance: random.Random, tally: Tally, times: int) -> Iterator[Violation]:
    """Have hostile flows read: each is taken, or refused with its place and remedy, in no time."""
    for _ in range(times):
        kind = chance.choice(MENU_KINDS)
        menu = chance.choice(menus())
        text = hostile_menu(chance, kind, menu.text)
        tally.figures[report.INPUTS_TRIED] += 1
        tally.happened[f"menu {kind}"] += 1
        began = time.process_time()
        try:
            menu.read(text)
            tally.happened["menu taken"] += 1
        except FlowInvalid:
            tally.happened["menu refused"] += 1
        except BaseException as fault:  # noqa: BLE001 -- whatever it is, it is one of ours
            yield Violation(WRONG, f"{type(fault).__name__}: {fault} for the phone menu {text[:600]!r}")
        if (took := time.process_time() - began) > MENU_SECONDS:
            yield Violation(WRONG, f"it took {took:.1f} s to read the phone menu {text[:300]!r}")


def hostile_menu(chance: random.Random, kind: str, text: str) -> str:
    """A phone menu's text, made hostile in that way."""
    if kind == "bytes":
        return spoil(chance, text.encode()).decode(errors="replace")
    if kind == "hostile text":
        hostile = chance.choice(TEXTS)
        if chance.random() < UNCHANGED:
            return hostile
        return spoil(chance, hostile.encode(errors="replace")).decode(errors="replace")
    lines = text.splitlines(keepends=True) or [""]
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(lines))
        how = chance.randrange(5)
        if how == 0:
            lines[place] = " " * chance.randint(0, 9) + lines[place].lstrip()
        elif how == 1:
            lines.insert(place, chance.choice(lines))
        elif how == 2:
            name, colon, _ = lines[place].partition(":")
            lines[place] = f"{name}{colon} {chance.choice(VALUES)}\n"
        elif how == 3:
            lines[place] = chance.choice(chance.choice(menus()).text.splitlines(keepends=True) or [""])
        else:
            del lines[place]
            lines = lines or [""]
    return "".join(lines)


VALUES = (
    "null",
    "[]",
    "{}",
    "-1",
    "1e99",
    ".nan",
    "99999999999999999999",
    "true",
    "'{name}'",
    "'{'",
    "!!str x",
    "*missing",
    "&a {b: *a}",
    '"\\0"',
    "[[[]]]",
    "{say: {say: {say: x}}}",
    "2026-02-30",
    "../secret",
    "'" + "x" * 5_000 + "'",
)
