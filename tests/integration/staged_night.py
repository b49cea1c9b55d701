"""A night on a line, as an operator finds it in the morning: a voicemail, and a call that failed."""

from __future__ import annotations

import math
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archive.audio import WavMeter
from dialtone.adapters.calls_table import CallsTable
from dialtone.domain.calls import Call
from dialtone.domain.commands import COMMAND_NAMESPACE, command
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from dialtone.domain.recordings import COMPLETED, VERIFIED, AudioCopy, Pause, Recording, TranscriptCopy, Transcription
from tests.integration.archiving import sha256
from tests.integration.ended_calls import ended_call

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

from dialtone.domain.commands import Command

HERTZ = 8_000
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
WORDS = f"Hello, this is Ada. {HOSTILE} Please call me back before nine."


def speech(seconds: float) -> bytes:
    """A WAV with two channels that grow louder and quieter as people do who talk."""
    count = int(seconds * HERTZ)
    samples = b"".join(
        struct.pack(
            "<2h",
            int(16_000 * math.sin(place * 0.4) * abs(math.sin(place / 9_000) * math.sin(place / 1_900))),
            int(9_000 * math.sin(place * 0.3) * (place % 40_000 < 12_000) * abs(math.sin(place / 2_300))),
        )
        for place in range(count)
    )
    form = struct.pack("<HHIIHH", 1, 2, HERTZ, HERTZ * 4, 4, 16)
    return b"".join((
        b"RIFF", struct.pack("<I", 36 + len(samples)), b"WAVEfmt ", struct.pack("<I", 16), form,
        b"data", struct.pack("<I", len(samples)), samples,
    ))  # fmt: skip


@dataclass
class StagedCall:
    """A call whose events are put into a table one after the other, as the webhook function would have."""

    store: CallsTable
    call: Call
    """As it is once it is over."""

    def tell(self, seconds: float, kind: str, step: str = "", *commands: Command, **payload: object) -> str:
        """So many seconds after its beginning something happens; gives its event's id."""
        return self._commit(
            str(uuid.uuid4()), seconds, kind, self.call._replace(step=step, ended_at=""), commands, payload
        )

    def refuse(self, asked: str, seconds: float, step: str, reason: str, *commands: Command) -> None:
        """Telnyx refused the first command of that event's decision."""
        name = str(uuid.uuid5(COMMAND_NAMESPACE, f"{asked}/0/refused"))
        now = self.call._replace(step=step, ended_at="")
        self._commit(name, seconds, "dialtone.command.refused", now, commands, {"reason": reason}, reason)

    def end(self, *recordings: Recording) -> None:
        """It is over."""
        payload = {"hangup_cause": self.call.hangup_cause, "hangup_source": self.call.hangup_source}
        self.call = self.call._replace(recordings=recordings, recordings_asked=len(recordings))
        self._commit(str(uuid.uuid4()), 40, "call.hangup", self.call, (), payload)

    def at(self, seconds: float) -> str:
        """So many seconds after its beginning."""
        return f"{datetime.fromisoformat(self.call.initiated_at) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%f}Z"

    def _commit(  # noqa: PLR0913, PLR0917 -- an event and what came of it
        self,
        name: str,
        seconds: float,
        kind: str,
        now: Call,
        commands: tuple[Command, ...],
        payload: Mapping[str, object],
        reason: str = "",
    ) -> str:
        call = self.call
        ids = {"call_session_id": call.session_id, "call_leg_id": call.leg_id}
        event = Event(name, kind, self.at(seconds), {**ids, "from": call.from_number, "to": call.to_number, **payload})
        before = self.store.leg(call.session_id, call.leg_id) or Call(call.session_id, call.leg_id)
        decision = Decision(now, commands, recordings=now.recordings, reason=reason)
        self.store.commit(event, before, decision, at_seconds=datetime.fromisoformat(event.occurred_at).timestamp())
        return name


@dataclass
class Night:
    """A stack, and when its night began."""

    dynamodb: DynamoDBClient
    table: str
    s3: S3Client
    bucket: str
    began: datetime

    def _call(self, after: timedelta, **fields: object) -> StagedCall:
        call = ended_call(str(uuid.uuid4()), self.began + after, flow_version="f6413489f0bc", **fields)
        return StagedCall(CallsTable(self.dynamodb, self.table), call)

    def voicemail(self) -> Recording:
        """Somebody leaves a message of twelve seconds."""
        staged = self._call(timedelta(0), step="message", hangup_source="caller")
        control, session = staged.call.control_id, staged.call.session_id
        staged.tell(0, "call.initiated", "", command("answer", control))
        welcome = command(
            "gather_using_speak", control, payload="Welcome. To leave a message, press 2.", voice="female"
        )
        staged.tell(1, "call.answered", "welcome", welcome)
        staged.tell(7, "call.dtmf.received", "welcome", digit="2")
        prompt = command("speak", control, payload="Please leave your message after the tone.", voice="female")
        staged.tell(7.2, "call.gather.ended", "message", prompt, digits="2", status="valid")
        start = command("record_start", control, channels="dual", format="wav")
        staged.tell(14, "call.speak.ended", "message", start, status="completed")
        staged.tell(28, "call.dtmf.received", "message", digit="#")
        content, meter = speech(12), WavMeter()
        meter.feed(content)
        key = f"recordings/2026/11/30/{session}/message"
        for suffix, body in (("wav", content), ("txt", WORDS.encode())):
            self.s3.put_object(Bucket=self.bucket, Key=f"{key}.{suffix}", Body=body)
        sound = meter.sound()
        recording = Recording(
            call_session_id=session,
            call_leg_id=staged.call.leg_id,
            number=1,
            turn=1,
            requested_at=staged.at(14),
            source="record_start",
            status=VERIFIED,
            channels="dual",
            format="wav",
            from_number=staged.call.from_number,
            to_number=staged.call.to_number,
            started_at=staged.at(14),
            ended_at=staged.at(30),
            flow=staged.call.flow,
            step="message",
            audio=AudioCopy(f"{key}.wav", len(content), sha256(content), sound.duration_millis, peaks=sound.peaks),
            transcript=TranscriptCopy(f"{key}.txt", sha256(WORDS.encode())),
            transcription=Transcription(COMPLETED, "A", "en-US"),
            pauses=(Pause(staged.at(20), staged.at(24), "sensitive"),),
        )
        staged.end(recording)
        return recording

    def failed(self) -> Call:
        """Somebody is to be transferred, which Telnyx refuses."""
        staged = self._call(timedelta(minutes=42), step="sorry", ending="failed", from_number="+15550177")
        control = staged.call.control_id
        staged.tell(0, "call.initiated", "", command("answer", control))
        asked = staged.tell(1, "call.answered", "desk", command("transfer", control, to="+15550164"))
        apology = command("speak", control, payload="We cannot connect you now.", voice="female")
        staged.refuse(asked, 1.4, "sorry", "transfer refused: 10016 (the number is not in service)", apology)
        staged.tell(6, "call.speak.ended", "sorry", command("hangup", control), status="completed")
        staged.end()
        return staged.call
