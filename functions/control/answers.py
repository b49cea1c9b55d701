"""What the API answers, field by field: its OpenAPI description is made of these."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MOMENT = "ISO 8601, in UTC"

REPEATED = "Whether it was asked for before under this key. It is not done twice."


class Answer(BaseModel):
    """An answer, and each part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Leg(Answer):
    """One leg of a call. `null`: not known, or not yet."""

    call_session_id: str = Field(description="Telnyx's id of the phone call: all its legs have it.")
    call_leg_id: str
    call_control_id: str | None
    direction: str | None = Field(description="`incoming` or `outgoing`.")
    from_number: str | None = Field(alias="from", description="E.164 or a SIP address; null for a withheld number.")
    to_number: str | None = Field(alias="to")
    flow: str | None
    flow_version: str | None
    step: str | None = Field(description="Where in the flow the call is, or was last.")
    status: str | None
    outcome: str | None = Field(description="Of a call that is over.")
    initiated_at: str | None = Field(description=MOMENT)
    answered_at: str | None
    bridged_at: str | None
    ended_at: str | None
    seconds: float | None = Field(description="From the first ring to the end.")
    recordings: int = Field(description="How many it has, those that are still to come included.")
    recorder: str | None = Field(description="`on` or `paused` while a recording runs.")
    hangup_cause: str | None
    hangup_source: str | None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class CallList(Answer):
    """Calls, the newest first."""

    calls: list[Leg]
    next_until: str | None = Field(description="Ask with it as `until` for the next page; null if there are no more.")


class Row(Answer):
    """One event or command of a call."""

    at: str = Field(description=MOMENT)
    leg_id: str
    towards: str = Field(description="`to-dialtone` for an event, `to-telnyx` for a command.")
    caller: str = Field(description="What the person on the line did or heard.")
    telnyx: str
    dialtone: str
    trouble: bool
    event_id: str
    step: str = Field(description="The step in which the leg is after it.")
    attempt: int | None = Field(
        description="Of a webhook that Telnyx had to deliver again: which delivery was the first that was decided on."
        " 3: two before it were lost or not taken. null: the first, or not known, or no webhook."
    )
    delivered_to: str | None = Field(description="Host and path that this delivery went to, if it was not the first.")


class Cost(Answer):
    """What Telnyx says that a leg cost."""

    leg_id: str
    amount: str
    currency: str
    billed_seconds: int
    parts: list[str]


class AuditEntry(Answer):
    """Who did something with a call's recording."""

    at: str = Field(description=MOMENT)
    by: str = Field(description="The signed-in person or IAM role.")
    did: str = Field(
        description=(
            "`listened`: was given a link to the audio; `read`: was given its transcript without one; `deleted`: had it"
            " deleted."
        )
    )
    recording: str


