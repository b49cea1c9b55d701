"""What must hold after any play, whatever failed. Nothing here knows what was played, only what is left."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import KEPT_STATUSES, OPEN_STATUSES, VERIFIED, Recording
from infra.carrier.legs import Recording as Made
from infra.carrier.storage import file_of
from tests.drills.call_checkers import doubled, lost, sessions_of, unended
from tests.drills.report import ALARMED, BYTES_ARCHIVED, CALLS, DOUBLED, FORGED, LOST, STUCK, WRONG, Violation
from tests.drills.report import VERIFIED as VERIFIED_RECORDINGS
from tests.drills.world import World

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
    return [
        *_stuck(world),
        *_doubled(world),
        *lost(world.carrier, world.checked),
        *_recordings(world),
        *_transcripts(world),
    ]


def _stuck(world: World) -> Iterator[Violation]:
    """Every call ends, and nothing waits any more."""
    yield from unended(world.carrier, world.checked)
    for entry in _ledger(world):
        if entry.status in OPEN_STATUSES:
            yield Violation(STUCK, f"recording {entry.name} stays {entry.status}")
    for item in world.table.items():
        if "due_shard" in item:
            yield Violation(STUCK, f"{item['item']['S']} stays due")
    if world.queue.open:
        yield Violation(STUCK, f"{len(world.queue.open)} archive jobs are neither done nor given up")
    if world.processes.at_work:
        yield Violation(STUCK, f"{world.processes.at_work} processes are at work for ever")


def _ledger(world: World) -> list[Recording]:
    return [entry for session in sessions_of(world.carrier) for entry in world.checked.recordings(session)]


def _doubled(world: World) -> Iterator[Violation]:
    """No command is obeyed twice, no audio is written twice, no event is in the timeline twice."""
    yield from doubled(world.carrier, world.checked)
    for key, times in world.bucket.written.items():
        if times > 1 and not key.endswith((".json", ".txt")):
            yield Violation(DOUBLED, f"{key} was written {times} times")
    for item in world.table.overwritten:
        yield Violation(DOUBLED, f"{item} was written over")


def _recordings(world: World) -> Iterator[Violation]:
    """Every recording that Telnyx has made is verified, byte by byte, or an alarm has rung."""
    entries = _ledger(world)
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
    for entry in _ledger(world):
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
    entries = _ledger(world)
    audio = [len(body) for key, body in world.bucket.objects.items() if not key.endswith((".json", ".txt"))]
    verified = sum(entry.status == VERIFIED for entry in entries)
    figures = {CALLS: len(world.placed), BYTES_ARCHIVED: sum(audio), VERIFIED_RECORDINGS: verified}
    return Counter(figures | {ALARMED: len(entries) - verified})
