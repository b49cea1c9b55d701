"""What surrounds the telephone: who is reached, the loudspeaker, the folder of flows."""

import os
import stat
import time
from pathlib import Path

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.errors import DialtoneError, FlowInvalid
from infra.carrier.account import AGENT, AGENT_SCRIPT
from infra.carrier.parties import Busy, NoAnswer, Person
from infra.flowkit.watched_flows import WatchedFlows, stamp
from infra.phone import loudspeaker as speakers
from infra.phone.flow_folder import FlowFolder, NoNumber, called
from infra.phone.people import people
from tests.staged_call import CALLED, LEG, SESSION, happened

RINGING = happened("call.initiated", direction="incoming")
UNKNOWN = "+15550177"


# People


def test_whoever_is_rung_answers() -> None:
    assert isinstance(people([]).reached_at(UNKNOWN), Person)
    assert set(AGENT_SCRIPT.steps) < set(_steps(people([]).reached_at(AGENT)))


def _steps(who: object) -> tuple[object, ...]:
    return who.steps if isinstance(who, Person) else ()


def test_everybody_or_one_of_them_can_be_asked_not_to() -> None:
    who = people(["busy", f"{AGENT}=no-answer"])

    assert who.reached_at(UNKNOWN) == Busy()
    assert who.reached_at(AGENT) == NoAnswer()


@pytest.mark.parametrize("option", ["asleep", "+15550199=", "15550199=busy", "=busy x"])
def test_what_is_nobody_is_reported_with_what_there_is(option: str) -> None:
    with pytest.raises(DialtoneError, match=r"give one of person, busy, no-answer"):
        people([option])


# The loudspeaker


def program(folder: Path, does: str) -> str:
    """A speech program of a few words."""
    file = folder / "espeak-ng"
    file.write_text(f"#!/bin/sh\n{does}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def finish(speaker: speakers.Loudspeaker) -> None:
    """Wait for the program as long as it speaks."""
    ends = time.monotonic() + 10
    while speaker.speaks and time.monotonic() < ends:
        time.sleep(0.01)


def test_the_words_reach_the_program_and_not_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, f'printf "%s|" "$@" > {tmp_path}/said; cat >> {tmp_path}/said')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    complaints: list[str] = []

    speaker = speakers.loudspeaker(2.0, complaints.append)
    speaker.say("--version; “hello”")
    finish(speaker)

    assert (tmp_path / "said").read_text() == "-s|320|--stdin|--version; “hello”"
    assert complaints == []


def test_what_is_spoken_is_hushed_when_the_line_is_cut(tmp_path: Path) -> None:
    speaker = speakers.Loudspeaker([program(tmp_path, "exec sleep 60")], pytest.fail)

    speaker.say("A long story.")
    began = time.monotonic()
    speaker.hush()

    assert time.monotonic() - began < 5
    assert not speaker.speaks


def test_without_a_speech_program_it_is_said_once_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    complaints: list[str] = []

    speaker = speakers.loudspeaker(1.0, complaints.append)
    speaker.say("Hello.")
    speaker.say("Goodbye.")
    speaker.hush()

    assert complaints == [speakers.MISSING]


@pytest.mark.parametrize("does", ["exit 3", "cat > /dev/null; exit 3"])
def test_a_program_that_cannot_speak_is_reported_once(tmp_path: Path, does: str) -> None:
    complaints: list[str] = []
    speaker = speakers.Loudspeaker([program(tmp_path, does)], complaints.append)

    for words in ("Hello.", "Still there?", "Goodbye."):
        speaker.say(words)
        finish(speaker)

    assert len(complaints) == 1
    assert "ended with 3" in complaints[0]


def test_a_program_that_cannot_be_started_is_reported_once(tmp_path: Path) -> None:
    complaints: list[str] = []
    speaker = speakers.Loudspeaker([str(tmp_path)], complaints.append)

    speaker.say("Hello.")
    speaker.say("Goodbye.")

    assert len(complaints) == 1


# The folder of flows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "numbers.yaml").write_text(f'"{CALLED}": front-desk\n')
    write(tmp_path, "Hello.")
    return tmp_path


def write(folder: Path, words: str) -> None:
    (folder / "front-desk.yaml").write_text(f"flow: front-desk\nsteps:\n  hello:\n    say: {words}\n")


def bench(folder: Path, called: str = CALLED) -> FlowFolder:
    return FlowFolder(folder, called, "+15550142")


def test_the_flow_that_takes_the_call_is_found(folder: Path) -> None:
    assert bench(folder).flow() == "front-desk"


