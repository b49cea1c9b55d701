"""The API's response models. The OpenAPI description is generated from them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MOMENT = "ISO 8601, in UTC"

REPEATED = "Whether the same request came before with this key. It is not carried out twice."


class Answer(BaseModel):
    """The base of all responses and their parts."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Leg(Answer):
    """One leg of a call. `null` means not known, or not known yet."""

    call_session_id: str = Field(description="Telnyx's id of the phone call, shared by all its legs.")
    call_leg_id: str
    call_control_id: str | None
    direction: str | None = Field(description="`incoming` or `outgoing`.")
    from_number: str | None = Field(alias="from", description="E.164 or a SIP address; null for a withheld number.")
    to_number: str | None = Field(alias="to")
    flow: str | None
    flow_version: str | None
    step: str | None = Field(description="The step that the call is in, or was in last.")
    status: str | None
    outcome: str | None = Field(description="The outcome of an ended call.")
    initiated_at: str | None = Field(description=MOMENT)
    answered_at: str | None
    bridged_at: str | None
    ended_at: str | None
    seconds: float | None = Field(description="Seconds from the first ring to the end.")
    recordings: int = Field(description="The number of recordings, including those still expected.")
    recorder: str | None = Field(description="`on` or `paused` while a recording runs.")
    hangup_cause: str | None
    hangup_source: str | None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class CallList(Answer):
    """Calls, the newest first."""

    calls: list[Leg]
    next_until: str | None = Field(description="Pass this as `until` to get the next page; null on the last page.")


class Row(Answer):
    """One event or command of a call."""

    at: str = Field(description=MOMENT)
    leg_id: str
    towards: str = Field(description="`to-dialtone` for an event, `to-telnyx` for a command.")
    caller: str = Field(description="What the person on the line did or heard, in words.")
    telnyx: str
    dialtone: str
    trouble: bool
    event_id: str
    step: str = Field(description="The leg's step after this event.")
    attempt: int | None = Field(
        description="For a redelivered webhook: the number of the delivery that was processed. 3: two earlier ones "
        "were lost or not accepted. null: the first delivery, not known, or not a webhook."
    )
    delivered_to: str | None = Field(description="Host and path of this delivery, if it was not the first.")


class Cost(Answer):
    """The cost of a leg, as Telnyx reported it."""

    leg_id: str
    amount: str
    currency: str
    billed_seconds: int
    parts: list[str]


class AuditEntry(Answer):
    """Who listened to, read or deleted a recording."""

    at: str = Field(description=MOMENT)
    by: str = Field(description="The signed-in person or IAM role.")
    did: str = Field(
        description=(
            "`listened`: got a link to the audio; `read`: got the transcript without such a link; `deleted`: "
            "deleted the recording."
        )
    )
    recording: str


