"""Types of the control API's responses. The API's OpenAPI description explains all fields."""

from __future__ import annotations

from typing import Any, TypedDict

Leg = TypedDict(
    "Leg",
    {
        "call_session_id": str,
        "call_leg_id": str,
        "call_control_id": str | None,
        "direction": str | None,
        "from": str | None,
        "to": str | None,
        "flow": str | None,
        "flow_version": str | None,
        "step": str | None,
        "status": str | None,
        "outcome": str | None,
        "initiated_at": str | None,
        "answered_at": str | None,
        "bridged_at": str | None,
        "ended_at": str | None,
        "seconds": float | None,
        "recordings": int,
        "recorder": str | None,
        "hangup_cause": str | None,
        "hangup_source": str | None,
    },
)
"""One leg of a call; in this syntax because `from` is a keyword."""


class CallList(TypedDict):
    """Calls, the newest first."""

    calls: list[Leg]
    next_until: str | None


class Row(TypedDict):
    """One event or command of a call."""

    at: str
    leg_id: str
    towards: str
    caller: str
    telnyx: str
    dialtone: str
    trouble: bool
    event_id: str
    step: str
    attempt: int | None
    delivered_to: str | None


class Cost(TypedDict):
    """The cost of a leg, as Telnyx reported it."""

    leg_id: str
    amount: str
    currency: str
    billed_seconds: int
    parts: list[str]


class AuditEntry(TypedDict):
    """Who listened to, read or deleted a recording."""

    at: str
    by: str
    did: str
    recording: str


RecordingSummary = TypedDict(
    "RecordingSummary",
    {
        "id": str,
        "call_session_id": str,
        "call_leg_id": str,
        "status": str,
        "reason": str,
        "from": str | None,
        "to": str | None,
        "flow": str | None,
        "step": str | None,
        "requested_at": str,
        "started_at": str | None,
        "ended_at": str | None,
        "format": str | None,
        "channels": str | None,
        "review": str | None,
        "heard_at": str | None,
    },
)
"""One entry of the ledger."""


class WrittenText(TypedDict):
    """A transcript that belongs to no recording: of live transcription, or of a conversation with a voice agent."""

    name: str
    kind: str
    call_leg_id: str
    conversation_id: str | None
    status: str
    reason: str
    requested_at: str
    bytes: int | None
    sha256: str | None


class CallDetail(TypedDict):
    """One call, with everything that happened on it."""

    call_session_id: str
    legs: list[Leg]
    timeline: list[Row]
    rows_left_out: int
    recordings: list[RecordingSummary]
    costs: list[Cost]
    total: dict[str, str]
    audit: list[AuditEntry]
    texts: list[WrittenText]


class RecordingList(TypedDict):
    """Recordings, newest calls first."""

    recordings: list[RecordingSummary]
    next_until: str | None


class Audio(TypedDict):
    """A recording's audio in the bucket."""

    url: str | None
    url_expires_at: str | None
    bytes: int
    sha256: str
    seconds: float | None
    peaks: list[list[int]]


class Transcript(TypedDict):
    """A recording's transcript."""

    status: str
    text: str | None
    is_cut: bool


class RecordingDetail(RecordingSummary):
    """A recording with a link to its audio."""

    recording_id: str | None
    audio: Audio | None
    transcript: Transcript
    consent: dict[str, Any] | None
    pauses: list[dict[str, Any]] | None
    deletable: bool


class FlowSummary(TypedDict):
    """A flow and the outcomes of its calls."""

    name: str
    numbers: list[str]
    version: str | None
    calls: int
    outcomes: dict[str, int]


class FlowList(TypedDict):
    """Flows, by name."""

    flows: list[FlowSummary]
    published: int
    calls_read: int
    is_whole: bool


class FlowVersion(TypedDict):
    """A version of a flow and the outcomes of its calls."""

    version: str
    calls: int
    first_at: str
    last_at: str


class FlowStep(TypedDict):
    """How many calls reached a step, and the outcomes of those that ended there."""

    step: str
    reached: int
    ended: dict[str, int]


class FlowDetail(FlowSummary):
    """A flow: its versions, how many callers reach each step, and its files."""

    versions: list[FlowVersion]
    steps: list[FlowStep]
    steps_of_calls: int
    is_whole: bool
    live_version: str | None
    given: dict[str, str] | None
    texts: dict[str, str] | None
    picture: str | None


WaitingCaller = TypedDict(
    "WaitingCaller",
    {
        "position": int,
        "since": str,
        "call_session_id": str,
        "call_leg_id": str,
        "from": str | None,
        "to": str | None,
        "flow": str | None,
        "callback": bool,
    },
)
"""A caller who waits in a queue."""


class QueueSummary(TypedDict):
    """A queue and its waiting callers."""

    name: str
    waiting: list[WaitingCaller]


