"""Calls another person and connects them with the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, StrictInt, StringConstraints, WithJsonSchema, field_validator, model_validator

from dialtone.domain.call_status import ANSWERED, ENDED
from dialtone.domain.command_effects import callee_state
from dialtone.domain.commands import Command, command
from dialtone.domain.decisions import NOT_REACHED, TARGET_REFUSED
from dialtone.domain.hangup_causes import AFTER_A_CONVERSATION, NORMAL_CLEARING, ORIGINATOR_CANCEL, hangup_cause
from dialtone.domain.numbers import masked
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.domain.webhook_retry_policy import CALLEE_EVENTS, retries
from dialtone.flow.caller_chosen_variables import Sources, echoes
from dialtone.flow.conditions import TextsOrFile, fits
from dialtone.flow.connecting_step import Connecting
from dialtone.flow.data_files import InFile, NamedData
from dialtone.flow.gather_timer import timer, timer_ended
from dialtone.flow.in_call_keys import TalkState
from dialtone.flow.keys import Key, Keys, gathered_key, one_key, stop_gathering
from dialtone.flow.prompts import Prompt
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.step_state import PromptState
from dialtone.flow.steps.attended_transfer import PARK, Consulting
from dialtone.flow.templating import (
    CALLER,
    DIGITS,
    KNOWN_OF_EVERY_CALL,
    VARIABLE,
    WAITED,
    WAITING_SINCE,
    filled,
    known,
    names_in,
    unfilled,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dialtone.domain.callee_legs import CalleeLeg
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.data_files import DataFile
    from dialtone.flow.voice_settings import VoiceDefaults

AFTER = "after"

UNANSWERED_PATHS = ("no_answer", "busy", "failed")
"""The results of ringing in vain; with several callees, the first of these that occurred decides."""

PARTED_SECONDS = 5
"""How long `call.bridged`, or the caller's own hang-up, may be late; after that there was no conversation, or the
caller is still there."""

_OF_OUR_LEGS = ("whisper", "announce", "keys", "supervisor", "park", "consult")
"""Keys of the step that need us to dial and connect the callee's leg."""

MAX_CALLEES = 10
"""More would ring longer than any caller waits; at once, more than a company's numbers may dial in a second."""

_KEYS_AFTER = r"(,[0-9A-DwW*#]{1,64})?"
_PARTY = rf"^(\+[1-9]\d{{6,14}}|\+[1-9]\d{{6,13}}\{{{VARIABLE}\}}|sips?:[^\s,]+|\{{{VARIABLE}\}}){_KEYS_AFTER}$"
_RINGABLE = re.compile(rf"(\+[1-9][0-9]{{6,14}}|sips?:[^\s,{{}}]+){_KEYS_AFTER}")
_ALLOWED = re.compile(r"\+[1-9][0-9]{6,14}|\+[1-9][0-9]{0,13}\*|sips?:[^\s,*{}]+\*?")
_PART_OF_SIP = re.compile(r"[A-Za-z0-9_.+*#-]+")
"""What a variable may put into a SIP address: no host, no parameters."""
_PARTY_SCHEMA = {"type": "string", "pattern": _PARTY}
_PARTIES_SCHEMA = {"type": "array", "items": _PARTY_SCHEMA, "minItems": 1, "maxItems": MAX_CALLEES}

Party = Annotated[str, StringConstraints(pattern=_PARTY)]
"""An E.164 number or a SIP address, with or without keys to send after a comma. Variables may stand for all of it, for
an extension after at least seven digits, or for a part of a SIP address."""


@dataclass(frozen=True)
class TransferState(PromptState, TalkState):
    """Who was rung in vain, and the state of the connection. `prompts` are those played to the waiting caller."""

    announcing: bool = False
    """Whether the caller hears an announcement instead of the music."""
    round: int = 0
    """How many were rung in vain before."""
    no_answer: int = 0
    busy: int = 0
    failed: int = 0
    connected: bool = False
    parted: bool = False
    """Whether the other side hung up as after a conversation, though Telnyx has reported none yet."""
    whispers: Mapping[str, int] = field(default_factory=dict)
    """Callee leg's id → how many of the whisper's prompts have not ended. Stored under these ids."""

    @classmethod
    def read(cls, stored: Mapping[str, int]) -> Self:
        """Any name that is not a field's is the id of a leg."""
        names = {each.name for each in fields(cls)}
        whispers = {name: count for name, count in stored.items() if name not in names}
        return replace(super().read(stored), whispers=whispers)

    def stored(self) -> dict[str, int]:
        """The state, with whispers under their legs' ids."""
        return {**super().stored(), **self.whispers}

    def next_round(self, step_path: str) -> TransferState:
        """The state after another callee was rung in vain, with the result."""
        in_vain = {step_path: getattr(self, step_path) + 1}
        return replace(self, round=self.round + 1, **in_vain)


