"""A telephone for one person: keys and words in, what is heard out, over a line that is up."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import takewhile
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError, FlowInvalid
from infra.carrier import trace
from infra.carrier.callers import Caller, as_carriers_show
from infra.carrier.media import UnreadableAudioError
from infra.phone.call import Call
from infra.phone.clock_thread import ClockThread
from infra.phone.hearing import Receiver, Stage, Told, Tone
from infra.phone.key_help import KEYS
from infra.phone.screen import Status
from infra.phone.typing import KeyParser, NoKey, Order, Press, Speak

if TYPE_CHECKING:
    from pathlib import Path

    from infra.carrier.trace import Happening
    from infra.local.line import PhoneLine
    from infra.phone.flow_folder import FlowFolder
    from infra.phone.keyboard import Keyboard
    from infra.phone.loudspeaker import Loudspeaker
    from infra.phone.screen import Screen
    from infra.phone.typing import Act

SPEAKING_CHARACTERS_PER_SECOND = 15.0
SHORTEST_WORD_SECONDS = 1.0
"""How long typed words take to be said: as long as the carrier's voices take."""

PATIENCE_SECONDS = 600.0
"""How long a person with a telephone in hand lets it ring: long enough to mend a flow meanwhile."""
PIPED_PATIENCE_SECONDS = 60.0
"""As long as the carrier's other callers; nobody sits there to mend anything."""

TICK_SECONDS = 0.1
"""Between two looks at the clock while something goes on: less than a spoken word."""
IDLE_TICK_SECONDS = 0.5
"""Between two looks at the flows' folder."""

LOOK_SECONDS = 0.5
"""Between two looks into the ledger."""

_WITHOUT_A_CALL = frozenset({Order.REDIAL, Order.QUIT})
"""What is done once a call is over."""


