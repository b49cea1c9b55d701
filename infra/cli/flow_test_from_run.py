"""Runs `dialtone flow test-from`."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.errors import DialtoneError
from infra.cli.calls_access import listing
from infra.cli.options import name_project
from infra.flowkit.conversations.conversation import SUFFIX, read_conversations
from infra.operations import aws
from infra.phone.diary import Item, add_conversation, file_of
from infra.replaying.conversation import conversation_from


def run(given: argparse.Namespace) -> int:
    """Write it, and say what to do next."""
    if not given.flows.is_dir():
        raise DialtoneError(f"{given.flows} is not a folder: name the one that holds the flows")
    if given.append and not given.append.name.endswith(SUFFIX):
        raise DialtoneError(f"--append {given.append}: conversations stand in a file named <flow>{SUFFIX}")
    name_project(given)
    with aws.explained():
        calls = listing(given)
        session = calls.find(given.session, datetime.now(UTC))
        sdk.load()  # the carrier checks commands by the SDK's descriptions
        written = conversation_from(calls.store, session, given.flows)
    if given.append:
        conversation = _named_apart(given.append, written.conversation)
        add_conversation(given.append, written.flow, conversation, option="--append")
        print(f"added “{conversation['name']}” to {given.append}: run `dialtone flow test {given.append}`")
    else:
        sys.stdout.write(file_of(written.flow, written.conversation))
    now = FlowLibrary.open(given.flows).flow(written.flow)
    if now is None or now.version != written.version:
        print(
            "dialtone: the flow has changed since that call: the conversation follows the old version", file=sys.stderr
        )
    return 0


def _named_apart(file: Path, conversation: Item) -> Item:
    """The conversation under a name that none has yet: several calls may begin in one second."""
    there = {each.conversation.name for each in read_conversations(file)} if file.is_file() else set()
    name = conversation["name"]
    names = (name, *(f"{name}, {number}" for number in range(2, len(there) + 3)))
    return conversation | {"name": next(each for each in names if each not in there)}
