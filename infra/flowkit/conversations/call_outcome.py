"""The end state of a call, and its differences from a conversation's expectations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dialtone.domain.lookups import Lookup
from dialtone.domain.recordings import FAILED, SAVED
from infra.flowkit.conversations.conversation import Ends, Length, RecordingExpected

NOTHING = "—"


@dataclass(frozen=True, slots=True)
class RecordingLeft:
    """A recording in the ledger, and what the carrier made of it."""

    status: str
    source: str
    """`answer` or `step`."""
    format: str
    channels: str
    seconds: float
    pauses: int
    transcript: str | None
    """None if none came."""


@dataclass(frozen=True, slots=True)
class TransferLeft:
    """Somebody whom the flow rang, and what came of it."""

    to: str
    result: str


@dataclass(frozen=True, slots=True)
class TextLeft:
    """A text that Telnyx took."""

    to: str
    says: str


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """Everything that a conversation can ask after."""

    outcome: str
    hung_up_by: str
    seconds: float
    """From the answer to the hang-up."""
    steps: Sequence[str]
    variables: Mapping[str, str]
    recordings: Sequence[RecordingLeft]
    transfers: Sequence[TransferLeft]
    lookups: Sequence[Lookup]
    """With the sensitive digits that were sent: no report shows them."""
    texts: Sequence[TextLeft] = ()
    deliveries: Sequence[str] = ()
    """To whom messages go."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that should be true at the end and is not."""

    what: str
    expected: str
    found: str


def differences(ends: Ends, left: CallOutcome) -> Iterator[Difference]:
    """The differences from the expectations; empty if the call ended as expected."""
    if ends.outcome not in {None, left.outcome}:
        yield Difference("outcome", str(ends.outcome), left.outcome or NOTHING)
    if ends.hung_up_by not in {None, left.hung_up_by}:
        yield Difference("hung up by", str(ends.hung_up_by), left.hung_up_by or NOTHING)
    if ends.lasts and not ends.lasts.holds(left.seconds):
        yield Difference("lasts", str(ends.lasts), f"{left.seconds:.1f} s")
    if ends.steps is not None and list(ends.steps) != list(left.steps):
        yield Difference("steps", " → ".join(ends.steps) or NOTHING, " → ".join(left.steps) or NOTHING)
    for name, value in (ends.variables or {}).items():
        if left.variables.get(name) != value:
            yield Difference(f"variable {name}", value, left.variables.get(name, NOTHING))
    yield from _transfers(ends, left)
    yield from _lookups(ends, left)
    yield from _texts(ends, left)
    if ends.deliveries is not None and list(ends.deliveries) != list(left.deliveries):
        yield Difference("deliveries", ", ".join(ends.deliveries) or NOTHING, ", ".join(left.deliveries) or NOTHING)
    yield from _recordings(ends, left)


def _transfers(ends: Ends, left: CallOutcome) -> Iterator[Difference]:
    if ends.transfers is None:
        return
    for expected, found in zip_longest(ends.transfers, left.transfers):
        expected_text = f"{expected.to} {expected.result}" if expected else NOTHING
        found_text = f"{found.to} {found.result}" if found else NOTHING
        if expected_text != found_text:
            yield Difference("transfer", expected_text, found_text)


def _lookups(ends: Ends, left: CallOutcome) -> Iterator[Difference]:
    if ends.lookups is None:
        return
    for number, (expected, found) in enumerate(zip_longest(ends.lookups, left.lookups), 1):
        if expected is None or found is None or expected.lookup != found.target:
            asked = expected.lookup if expected else NOTHING
            yield Difference(f"lookup {number}", asked, found.target if found else NOTHING)
            continue
        for name, value in expected.send.items():
            if found.send.get(name) != value:
                shown = value, found.send.get(name, NOTHING)
                yield Difference(f"lookup {number}: {name}", *(_HIDDEN if name in found.secrets else shown))


_HIDDEN = "(sensitive)", "(others)"


def _texts(ends: Ends, left: CallOutcome) -> Iterator[Difference]:
    for expected, found in zip_longest(ends.texts or (), left.texts) if ends.texts is not None else ():
        same = expected and found and expected.to == found.to and (expected.says or "") in found.says
        if not same:
            wanted = f"{expected.to} {expected.says or ''}".rstrip() if expected else NOTHING
            yield Difference("text", wanted, f"{found.to} {found.says}" if found else NOTHING)


def _recordings(ends: Ends, left: CallOutcome) -> Iterator[Difference]:
    if isinstance(ends.recordings, int):
        saved = sum(each.status == SAVED for each in left.recordings)
        if saved != ends.recordings:
            yield Difference("recordings", f"{ends.recordings} saved", _counted(left.recordings))
        return
    if ends.recordings is None:
        return
    for number, (expected, found) in enumerate(zip_longest(ends.recordings, left.recordings), 1):
        if expected is None or found is None:
            counted = f"{len(ends.recordings)} in the ledger"
            yield Difference("recordings", counted, f"{len(left.recordings)} in the ledger")
            return
        yield from _recording(f"recording {number}", expected, found)


def _recording(what: str, expected: RecordingExpected, found: RecordingLeft) -> Iterator[Difference]:
    for name in ("status", "source", "format", "channels", "pauses"):
        wanted = getattr(expected, name)
        if wanted is not None and wanted != getattr(found, name):
            yield Difference(f"{what}: {name}", str(wanted), str(getattr(found, name)))
    length: Length | None = expected.seconds
    if length and not length.holds(found.seconds):
        yield Difference(f"{what}: seconds", str(length), f"{found.seconds:.1f} s")
    yield from _transcript(what, expected, found)


def _transcript(what: str, expected: RecordingExpected, found: RecordingLeft) -> Iterator[Difference]:
    wanted, text = expected.transcript, found.transcript
    shown = NOTHING if text is None else f"“{text}”"
    if isinstance(wanted, bool):
        if wanted != (text is not None):
            yield Difference(f"{what}: transcript", "one" if wanted else "none", shown)
    elif wanted is not None and wanted.casefold() not in (text or "").casefold():
        yield Difference(f"{what}: transcript", f"“{wanted}”", shown)


def _counted(recordings: Sequence[RecordingLeft]) -> str:
    statuses = [each.status for each in recordings]
    failed = f", {statuses.count(FAILED)} failed" if FAILED in statuses else ""
    return f"{statuses.count(SAVED)} saved{failed}"