@dataclass(slots=True)
class Phone:
    """Rings one number, again and again, until the person at it is done."""

    line: PhoneLine
    flow_folder: FlowFolder
    screen: Screen
    keyboard: Keyboard
    loudspeaker: Loudspeaker | None = None
    script: Caller | None = None
    """What the caller does by themselves; the keys work all the same."""
    save: Path | None = None
    """The file of conversations that every call is added to."""
    keep: Path | None = None
    """The folder that recordings and transcripts are copied into."""
    _happened: SimpleQueue[Happening] = field(default_factory=SimpleQueue)
    _key_parser: KeyParser = field(default_factory=KeyParser)
    _ahead: list[Act] = field(default_factory=list)
    """Typed into a pipe before its time."""
    _calls: list[Call] = field(default_factory=list)
    _looked: float = 0.0
    _quits: bool = False

    def run(self) -> int:
        """Ring, until the person quits or nothing more can come from a pipe; 1 if the last call was never answered."""
        carrier = self.line.carrier
        carrier.observe(self._notice)
        self.flow_folder.saved()  # what was saved while the stack started is read anyway
        with ClockThread(carrier, self.keyboard.wake) as clock_thread:
            self._dial()
            while not self._has_quit():
                self._take_happenings()
                self._look_around()
                self._refresh()
                self._save_what_was_done()
                self._take_keys(self.keyboard.typed(self._tick()))
                if self.keyboard.suspended:
                    self._suspend()
                if clock_thread.broken is not None:
                    raise clock_thread.broken
            self._take_happenings()
        self._show_kept()
        return 0 if self.call is not None and self.call.receiver.answered is not None else 1

    @property
    def call(self) -> Call | None:
        """The call under way, or the one that was last."""
        return self._calls[-1] if self._calls else None

    @property
    def stage(self) -> Stage:
        """How far it is; over, before there is one."""
        return self.call.receiver.stage if self.call else Stage.OVER

    # What happens

    def _notice(self, happening: Happening) -> None:
        """Called on the carrier's threads, with its lock held."""
        self._happened.put(happening)
        self.keyboard.wake()

    def _take_happenings(self) -> None:
        while True:
            try:
                happening = self._happened.get_nowait()
            except Empty:
                return
            if self.call is not None:
                self._take(happening, self.call)

    def _take(self, happening: Happening, call: Call) -> None:
        for notice in call.receiver.take(happening):
            self.screen.show(notice)
        if happening.leg is None or happening.leg.call_session_id != call.session:
            return
        call.diary.write(happening)
        if isinstance(happening, trace.WebhookAnswered):
            self._take_answer(happening, call)
        if self.loudspeaker is not None and call.is_heard_by_caller(happening):
            if isinstance(happening, trace.Heard) and happening.kind in {"speech", "voice"}:
                self.loudspeaker.say(happening.what)
            elif isinstance(happening, trace.HungUp) or _is_cut(happening):
                self.loudspeaker.hush()

    def _take_answer(self, answered: trace.WebhookAnswered, call: Call) -> None:
        if answered.status == HTTPStatus.OK:
            call.look_up_step(self.line)
            return
        why = self._last_fault() or answered.failure or f"answered {answered.status}"
        if why not in call.faults:
            call.faults.add(why)
            at = call.receiver.since(answered.at)
            self.screen.show(Told(at, "fault", f"{answered.event_type}: {why}", Tone.FAULT))

    def _last_fault(self) -> str:
        """What the function wrote about the event that it could not handle last."""
        for text in reversed(self.line.cloud.logs("WebhookFunction")):
            if '"level":"ERROR"' in text:
                return " ".join(str(json.loads(text).get("detail", "")).split())
        return ""

    def _remark(self, text: str) -> None:
        self.screen.say(f"  {text}", Tone.QUIET)

    # Every now and then

    def _tick(self) -> float:
        busy = self.stage is not Stage.OVER or self._ahead
        return TICK_SECONDS if busy else IDLE_TICK_SECONDS

    def _now(self) -> float:
        with self.line.carrier.acting():
            return self.line.carrier.clock.now

    def _look_around(self) -> None:
        """Look at what tells nobody when it changes: the flows, the ledger, a pipe's waiting keys."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            self.line.cloud.check()
            self._look_at_flows()
            if self.stage is Stage.OVER:
                self._show_kept()
        self._act_ahead()
        if self.keyboard.ended and not self.keyboard.is_terminal:
            self._end_a_conversation()
            self._quits = self._quits or self._nothing_to_come()

    def _end_a_conversation(self) -> None:
        """Two people connected through a pipe would stay so for ever, once no more keys can come."""
        call = self.call
        alone = self.script is None and not self._ahead and self.stage is Stage.UP
        if call is not None and alone and call.receiver.has_nothing_to_say(self._now()):
            call.line.hang_up()

    def _show_kept(self) -> None:
        for told in self.call.kept(self.line, self.keep) if self.call else ():
            self.screen.show(told)

    def _save_what_was_done(self, *, at_once: bool = False) -> None:
        """Add the call to the conversations once all of it is known."""
        call = self.call
        if self.save is None or call is None or call.saved or self.stage is not Stage.OVER:
            return
        if call.receiver.answered is None:
            call.saved = True
        elif at_once or call.is_kept(self.line):
            call.saved = True
            self._show_kept()
            try:
                self._remark(f"saved in {self.save}: “{call.save(self.line, self.save)}”")
            except DialtoneError as error:
                self.screen.say(f"  {error}", Tone.FAULT)

    def _look_at_flows(self) -> None:
        saved = self.flow_folder.saved()
        if not saved:
            return
        what = ", ".join(saved)
        fault = self._fault()
        if fault:
            self.screen.say(f"  {fault}", Tone.FAULT)
        elif self.call is None:
            self._remark(f"{what} saved: it rings again.")
            self._dial()
        elif self.stage is Stage.OVER:
            self._remark(f"{what} saved: press r to hear it.")
        else:
            self._remark(f"{what} saved.")

    def _fault(self) -> FlowInvalid | None:
        try:
            self.flow_folder.flow()
        except FlowInvalid as fault:
            return fault
        return None

    def _refresh(self) -> None:
        if self.keyboard.changed:
            self.keyboard.changed = False
            self.screen.redraw()
        call, now = self.call, self._now()
        draft = self._key_parser.draft
        if call is None:
            self.screen.refresh(0.0, Status("not rung", hint="waits until the flow is mended   q quit", draft=draft))
            return
        receiver = call.receiver
        seconds = receiver.since(now)
        states = {Stage.RINGING: "ringing", Stage.UP: "", Stage.OVER: "over"}
        state = "as the agent" if call.other_side and receiver.stage is Stage.UP else states[receiver.stage]
        hint = (
            "r call again   q quit   ? keys"
            if receiver.stage is Stage.OVER
            else '0-9*# press   " speak   h hang up   ? keys'
        )
        self.screen.refresh(seconds, Status(state, seconds, receiver.lamp, call.step, hint, draft))

    def _suspend(self) -> None:
        """Stand still with everything: no time passes on the line either."""
        self.screen.close()
        with self.line.carrier.holding():
            self.keyboard.suspend()

    # Ringing

    def _dial(self) -> None:
        """Ring the number with the flows as they are; if they cannot be followed, tell why, and wait."""
        self._show_kept()
        self._save_what_was_done(at_once=True)
        carrier, called = self.line.carrier, self.flow_folder.called
        self._calls.clear()
        try:
            flow = self.flow_folder.flow()
        except FlowInvalid as fault:
            self.screen.say(f"  {fault}", Tone.FAULT)
            self._remark("The call goes through as soon as that is mended and saved.")
            return
        try:
            self.line.connect([called])
        except UnreadableAudioError as error:
            self.screen.say(f"  {self.flow_folder.folder}/audio: {error}", Tone.FAULT)
        patience = PATIENCE_SECONDS if self.keyboard.is_terminal else PIPED_PATIENCE_SECONDS
        who = self.script or Caller(gives_up_after=patience)
        with carrier.acting():  # nothing happens before the call is known here
            line = carrier.call(as_carriers_show(self.flow_folder.caller), called, who)
            self._calls.append(Call(Receiver(line.name, began=carrier.clock.now), line, flow))

    # Keys

    def _take_keys(self, text: str) -> None:
        acts = self._key_parser.type(text)
        if self.keyboard.ended:
            acts += self._key_parser.end()
        for act in acts:
            if self.keyboard.is_terminal or self._is_for_now(act, first=act is acts[0]):
                self._act(act)
            else:
                self._ahead.append(act)

    def _is_for_now(self, act: Act, *, first: bool) -> bool:
        """What comes through a pipe while the line is up is meant for now; what was typed ahead waits for its time."""
        if self._ahead:
            return False
        return act is Order.HELP or (first and self.stage is Stage.UP)

    def _act_ahead(self) -> None:
        """Do the next thing typed ahead: on the telephone when the line is silent, another call when one is over."""
        call = self.call
        if not self._ahead:
            return
        if call is None or self.stage is Stage.OVER:
            self._drop_what_came_too_late()
            if self._ahead and (call is None or call.is_kept(self.line)):
                self._act(self._ahead.pop(0))
        elif self._ahead[0] not in _WITHOUT_A_CALL and call.receiver.is_silent(self._now()):
            self._act(self._ahead.pop(0))

    def _drop_what_came_too_late(self) -> None:
        """Whatever was meant for a call that is over."""
        late = list(takewhile(lambda act: act not in _WITHOUT_A_CALL, self._ahead))
        if late:
            del self._ahead[: len(late)]
            self._remark(f"not done, for there is no call any more: {', '.join(map(str, late))}")

    def _act(self, act: Act) -> None:
        match act:
            case Order.QUIT:
                self._quit()
            case Order.HELP:
                self.screen.say(KEYS, Tone.QUIET)
            case Order.REDIAL if self.stage is Stage.OVER:
                self._dial()
            case Order.REDIAL:
                self._remark("there is a call: hang up first (h)")
            case NoKey(typed):
                self._remark(f"{typed} is not a key of this telephone; ? shows them")
            case _ if self.call is None or self.stage is Stage.OVER:
                self._remark("there is no call: r calls again")
            case _:
                self._act_on(self.call, act)

    def _act_on(self, call: Call, act: Act) -> None:
        match act:
            case Order.SWITCH:
                call.other_side = not call.other_side and call.far_leg(self.line.carrier) is not None
                if call.other_side:
                    call.hand(self.line.carrier).take_over()  # else two would speak into one telephone
                self._remark("you are the agent" if call.other_side else "you are the caller")
            case Order.HANG_UP:
                call.hand(self.line.carrier).hang_up()
            case Press(digits) if call.hand(self.line.carrier).leg.talking:
                call.press(self.line.carrier, digits)
            case Speak(words) if call.hand(self.line.carrier).leg.talking:
                seconds = max(SHORTEST_WORD_SECONDS, len(words) / SPEAKING_CHARACTERS_PER_SECOND)
                call.hand(self.line.carrier).say(seconds, words)
            case _:
                self._remark("nobody has answered yet")

    def _quit(self) -> None:
        """Hang up; what was done is saved first, if it is to be."""
        if self.call is not None and self.stage is not Stage.OVER:
            self.call.line.hang_up()
        self._quits = True

    def _has_quit(self) -> bool:
        return self._quits and (self.save is None or self.call is None or self.call.saved)

    def _nothing_to_come(self) -> bool:
        """Whether a pipe's call is over with everything that it left behind."""
        if self.call is None:
            return True  # nobody is there to mend the flow
        return not self._ahead and self.stage is Stage.OVER and self.call.is_kept(self.line)


def _is_cut(happening: Happening) -> bool:
    return isinstance(happening, trace.FellSilent) and happening.status != "completed"
