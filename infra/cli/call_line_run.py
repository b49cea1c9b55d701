"""Runs `dialtone call --line`: on a line that another program keeps up, so that nothing of a stack is loaded."""

import argparse
import os
import sys
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.cli.call import CALLER
from infra.cli.call_phone import as_caller_meets, use
from infra.cli.up import PHONE_PORT
from infra.phone.flow_folder import called
from infra.phone.hearing import Tone
from infra.phone.remote import LineThere, RemoteTelephone
from infra.phone.screen import screen_on

_INSTEAD = {
    "--speed": "the line has the pace of `dialtone up --pace`",
    "--script": "a script brings its own people and its own time; leave --line out",
    "--agent": "pass --agent to `dialtone up`",
    "--flows": "the line has the flows of `dialtone up --flows`",
}


def run(given: argparse.Namespace) -> int:
    """Ring the number until the person at the telephone is done. Flows, pace and people are the line's."""
    for option, is_given in {
        "--speed": given.speed is not None,
        "--script": given.script is not None,
        "--agent": bool(given.agent),
        "--flows": given.flows != given.project.flows,
    }.items():
        if is_given:
            raise DialtoneError(f"--line and {option} cannot be used together: {_INSTEAD[option]}")
    line = LineThere(PHONE_PORT if given.phone_port is None else given.phone_port)
    about = line.about()
    flows = Path(about["flows"])
    flow_folder = as_caller_meets(given, flows, called(given.number or "", flows), given.caller or CALLER, given.at)
    screen = screen_on(sys.stdout, os.environ)
    screen.say(f"Dialtone: {flow_folder.caller} calls {flow_folder.called}, on the line of dialtone up.", Tone.QUIET)
    telephone = RemoteTelephone(line, about["pace"], given.at)
    return use(telephone, given, flow_folder, screen, about["pace"])
