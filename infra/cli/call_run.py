"""Runs `dialtone call`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.cli.call import CALLER
from infra.cli.flows_option import name_project
from infra.local.line import PhoneLine
from infra.phone.diary import check_place
from infra.phone.flow_folder import FlowFolder, called
from infra.phone.hearing import Tone
from infra.phone.key_help import KEYS
from infra.phone.keyboard import Keyboard
from infra.phone.loudspeaker import loudspeaker
from infra.phone.people import people
from infra.phone.phone import Phone
from infra.phone.screen import screen_on
from infra.phone.script import read_script

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from infra.carrier.callers import Caller
    from infra.phone.people import People


def run(given: argparse.Namespace) -> int:
    """Ring the number until the person at the telephone is done."""
    name_project(given)
    if not given.flows.is_dir():
        raise DialtoneError(f"{given.flows} is not a folder: name the one that holds the flows")
    reachable = people(given.agent)
    played = read_script(given.script, given.named, given.flows) if given.script else None
    if played:
        reachable.meet(played.people)
    number = called(given.number, given.flows) if given.number else played.called if played else ""
    if not number:
        raise DialtoneError("which number? Say one of numbers.yaml, or --script FILE")
    caller = given.caller or (played.caller if played else CALLER)
    flow_folder = FlowFolder(given.flows, number, caller)
    flow_folder.check_number()
    if given.save:
        check_place(given.save, flow_folder.flow())
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    at = given.at or (played.at if played else None)
    return _ring(given, flow_folder, reachable, played.person if played else None, at)


def _ring(
    given: argparse.Namespace,
    flow_folder: FlowFolder,
    reachable: People,
    person: Caller | None,
    at: datetime | None,
) -> int:
    screen = screen_on(sys.stdout, os.environ)
    screen.say(
        f"Dialtone: {flow_folder.caller} calls {flow_folder.called}. The stack starts; that takes some seconds.",
        Tone.QUIET,
    )
    speaker = loudspeaker(given.speed, lambda why: screen.say(why, Tone.QUIET)) if given.audio else None
    with PhoneLine(pace=given.speed, watched_flows=given.flows, start=at) as line, Keyboard() as keyboard:
        reachable.move_in(line.carrier.exchange)
        if keyboard.is_terminal:
            screen.say(KEYS, Tone.QUIET)
        try:
            return Phone(line, flow_folder, screen, keyboard, speaker, person, given.save, given.keep).run()
        finally:
            screen.close()
            if speaker:
                speaker.hush()
