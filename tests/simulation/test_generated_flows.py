"""Whatever flow is written and whoever calls: the call ends, nothing raises, and nobody hears silence."""

import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.call_status import ENDED
from dialtone.flow.parser import STEP_KINDS, read_flow
from infra.carrier import Caller, HangUp, Press, Silence, WebhookFault
from infra.carrier.faults import ARRIVING
from infra.checkout import SAMPLES
from infra.flowkit.stage import Stage

pytestmark = pytest.mark.no_cover  # plays again and again what other tests take

NUMBER = "+15550100"
CALENDAR = "calendar: office\ntime_zone: America/Chicago\nopen: {mon-fri: 09:00-17:00}\n"

MAX_STEPS, MAX_MINUTES = 25, 3
MAX_CALL_SECONDS = 1_200
"""Three minutes, the last resort's ten steps, and how long the longest of all these may take."""
MAX_SILENCE_SECONDS = 45
"""Between two events of the call: the longest wait of a generated step, or its longest prompt."""

NAMES = [f"s{place}" for place in range(5)]
TARGETS = st.sampled_from(NAMES)
PIECES = st.sampled_from(
    [
        "Hello there.",
        {"media": "jingle"},
        {"media": "not-there"},
        {"ssml": "<speak>Hi {name}</speak>"},
        "{nobody}",
        {"text": "Slow.", "speed": 0.8},
    ]
)
PROMPTS: st.SearchStrategy[Any] = (
    PIECES | st.lists(PIECES, min_size=1, max_size=3) | st.just({"en-US": "A.", "es-MX": "B."})
)
KEY = st.sampled_from([*"0123456789*#"])
ASKING = {
    "tries": st.integers(1, 3) | st.just({"no_input": 1, "wrong": 2}),
    "wait_seconds": st.integers(1, 10),
    "no_input": PROMPTS,
    "wrong": PROMPTS,
    "otherwise": TARGETS,
    "barge_in": st.booleans(),
}
ANYWHERE = {"next": TARGETS, "on_error": TARGETS}


def step(needed: dict[str, st.SearchStrategy[Any]], optional: dict[str, st.SearchStrategy[Any]]) -> Any:  # noqa: ANN401 -- a strategy
    return st.fixed_dictionaries(needed, optional=optional | ANYWHERE)


STEPS = st.one_of(
    step({"say": PROMPTS}, {}),
    step({"menu": PROMPTS, "keys": st.dictionaries(KEY, TARGETS, min_size=1, max_size=4)}, ASKING),
    step(
        {"collect": PROMPTS, "into": st.just("pin"), "digits": st.integers(1, 4)},
        ASKING | {"sensitive": st.booleans(), "pattern": st.just("[1-5]*")},
    ),
    step(
        {"collect": PROMPTS, "into": st.just("pin"), "confirm": st.just({"say": "{digits.pin}?"})},
        ASKING | {"digits": st.integers(1, 4)},
    ),
    step({"choose_language": PROMPTS, "keys": st.just({"1": "en-US", "2": "es-MX"})}, ASKING),
    step({"hours": st.just("office"), "closed": TARGETS}, {"open": TARGETS}),
    step({"branch": st.just([{"when": {"language": "es-MX"}, "to": "s0"}])}, {"otherwise": TARGETS}),
    step({"set": st.sampled_from([{"name": "Ann"}, {"name": "{name}{name}x"}, {"outcome": "done"}])}, {}),
    step({"opt_out": st.just("campaigns")}, {"no_number": TARGETS}),
    step({"wait": st.integers(1, 10)}, {"keys": st.dictionaries(KEY, TARGETS, max_size=2)}),
    step({"send_digits": st.sampled_from(["1w2", "{digits.pin}"])}, {}),
    step({"go": TARGETS}, {}).map(lambda written: {"go": written["go"]}),
    step({"go": st.just({"flow": "other"})}, {}),
    step({"record": PROMPTS, "max_seconds": st.integers(1, 20)}, {"silence_seconds": st.integers(1, 5)}),
    st.sampled_from([{"hangup": True}, {"come_back": True}]),
)


