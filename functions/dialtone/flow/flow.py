"""A flow in memory: its steps by name, and the settings that apply to all of them."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from dialtone.domain.telnyx_actions import RECORD_START_SECONDS
from dialtone.flow.consent import AskedConsent, ConsentPolicy
from dialtone.flow.recording_options import Channels, FileName, Format, Track
from dialtone.flow.steps.recording import RecordingSwitch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dialtone.flow.step import Step
    from dialtone.flow.voice_settings import VoiceDefaults

VERSION_CHARACTERS = 12
"""Of the text's SHA-256: enough to distinguish all versions of a team's flows."""

STEP_OF_FLOW = "/"
"""Separates a flow's name from a step's, for a call that is in another flow than its first."""

CONSENT_STEP = "(consent)"
"""The name of a step that no flow writes: it asks for the consent that `record` needs."""


class WholeCall(BaseModel):
    """The recording of a whole call, from the answer to the end."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    format: Format = Field("mp3", description="The audio's format.")
    channels: Channels = Field("dual", description="dual: each side on a channel of its own.")
    track: Track = Field("both", description="Whose voice is recorded.")
    trim: StrictBool = Field(default=False, description="Cut silence at the beginning and the end.")
    max_seconds: StrictInt = Field(0, ge=0, le=43_200, description="0: as long as the call lasts.")
    file_name: FileName | None = Field(
        None, description="The beginning of its file's name at Telnyx; without it, the leg's id."
    )
    consent: AskedConsent | None = Field(
        None,
        description="Announce it, or ask, before recording; it then begins after that instead of at the answer.",
    )

    def on_answer(self) -> dict[str, object]:
        """The parameters of `answer`: no extra command is needed, and no word of the conversation is lost before it."""
        parameters: dict[str, object] = {
            "record": "record-from-answer",
            "record_format": self.format,
            "record_channels": self.channels,
            "record_track": self.track,
            "record_max_length": self.max_seconds,
        }
        if self.file_name:
            parameters["record_custom_file_name"] = self.file_name
        return parameters | ({"record_trim": "trim-silence"} if self.trim else {})

    def on_start(self) -> dict[str, object]:
        """The parameters of `record_start`, for a call that we dialled."""
        parameters: dict[str, object] = {
            "format": self.format,
            "channels": self.channels,
            "recording_track": self.track,
            "max_length": min(self.max_seconds, RECORD_START_SECONDS),
        }
        if self.file_name:
            parameters["custom_file_name"] = self.file_name
        return parameters | ({"trim": "trim-silence"} if self.trim else {})

    def after_consent(self, start: str) -> RecordingSwitch:
        """The step before the flow's first one, if consent is needed."""
        return RecordingSwitch(
            name=CONSENT_STEP,
            next=start,
            recording="start",
            format=self.format,
            channels=self.channels,
            track=self.track,
            trim=self.trim,
            max_seconds=min(self.max_seconds, RECORD_START_SECONDS),
            file_name=self.file_name,
            consent=self.consent,
        )


class Limits(BaseModel):
    """How far a call may go in a flow before its last resort ends it."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    steps: StrictInt = Field(
        200, ge=1, le=10_000, description="The most steps to enter; each repeated question counts."
    )
    minutes: StrictInt = Field(60, ge=1, le=240, description="Since the answer; checked whenever a step is entered.")
    steps_after_hangup: StrictInt = Field(
        30, ge=1, le=1_000, description="The most steps to enter after the call's end."
    )
    minutes_after_hangup: StrictInt = Field(
        10, ge=1, le=1_440, description="Since the end; checked whenever a step is entered."
    )


class Memory(BaseModel):
    """What is remembered of callers from one call to the next: the variables that begin with `memory.`."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    days: StrictInt = Field(ge=1, le=730, description="How long after the call that last set any of them.")


class Flow(NamedTuple):
    """A flow, checked: every step that it names exists."""

    name: str
    version: str
    """The hash of its text and of the calendars that it uses."""
    voice_defaults: VoiceDefaults
    steps: Mapping[str, Step]
    start: str
    last_resort: str
    record: WholeCall | None
    on_hangup: str = ""
    """The step after the hang-up, wherever the call was and whichever side hung up; '' if there is none."""
    limits: Limits = Limits()
    consent_policy: ConsentPolicy = ConsentPolicy()
    retention_days: int = 0
    """How long its calls' recordings are kept; 0 for as long as the bucket keeps them."""
    memory_days: int = 0
    """How long its callers are remembered; 0 to remember none."""
    given: Mapping[str, str] = MappingProxyType({})
    """Flow inputs: the variables that an outgoing call must bring → a description of each."""

    @property
    def record_at_once(self) -> WholeCall | None:
        """The flow's `record`, if it needs no consent."""
        return None if self.record is None or self.record.consent else self.record

    def visited_start(self, *, recording: bool) -> str:
        """The first step for a call from another flow: it is not asked for consent if a recording runs."""
        consent = self.steps.get(CONSENT_STEP)
        return consent.next if recording and consent and self.start == CONSENT_STEP else self.start

    @property
    def others(self) -> frozenset[str]:
        """The flows that a call can go to from this one."""
        return frozenset(other for step in self.steps.values() for other, _ in step.visits())

    @property
    def visited(self) -> frozenset[str]:
        """Those of them that return to this one."""
        return frozenset(other for step in self.steps.values() if step.goes_next() for other, _ in step.visits())

    @property
    def shares_with(self) -> frozenset[str]:
        """Those of them that share their variables with this one."""
        return frozenset(other for step in self.steps.values() for other in step.shares_with())


def version_of(texts: Iterable[str]) -> str:
    """The version of these texts together: it changes with any of them."""
    digest = hashlib.sha256()
    for place, text in enumerate(texts):
        digest.update((b"\0" if place else b"") + text.encode())
    return digest.hexdigest()[:VERSION_CHARACTERS]
