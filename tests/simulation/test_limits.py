"""No call goes on for ever: what has no end of its own is ended by the flow's limits."""

from pathlib import Path

import pytest

from infra.carrier import Caller, Person, Silence, trace
from infra.flowkit.stage import Stage

LIMIT_SECONDS = 60.0
ENDLESS = {
    "music under keys": 'wait: {play: {audio: "https://a.example/a.mp3"}, times: infinity, keys: {1: bye}}',
    "a menu that asks again and again": "wait: {menu: Press 1., keys: {1: bye}, otherwise: wait}",
    "silence that leads to itself": "wait: {wait: 10, next: wait}",
    "somebody rung again and again": """\
wait:
    transfer: "+15550199"
    hold: {audio: "https://a.example/a.mp3"}
    announce: Please hold.
    ring_seconds: 10
    no_answer: wait
    busy: wait
    failed: wait
""",
    "a message to nobody": "wait: {record: Speak., max_seconds: 30, silence_seconds: 0, next: wait}",
}


@pytest.mark.parametrize("endless", ENDLESS)
def test_a_caller_who_does_nothing_hears_the_last_resort_soon_after_the_limit(endless: str, tmp_path: Path) -> None:
    (tmp_path / "numbers.yaml").write_text('"+15550100": desk\n')
    flow = f"""\
flow: desk
limits: {{minutes: 1}}
last_resort: sorry
steps:
  {ENDLESS[endless]}
  bye: hangup
  sorry: {{say: We are sorry., next: bye}}
"""
    (tmp_path / "desk.yaml").write_text(flow)
    stage = Stage(flows=tmp_path)
    heard: list[tuple[float, str]] = []
    stage.carrier.observe(lambda each: heard.append((each.at, each.what)) if isinstance(each, trace.Heard) else None)

    stage.carrier.add_callee("+15550199", Person(answers_after=300))
    stage.ring("+15550100", Caller(Silence(600)))

    at, what = heard[-1]
    assert what == "We are sorry."
    assert LIMIT_SECONDS <= at <= LIMIT_SECONDS + 35
    assert not any(leg.alive for leg in stage.carrier.legs)
