"""Plays what was done on a real call against a set of flows, through the real code and the simulated carrier."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.caller_trust import ATTESTATION, CALLER_NAME, SCREENING, TRUST
from dialtone.domain.calls import Call
from dialtone.domain.commands import Command
from dialtone.domain.decisions import Decision
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.lookups import FOUND, Lookup
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.steps.play import Play
from infra.carrier import Callee, Fax, Line, Machine, NoAnswer, Person, Silence, Silent, Unreached, trace
from infra.carrier.caller_identity import CallerIdentity
from infra.carrier.clock import Timer
from infra.carrier.legs import SPEECH_CHARACTERS_PER_SECOND, Nature
from infra.carrier.parties import BETWEEN_KEYS_SECONDS, HangUp, Press, Step
from infra.carrier.trace import Happening
from infra.flowkit.conversations.coverage import CoverageRecorder
from infra.flowkit.conversations.parties import cause_of
from infra.flowkit.conversations.scenario_run import LONGEST_CALL_SECONDS
from infra.flowkit.scripted_backends import Answering
from infra.flowkit.stage import FaultOfOurs, Stage, silent_audio
from infra.replaying.recorded_call import (
    Dialled,
    LookupResult,
    Reached,
    RecordedCall,
    Turn,
    asks_for_keys,
    did_not_answer,
)

SPEECH = "(speech left out)"
"""What a caller says in a message: the words are nobody's business here."""

AT_ONCE_SECONDS = 0.2
"""Nobody does anything sooner."""

BEFORE_END_SECONDS = 0.5
"""What was done during a prompt, or while an answer was waited for, is done so long before its end at the latest: the
voices of the simulated carrier may be faster."""

BREATH_SECONDS = 1.0
"""From the beginning of a recording to the first word."""

GREETING_SECONDS = 6.0
"""Of a machine whose greeting's end was not reported."""

_SPOKEN = {"speak": "payload", "gather_using_speak": "payload", "gather_using_ai": "greeting"}
LISTENS = "gather_using_ai"
_PLAYED = frozenset({"playback_start", "gather_using_audio"})


@dataclass(frozen=True, slots=True)
class StepPath:
    """Where a call went."""

    flow: str
    steps: tuple[str, ...]
    outcome: str
    recordings: int
    unknown: str = ""
    """Why nobody can know how it goes on after the last step; '' for a call that was played to its end."""


def rerun(recorded: RecordedCall, library: FlowLibrary, folder: Path) -> StepPath:
    """Where the call goes in these flows. `folder` has the audio. Raises FlowInvalid for a broken flow."""
    return Rerun(recorded, library, folder).play()