class RecordingSummary(Answer):
    """A recording in the ledger."""

    id: str = Field(description="For `GET /recordings/{id}`.")
    call_session_id: str
    call_leg_id: str
    status: str = Field(description="expected, saved, copied, verified, doubtful, failed or erased.")
    reason: str = Field(description="Why it failed, or is doubtful.")
    from_number: str | None = Field(alias="from")
    to_number: str | None = Field(alias="to")
    flow: str | None
    step: str | None
    requested_at: str = Field(description=MOMENT)
    started_at: str | None
    ended_at: str | None
    format: str | None
    channels: str | None
    review: str | None = Field(description="What the caller decided about a message: kept, superseded or deleted.")
    heard_at: str | None = Field(description="When somebody was first given a link to its audio; null: nobody yet.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class WrittenText(Answer):
    """What was written down of what was said on a call, beside recordings and their transcripts."""

    name: str
    kind: str = Field(description="`words`: live transcription; `conversation`: with a voice agent.")
    call_leg_id: str
    conversation_id: str | None = Field(description="Telnyx's, of a conversation.")
    status: str = Field(description="expected, verified or failed.")
    reason: str = Field(description="Why it failed.")
    requested_at: str = Field(description=MOMENT)
    bytes: int | None
    sha256: str | None = Field(description="Of the whole text in the bucket, in hexadecimal.")


class CallDetail(Answer):
    """One call, with everything that happened on it."""

    call_session_id: str
    legs: list[Leg]
    timeline: list[Row]
    rows_left_out: int = Field(description="Of the timeline's beginning, where it is longer than an answer may be.")
    recordings: list[RecordingSummary]
    costs: list[Cost]
    total: dict[str, str] = Field(description="Currency → amount.")
    audit: list[AuditEntry]
    texts: list[WrittenText]


class RecordingList(Answer):
    """Recordings, those of the newest calls first."""

    recordings: list[RecordingSummary]
    next_until: str | None = Field(description="Ask with it as `until` for the next page; null if there are no more.")


class Audio(Answer):
    """A recording's audio in the bucket."""

    url: str | None = Field(description="A signed link to it; null unless one was asked for.")
    url_expires_at: str | None = Field(description=MOMENT)
    bytes: int
    sha256: str = Field(description="Of the whole file, in hexadecimal.")
    seconds: float | None
    peaks: list[list[int]] = Field(
        description="Of each channel how loud it is, 0 to 255, over its length; none where it is not known."
    )


class Transcript(Answer):
    """A recording's transcript."""

    status: str = Field(description="none, requested, completed or failed.")
    text: str | None
    is_cut: bool = Field(description="Whether the text was longer than an answer may be.")


class RecordingDetail(RecordingSummary):
    """A recording with a link to its audio."""

    recording_id: str | None = Field(description="Telnyx's.")
    audio: Audio | None = Field(description="null while it is not in the bucket, and once it has expired.")
    transcript: Transcript
    consent: dict[str, Any] | None = Field(description="The evidence that the caller knew of it.")
    pauses: list[dict[str, Any]] | None
    deletable: bool = Field(
        description="Whether it can be deleted, unless it is held: the stack lets recordings be, and it is settled."
    )


class WaitingCaller(Answer):
    """A caller who waits in a queue, or is to be called back in turn."""

    position: int = Field(description="1 for who has waited longest.")
    since: str = Field(description=MOMENT)
    call_session_id: str
    call_leg_id: str
    from_number: str | None = Field(alias="from", description="null for a withheld number.")
    to_number: str | None = Field(alias="to", description="The number that was called.")
    flow: str | None
    callback: bool = Field(description="Whether the caller has hung up and is to be called back.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class QueueSummary(Answer):
    """A queue and who waits in it, as the calls table has it."""

    name: str
    waiting: list[WaitingCaller]


class QueueList(Answer):
    """Queues of the flows that take calls, and of the calls that wait, by name."""

    queues: list[QueueSummary]
    is_whole: bool = Field(description="Whether all calls that go on were looked at, and all flows readable.")


class ActionAnswer(Answer):
    """What was done on a call: Telnyx has taken it."""

    call_session_id: str
    call_leg_id: str
    action: str
    command_id: str | None = Field(description="Telnyx's; null where the flow sends whatever is sent.")
    at: str = Field(description=MOMENT)
    repeated: bool = Field(description=REPEATED)


class DialAnswer(Answer):
    """Somebody is rung: Telnyx has taken it. Ids are null where its answer was lost: `GET /calls` has the call."""

    call_session_id: str | None
    call_leg_id: str | None
    call_control_id: str | None
    at: str = Field(description=MOMENT)
    repeated: bool = Field(description=REPEATED)


class DeletedRecording(Answer):
    """A recording of which nothing is left but that there was one."""

    id: str
    deleted_at: str = Field(description=MOMENT)
    deleted_by: str = Field(description="Who asked for it first.")


class Problem(Answer):
    """Why a request was refused."""

    code: str = Field(description="One word for programs.")
    message: str = Field(description="What is wrong, and what to do.")
    parameter: str | None = Field(None, description="The one that is wrong.")


class ProblemAnswer(Answer):
    """The body of every answer that is not a success."""

    error: Problem


class FlowSummary(Answer):
    """A flow with what came of its calls."""

    name: str
    numbers: list[str] = Field(description="That lead to it, as the numbers file has them.")
    version: str | None = Field(description="That its newest call began with.")
    calls: int
    outcomes: dict[str, int] = Field(description="Outcome → calls, of those that are over.")


class FlowList(Answer):
    """Flows, by name."""

    flows: list[FlowSummary]
    published: int = Field(description="The published version of the flows that takes calls; 0: those of the code.")
    calls_read: int
    is_whole: bool = Field(description="Whether these are all calls of that time.")


class FlowVersion(Answer):
    """A version of a flow, by its calls."""

    version: str
    calls: int
    first_at: str = Field(description=MOMENT)
    last_at: str = Field(description=MOMENT)


class FlowStep(Answer):
    """How many calls came to a step, and what became of those that ended there."""

    step: str
    reached: int
    ended: dict[str, int] = Field(description="Outcome → calls.")


class FlowDetail(Answer):
    """A flow: its versions, how far callers come, and its files."""

    name: str
    numbers: list[str]
    calls: int
    outcomes: dict[str, int]
    version: str | None = Field(description="That is shown.")
    versions: list[FlowVersion] = Field(description="Those that calls of that time began with, the newest first.")
    steps: list[FlowStep] = Field(description="In the order of callers' way.")
    steps_of_calls: int = Field(description="The newest calls of the version, from which `steps` comes.")
    is_whole: bool
    live_version: str | None = Field(description="That new calls get; null where they get no such flow.")
    given: dict[str, str] | None = Field(
        description="What the live version is given: the columns of a campaign's list, each with what it is."
    )
    texts: dict[str, str] | None = Field(description="The version's files; null where no call began with it.")
    picture: str | None = Field(
        description="An SVG, stored when this version was published or deployed; null if none was."
    )