class RecordingSummary(Answer):
    """A recording in the ledger."""

    id: str = Field(description="For `GET /recordings/{id}`.")
    call_session_id: str
    call_leg_id: str
    status: str = Field(description="expected, saved, copied, verified, doubtful, failed or erased.")
    reason: str = Field(description="Why the recording failed or is doubtful.")
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
    heard_at: str | None = Field(description="When a link to the audio was first handed out; null: never.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class WrittenText(Answer):
    """A transcript that belongs to no recording: of live transcription, or of a conversation with a voice agent."""

    name: str
    kind: str = Field(description="`words`: live transcription; `conversation`: conversation with a voice agent.")
    call_leg_id: str
    conversation_id: str | None = Field(description="Telnyx's id of the conversation.")
    status: str = Field(description="expected, verified or failed.")
    reason: str = Field(description="Why it failed.")
    requested_at: str = Field(description=MOMENT)
    bytes: int | None
    sha256: str | None = Field(description="SHA-256 of the text in the bucket, in hexadecimal.")


class CallDetail(Answer):
    """One call, with everything that happened on it."""

    call_session_id: str
    legs: list[Leg]
    timeline: list[Row]
    rows_left_out: int = Field(
        description="Whether only the timeline's beginning is shown, because the whole is too long for a response."
    )
    recordings: list[RecordingSummary]
    costs: list[Cost]
    total: dict[str, str] = Field(description="Amount by currency.")
    audit: list[AuditEntry]
    texts: list[WrittenText]


class RecordingList(Answer):
    """Recordings, newest calls first."""

    recordings: list[RecordingSummary]
    next_until: str | None = Field(description="Pass this as `until` to get the next page; null on the last page.")


class Audio(Answer):
    """A recording's audio in the bucket."""

    url: str | None = Field(description="A signed link; null unless requested.")
    url_expires_at: str | None = Field(description=MOMENT)
    bytes: int
    sha256: str = Field(description="SHA-256 of the whole file, in hexadecimal.")
    seconds: float | None
    peaks: list[list[int]] = Field(description="Loudness over time, 0 to 255, for each channel; empty if not known.")


class Transcript(Answer):
    """A recording's transcript."""

    status: str = Field(description="none, requested, completed or failed.")
    text: str | None
    is_cut: bool = Field(description="Whether the text was cut off, because it is too long for a response.")


class RecordingDetail(RecordingSummary):
    """A recording with a link to its audio."""

    recording_id: str | None = Field(description="Telnyx's.")
    audio: Audio | None = Field(description="null before the audio is in the bucket, and after it has expired.")
    transcript: Transcript
    consent: dict[str, Any] | None = Field(description="The evidence that the caller was informed of the recording.")
    pauses: list[dict[str, Any]] | None
    deletable: bool = Field(
        description="Whether the API can delete it: RecordingDeletion is on and the recording is settled. A legal hold "
        "may still prevent it."
    )


class WaitingCaller(Answer):
    """A caller who waits in a queue, or in it for a callback."""

    position: int = Field(description="1 is the caller who has waited longest.")
    since: str = Field(description=MOMENT)
    call_session_id: str
    call_leg_id: str
    from_number: str | None = Field(alias="from", description="null for a withheld number.")
    to_number: str | None = Field(alias="to", description="The number that was called.")
    flow: str | None
    callback: bool = Field(description="Whether the caller has hung up and will be called back.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class QueueSummary(Answer):
    """A queue and its waiting callers, according to the calls table."""

    name: str
    waiting: list[WaitingCaller]


class QueueList(Answer):
    """The queues of all flows in use and all waiting calls, by name."""

    queues: list[QueueSummary]
    is_whole: bool = Field(description="Whether all open calls were read and all flows could be read.")


class ActionAnswer(Answer):
    """The action that Telnyx accepted."""

    call_session_id: str
    call_leg_id: str
    action: str
    command_id: str | None = Field(description="Telnyx's command id; null if the flow sends the commands.")
    at: str = Field(description=MOMENT)
    repeated: bool = Field(description=REPEATED)


class DialAnswer(Answer):
    """Telnyx accepted the dial. Ids are null if Telnyx's answer was lost; the call is then in `GET /calls`."""

    call_session_id: str | None
    call_leg_id: str | None
    call_control_id: str | None
    at: str = Field(description=MOMENT)
    repeated: bool = Field(description=REPEATED)


class DeletedRecording(Answer):
    """The record that a recording existed and was deleted."""

    id: str
    deleted_at: str = Field(description=MOMENT)
    deleted_by: str = Field(description="Who requested the deletion first.")


class Problem(Answer):
    """Why a request was refused."""

    code: str = Field(description="An error code for programs.")
    message: str = Field(description="What is wrong and how to fix it.")
    parameter: str | None = Field(None, description="The parameter that is wrong.")


class ProblemAnswer(Answer):
    """The body of every error response."""

    error: Problem


class FlowSummary(Answer):
    """A flow and the outcomes of its calls."""

    name: str
    numbers: list[str] = Field(description="The numbers routed to it by the numbers file.")
    version: str | None = Field(description="The version with which its newest call began.")
    calls: int
    outcomes: dict[str, int] = Field(description="Number of ended calls by outcome.")


class FlowList(Answer):
    """Flows, by name."""

    flows: list[FlowSummary]
    published: int = Field(
        description="The published version that takes new calls; 0: the flows deployed with the code."
    )
    calls_read: int
    is_whole: bool = Field(description="Whether all calls of the period were counted.")


class FlowVersion(Answer):
    """A version of a flow and the outcomes of its calls."""

    version: str
    calls: int
    first_at: str = Field(description=MOMENT)
    last_at: str = Field(description=MOMENT)


class FlowStep(Answer):
    """How many calls reached a step, and the outcomes of those that ended there."""

    step: str
    reached: int
    ended: dict[str, int] = Field(description="Number of calls by outcome.")


class FlowDetail(Answer):
    """A flow: its versions, how many callers reach each step, and its files."""

    name: str
    numbers: list[str]
    calls: int
    outcomes: dict[str, int]
    version: str | None = Field(description="The version shown.")
    versions: list[FlowVersion] = Field(description="The versions with which the period's calls began, newest first.")
    steps: list[FlowStep] = Field(description="In the order in which callers reach them.")
    steps_of_calls: int = Field(
        description="The number of calls, the version's newest, from which `steps` was counted."
    )
    is_whole: bool
    live_version: str | None = Field(description="The version that new calls get; null if they do not get this flow.")
    given: dict[str, str] | None = Field(
        description="The live version's inputs, with their descriptions; they are the columns of a campaign's list."
    )
    texts: dict[str, str] | None = Field(description="The version's files; null if no call began with it.")
    picture: str | None = Field(
        description="An SVG, stored when this version was published or deployed; null if none is stored."
    )
