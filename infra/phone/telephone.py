"""What the phone in a terminal calls with: a line of its own, or one that another program keeps up."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from infra.carrier.parties import Caller
from infra.phone.call_service import CallService
from infra.phone.clock_thread import ClockThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from infra.phone.call import CallState, Entry
    from infra.phone.diary import Item
    from infra.phone.phone_system import PhoneSystem


class PlacedCall(Protocol):
    """A call under way, or over. What a person does with it raises DialtoneError where it cannot be done."""

    def entries(self, after: int) -> Sequence[Entry]:
        """All that there is to tell of it, in order, without the first so many."""
        ...

    def state(self) -> CallState:
        """How it stands now."""
        ...

    def press(self, digits: str) -> None:
        """Press keys."""

    def speak(self, words: str) -> None:
        """Say something."""

    def hang_up(self) -> None:
        """Put down the receiver that the keys belong to."""

    def leave(self) -> None:
        """Put the caller's receiver down."""

    def switch(self) -> bool:
        """Become the agent whom the flow rang, or the caller again; whether it is the agent now."""
        ...

    def conversation(self) -> Item:
        """The call as a conversation's file has it."""
        ...

    def recorded(self, name: str) -> bytes:
        """A recording or transcript of it."""
        ...


class Telephone(Protocol):
    """Places calls."""

    def open(self, wake: Callable[[], None]) -> AbstractContextManager[None]:
        """Be ready, until the block is left; `wake` is called when there is something new, on any thread."""
        ...

    def place(self, called: str, *, caller: str, timeout_seconds: float) -> PlacedCall:
        """Call a number. Raises DialtoneError."""
        ...

    def check(self) -> None:
        """Raises what broke on other threads."""

    def holding(self) -> AbstractContextManager[None]:
        """Let no time pass meanwhile, as far as the time is this phone's."""
        ...


@dataclass(slots=True)
class OwnTelephone:
    """On a line of this process, whose time passes while it is open."""

    system: PhoneSystem
    script: Caller | None = None
    """What the caller does by themselves; the keys work all the same."""
    _service: CallService = field(init=False)
    _clock: ClockThread = field(init=False)

    @contextmanager
    def open(self, wake: Callable[[], None]) -> Iterator[None]:
        """As Telephone's."""
        self._service, self._clock = CallService(self.system, wake), ClockThread(self.system.carrier, wake)
        with self._service, self._clock:
            yield

    def place(self, called: str, *, caller: str, timeout_seconds: float) -> PlacedCall:
        """As Telephone's."""
        who = self.script or Caller(gives_up_after=timeout_seconds)
        call = self._service.place(called, who, caller=caller)
        call.listeners = 1  # for as long as this process lives
        return call

    def check(self) -> None:
        """As Telephone's."""
        self._service.check()
        if self._clock.broken is not None:
            raise self._clock.broken

    def holding(self) -> AbstractContextManager[None]:
        """As Telephone's."""
        return self.system.carrier.holding()