class Rerun:
    """One call being played again."""

    def __init__(
        self,
        recorded: RecordedCall,
        library: FlowLibrary,
        folder: Path,
        tell: Callable[[Happening], None] = lambda _: None,
    ) -> None:
        """`tell` is called with everything that the carrier shows."""
        self._recorded = recorded
        self._library = library
        self._tell_others = tell
        self._recorder = CoverageRecorder()
        self._unknown = ""
        self._turn = 0
        self._next = 0
        """The first of the recorded turns that was not played yet."""
        self._present: Turn | None = None
        self._before = ""
        """The last step that was played as it was recorded."""
        self._answered = False
        self._pending: list[Timer] = []
        self._leaves = False
        """Whether the caller is about to hang up, as in the recorded turn."""
        self._rung: list[Reached] = list(recorded.reached)
        self._lookups: list[LookupResult] = list(recorded.lookups)
        self._stage = Stage(flows=folder, library=library, start=recorded.began)
        self._carrier = self._stage.carrier
        self._upload_what_is_missing()
        self._stage.decided = self._decided
        for each in reversed(recorded.reached):
            self._carrier.add_callee(each.number, _callee(each))
        for each_lookup in reversed(recorded.lookups):
            self._let_answer(each_lookup)
        self.line = self._begin()
        self._carrier.observe(self._tell)

    def play(self) -> StepPath:
        """From the ringing to the end, or to where nobody can know how it goes on."""
        try:
            self._carrier.run(until=LONGEST_CALL_SECONDS)
            if any(leg.alive for leg in self._carrier.legs):
                self._stop(f"after {LONGEST_CALL_SECONDS:,.0f} s the call still goes on")
            self._carrier.run()
        except FaultOfOurs as error:
            self._unknown = str(error)
        name = self.line.name
        call = next((each for each in self._stage.store.legs(name.call_session_id)), None)
        return StepPath(
            flow=call.flow if call else "",
            steps=tuple(self._recorder.steps),
            outcome=call.outcome if call and not self._unknown else "",
            recordings=len(self._stage.store.recordings(name.call_session_id)),
            unknown=self._unknown,
        )

    def _begin(self) -> Line:
        recorded, dialled = self._recorded, self._recorded.dialled
        self._carrier.exchange.next_session_id = recorded.session_id  # what is drawn by chance follows from it
        if dialled is None:
            return self._stage.call(recorded.caller, recorded.called, identity=_identity(recorded.trust))
        self._carrier.add_callee(recorded.called, _answering(dialled))
        placed = self._stage.place(recorded.called, recorded.flow, dialled.given, dialled.detection)
        leg = next(each for each in self._carrier.legs if each.name.call_leg_id == placed.data["call_leg_id"])
        return Line(self._carrier, leg)

    def _upload_what_is_missing(self) -> None:
        """Audio may lie only at Telnyx; how long it lasts makes little difference."""
        names = self._recorded.flow, *(file.removesuffix(".yaml") for file in self._library.files if "/" not in file)
        for name in names:
            with suppress(FlowInvalid):  # it says so if the call needs it
                flow = self._library.flow(name)
                for media in media_of(flow) - self._carrier.media.stored.keys() if flow else ():
                    self._carrier.media.upload(media, silent_audio())

    def _decided(self, decision: Decision) -> None:
        if self._unknown:
            return
        self._recorder.record(decision)
        if decision.lookup:
            self._looks_up(decision.lookup)
        call = decision.call
        if call.turn != self._turn:
            self._turn = call.turn
            self._enter(call, decision.commands)
        if asked := [each for each in decision.commands if asks_for_keys(each, call)]:
            self._is_asked(call, decision.commands, asked[0])

    def _enter(self, call: Call, commands: Sequence[Command]) -> None:
        for timer in self._pending:
            timer.cancel()
        self._pending, self._present, self._answered = [], None, False
        if self._leaves:
            self._do(AT_ONCE_SECONDS, self.line.hang_up)
            return
        turns = self._recorded.turns
        place = next((each for each in range(self._next, len(turns)) if turns[each].step == call.step), None)
        records = any(each.action == "record_start" for each in commands)
        if place is None:
            if records:
                self._stop(f"the caller would have been asked for a message at {call.step}")
            return
        self._next, self._present, self._before = place + 1, turns[place], call.step
        self._relive(turns[place], call, commands, records=records)

    def _relive(self, turn: Turn, call: Call, commands: Sequence[Command], *, records: bool) -> None:
        lasts = _lasts(commands, call)
        if turn.asked is None:
            latest = lasts if any(each.action == LISTENS for each in commands) else LONGEST_CALL_SECONDS
            for at, key in turn.keys:
                self._do(min(at - turn.began, latest), partial(self.line.press, key))
        if records:
            acts = [at for at, _ in turn.keys] + ([turn.hung_up] if turn.hung_up is not None else [])
            seconds = min(acts, default=turn.ended) - turn.began - 2 * BREATH_SECONDS
            self._do(BREATH_SECONDS, partial(self.line.say, max(BREATH_SECONDS, seconds), SPEECH))
        if turn.hung_up is not None and self._recorded.left_after_bridge is None:
            self._leaves = True
            self._do(min(turn.hung_up - turn.began, lasts), self.line.hang_up)

    def _is_asked(self, call: Call, commands: Sequence[Command], gather: Command) -> None:
        turn = self._present
        if turn is None:
            if not self._may_stay_silent(call):
                how = "once more" if call.step == self._before else "something else"
                self._stop(f"the caller would have been asked {how} at {call.step}")
        elif turn.answer and not self._answered:
            self._answered = True
            after = turn.answered - (turn.asked if turn.asked is not None else turn.began)
            self._press(min(after, _lasts(commands, call)), turn.answer + _terminator(turn.answer, gather))

    def _may_stay_silent(self, call: Call) -> bool:
        """Whether keys only cut short what is played."""
        flow = self._library.flow(call.flow)
        return flow is not None and isinstance(flow.step_of(call), Play)

    def _press(self, after: float, keys: str) -> None:
        first = max(AT_ONCE_SECONDS, after - BETWEEN_KEYS_SECONDS * (len(keys) - 1))
        for place, key in enumerate(keys):
            self._do(first + place * BETWEEN_KEYS_SECONDS, partial(self.line.press, key))

    def _do(self, after: float, action: Callable[[], None]) -> None:
        self._pending.append(self._carrier.clock.after(max(AT_ONCE_SECONDS, after), action))

    def _stop(self, why: str) -> None:
        self._unknown = why
        for leg in (each for each in self._carrier.legs if each.alive):
            self._carrier.clock.after(0, Line(self._carrier, leg).hang_up)

    def _tell(self, happening: Happening) -> None:
        self._tell_others(happening)
        leg = happening.leg
        if leg is None or self._unknown:
            return
        own = leg.call_leg_id == self.line.name.call_leg_id
        if isinstance(happening, trace.Rang) and not own:
            self._rings(leg.to)
        if isinstance(happening, trace.Bridged) and own and self._recorded.left_after_bridge is not None:
            self._carrier.clock.after(max(AT_ONCE_SECONDS, self._recorded.left_after_bridge), self.line.hang_up)

    def _rings(self, number: str) -> None:
        """Let callees who are rung again do as they did then."""
        known = [each for each in self._recorded.reached if each.number == number]
        if not known:
            self._stop(f"it would have rung {number}, whom this call did not ring")
            return
        first = next((each for each in self._rung if each.number == number), None)
        if first:
            self._rung.remove(first)
        following = next((each for each in self._rung if each.number == number), known[-1])
        self._carrier.add_callee(number, _callee(following))

    def _looks_up(self, lookup: Lookup) -> None:
        """Let the answer be as it was then, the next time that it is asked the next one."""
        known = [each for each in self._recorded.lookups if each.target == lookup.target]
        if not known:
            self._stop(f"it would have looked up {lookup.target}, which this call did not ask")
            return
        answer = next((each for each in self._lookups if each.target == lookup.target), known[-1])
        if answer in self._lookups:
            self._lookups.remove(answer)
        missing = [each for each in lookup.gives if each not in answer.values] if answer.result == FOUND else []
        if missing:
            self._stop(f"it would have looked up {missing[0]} at {lookup.target}, which this call did not ask for")
        self._let_answer(answer)

    def _let_answer(self, answer: LookupResult) -> None:
        how = Answering(answer.result, answer.values, answer.after_seconds)
        self._stage.systems.answering[answer.target] = how


