"""The text of a delivery. External values are neutralised here. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from dialtone.domain.caller_trust import CALLER_NAME
from dialtone.domain.recordings import DOUBTFUL
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.recordings import Recording

MAX_LINE_CHARACTERS = 200
"""Maximum length of a number or a name."""

MAX_TRANSCRIPT_CHARACTERS = 20_000
"""Of an e-mail; the link shows the rest."""

MAX_CHAT_TRANSCRIPT_CHARACTERS = 2_500
"""Slack shows 3,000 characters of a block, others more."""

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
"""Control characters, and marks that reverse or hide text. Line feeds are kept."""

_OF_MARKUP = {ord("`"): "'", ord("<"): "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"}
_OF_MARKUP[ord(">")] = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"

_SECONDS_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Message:
    """A message to deliver."""

    recording: Recording
    leg: Call | None
    transcript: str
    """'' if there is none."""
    link: str
    """URL at which signed-in users can listen; '' if there is none."""

    @property
    def subject(self) -> str:
        """The subject line."""
        return f"Voicemail from {self._caller}"

    def lines(self) -> list[tuple[str, str]]:
        """The facts, each with its label."""
        recording = self.recording
        name = one_line(self.leg.trust.get(CALLER_NAME, "")) if self.leg else ""
        started = _moment(recording.started_at or recording.requested_at)
        seconds = (recording.audio.duration_millis or 0) // MILLIS_PER_SECOND if recording.audio else 0
        said = [
            ("From", self._caller),
            ("Name", f"{name} (as the network says)" if name else ""),
            ("To", one_line(recording.to_number)),
            ("When", started),
            ("Length", f"{seconds // _SECONDS_A_MINUTE}:{seconds % _SECONDS_A_MINUTE:02d}" if seconds else ""),
            ("Menu", one_line(" / ".join(filter(None, (recording.flow, recording.step))))),
            ("Note", "it is probably not the whole message" if recording.status == DOUBTFUL else ""),
        ]
        return [(title, text) for title, text in said if text]

    @property
    def _caller(self) -> str:
        number = self.recording.to_number if self.recording.direction == "outgoing" else self.recording.from_number
        return one_line(number) or "a withheld number"


def email_text(message: Message, audio_note: str) -> str:
    """The body of an e-mail, in plain text."""
    transcript = harmless(message.transcript, MAX_TRANSCRIPT_CHARACTERS)
    words = "\n".join(f"> {line}" for line in transcript.splitlines()) or _no_words(message.recording)
    facts = "\n".join(f"{title}: {text}" for title, text in message.lines())
    listen = f"\n\nListen, after signing in: {message.link}" if message.link else ""
    return f"{facts}\n\n{words}\n\n{audio_note}{listen}\n\nRecording {message.recording.name}\n"


def chat_text(message: Message) -> str:
    """The text of a chat message: everything in a code block, where chats ignore markup and mentions."""
    facts = "\n".join(f"{title}: {text}" for title, text in message.lines())
    transcript = harmless(message.transcript, MAX_CHAT_TRANSCRIPT_CHARACTERS)
    block = _literal(f"{facts}\n\n{transcript or _no_words(message.recording)}")
    listen = f"\n{message.link}" if message.link else ""
    return f"Voicemail\n```\n{block}\n```{listen}"


def link_to(recording: Recording, links_url: str) -> str:
    """URL of the recording for signed-in users."""
    return f"{links_url}/recordings/{quote(recording.api_id, safe='')}" if links_url else ""


def one_line(text: str) -> str:
    """The text as one line of limited length."""
    return harmless(" ".join(text.split()), MAX_LINE_CHARACTERS)


def harmless(text: str, most: int) -> str:
    """The text without control characters."""
    readable = _CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return readable if len(readable) <= most else f"{readable[: most - 1]}…"


def _literal(text: str) -> str:
    """Escape text for a code block: it cannot end the block, and `<` begins mentions and links in Slack even there."""
    return text.translate(_OF_MARKUP)


def _no_words(recording: Recording) -> str:
    return "(Its transcript has not come.)" if recording.awaits_transcript else "(There is no transcript.)"


def _moment(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return ""