def flows(name: str) -> st.SearchStrategy[dict[str, Any]]:
    optional = {
        "record": st.just({"channels": "dual"}),
        "languages": st.just({"en-US": None, "es-MX": "AWS.Polly.Mia"}),
    }
    return st.fixed_dictionaries(
        {
            "flow": st.just(name),
            "last_resort": st.just("sorry"),
            "limits": st.just({"steps": MAX_STEPS, "minutes": MAX_MINUTES}),
            "steps": st.lists(STEPS, min_size=5, max_size=5).map(
                lambda steps: (
                    dict(zip(NAMES, steps, strict=True)) | {"sorry": {"say": "Sorry."}, "bye": {"hangup": True}}
                )
            ),
        },
        optional=optional,
    )


DEEDS = st.one_of(
    KEY.map(lambda key: Press(key, after=1.0)),
    st.sampled_from(["12#", "1234", "777"]).map(lambda digits: Press(digits, after=2.0)),
    st.integers(1, 8).map(lambda seconds: Silence(float(seconds))),
)
CALLERS = st.lists(DEEDS, max_size=12).flatmap(
    lambda actions: st.sampled_from([Caller(*actions), Caller(*actions, HangUp(after=1.0))])
)
FAULTS = st.none() | st.fixed_dictionaries({fault: st.just(0.1) for fault in ARRIVING})


def played(
    main: dict[str, Any], other: dict[str, Any], caller: Caller, faults: dict[WebhookFault, float] | None
) -> tuple[Stage, str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "calendars").mkdir()
        (folder / "calendars" / "office.yaml").write_text(CALENDAR)
        (folder / "main.yaml").write_text(json.dumps(main))
        (folder / "other.yaml").write_text(json.dumps(other))
        (folder / "numbers.yaml").write_text(f'"{NUMBER}": main\n')
        (folder / "audio").mkdir()
        (folder / "audio" / "jingle.mp3").write_bytes(JINGLE)
        stage = Stage(flows=folder, faults=faults)
        return stage, stage.ring(NUMBER, caller)


JINGLE = next((SAMPLES / "audio").glob("*.mp3")).read_bytes()


@given(main=flows("main"), other=flows("other"), caller=CALLERS, faults=FAULTS)
def test_every_call_ends_and_nothing_raises(
    main: dict[str, Any], other: dict[str, Any], caller: Caller, faults: dict[WebhookFault, float] | None
) -> None:
    stage, session = played(main, other, caller, faults)

    (leg,) = stage.store.legs(session)
    assert leg.status == ENDED
    assert leg.turn <= MAX_STEPS + 60, "the limit, the last resort's steps, and what is entered on one event"
    assert stage.seconds(leg.ended_at) - stage.seconds(leg.answered_at) < MAX_CALL_SECONDS


@given(main=flows("main"), other=flows("other"), caller=CALLERS)
def test_nobody_hears_silence(main: dict[str, Any], other: dict[str, Any], caller: Caller) -> None:
    stage, session = played(main, other, caller, None)

    (leg,) = stage.store.legs(session)
    moments = sorted(stage.seconds(entry.occurred_at) for entry in stage.store.timeline(session))
    during = [moment for moment in moments if moment <= stage.seconds(leg.ended_at)]
    gaps = [later - earlier for earlier, later in pairwise(during)]
    assert max(gaps, default=0) <= MAX_SILENCE_SECONDS


@given(main=flows("main"), other=flows("other"), caller=CALLERS)
def test_what_is_reported_again_of_a_step_already_left_changes_nothing(
    main: dict[str, Any], other: dict[str, Any], caller: Caller
) -> None:
    stage, session = played(main, other, caller, None)
    (before,) = stage.store.legs(session)
    sent = len(stage.api.log)

    for place, reported in enumerate(tuple(stage.received)):
        event = reported._replace(id=f"again-{place}")
        bound = event.type.startswith(("call.speak", "call.playback", "call.gather", "call.dtmf"))
        if bound and event.client_state.turn != before.turn:
            stage.processor.handle(event, float("inf"))

    (after,) = stage.store.legs(session)
    assert after._replace(version=0) == before._replace(version=0)
    assert len(stage.api.log) == sent


@given(flows("main"))
def test_every_generated_flow_can_be_read(main: dict[str, Any]) -> None:
    read = read_flow("main.yaml", json.dumps(main))

    assert set(read.steps) == {*NAMES, "sorry", "bye"}
    assert len(STEP_KINDS) > len(read.steps)
