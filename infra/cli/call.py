"""`dialtone call`: a telephone in the terminal, on the stack that runs on this machine."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.cli.flows_option import add_flows_to, name_project
from infra.local.line import PhoneLine
from infra.phone.diary import check_place
from infra.phone.flow_folder import FlowFolder
from infra.phone.hearing import Tone
from infra.phone.keyboard import Keyboard
from infra.phone.loudspeaker import loudspeaker
from infra.phone.people import KINDS, people
from infra.phone.phone import KEYS, Phone
from infra.phone.screen import screen_on
from infra.phone.script import read_script

if TYPE_CHECKING:
    from infra.carrier.callers import Caller
    from infra.phone.people import People

CALLER = "+15550142"
"""Who calls unless --as says otherwise: the caller of conversations."""

FASTEST = 1_000
"""Times as fast as life; beyond it the machine is what takes the time."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Call a number on the stack that runs on this machine, and hear what a caller hears."
    parser.epilog = f"keys:\n{KEYS}\n\nFlows are read again when they are saved: edit, press r, hear it."
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("number", nargs="?", help="the number to call, one of numbers.yaml, e.g. +15550100")
    parser.add_argument("--as", dest="caller", help=f"the number that calls, or withheld (default: {CALLER})")
    add_flows_to(parser)
    parser.add_argument("--speed", type=_speed, default=1.0, help="how much faster than life (default: 1)")
    parser.add_argument(
        "--script", type=Path, metavar="FILE", help="let a conversation be had: main-menu.test.yaml, say"
    )
    parser.add_argument("--named", default="", metavar="NAME", help="which of the file's (default: the first)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="add what you do to a file of conversations")
    parser.add_argument("--audio", action="store_true", help="speak it, if a speech program is here (espeak-ng, say)")
    parser.add_argument(
        "--agent",
        action="append",
        default=[],
        metavar="[NUMBER=]WHO",
        help=f"who answers when the flow rings somebody: {', '.join(KINDS)} (default: a person); may be given again",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Ring the number until the person at the telephone is done."""
    name_project(given)
    if not given.flows.is_dir():
        raise DialtoneError(f"{given.flows} is not a folder: name the one that holds the flows")
    reachable = people(given.agent)
    played = read_script(given.script, given.named, given.flows) if given.script else None
    if played:
        reachable.meet(played.people)
    number = given.number or (played.called if played else "")
    if not number:
        raise DialtoneError("which number? Say one of numbers.yaml, or --script FILE")
    caller = given.caller or (played.caller if played else CALLER)
    flow_folder = FlowFolder(given.flows, number, caller)
    flow_folder.check_number()
    if given.save:
        check_place(given.save, flow_folder.flow())
    return _ring(given, flow_folder, reachable, played.person if played else None)


def _ring(given: argparse.Namespace, flow_folder: FlowFolder, reachable: People, person: Caller | None) -> int:
    screen = screen_on(sys.stdout, os.environ)
    screen.say(
        f"Dialtone: {flow_folder.caller} calls {flow_folder.called}. The stack starts; that takes some seconds.",
        Tone.QUIET,
    )
    speaker = loudspeaker(given.speed, lambda why: screen.say(why, Tone.QUIET)) if given.audio else None
    with PhoneLine(pace=given.speed, watched_flows=given.flows) as line, Keyboard() as keyboard:
        reachable.move_in(line.carrier.exchange)
        if keyboard.is_terminal:
            screen.say(KEYS, Tone.QUIET)
        try:
            return Phone(line, flow_folder, screen, keyboard, speaker, person, given.save).run()
        finally:
            screen.close()
            if speaker:
                speaker.hush()


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text}: say how many times as fast, from above 0 to {FASTEST}")
    return speed
