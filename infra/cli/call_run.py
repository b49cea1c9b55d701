"""Runs `dialtone call`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.cli.call import CALLER
from infra.cli.flows_option import name_project
from infra.cli.up import PHONE_PORT
from infra.local.line import PhoneLine
from infra.phone.diary import check_place
from infra.phone.flow_folder import FlowFolder, called
from infra.phone.hearing import Tone
from infra.phone.key_help import KEYS
from infra.phone.keyboard import Keyboard
from infra.phone.loudspeaker import loudspeaker
from infra.phone.people import people
from infra.phone.phone import Phone
from infra.phone.remote import LineThere, RemoteTelephone
from infra.phone.screen import screen_on
from infra.phone.script import read_script
from infra.phone.telephone import OwnTelephone

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from infra.phone.screen import Screen
    from infra.phone.telephone import Telephone


REAL_TIME = 1.0


def run(given: argparse.Namespace) -> int:
    """Ring the number until the person at the telephone is done."""
    if given.line or given.phone_port is not None:
        return _ring_in(given)
    name_project(given)
    if not given.flows.is_dir():
        raise DialtoneError(f"{given.flows} is not a folder: name the one that holds the flows")
    reachable = people(given.agent)
    played = read_script(given.script, given.named, given.flows) if given.script else None
    if played:
        reachable.meet(played.people)
    number = called(given.number, given.flows) if given.number else played.called if played else ""
    at = given.at or (played.at if played else None)
    caller = given.caller or (played.caller if played else CALLER)
    flow_folder = _folder(given, given.flows, number, caller, at)
    person = played.person if played else None
    pace = given.speed or REAL_TIME
    screen = screen_on(sys.stdout, os.environ)
    screen.say(
        f"Dialtone: {flow_folder.caller} calls {flow_folder.called}. The stack starts; that takes some seconds.",
        Tone.QUIET,
    )
    with PhoneLine(pace=pace, watched_flows=given.flows, start=at) as line:
        reachable.move_in(line.carrier.exchange)
        return _use(OwnTelephone(line, person), given, flow_folder, screen, pace)


def _ring_in(given: argparse.Namespace) -> int:
    """The same on a line that another program keeps up, whose flows, pace and people it has."""
    for option, is_given in {
        "--speed": given.speed is not None,
        "--script": given.script is not None,
        "--agent": bool(given.agent),
        "--flows": given.flows != given.project.flows,
    }.items():
        if is_given:
            raise DialtoneError(f"--line and {option} do not go together: {_INSTEAD[option]}")
    line = LineThere(PHONE_PORT if given.phone_port is None else given.phone_port)
    about = line.about()
    flows = Path(about["flows"])
    flow_folder = _folder(given, flows, called(given.number or "", flows), given.caller or CALLER, given.at)
    screen = screen_on(sys.stdout, os.environ)
    screen.say(f"Dialtone: {flow_folder.caller} calls {flow_folder.called}, on the line of dialtone up.", Tone.QUIET)
    telephone = RemoteTelephone(line, about["pace"], given.at)
    return _use(telephone, given, flow_folder, screen, about["pace"])


_INSTEAD = {
    "--speed": "the line has the pace of `dialtone up --pace`",
    "--script": "a script brings its own people and its own time; leave --line out",
    "--agent": "say who answers to `dialtone up --agent`",
    "--flows": "the line has the flows of `dialtone up --flows`",
}


def _folder(given: argparse.Namespace, flows: Path, number: str, caller: str, at: datetime | None) -> FlowFolder:
    """The flows as this caller meets them. Raises DialtoneError for what cannot be called, or saved."""
    if not number:
        raise DialtoneError("which number? Say one of numbers.yaml, or --script FILE")
    flow_folder = FlowFolder(flows, number, caller, at)
    flow_folder.check_number()
    if given.save:
        check_place(given.save, flow_folder.flow())
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    return flow_folder


def _use(telephone: Telephone, given: argparse.Namespace, flow_folder: FlowFolder, screen: Screen, pace: float) -> int:
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
