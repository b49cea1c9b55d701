"""The simulated Telnyx account: its application, its audio, the people whom it can ring."""

from collections.abc import Collection, Mapping
from pathlib import Path

from infra.carrier.carrier import Carrier
from infra.carrier.parties import Busy, Callee, Hear, Machine, NoAnswer, Person, Press, Say

CONNECTION_ID = "1684641123236054244"
"""Its Call Control application."""

SHOWN_NUMBER = "+15550101"
"""What the people whom we ring see."""

AUDIO_FOLDER = "audio"
"""Beside the flows: files that are uploaded to Telnyx under their names without the ending."""

AGENT = "+15550199"
AGENT_SCRIPT = Person(Say(3, "Payments desk, Grace speaking."), Say(4, "That is paid now. Goodbye."), answers_after=8)

PERSON, MACHINE, NO_ANSWER, BUSY = "+15550161", "+15550162", "+15550163", "+15550164"
CALLEES: Mapping[str, Callee] = {
    AGENT: AGENT_SCRIPT,
    PERSON: Person(Say(1, "Hello?"), Hear("press 1"), Press("1", after=4)),
    MACHINE: Machine(),
    NO_ANSWER: NoAnswer(),
    BUSY: Busy(),
}
"""Who answers, or does not, under which number."""


def upload_audio(carrier: Carrier, flows: Path, missing: Collection[str] = ()) -> None:
    """Upload the flows' audio, as in Telnyx's portal, except files that are meant to be missing."""
    for file in sorted((flows / AUDIO_FOLDER).glob("*")):
        if file.is_file() and file.stem not in missing:
            carrier.media.upload(file.stem, file.read_bytes())
