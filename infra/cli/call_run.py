"""Runs `dialtone call` on a line of its own."""

import argparse
import os
import sys

from dialtone.domain.errors import DialtoneError
from infra.cli.call import CALLER
from infra.cli.call_phone import as_caller_meets, use
from infra.cli.options import name_project
from infra.local.line import PhoneLine
from infra.phone.flow_folder import called
from infra.phone.hearing import Tone
from infra.phone.people import people
from infra.phone.screen import screen_on
from infra.phone.script import read_script
from infra.phone.telephone import OwnTelephone

REAL_TIME = 1.0


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
    at = given.at or (played.at if played else None)
    caller = given.caller or (played.caller if played else CALLER)
    flow_folder = as_caller_meets(given, given.flows, number, caller, at)
    person = played.person if played else None
    pace = given.speed or REAL_TIME
    screen = screen_on(sys.stdout, os.environ)
    screen.say(
        f"Dialtone: {flow_folder.caller} calls {flow_folder.called}. The stack starts; that takes some seconds.",
        Tone.QUIET,
    )
    with PhoneLine(pace=pace, watched_flows=given.flows, start=at) as line:
        reachable.move_in(line.carrier.exchange)
        return use(OwnTelephone(line, person), given, flow_folder, screen, pace)
