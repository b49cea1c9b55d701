"""Whole calls with keys during a conversation: who talks with whom at the end, and that nobody is left on a line."""

from functools import cache
from pathlib import Path

import pytest

from infra.carrier import Caller, HangUp, Person, Press, Silence
from infra.carrier.trace import Happening, Heard, HungUp
from infra.flowkit.stage import Stage
from tests.simulation.plays import LANGUAGE_FLOWS, LANGUAGE_PLAYS, TALKING_PLAYS

RECORDED = """
flow: desk
last_resort: sorry
steps:
  desk:
    transfer: "+15550191"
    during: {"*2": {recording: start}, "*5": {recording: stop}}
  sorry: {say: Sorry.}
"""


@cache
def played(play: str) -> tuple[Stage, str, tuple[Happening, ...]]:
    stage, seen = Stage(flows=LANGUAGE_FLOWS), list[Happening]()
    stage.carrier.observe(seen.append)
    return stage, LANGUAGE_PLAYS[play](stage), tuple(seen)


@pytest.mark.parametrize("play", sorted(TALKING_PLAYS))
def test_nobody_is_left_on_a_line(play: str) -> None:
    stage, session, _ = played(play)

    (leg,) = stage.store.legs(session)
    assert leg.status == "ended"
    assert leg.failed_turn == 0
    assert [line.name.to for line in stage.carrier.exchange.legs.values() if not line.alive] == [
        line.name.to for line in stage.carrier.exchange.legs.values()
    ]


@pytest.mark.parametrize(
    ("play", "words", "ears"),
    [
        ("a caller who is handed on", "Linus.", {"+15550191"}),
        ("a caller who is handed on", "Linus here.", {"+15550142"}),
        ("a caller who is handed on by an agent who hangs up", "Linus here.", {"+15550142"}),
        ("an agent who comes back to the caller", "Back again.", {"+15550142"}),
        ("three who talk until the agent leaves", "Linus.", {"+15550191"}),
        ("three who talk until the agent leaves", "All three.", {"+15550142", "+15550192"}),
        ("three who talk until the agent leaves", "Thank you both.", {"+15550191", "+15550192"}),
        ("three who talk until the agent leaves", "Linus here.", {"+15550142"}),
        ("three who talk until the colleague leaves", "Back again.", {"+15550142"}),
        ("a colleague who leaves the agent", "Back again.", {"+15550142"}),
        ("a colleague who is busy", "Back again.", {"+15550142"}),
        ("a supervisor who whispers, then talks with both", "Offer a discount.", {"+15550191"}),
        ("a supervisor who whispers, then talks with both", "Linus here.", {"+15550191", "+15550142"}),
        ("a caller who is parked", "Grace speaking.", {"+15550142"}),
    ],
)
def test_words_are_heard_by_those_for_whom_they_are(play: str, words: str, ears: set[str]) -> None:
    _, _, seen = played(play)

    assert {each.leg.party for each in seen if isinstance(each, Heard) and each.leg and each.what == words} == ears


def test_a_caller_who_waits_hears_music_and_ends_all_by_hanging_up() -> None:
    _, _, seen = played("a caller who hangs up while the agent asks")

    ended = [each for each in seen if isinstance(each, HungUp)]
    assert max(each.at for each in ended) - min(each.at for each in ended) < 1


def test_a_recording_of_which_nothing_was_reported_for_minutes_is_no_incident(tmp_path: Path) -> None:
    (tmp_path / "numbers.yaml").write_text('"+15550100": desk\n')
    (tmp_path / "desk.yaml").write_text(RECORDED)
    stage, warnings = Stage(flows=tmp_path), list[str]()
    stage.observer.warned = warnings.append
    stage.carrier.add_callee(
        "+15550191", Person(Silence(5), Press("*2"), Silence(100), Press("*5"), Silence(5), HangUp())
    )

    session = stage.ring("+15550100", Caller(Silence(300)))

    assert [each.status for each in stage.store.recordings(session)] == ["saved"]
    assert warnings == []