def media_of(flow: LoadedFlow) -> set[str]:
    """The names under which Telnyx is to hold what a flow plays."""
    steps = [step for each in (flow.main, *flow.others.values()) for step in each.steps.values()]
    pieces = [piece for step in steps for _, prompt in step.prompts() for piece in prompt.pieces()]
    return {name for piece in pieces if (name := piece.media or (piece.file or "").rpartition(".")[0])}


def _answering(dialled: Dialled) -> Callee:
    """A callee of the flow; the play does what the person did."""
    after = dialled.answered_after
    match dialled.finding:
        case "machine":
            return Machine(
                greeting_seconds=dialled.greeting_seconds or GREETING_SECONDS, beep=dialled.beep, answers_after=after
            )
        case "fax_detected":
            return replace(Fax(), answers_after=after)
        case "silence":
            return replace(Silent(), answers_after=after)
    return Person(nature=Nature.NOT_SURE if dialled.finding == "not_sure" else Nature.HUMAN, answers_after=after)


def _callee(reached: Reached) -> Callee:
    """Somebody who does as they did then."""
    if reached.answered_after is None:
        how = did_not_answer(reached)
        return NoAnswer() if how == "nobody" else Unreached(cause_of(how))
    steps: list[Step] = []
    now = 0.0
    for at, keys in reached.keys:
        steps.append(Press(keys, after=max(0.0, at - now)))
        now = max(now, at) + BETWEEN_KEYS_SECONDS * (len(keys) - 1)
    if reached.hung_up_after is not None:
        steps += [Silence(max(AT_ONCE_SECONDS, reached.hung_up_after - now)), HangUp()]
    return Person(*steps, answers_after=reached.answered_after)


def _lasts(commands: Sequence[Command], call: Call) -> float:
    """How long a caller has who is to do something while this is heard, or its answer waited for."""
    if any(each.action in _PLAYED for each in commands):
        return LONGEST_CALL_SECONDS
    spoken = [str(each.parameters.get(_SPOKEN[each.action], "")) for each in commands if each.action in _SPOKEN]
    waits = [each for each in commands if asks_for_keys(each, call) or each.action == LISTENS]
    if not (spoken or waits):
        return LONGEST_CALL_SECONDS
    millis = max((_waits_millis(each) for each in waits), default=0)
    return sum(map(len, spoken)) / SPEECH_CHARACTERS_PER_SECOND + millis / 1_000 - BEFORE_END_SECONDS


def _waits_millis(gather: Command) -> int:
    names = ("user_response_timeout_ms", "initial_timeout_millis", "timeout_millis")
    found = next((gather.parameters[name] for name in names if name in gather.parameters), None)
    return found if isinstance(found, int) else 0


def _terminator(answer: str, gather: Command) -> str:
    """The key that ends an answer which may be longer."""
    most, key = gather.parameters.get("maximum_digits"), gather.parameters.get("terminating_digit")
    return key if isinstance(key, str) and isinstance(most, int) and len(answer) < most else ""


def _identity(trust: Mapping[str, str]) -> CallerIdentity:
    """What the network said, so that the carrier says it again; an attestation is kept only if it was valid."""
    said = {name: trust.get(name, "") for name in TRUST}
    return CallerIdentity(said[CALLER_NAME], said[ATTESTATION], screening=said[SCREENING])