def test_a_number_that_leads_nowhere_is_reported_with_those_that_do(folder: Path) -> None:
    with pytest.raises(NoNumber, match=rf"leads \{UNKNOWN} to no flow; call one of \{CALLED}"):
        bench(folder, UNKNOWN).check_number()


def test_a_flow_that_is_broken_can_still_be_fixed_while_the_telephone_is_on(folder: Path) -> None:
    (folder / "front-desk.yaml").write_text("flow: front-desk\nsteps:\n  hello: {sya: Hello.}\n")

    bench(folder).check_number()
    with pytest.raises(FlowInvalid, match=r"^front-desk\.yaml:3: "):
        bench(folder).flow()


def test_what_is_saved_is_reported_once(folder: Path) -> None:
    flow_folder = bench(folder)
    before = flow_folder.saved()

    write(folder, "Hello again.")
    (folder / "night.yaml").write_text("flow: night\nsteps:\n  bye: hangup\n")

    assert before == ()
    assert flow_folder.saved() == ("front-desk.yaml", "night.yaml")
    assert flow_folder.saved() == ()


def test_conversations_beside_a_flow_are_no_flows(folder: Path) -> None:
    flow_folder = bench(folder)

    (folder / "front-desk.test.yaml").write_text("flow: front-desk\n")

    assert flow_folder.saved() == ()


# Flows that are read again


def version(flows: WatchedFlows, call: Call | None = None) -> str:
    flow = flows.flow_for(call or Call(SESSION, LEG), RINGING)
    assert flow is not None
    return flow.version


def test_a_flow_is_read_again_once_it_was_saved(folder: Path) -> None:
    flows = WatchedFlows(folder)
    first = version(flows)
    again = version(flows)

    write(folder, "Hello again.")

    assert first == again
    assert version(flows) != first


def test_a_flow_that_was_put_in_anothers_place_is_read_even_if_it_is_as_long_and_as_old(folder: Path) -> None:
    flows = WatchedFlows(folder)
    first, old = version(flows), (folder / "front-desk.yaml").stat()
    other = folder / "other"
    other.write_text((folder / "front-desk.yaml").read_text().replace("Hello", "Jello"))
    os.utime(other, ns=(old.st_atime_ns, old.st_mtime_ns))

    other.replace(folder / "front-desk.yaml")

    assert version(flows) != first


def test_a_broken_flow_is_reported_each_time_until_it_is_fixed(folder: Path) -> None:
    flows = WatchedFlows(folder)
    (folder / "front-desk.yaml").write_text("flow: front-desk\n")

    for _ in range(2):
        with pytest.raises(FlowInvalid, match=r"^front-desk\.yaml:1: "):
            version(flows)
    write(folder, "Mended.")

    assert version(flows)


def test_broken_numbers_silence_new_calls_but_not_those_that_a_flow_leads(folder: Path) -> None:
    flows = WatchedFlows(folder)
    (folder / "numbers.yaml").write_text("nonsense")

    assert version(flows, Call(SESSION, LEG, flow="front-desk"))
    for _ in range(2):
        with pytest.raises(FlowInvalid, match=r"^numbers\.yaml:1: "):
            version(flows)


def test_a_number_that_was_added_leads_to_its_flow(folder: Path) -> None:
    flows = WatchedFlows(folder)
    event = happened("call.initiated", direction="incoming", to=UNKNOWN)
    before = flows.flow_for(Call(SESSION, LEG), event)

    (folder / "numbers.yaml").write_text(f'"{UNKNOWN}": front-desk\n')

    assert before is None
    assert flows.flow_for(Call(SESSION, LEG), event) is not None


def test_a_folder_that_is_not_there_has_nothing_in_it(tmp_path: Path) -> None:
    assert stamp(tmp_path / "nowhere") == frozenset()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("+15550100", "+15550100"),
        ("15550100", "+15550100"),
        ("+1 (555) 01-00", "+15550100"),
        ("main-menu", "+15550100"),
        ("nothing", "nothing"),
        ("+15550199", "+15550199"),
    ],
)
def test_a_number_is_known_however_it_is_written_and_by_its_flow(tmp_path: Path, written: str, meant: str) -> None:
    (tmp_path / "numbers.yaml").write_text('"+15550100": main-menu\n', encoding="utf-8")
    (tmp_path / "main-menu.yaml").write_text("flow: main-menu\nsteps:\n  bye: hangup\n", encoding="utf-8")

    assert called(written, tmp_path) == meant


def test_somebody_who_is_rung_again_behaves_as_the_next_of_a_list_and_then_as_the_last() -> None:
    who = people([])
    who.meet({AGENT: [Busy(), NoAnswer()]})

    assert [who.reached_at(AGENT) for _ in range(3)] == [Busy(), NoAnswer(), NoAnswer()]