class QueueList(TypedDict):
    """Queues, by name."""

    queues: list[QueueSummary]
    is_whole: bool


class ActionAnswer(TypedDict):
    """The action that Telnyx accepted."""

    call_session_id: str
    call_leg_id: str
    action: str
    command_id: str | None
    at: str
    repeated: bool


class DialAnswer(TypedDict):
    """Telnyx accepted the dial; ids are None if its answer was lost."""

    call_session_id: str | None
    call_leg_id: str | None
    call_control_id: str | None
    at: str
    repeated: bool


class DeletedRecording(TypedDict):
    """The record that a recording was deleted."""

    id: str
    deleted_at: str
    deleted_by: str


class RingingAlarm(TypedDict):
    """An alarm of the stack in state ALARM."""

    name: str
    since: str | None
    affects_callers: bool
    means: str
    first: str
    measured: str
    sends: bool
    runbook: str
    runbook_url: str | None


class Alarms(TypedDict):
    """The alarms of the stack."""

    watched: int
    ringing: list[RingingAlarm]
    without_data: list[str]


class UnverifiedRecording(TypedDict):
    """A recording that is not verified in the bucket yet."""

    id: str
    call_session_id: str
    status: str
    since: str
    is_late: bool


class Custody(TypedDict):
    """Recordings that are not settled in the ledger."""

    oldest_unverified: UnverifiedRecording | None
    unverified: dict[str, int]
    awaiting_transcript: int
    is_whole: bool


class Move(TypedDict):
    """The latest SQS message move task of a queue."""

    status: str
    moved: int
    of: int | None
    began_at: str | None
    why: str | None


class Queue(TypedDict):
    """A queue of the stack; counts are None if they could not be read."""

    name: str
    means: str
    is_dead_letters: bool
    messages: int | None
    in_flight: int | None
    delayed: int | None
    oldest_at: str | None
    can_redrive: bool
    move: Move | None
    command: str | None
    runbook: str | None
    runbook_url: str | None


class Redrive(TypedDict):
    """One redrive of a queue, and who did it."""

    at: str
    by: str
    queue: str


class Redriven(Redrive):
    """The result of a redrive."""

    put_back: int
    is_moving: bool
    is_finished: bool
    notes: list[str]


class Parked(TypedDict):
    """Webhooks that failed because of a bug, kept until they are replayed."""

    events: int
    is_whole: bool
    oldest_at: str | None
    command: str


class Unread(TypedDict):
    """A part that could not be read."""

    part: str
    message: str


class Health(TypedDict):
    """The state of a stack; parts that could not be read are None."""

    stack: str
    is_well: bool
    sentences: list[str]
    alarms: Alarms | None
    recordings: Custody | None
    queues: list[Queue]
    parked: Parked | None
    redrives: list[Redrive] | None
    unread: list[Unread]


class CourseColumn(TypedDict):
    """What happened in one interval."""

    dials: int
    answered: int
    failed: int


class CampaignCourse(TypedDict):
    """A campaign over time."""

    begins_at: str | None
    minutes: int
    columns: list[CourseColumn]


class CampaignCost(TypedDict):
    """Estimated and actual cost of a campaign."""

    estimated: float | None
    estimated_seconds: int | None
    amount: float
    calls: int


CampaignState = TypedDict(
    "CampaignState",
    {
        "id": str,
        "name": str,
        "flow": str,
        "flow_version": str | None,
        "from": str,
        "consent": str,
        "window": str,
        "rate_per_second": float,
        "max_in_flight": int,
        "status": str,
        "reason": str,
        "created_by": str,
        "created_at": str,
        "starts_at": str,
        "recipients": int,
        "taken": int,
        "settled": int,
        "dials": int,
        "in_flight": int,
        "outcomes": dict[str, int],
        "refused": dict[str, int],
        "calls": dict[str, int],
        "failures": list[str],
        "began_at": str | None,
        "dialling_since": str | None,
        "dialled_at": str | None,
        "at": str | None,
    },
)
"""A campaign and its progress."""


class CampaignStates(TypedDict):
    """Campaigns, the newest first."""

    campaigns: list[CampaignState]


class CampaignDetail(CampaignState):
    """One campaign with its history and cost."""

    course: CampaignCourse
    cost: CampaignCost


class CampaignRecipient(TypedDict):
    """The result for one recipient."""

    row: int
    number: str
    outcome: str
    refused: str
    rounds: int
    outcomes: list[str]
    answered_seconds: int
    cost: str
    ended_at: str
    telnyx_code: str
    call_session_id: str
    given: dict[str, str]


class CampaignRecipients(TypedDict):
    """Recipients of one part of a campaign's list."""

    recipients: list[CampaignRecipient]
    next_part: int | None
