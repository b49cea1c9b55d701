"""Where callers of real calls would have gone in another version of the flows."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from infra.replaying.library import read_call, with_number
from infra.replaying.recorded_call import NotReplayable, RecordedCall
from infra.replaying.rerun import StepPath, rerun

SAME, ELSEWHERE, NOT_PLAYED = "same", "elsewhere", "not played"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A real call's way, and the one that its caller would have gone."""

    session_id: str
    flow_version: str
    began_at: str
    then: StepPath
    now: StepPath

    @property
    def verdict(self) -> str:
        """Whether the caller takes the same path to the same end."""
        same = self.parts_at is None and not self.now.unknown and self.then.outcome == self.now.outcome
        return SAME if same else ELSEWHERE

    @property
    def parts_at(self) -> int | None:
        """The place of the first step that is another one; None for the same steps."""
        if self.then.flow != self.now.flow:
            return 0
        pairs = zip_longest(self.then.steps, self.now.steps)
        return next((place for place, (then, now) in enumerate(pairs) if then != now), None)

    @property
    def last_common(self) -> str:
        """The step after which they part; '' if they do from the beginning."""
        place = self.parts_at
        return self.then.steps[place - 1] if place else ""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "call_session_id": self.session_id,
            "verdict": self.verdict,
            "flow_version": self.flow_version,
            "began_at": self.began_at,
            "parts_after": self.last_common or None,
            "then": asdict(self.then),
            "now": asdict(self.now),
        }


@dataclass(frozen=True, slots=True)
class NotPlayed:
    """A call that cannot be played again."""

    session_id: str
    why: str

    @property
    def verdict(self) -> str:
        """That."""
        return NOT_PLAYED

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"call_session_id": self.session_id, "verdict": self.verdict, "why": self.why}


def compare_all(
    store: CallsTable, sessions: Sequence[str], library: FlowLibrary, folder: Path
) -> Iterator[Comparison | NotPlayed]:
    """What becomes of each in these flows. Raises FlowInvalid if they are broken, and botocore's errors."""
    for session in sessions:
        try:
            yield compare(store, session, library, folder)
        except NotReplayable as error:
            yield NotPlayed(session, str(error))


def compare(store: CallsTable, session: str, library: FlowLibrary, folder: Path) -> Comparison:
    """As `compare_all`, of one. Raises NotReplayable."""
    recorded, texts = read_call(store, session)
    own = FlowLibrary.of_texts(with_number(texts, recorded.called, recorded.flow))
    then = rerun(recorded, own, folder)
    check_as_recorded(recorded, then)
    why = _cannot_dial(recorded, library)
    now = StepPath("", (), "", 0, why) if why else rerun(recorded, library, folder)
    return Comparison(session, recorded.flow_version, recorded.began.isoformat(), then, now)


def _cannot_dial(recorded: RecordedCall, library: FlowLibrary) -> str:
    """Why a call that was dialled for a flow cannot be dialled for it in these; '' for any other call."""
    if recorded.dialled is None:
        return ""
    flow = library.flow(recorded.flow)
    if flow is None:
        return "there is no such flow any more"
    missing = next((name for name in flow.main.given if name not in recorded.dialled.given), "")
    return f"the flow wants to be given {missing}, which this call was not given" if missing else ""


def check_as_recorded(recorded: RecordedCall, then: StepPath) -> None:
    """Raises NotReplayable if a call went another way than it goes when it is played on the flows that led it.

    Of steps that do not wait the timeline tells nothing, so these may be between.
    """
    steps = iter(then.steps)
    missing = next((step for step in recorded.steps if step not in steps), "")
    if then.unknown or missing or then.outcome != recorded.outcome:
        why = then.unknown or (f"it does not come to {missing}" if missing else f"it ends {then.outcome}")
        raise NotReplayable(
            f"replayed on the flows that handled it, it takes another path ({why}), so it cannot be compared on other "
            "flows: `dialtone calls show` shows what disturbed it"
        )
