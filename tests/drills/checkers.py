"""What must hold after any play, whatever failed. Nothing here knows what was played, only what is left."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence

from dialtone.adapters.calls_table import TimelineEntry
from dialtone.domain.call_status import ENDED
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command
from dialtone.domain.lookups import ANSWERED
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import KEPT_STATUSES, OPEN_STATUSES, VERIFIED, Recording
from infra.carrier.legs import Recording as Made
from infra.carrier.storage import file_of
from tests.drills.report import ALARMED, BYTES_ARCHIVED, CALLS, DOUBLED, FORGED, LOST, STUCK, WRONG, Violation
from tests.drills.report import VERIFIED as VERIFIED_RECORDINGS
from tests.drills.world import World

REPEATABLE = frozenset({"hangup", "client_state_update", "switch_supervisor_role"})
"""What ends a leg ends it once, and a state set twice is set once."""

ALARMS = (
    "RecordingErrors",
    "RecordingsDoubtful",
    "RecordingsFailed",
    "RecordingsMissing",
    "RecordingsOverdue",
    "RecordingsUnidentified",
    "TranscriptsMissing",
)
"""Of infra/monitoring.yaml, about recordings; dead letters ring, too."""


def violations(world: World) -> list[Violation]:
    """Every broken promise."""
    return [*_stuck(world), *_doubled(world), *_lost(world), *_recordings(world), *_transcripts(world)]


def _sessions(world: World) -> list[str]:
    return sorted({leg.session.id for leg in world.carrier.legs})


def _stuck(world: World) -> Iterator[Violation]:
    """Every call ends, and nothing waits any more."""
    for leg in world.carrier.legs:
        if leg.ended is None:
            yield Violation(STUCK, f"leg {leg.name.call_leg_id} never ends")
    for session in _sessions(world):
        yield from _open_items(world, session)
    for item in world.table.items():
        if "due_shard" in item:
            yield Violation(STUCK, f"{item['item']['S']} stays due")
    if world.queue.open:
        yield Violation(STUCK, f"{len(world.queue.open)} archive jobs are neither done nor given up")
    if world.processes.at_work:
        yield Violation(STUCK, f"{world.processes.at_work} processes are at work for ever")


def _open_items(world: World, session: str) -> Iterator[Violation]:
    for call in world.checked.legs(session):
        if call.status != ENDED:
            yield Violation(STUCK, f"the table holds leg {call.leg_id} for {call.status}")
    for entry in world.checked.recordings(session):
        if entry.status in OPEN_STATUSES:
            yield Violation(STUCK, f"recording {entry.name} stays {entry.status}")


def _doubled(world: World) -> Iterator[Violation]:
    """No command is obeyed twice, no audio is written twice, no event is in the timeline twice."""
    sessions = {leg.session.id: leg.session for leg in world.carrier.legs}
    obeyed = Counter(
        str(each["metadata"]["raw"].get("command_id"))
        for session in sessions.values()
        for each in session.commands
        if each["name"] not in REPEATABLE
    )
    for command_id, times in obeyed.items():
        if times > 1 and command_id != "None":
            yield Violation(DOUBLED, f"command {command_id} was obeyed {times} times")
    for key, times in world.bucket.written.items():
        if times > 1 and not key.endswith((".json", ".txt")):
            yield Violation(DOUBLED, f"{key} was written {times} times")
    for item in world.table.overwritten:
        yield Violation(DOUBLED, f"{item} was written over")
    for session in sessions:
        timeline = world.checked.timeline(session)
        yield from _recorded_twice(timeline)
        yield from _decided_at_once(timeline)


def _recorded_twice(timeline: Sequence[TimelineEntry]) -> Iterator[Violation]:
    """A lookup that ran twice has two answers of one id, at their own times: the second changes nothing."""
    by_id: dict[str, list[TimelineEntry]] = {}
    for entry in timeline:
        by_id.setdefault(entry.event_id, []).append(entry)
    for event_id, entries in by_id.items():
        obeyed = [entry for entry in entries if entry.commands]
        if len(obeyed) > 1 or (len(entries) > 1 and entries[0].event_type != ANSWERED):
            yield Violation(DOUBLED, f"{entries[0].event_type} {event_id} is in the timeline {len(entries)} times")


def _decided_at_once(timeline: Sequence[TimelineEntry]) -> Iterator[Violation]:
    """No two events were decided on the same state of the call: each decision has a number of its own."""
    by_number: dict[int, str] = {}
    for entry in timeline:
        for number in {number for command in entry.commands for number in _numbers(command)}:
            first = by_number.setdefault(number, entry.event_id)
            if first != entry.event_id:
                yield Violation(DOUBLED, f"decision {number} was made on {first} and on {entry.event_id}")


def _numbers(command: Command) -> Iterator[int]:
    for name in ("client_state", "target_leg_client_state"):
        state = ClientState.decode(str(command.parameters.get(name, "")))
        if state.decision:
            yield state.decision


def _lost(world: World) -> Iterator[Violation]:
    """What was answered 200 is in the timeline."""
    kept = {entry.event_id for session in _sessions(world) for entry in world.checked.timeline(session)}
    for delivery in world.carrier._deliveries.settled:  # noqa: SLF001 -- the carrier's own account
        if delivery.delivered and "call_session_id" not in delivery.event.payload:
            kept |= {entry.event_id for entry in world.checked.timeline(f"no-session-{delivery.event.id}")}
        if delivery.delivered and delivery.event.id not in kept:
            yield Violation(LOST, f"{delivery.event.event_type} {delivery.event.id} was answered 200 and is not kept")


def _recordings(world: World) -> Iterator[Violation]:
    """Every recording that Telnyx has made is verified, byte by byte, or an alarm has rung."""
    entries = [entry for session in _sessions(world) for entry in world.checked.recordings(session)]
    made = {each.id: each for each in world.carrier.recordings.saved()}
    verified = {entry.recording_id: entry for entry in entries if entry.status in KEPT_STATUSES}
    alarmed = bool(world.queue.dead) or any(world.noted.measured[name] for name in ALARMS)
    for recording_id, each in made.items():
        entry = verified.get(recording_id) or _by_content(entries, each)
        if entry is not None:
            yield from _held_against(world, entry, each)
        elif not alarmed:
            yield Violation(LOST, f"recording {recording_id} is neither verified nor has an alarm rung")
    for entry in entries:
        if entry.status == VERIFIED and (entry.audio is None or entry.audio.key not in world.bucket.objects):
            yield Violation(FORGED, f"recording {entry.name} counts as verified and is not in the bucket")


def _transcripts(world: World) -> Iterator[Violation]:
    """Every transcript that Telnyx has made of a recording in custody lies beside it, word by word, or rings."""
    alarmed = bool(world.queue.dead) or bool(world.noted.measured["TranscriptsMissing"])
    for entry in (entry for session in _sessions(world) for entry in world.checked.recordings(session)):
        made = world.carrier.recordings.all.get(entry.recording_id)
        if entry.status not in KEPT_STATUSES or made is None or not made.transcribed:
            continue
        words = world.bucket.objects.get(entry.transcript.key) if entry.transcript else None
        if words is None and not alarmed:
            yield Violation(LOST, f"the transcript of recording {entry.name} is not in the bucket")
        if words is not None and words.decode() != " ".join(made.words):
            yield Violation(WRONG, f"the transcript of recording {entry.name} is not what Telnyx has")


def _by_content(entries: list[Recording], made: Made) -> Recording | None:
    """The entry of a recording whose id was never learnt."""
    sha256 = hashlib.sha256(content(made)).hexdigest()
    kept = (each for each in entries if each.status in KEPT_STATUSES and each.audio)
    return next((each for each in kept if each.audio and each.audio.sha256 == sha256), None)


def _held_against(world: World, entry: Recording, made: Made) -> Iterator[Violation]:
    stored = world.bucket.objects.get(entry.audio.key if entry.audio else "", b"")
    if entry.status == VERIFIED and stored != content(made):
        yield Violation(WRONG, f"recording {entry.name} is not what Telnyx has: {len(stored)} bytes")
    metadata = world.bucket.objects.get(object_key(entry, "json"))
    if metadata is None or not entry.audio or json.loads(metadata).get("sha256") != entry.audio.sha256:
        yield Violation(LOST, f"the metadata of recording {entry.name} is not that of its audio")


def content(made: Made) -> bytes:
    """A recording's audio as Telnyx has it."""
    file = file_of(made)
    return b"".join(file.stream(0, file.size))


def count(world: World) -> Counter[str]:
    """What a play adds to a drill's figures."""
    entries = [entry for session in _sessions(world) for entry in world.checked.recordings(session)]
    audio = [len(body) for key, body in world.bucket.objects.items() if not key.endswith((".json", ".txt"))]
    verified = sum(entry.status == VERIFIED for entry in entries)
    figures = {CALLS: len(world.placed), BYTES_ARCHIVED: sum(audio), VERIFIED_RECORDINGS: verified}
    return Counter(figures | {ALARMED: len(entries) - verified})
