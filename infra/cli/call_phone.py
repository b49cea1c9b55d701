"""The phone of `dialtone call`, whatever line it rings into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.phone.diary import check_place
from infra.phone.flow_folder import FlowFolder, check_caller
from infra.phone.hearing import Tone
from infra.phone.key_help import KEYS
from infra.phone.keyboard import Keyboard
from infra.phone.loudspeaker import loudspeaker
from infra.phone.phone import Phone

if TYPE_CHECKING:
    import argparse
    from datetime import datetime
    from pathlib import Path

    from infra.phone.screen import Screen
    from infra.phone.telephone import Telephone


def as_caller_meets(
    given: argparse.Namespace, flows: Path, number: str, caller: str, at: datetime | None
) -> FlowFolder:
    """The flows as this caller meets them. Raises DialtoneError for what cannot be called, or saved."""
    if not number:
        raise DialtoneError("which number? Give one of numbers.yaml, or pass --script FILE")
    if given.caller:
        check_caller(given.caller)
    flow_folder = FlowFolder(flows, number, caller, at)
    flow_folder.check_number()
    if given.save:
        check_place(given.save, flow_folder.flow())
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    return flow_folder


def use(telephone: Telephone, given: argparse.Namespace, flow_folder: FlowFolder, screen: Screen, pace: float) -> int:
    """Let the person at the terminal call until they are done; returns the exit status."""
    speaker = loudspeaker(pace, lambda why: screen.say(why, Tone.QUIET)) if given.audio else None
    with Keyboard() as keyboard:
        if keyboard.is_terminal:
            screen.say(KEYS, Tone.QUIET)
        has_script = given.script is not None
        phone = Phone(telephone, flow_folder, screen, keyboard, speaker, has_script, given.save, given.keep)
        try:
            return phone.run()
        finally:
            screen.close()
            if speaker:
                speaker.hush()