class Callees(Shorthand):
    """Who is rung. In a flow: a number or SIP address, a list of them, or a mapping."""

    short_form: ClassVar[dict[str, Any]] = {"anyOf": [_PARTY_SCHEMA, _PARTIES_SCHEMA]}

    to: Annotated[tuple[Party, ...], WithJsonSchema({"anyOf": [_PARTY_SCHEMA, _PARTIES_SCHEMA]})] = Field(
        min_length=1,
        max_length=MAX_CALLEES,
        description="Numbers in E.164, SIP addresses, or a variable that holds one, `{customer.agent}`.",
    )
    how: Literal["in_turn", "at_once"] = Field("in_turn", description="One after another, or all together.")

    @model_validator(mode="before")
    @classmethod
    def _one_or_several(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        named = written if isinstance(written, dict) else {"to": written}
        return {**named, "to": [named["to"]]} if isinstance(named.get("to"), str) else named


class Transfer(Consulting, Connecting):
    """Ring somebody; the caller hears the hold prompt until somebody answers."""

    paths: ClassVar[tuple[str, ...]] = ("busy", "no_answer", "failed", AFTER, PARK, "keys")
    after_talk: ClassVar[tuple[str, ...]] = (AFTER, PARK)

    transfer: Callees
    allowed: TextsOrFile | None = Field(
        None,
        description=(
            "What variables may result in: numbers, SIP addresses, prefixes (`+1555*`), or a data file, "
            "`{in: staff}`; anything else is refused, and raises an alarm."
        ),
    )
    ring_seconds: StrictInt = Field(30, ge=5, le=600, description="How long each is rung.")
    caller_id: str = Field(
        "",
        pattern=rf"^(\+[1-9]\d{{4,14}}|\{{{VARIABLE}\}})?$",
        description="Your number to show to them; without it, or if it is empty, the one of this call.",
    )
    hold: Prompt | None = Field(
        None, description="Audio that plays in a loop meanwhile; without it the caller hears ringing."
    )
    announce: Prompt | None = Field(None, description="Spoken between the plays of hold.")
    plays_between: StrictInt = Field(1, ge=1, le=100, description="How often hold is played before each announcement.")
    keys: Keys = Field(default_factory=dict, description="Key by which the caller stops waiting → the step.")
    whisper: Prompt | None = Field(None, description="What the callee hears before being connected.")
    accept: Key | None = Field(
        None, description="The key with which a callee takes the call; without it the callee is hung up on."
    )
    accept_seconds: StrictInt = Field(10, ge=1, le=60, description="How long to wait for that key after the whisper.")
    busy: str = Field("", description="The step when the line is busy.")
    no_answer: str = Field("", description="The step when nobody answers, or nobody takes the call.")
    failed: str = Field("", description="The step when the callee cannot be reached.")
    after: str = Field(
        "", description="The step when the other side hangs up; without it, the call ends with the conversation."
    )
    _sources: Sources = PrivateAttr(default_factory=Sources)
    """Where the variables come from that callees are made of."""

    @field_validator("hold")
    @classmethod
    def _is_audio(cls, hold: Prompt | None) -> Prompt | None:
        if hold is not None and hold.speaks:
            raise ValueError("takes audio or media; words cannot be held out without end")
        return hold

    @model_validator(mode="after")
    def _audible(self) -> Self:
        if self.accept is not None and self.whisper is None:
            raise ValueError("accept needs a whisper that says which key to press; add whisper")
        if self._dialled and self.hold is None:
            needing = [name for name in _OF_OUR_LEGS if getattr(self, name)] or ["how: at_once"]
            raise ValueError(
                f"{' and '.join(needing)} without hold: the caller would hear nothing at all meanwhile; "
                "add hold: {media: hold-music}, or other audio"
            )
        return self

    @field_validator("allowed")
    @classmethod
    def _are_targets(cls, allowed: tuple[str, ...] | InFile | None) -> tuple[str, ...] | InFile | None:
        for each in allowed if isinstance(allowed, tuple) else ():
            if not _ALLOWED.fullmatch(each):
                raise ValueError(f'{each} is not a target; write "+15550191", "+1555*" or "sip:desk*", in quotes')
        return allowed

    @model_validator(mode="after")
    def _not_keyed_in(self) -> Self:
        for party in () if self.allowed else self.transfer.to:
            name = next(iter(names_in(party)), "") if party.startswith("{") else ""
            if name in KNOWN_OF_EVERY_CALL or name.startswith(DIGITS):
                raise ValueError(
                    f"{{{name}}} is chosen by the caller, who could ring any number at your cost; "
                    "list under `allowed` the numbers that it may be"
                )
        return self

    @property
    def _dialled(self) -> bool:
        """Whether we dial and connect: Telnyx's `transfer` connects by itself, and reports nothing in between."""
        return self._at_once or any(getattr(self, each) for each in _OF_OUR_LEGS)

    @property
    def _at_once(self) -> bool:
        return self.transfer.how == "at_once" and len(self.transfer.to) > 1

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Ring the next callee, or all. Their webhooks reach this leg's flow by the client state that they carry."""
        if refused := next(filter(None, (self._why_refused(call, party) for party in self.transfer.to)), ""):
            return Fail(refused, incident=TARGET_REFUSED)
        if refused := self._why_not_shown(call):
            return Fail(refused, incident=TARGET_REFUSED)
        if not self._callees(call):
            return Fail(self._nobody_to_ring(call))
        music = self._held(call, voice_defaults)
        ring = self._dial if self._dialled else self._transfer
        prompts = len(music) if self.announce else 0
        state = replace(TransferState.of(call), prompts=prompts, announcing=False, parted=False)
        return Wait((*music, *(ring(call, party) for party in self._rung(call))), state)

    def connect(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Connect the first callee who takes the call; if nobody does, ring the next or take the path of the cause."""
        if event.type == "call.bridged" and not TransferState.of(call).connected:
            return self._bridged(call, event)
        if not event.about_callee:
            return self._of_caller(call, event, voice_defaults)
        if event.type == "call.hangup":
            return self._ended(call, event)
        leg = call.far_legs.get(event.call_leg_id)
        if leg is None or leg.status == ENDED:
            return None
        if _connected(call) and not leg.connected and event.type in {"call.initiated", "call.answered"}:
            return Wait((command("hangup", leg.control_id),), TransferState.of(call))
        return self._answered(call, event, leg, voice_defaults) if leg.status == ANSWERED else None

    def not_connected(self, call: Call, event: Event) -> Move:
        """Somebody cannot be rung, or has gone at the moment of connecting: try the next one."""
        let_go = tuple(command("hangup", leg.control_id) for leg in call.far_legs.values() if leg.status != ENDED)
        if not self._more(call):
            return Fail(event.text("reason"), (*self._music_stopped(call), *let_go), result=NOT_REACHED)
        return Go(
            self.name,
            (*self._music_stopped(call), *let_go),
            variables=_since(call),
            state=TransferState.of(call).next_round("failed"),
        )

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether it is the key with which a callee takes the call."""
        del call
        return digits == self.accept

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the music, which has no end, and the ringing."""
        return (*self._music_stopped(call), *call.hangup_callees())

    def repeated(self, call: Call) -> None:
        """None: a callee is ringing, whatever the caller hears meanwhile."""
        del call

    def served(self, call: Call) -> bool:
        """Whether two people talk, until one of them hangs up."""
        return TransferState.of(call).connected

    def goes_next(self) -> bool:
        """False: each result has a path of its own."""
        return False

    def sets(self) -> tuple[str, ...]:
        """The variable for how long the caller has waited."""
        return (WAITED,)

    def surely_sets(self, where: str) -> tuple[str, ...]:
        """After a conversation the caller no longer waits."""
        return () if where in self.after_talk else super().surely_sets(where)

    @property
    def rings_variables(self) -> bool:
        """Whether a variable is part of a callee, or of the number shown to them."""
        return any(any(names_in(text)) for text in (self.caller_id, *self.transfer.to))

    def with_sources(self, sources: Sources) -> Self:
        """The step, with the variables that callers choose."""
        step = self.model_copy()
        step._sources = sources  # noqa: SLF001 -- another of its own kind
        return step

    def data_files(self) -> Iterator[NamedData]:
        """The data file that lists whom it may ring."""
        if isinstance(self.allowed, InFile):
            yield NamedData(("allowed",), self.allowed.file, (self.allowed.column,))

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """What the caller hears meanwhile, and the callee before the connection."""
        yield from ((name, prompt) for name in ("hold", "announce", "whisper") if (prompt := getattr(self, name)))
        yield from super().prompts()

    def _state(self, call: Call) -> TransferState:
        return TransferState.of(call)

    def _of_caller(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        if timer_ended(event):
            return self._nobody_left(call)
        return None if _connected(call) else self._waited(call, event, voice_defaults)

    def _waited(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """The caller stops waiting by key; otherwise music and announcement alternate, since Telnyx has no timer."""
        if event.type == "call.dtmf.received" and event.text("digit") in self.keys:
            return self.take(f"keys.{event.text('digit')}", commands=self.abandoned(call), variables=_since(call))
        ended = event.type in {"call.speak.ended", "call.playback.ended"} and event.text("status") == "completed"
        if self.announce is None or not ended:
            return None
        state = TransferState.of(call)
        if left := state.after_prompt():
            return Wait(state=left)
        then = call._replace(entered_at=event.occurred_at, variables={**call.variables, **_since(call)})
        announced = () if state.announcing else self.announce.play(then, voice_defaults)
        prompts = announced or self._held(call, voice_defaults)
        return Wait(prompts, replace(state, prompts=len(prompts), announcing=bool(announced)))

    def _held(self, call: Call, voice_defaults: VoiceDefaults) -> tuple[Command, ...]:
        if self.hold is None:
            return ()
        return (
            self.hold.play(call, voice_defaults, times=self.plays_between)
            if self.announce
            else self.hold.loop(call, voice_defaults)
        )

    def _rung(self, call: Call) -> tuple[str, ...]:
        callees = self._callees(call)
        return callees if self._at_once else (callees[TransferState.of(call).round],)

    def _more(self, call: Call) -> bool:
        return not self._at_once and TransferState.of(call).round + 1 < len(self._callees(call))

    def _callees(self, call: Call) -> tuple[str, ...]:
        """The callees whose variables contain a number or an address."""
        values = known(call)
        parties = (_filled_party(party, values) for party in self.transfer.to)
        return tuple(party for party in parties if _RINGABLE.fullmatch(party))

    def _why_refused(self, call: Call, party: str) -> str:
        """Why a callee made of variables must not be rung; '' if it may be, or is not a number."""
        number, _, _ = _filled_party(party, known(call)).partition(",")
        if not any(names_in(party)) or not _RINGABLE.fullmatch(number):
            return ""
        if self.allowed is not None:
            allowed = is_allowed(number, self.allowed, self._data)
            return "" if allowed else f"refused to ring {masked(number)}: it is not among those that are allowed"
        if not party.startswith("{"):
            return ""  # its fixed part keeps it in one area
        name = next(names_in(party))
        if self._sources.is_callers(name):
            return f"refused to ring {masked(number)}: callers choose {name}"
        if name in self._sources.looked_up and echoes(call, number):
            return f"refused to ring {masked(number)}: the lookup gave what the caller keyed in or shows"
        return ""

    def _why_not_shown(self, call: Call) -> str:
        """Why a number must not be shown to callees: the caller chose it and it is not their own; '' for any other."""
        name, shown = next(names_in(self.caller_id), ""), self._caller_id(call)
        if shown and name != CALLER and self._sources.is_callers(name):
            return f"refused to show {masked(shown)}: callers choose {name}"
        return ""

    def _nobody_to_ring(self, call: Call) -> str:
        values = known(call)
        why = [
            f"{party}: {', '.join(unfilled(party, values)) or 'what it holds'} is "
            f"{'empty' if unfilled(party, values) else 'no number or address'}"
            for party in self.transfer.to
        ]
        return f"no one to ring: {'; '.join(why)}"

    def _transfer(self, call: Call, party: str) -> Command:
        # Without `from` Telnyx shows the number that the call was to: ours if we were called, the callee's if we
        # dialled.
        shown = self._caller_id(call) or (call.from_number if call.direction == "outgoing" else "")
        chosen = self._back | ({"from": shown} if shown else {})
        return command(
            "transfer",
            call.control_id,
            to=party,
            timeout_secs=self.ring_seconds,
            target_leg_client_state=callee_state(call, dialled=False).encode(),
            **retries(CALLEE_EVENTS),
            **chosen,
        )

    def _dial(self, call: Call, party: str) -> Command:
        return command(
            "dial",
            to=party,
            connection_id=call.connection_id,
            link_to=call.control_id,
            timeout_secs=self.ring_seconds,
            client_state=callee_state(call, dialled=True).encode(),
            **retries(CALLEE_EVENTS),
            **{"from": self.shown_number(call)},
        )

    def shown_number(self, call: Call) -> str:
        """The number that callees of the step itself see."""
        return self._caller_id(call) or super().shown_number(call)

    def _caller_id(self, call: Call) -> str:
        return filled(self.caller_id, known(call))

    @property
    def _back(self) -> dict[str, object]:
        """Telnyx ends the caller's leg with the conversation, unless the command asks to keep it."""
        return {"park_after_unbridge": "self"} if self.after or self.keeps_caller else {}

    def _answered(self, call: Call, event: Event, leg: CalleeLeg, voice_defaults: VoiceDefaults) -> Move | None:
        if _connected(call):
            return None
        if event.type == "call.answered":
            if self.whisper is None:
                return self._connect(call, leg)
            return self._whisper(call, event.call_leg_id, self.whisper, voice_defaults)
        if self.accept is None:
            return self._whispered(call, event, leg)
        key = gathered_key(event)
        if key is None:
            return None
        let_go = Wait((command("hangup", leg.control_id),), TransferState.of(call))
        return self._connect(call, leg) if key == self.accept else let_go

    def _whisper(self, call: Call, leg_id: str, whisper: Prompt, voice_defaults: VoiceDefaults) -> Move:
        """Play the whisper on the callee's leg."""
        far = call._replace(control_id=call.far_legs[leg_id].control_id)
        if self.accept is None:
            prompts = whisper.play(far, voice_defaults)
            if not prompts:
                return self._connect(call, call.far_legs[leg_id])
            state = TransferState.of(call)
            return Wait(prompts, replace(state, whispers={**state.whispers, leg_id: len(prompts)}))
        gather = whisper.gather(far, voice_defaults, self.accept_seconds * MILLIS_PER_SECOND, **one_key((self.accept,)))
        return Wait(gather, TransferState.of(call))

    def _whispered(self, call: Call, event: Event, leg: CalleeLeg) -> Move | None:
        """A whisper that cannot be played does not prevent the connection."""
        if event.type not in {"call.speak.ended", "call.playback.ended"} or event.text("status") == "call_hangup":
            return None
        state = TransferState.of(call)
        left = state.whispers.get(event.call_leg_id, 1) - 1
        if not left:
            return self._connect(call, leg)
        return Wait(state=replace(state, whispers={**state.whispers, event.call_leg_id: left}))

    def _connect(self, call: Call, leg: CalleeLeg) -> Move:
        """Connect these two first, then hang up on the others, so that nobody waits for calls to end."""
        bridge = self.bridged_with(call, leg.control_id)
        others = call._replace(far_legs={name: each for name, each in call.far_legs.items() if each != leg})
        return Wait((bridge, *others.hangup_callees()), TransferState.of(call))

    def _ended(self, call: Call, event: Event) -> Move | None:
        cause = event.text("hangup_cause")
        if self._dialled:
            talked = call.far_legs[event.call_leg_id].connected
            ended = [leg.cause for leg in call.far_legs.values() if leg.status == ENDED]
        else:
            talked, ended = TransferState.of(call).connected or cause in AFTER_A_CONVERSATION, [cause]
        if talked or (cause == ORIGINATOR_CANCEL and not self._dialled):
            return self._parted(call, event)
        if _connected(call) or len(ended) < len(self._rung(call)):
            return None
        return self._not_reached(call, ended)

    def _bridged(self, call: Call, event: Event) -> Move:
        """The conversation has begun; or its report arrives after its end."""
        state = TransferState.of(call)
        if state.parted and self._back:
            return self.part(call)
        return Wait(self._music_stopped(call), replace(state.connected_by(event), parted=False))

    def _parted(self, call: Call, event: Event) -> Move | None:
        """The other side hung up, as after a conversation; there may have been none, or the caller may be gone.

        If the caller hung up, the caller's own leg ends, too. Networks also use this cause for calls that nobody
        answered. Both are uncertain until the other event comes, so a timer ends that wait.
        """
        state, by_caller = TransferState.of(call), event.text("hangup_source") == "caller"
        if state.connected and not (self._back and by_caller):
            return self.part(call) if self._back else None
        wait_for_it = () if call.status == ENDED else (timer(call, PARTED_SECONDS),)
        return Wait(wait_for_it, replace(state, parted=state.parted or not by_caller))

    def _nobody_left(self, call: Call) -> Move:
        """The caller is still there, seconds after the other side hung up."""
        if not TransferState.of(call).connected:
            return self._not_reached(call, [NORMAL_CLEARING])
        return self.part(call)

    def part(self, call: Call) -> Move:
        """The step after the conversation, or the end of the call; nobody else is left on the line."""
        state = TransferState.of(call)
        stop = () if state.connected else (*self._music_stopped(call), *stop_gathering(call))
        others = (*stop, *self.everybody(call))
        if self.after:
            return self.take("after", commands=(*self.out_of_room(call), *others), variables={WAITING_SINCE: ""})
        return Wait((command("hangup", call.control_id), *others), state)

    def ended(self, call: Call, event: Event) -> Move | None:
        """The same as when the first callee hangs up."""
        return self._parted(call, event)

    def bridged_with(self, call: Call, other: str) -> Command:
        """The command, which keeps the caller's leg if the flow goes on with it."""
        return command("bridge", call.control_id, call_control_id=other, **self._back)

    def music(self, call: Call, voice_defaults: VoiceDefaults) -> tuple[Command, ...]:
        """The music of the ringing, without end."""
        return self.hold.loop(call, voice_defaults) if self.hold else ()

    def _not_reached(self, call: Call, causes: Sequence[str]) -> Move:
        found = {hangup_cause(cause).path for cause in causes}
        if self._more(call):
            (step_path,) = found
            again = TransferState.of(call).next_round(step_path)
            return Go(self.name, self._music_stopped(call), variables=_since(call), state=again)
        step_path = next(
            step_path
            for step_path in UNANSWERED_PATHS
            if step_path in found or getattr(TransferState.of(call), step_path)
        )
        if getattr(self, step_path):
            path = self.take(step_path, commands=self._music_stopped(call), variables=_since(call))
            return path._replace(result=NOT_REACHED)
        reason = f"transfer to {', '.join(map(masked, self.transfer.to))}: {', '.join(causes)}"
        return Fail(reason, self._music_stopped(call), fault=step_path == "failed", result=NOT_REACHED)

    def _music_stopped(self, call: Call) -> tuple[Command, ...]:
        return (command("playback_stop", call.control_id, stop="all"),) if self.hold else ()


def _filled_party(party: str, values: Mapping[str, str]) -> str:
    """'' if a variable is empty, or would change the host."""
    named = list(names_in(party))
    within = [values.get(name, "") for name in named if not party.startswith("{")]
    if unfilled(party, values) or not all(map(_PART_OF_SIP.fullmatch, within)):
        return ""
    return filled(party, values)


def is_allowed(number: str, allowed: tuple[str, ...] | InFile, data: Mapping[str, DataFile]) -> bool:
    """Whether a number or SIP address is in the list."""
    if isinstance(allowed, InFile):
        return data[allowed.file].listed(allowed.column).holds(number)
    return fits(number, allowed)


def _since(call: Call) -> dict[str, str]:
    """When the caller began to wait: in this step, or in an earlier one whose transfer reached nobody."""
    return {WAITING_SINCE: call.variables.get(WAITING_SINCE) or call.entered_at}


def _connected(call: Call) -> bool:
    return TransferState.of(call).connected or any(leg.connected for leg in call.far_legs.values())
