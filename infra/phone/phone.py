"""A telephone for one person: keys and words in, what is heard out, over a line that is up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError, FlowInvalid
from infra.phone.diary import add_conversation
from infra.phone.hearing import CutShort, LogLine, Stage, Tone
from infra.phone.key_help import KEYS
from infra.phone.screen import Status
from infra.phone.typing import KeyParser, NoKey, Order, Press, Speak

if TYPE_CHECKING:
    from pathlib import Path

    from infra.phone.call import CallState
    from infra.phone.flow_folder import FlowFolder
    from infra.phone.hearing import Notice
    from infra.phone.keyboard import Keyboard
    from infra.phone.loudspeaker import Loudspeaker
    from infra.phone.screen import Screen
    from infra.phone.telephone import PlacedCall, Telephone
    from infra.phone.typing import Act

TIMEOUT_SECONDS = 600.0
"""How long a person with a telephone in hand lets it ring: long enough to fix a flow meanwhile."""
PIPED_TIMEOUT_SECONDS = 60.0
"""As long as the carrier's other callers; nobody sits there to fix anything."""

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

    telephone: Telephone
    flow_folder: FlowFolder
    screen: Screen
    keyboard: Keyboard
    loudspeaker: Loudspeaker | None = None
    has_script: bool = False
    """Whether the caller does something by themselves."""
    save: Path | None = None
    """The file of conversations that every call is added to."""
    keep: Path | None = None
    """The folder that recordings and transcripts are copied into."""
    call: PlacedCall | None = None
    """The call under way, or the one that was last."""
    flow: str = ""
    """What takes it."""
    _state: CallState | None = None
    _sent: int = 0
    """How much of the call has been shown."""
    _saved: bool = False
    _key_parser: KeyParser = field(default_factory=KeyParser)
    _ahead: list[Act] = field(default_factory=list)
    """Typed into a pipe before its time."""
    _looked: float = 0.0
    _quits: bool = False

    def run(self) -> int:
        """Ring, until the person quits or nothing more can come from a pipe; 1 if the last call was never answered."""
        self.flow_folder.saved()  # what was saved while the stack started is read anyway
        with self.telephone.open(self.keyboard.wake):
            self._dial()
            while not self._has_quit():
                self._take_news()
                self._look_around()
                self._refresh()
                self._save_what_was_done()
                self._take_keys(self.keyboard.typed(self._tick()))
                if self.keyboard.suspended:
                    self._suspend()
                self.telephone.check()
            self._take_news()
        return 0 if self._state is not None and self._state.was_answered and not self._state.is_lost else 1

    @property
    def stage(self) -> Stage:
        """How far the call is; over, before there is one."""
        return self._state.stage if self._state else Stage.OVER

    # What happens

    def _take_news(self) -> None:
        """Show what there is to tell of the call, and how it stands since."""
        call = self.call
        if call is None:
            return
        self._state = call.state()  # read before the entries: none of what it says is over comes later
        entries = call.entries(self._sent)
        self._sent += len(entries)
        for entry in entries:
            if isinstance(entry, (LogLine, CutShort)):
                self._show(entry, call)

    def _show(self, notice: Notice, call: PlacedCall) -> None:
        if isinstance(notice, LogLine) and notice.file and self.keep:
            notice = self._copied(notice, call, self.keep)
        self.screen.show(notice)
        if self.loudspeaker is None:
            return
        if isinstance(notice, CutShort) or notice.label in {"silence", "hung up"}:
            self.loudspeaker.hush()
        elif notice.tone is Tone.SPEECH and notice.seconds:
            self.loudspeaker.say(notice.text)

    def _copied(self, notice: LogLine, call: PlacedCall, folder: Path) -> LogLine:
        """Where the copy of a file lies: the bucket is gone when the line is."""
        try:
            (folder / notice.file).write_bytes(call.recorded(notice.file))
        except DialtoneError as error:
            return replace(notice, text=f"{notice.file} (not copied: {error})", tone=Tone.FAULT)
        except OSError as error:  # the call goes on
            remedy = f"make room in {folder}, or name another --keep"
            return replace(notice, text=f"{notice.file} (not copied: {error.strerror}; {remedy})", tone=Tone.FAULT)
        return replace(notice, text=notice.text.replace(notice.file, str(folder / notice.file), 1))

    def _remark(self, text: str) -> None:
        self.screen.say(f"  {text}", Tone.QUIET)

    # Every now and then

    def _tick(self) -> float:
        busy = self.stage is not Stage.OVER or self._ahead
        return TICK_SECONDS if busy else IDLE_TICK_SECONDS

    def _look_around(self) -> None:
        """Look at what sends no event when it changes: the flows, a pipe's waiting keys."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            self._look_at_flows()
        self._act_ahead()
        if self.keyboard.ended and not self.keyboard.is_terminal:
            self._end_a_conversation()
            self._quits = self._quits or self._nothing_to_come()

    def _end_a_conversation(self) -> None:
        """Two people connected through a pipe would stay so for ever, once no more keys can come."""
        alone = not self.has_script and not self._ahead and self.stage is Stage.UP
        if self.call is not None and alone and self._state is not None and self._state.has_nothing_to_say:
            self.call.leave()

    def _save_what_was_done(self, *, at_once: bool = False) -> None:
        """Add the call to the conversations once all of it is known."""
        call, state = self.call, self._state
        if self.save is None or call is None or state is None or self._saved or state.stage is not Stage.OVER:
            return
        if not state.was_answered or state.is_lost:
            self._saved = True
        elif at_once or state.is_settled:
            self._saved = True
            self._take_news()
            try:
                conversation = call.conversation()
                add_conversation(self.save, self.flow, conversation)
                self._remark(f"saved in {self.save}: “{conversation['name']}”")
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
        state, draft = self._state, self._key_parser.draft
        if state is None:
            self.screen.refresh(0.0, Status("not rung", hint="waits until the flow is fixed   q quit", draft=draft))
            return
        states = {Stage.RINGING: "ringing", Stage.UP: "", Stage.OVER: "over"}
        word = "as the agent" if state.is_agent and state.stage is Stage.UP else states[state.stage]
        hint = (
            "r call again   q quit   ? keys"
            if state.stage is Stage.OVER
            else '0-9*# press   " speak   h hang up   ? keys'
        )
        step = " · ".join(filter(None, (state.flow, state.step)))
        self.screen.refresh(state.seconds, Status(word, state.seconds, state.lamp, step, hint, draft))

    def _suspend(self) -> None:
        """Stand still with everything: no time passes on the line either."""
        self.screen.close()
        with self.telephone.holding():
            self.keyboard.suspend()

    # Ringing

    def _dial(self) -> None:
        """Ring the number with the flows as they are; if they cannot be followed, tell why, and wait."""
        self._take_news()
        self._save_what_was_done(at_once=True)
        self.call, self._state, self._sent, self._saved = None, None, 0, False
        try:
            self.flow = self.flow_folder.flow()
        except FlowInvalid as fault:
            self.screen.say(f"  {fault}", Tone.FAULT)
            self._remark("The call goes through as soon as that is fixed and saved.")
            return
        called, caller = self.flow_folder.called, self.flow_folder.caller
        timeout_seconds = TIMEOUT_SECONDS if self.keyboard.is_terminal else PIPED_TIMEOUT_SECONDS
        try:
            self.call = self.telephone.place(called, caller=caller, timeout_seconds=timeout_seconds)
        except DialtoneError as error:
            self.screen.say(f"  {error}", Tone.FAULT)
            return
        self._take_news()

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
        state = self._state
        if not self._ahead:
            return
        if state is None or state.stage is Stage.OVER:
            self._drop_what_came_too_late()
            if self._ahead and (state is None or state.is_settled):
                self._act(self._ahead.pop(0))
        elif self._ahead[0] not in _WITHOUT_A_CALL and state.is_silent:
            self._act(self._ahead.pop(0))
            self._take_news()  # what was done is not silent

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

    def _act_on(self, call: PlacedCall, act: Act) -> None:
        try:
            match act:
                case Order.SWITCH:
                    self._remark("you are the agent" if call.switch() else "you are the caller")
                case Order.HANG_UP:
                    call.hang_up()
                case Press(digits):
                    call.press(digits)
                case Speak(words):
                    call.speak(words)
        except DialtoneError as error:
            self._remark(str(error))

    def _quit(self) -> None:
        """Hang up; what was done is saved first, if it is to be."""
        if self.call is not None and self.stage is not Stage.OVER:
            self.call.leave()
        self._quits = True

    def _has_quit(self) -> bool:
        return self._quits and (self.save is None or self.call is None or self._saved)

    def _nothing_to_come(self) -> bool:
        """Whether a pipe's call is over with everything that it left behind."""
        if self.call is None:
            return True  # nobody is there to fix the flow
        return not self._ahead and self._state is not None and self._state.is_settled
