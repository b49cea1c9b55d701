"""The control API's answers: what the API fills in, and what its clients read.

The API validates them with pydantic and describes them in OpenAPI; a client needs only the types.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from typing_extensions import TypedDict, is_typeddict  # pydantic reads typing's only from Python 3.12 on

MOMENT = "ISO 8601, in UTC"

REPEATED = "Whether the same request came before with this key. It is not carried out twice."


@dataclass(frozen=True, slots=True)
class Doc:
    """A field's description in OpenAPI."""

    text: str

    def __get_pydantic_json_schema__(self, schema: Any, to_json_schema: Any) -> dict[str, Any]:  # noqa: ANN401 -- pydantic's own
        return {**to_json_schema(schema), "description": self.text}


Leg = TypedDict(
    "Leg",
    {
        "call_session_id": Annotated[str, Doc("Telnyx's id of the phone call, shared by all its legs.")],
        "call_leg_id": str,
        "call_control_id": str | None,
        "direction": Annotated[str | None, Doc("`incoming` or `outgoing`.")],
        "from": Annotated[str | None, Doc("E.164 or a SIP address; null for a withheld number.")],
        "to": str | None,
        "flow": str | None,
        "flow_version": str | None,
        "step": Annotated[str | None, Doc("The step that the call is in, or was in last.")],
        "status": str | None,
        "outcome": Annotated[str | None, Doc("The outcome of an ended call.")],
        "initiated_at": Annotated[str | None, Doc(MOMENT)],
        "answered_at": str | None,
        "bridged_at": str | None,
        "ended_at": str | None,
        "seconds": Annotated[float | None, Doc("Seconds from the first ring to the end.")],
        "recordings": Annotated[int, Doc("The number of recordings, including those still expected.")],
        "recorder": Annotated[str | None, Doc("`on` or `paused` while a recording runs.")],
        "hangup_cause": str | None,
        "hangup_source": str | None,
    },
)
Leg.__doc__ = """One leg of a call. `null` means not known, or not known yet."""


class CallList(TypedDict):
    """Calls, the newest first."""

    calls: list[Leg]
    next_until: Annotated[str | None, Doc("Pass this as `until` to get the next page; null on the last page.")]


class Row(TypedDict):
    """One event or command of a call."""

    at: Annotated[str, Doc(MOMENT)]
    leg_id: str
    towards: Annotated[str, Doc("`to-dialtone` for an event, `to-telnyx` for a command.")]
    caller: Annotated[str, Doc("What the person on the line did or heard, in words.")]
    telnyx: str
    dialtone: str
    trouble: bool
    event_id: str
    step: Annotated[str, Doc("The leg's step after this event.")]
    attempt: Annotated[
        int | None,
        Doc(
            "For a redelivered webhook: the number of the delivery that was processed. 3: two earlier ones "
            "were lost or not accepted. null: the first delivery, not known, or not a webhook."
        ),
    ]
    delivered_to: Annotated[str | None, Doc("Host and path of this delivery, if it was not the first.")]


class Cost(TypedDict):
    """The cost of a leg, as Telnyx reported it."""

    leg_id: str
    amount: str
    currency: str
    billed_seconds: int
    parts: list[str]


class AuditEntry(TypedDict):
    """Who listened to, read or deleted a recording."""

    at: Annotated[str, Doc(MOMENT)]
    by: Annotated[str, Doc("The signed-in person or IAM role.")]
    did: Annotated[
        str,
        Doc(
            "`listened`: got a link to the audio; `read`: got the transcript without such a link; `deleted`: "
            "deleted the recording."
        ),
    ]
    recording: str


RecordingSummary = TypedDict(
    "RecordingSummary",
    {
        "id": Annotated[str, Doc("For `GET /recordings/{id}`.")],
        "call_session_id": str,
        "call_leg_id": str,
        "status": Annotated[str, Doc("expected, saved, copied, verified, doubtful, failed or erased.")],
        "reason": Annotated[str, Doc("Why the recording failed or is doubtful.")],
        "from": str | None,
        "to": str | None,
        "flow": str | None,
        "step": str | None,
        "requested_at": Annotated[str, Doc(MOMENT)],
        "started_at": str | None,
        "ended_at": str | None,
        "format": str | None,
        "channels": str | None,
        "review": Annotated[str | None, Doc("What the caller decided about a message: kept, superseded or deleted.")],
        "heard_at": Annotated[str | None, Doc("When a link to the audio was first handed out; null: never.")],
    },
)
RecordingSummary.__doc__ = """A recording in the ledger."""


class WrittenText(TypedDict):
    """A transcript that belongs to no recording: of live transcription, or of a conversation with a voice agent."""

    name: str
    kind: Annotated[str, Doc("`words`: live transcription; `conversation`: conversation with a voice agent.")]
    call_leg_id: str
    conversation_id: Annotated[str | None, Doc("Telnyx's id of the conversation.")]
    status: Annotated[str, Doc("expected, verified or failed.")]
    reason: Annotated[str, Doc("Why it failed.")]
    requested_at: Annotated[str, Doc(MOMENT)]
    bytes: int | None
    sha256: Annotated[str | None, Doc("SHA-256 of the text in the bucket, in hexadecimal.")]


class CallDetail(TypedDict):
    """One call, with everything that happened on it."""

    call_session_id: str
    legs: list[Leg]
    timeline: list[Row]
    rows_left_out: Annotated[
        int, Doc("Whether only the timeline's beginning is shown, because the whole is too long for a response.")
    ]
    recordings: list[RecordingSummary]
    costs: list[Cost]
    total: Annotated[dict[str, str], Doc("Amount by currency.")]
    audit: list[AuditEntry]
    texts: list[WrittenText]


class RecordingList(TypedDict):
    """Recordings, newest calls first."""

    recordings: list[RecordingSummary]
    next_until: Annotated[str | None, Doc("Pass this as `until` to get the next page; null on the last page.")]


class Audio(TypedDict):
    """A recording's audio in the bucket."""

    url: Annotated[str | None, Doc("A signed link; null unless requested.")]
    url_expires_at: Annotated[str | None, Doc(MOMENT)]
    bytes: int
    sha256: Annotated[str, Doc("SHA-256 of the whole file, in hexadecimal.")]
    seconds: float | None
    peaks: Annotated[list[list[int]], Doc("Loudness over time, 0 to 255, for each channel; empty if not known.")]


class Transcript(TypedDict):
    """A recording's transcript."""

    status: Annotated[str, Doc("none, requested, completed or failed.")]
    text: str | None
    is_cut: Annotated[bool, Doc("Whether the text was cut off, because it is too long for a response.")]


class RecordingDetail(RecordingSummary):
    """A recording with a link to its audio."""

    recording_id: Annotated[str | None, Doc("Telnyx's.")]
    audio: Annotated[Audio | None, Doc("null before the audio is in the bucket, and after it has expired.")]
    transcript: Transcript
    consent: Annotated[dict[str, Any] | None, Doc("The evidence that the caller was informed of the recording.")]
    pauses: list[dict[str, Any]] | None
    deletable: Annotated[
        bool,
        Doc(
            "Whether the API can delete it: RecordingDeletion is on and the recording is settled. A legal hold "
            "may still prevent it."
        ),
    ]


WaitingCaller = TypedDict(
    "WaitingCaller",
    {
        "position": Annotated[int, Doc("1 is the caller who has waited longest.")],
        "since": Annotated[str, Doc(MOMENT)],
        "call_session_id": str,
        "call_leg_id": str,
        "from": Annotated[str | None, Doc("null for a withheld number.")],
        "to": Annotated[str | None, Doc("The number that was called.")],
        "flow": str | None,
        "callback": Annotated[bool, Doc("Whether the caller has hung up and will be called back.")],
    },
)
WaitingCaller.__doc__ = """A caller who waits in a queue, or in it for a callback."""


class QueueSummary(TypedDict):
    """A queue and its waiting callers, according to the calls table."""

    name: str
    waiting: list[WaitingCaller]


class QueueList(TypedDict):
    """The queues of all flows in use and all waiting calls, by name."""

    queues: list[QueueSummary]
    is_whole: Annotated[bool, Doc("Whether all open calls were read and all flows could be read.")]


class ActionAnswer(TypedDict):
    """The action that Telnyx accepted."""

    call_session_id: str
    call_leg_id: str
    action: str
    command_id: Annotated[str | None, Doc("Telnyx's command id; null if the flow sends the commands.")]
    at: Annotated[str, Doc(MOMENT)]
    repeated: Annotated[bool, Doc(REPEATED)]


class DialAnswer(TypedDict):
    """Telnyx accepted the dial. Ids are null if Telnyx's answer was lost; the call is then in `GET /calls`."""

    call_session_id: str | None
    call_leg_id: str | None
    call_control_id: str | None
    at: Annotated[str, Doc(MOMENT)]
    repeated: Annotated[bool, Doc(REPEATED)]


class DeletedRecording(TypedDict):
    """The record that a recording existed and was deleted."""

    id: str
    deleted_at: Annotated[str, Doc(MOMENT)]
    deleted_by: Annotated[str, Doc("Who requested the deletion first.")]


class FlowSummary(TypedDict):
    """A flow and the outcomes of its calls."""

    name: str
    numbers: Annotated[list[str], Doc("The numbers routed to it by the numbers file.")]
    version: Annotated[str | None, Doc("The version with which its newest call began.")]
    calls: int
    outcomes: Annotated[dict[str, int], Doc("Number of ended calls by outcome.")]


class FlowList(TypedDict):
    """Flows, by name."""

    flows: list[FlowSummary]
    published: Annotated[int, Doc("The published version that takes new calls; 0: the flows deployed with the code.")]
    calls_read: int
    is_whole: Annotated[bool, Doc("Whether all calls of the period were counted.")]


class FlowVersion(TypedDict):
    """A version of a flow and the outcomes of its calls."""

    version: str
    calls: int
    first_at: Annotated[str, Doc(MOMENT)]
    last_at: Annotated[str, Doc(MOMENT)]


class FlowStep(TypedDict):
    """How many calls reached a step, and the outcomes of those that ended there."""

    step: str
    reached: int
    ended: Annotated[dict[str, int], Doc("Number of calls by outcome.")]


class FlowDetail(TypedDict):
    """A flow: its versions, how many callers reach each step, and its files."""

    name: str
    numbers: list[str]
    calls: int
    outcomes: dict[str, int]
    version: Annotated[str | None, Doc("The version shown.")]
    versions: Annotated[list[FlowVersion], Doc("The versions with which the period's calls began, newest first.")]
    steps: Annotated[list[FlowStep], Doc("In the order in which callers reach them.")]
    steps_of_calls: Annotated[int, Doc("The number of calls, the version's newest, from which `steps` was counted.")]
    is_whole: bool
    live_version: Annotated[str | None, Doc("The version that new calls get; null if they do not get this flow.")]
    given: Annotated[
        dict[str, str] | None,
        Doc("The live version's inputs, with their descriptions; they are the columns of a campaign's list."),
    ]
    texts: Annotated[dict[str, str] | None, Doc("The version's files; null if no call began with it.")]
    picture: Annotated[
        str | None, Doc("An SVG, stored when this version was published or deployed; null if none is stored.")
    ]


class RingingAlarm(TypedDict):
    """An alarm of the stack in state ALARM."""

    name: Annotated[str, Doc("Without the stack's name: `api-5xx`.")]
    since: Annotated[str | None, Doc(MOMENT)]
    affects_callers: bool
    means: Annotated[str, Doc("What the alarm means, and what callers notice.")]
    first: Annotated[str, Doc("What to do first.")]
    measured: Annotated[str, Doc("What CloudWatch measured, and the threshold.")]
    sends: Annotated[bool, Doc("Whether it sends e-mail: its actions may have been disabled in CloudWatch.")]
    runbook: Annotated[str, Doc("The path of its runbook section in Dialtone's repository.")]
    runbook_url: Annotated[str | None, Doc("The URL of that section, if the stack's parameter `RunbooksUrl` is set.")]


class Alarms(TypedDict):
    """The alarms of the stack."""

    watched: int
    ringing: Annotated[list[RingingAlarm], Doc("Alarms in state ALARM; those that affect callers come first.")]
    without_data: Annotated[
        list[str], Doc("Alarms without data. Normal in the first minutes of a stack; later such an alarm cannot fire.")
    ]


class UnverifiedRecording(TypedDict):
    """A recording that is not verified in the bucket yet."""

    id: Annotated[str, Doc("For `GET /recordings/{id}`.")]
    call_session_id: str
    status: Annotated[str, Doc("expected, saved or copied.")]
    since: Annotated[str, Doc(f"When the recording ended; if not known, when it was requested. {MOMENT}")]
    is_late: Annotated[bool, Doc("Whether it should have been verified by now.")]


class Custody(TypedDict):
    """Recordings that are not settled in the ledger."""

    oldest_unverified: UnverifiedRecording | None
    unverified: Annotated[dict[str, int], Doc("Number of recordings by status, including those in progress.")]
    awaiting_transcript: int
    is_whole: Annotated[bool, Doc("Whether all of them were read.")]


class Move(TypedDict):
    """The latest SQS message move task of a queue."""

    status: Annotated[str, Doc("RUNNING, COMPLETED, CANCELLING, CANCELLED or FAILED.")]
    moved: Annotated[int, Doc("Approximate number of messages moved.")]
    of: Annotated[int | None, Doc("Approximate number of messages to move.")]
    began_at: Annotated[str | None, Doc(MOMENT)]
    why: Annotated[str | None, Doc("Why it failed.")]


class Queue(TypedDict):
    """A queue of the stack."""

    name: str
    means: Annotated[str, Doc("What a message in it is.")]
    is_dead_letters: Annotated[bool, Doc("Whether it is a dead-letter queue.")]
    messages: Annotated[int | None, Doc("Approximate number of waiting messages; null if it could not be read.")]
    in_flight: Annotated[int | None, Doc("Approximate number of messages in flight.")]
    delayed: Annotated[int | None, Doc("Approximate number of delayed messages.")]
    oldest_at: Annotated[str | None, Doc(f"When the oldest message was queued; null if not known. {MOMENT}")]
    can_redrive: Annotated[bool, Doc("Whether `POST /health/queues/{name}/redrive` can redrive its messages.")]
    move: Annotated[Move | None, Doc("null if SQS has never moved its messages.")]
    command: Annotated[
        str | None, Doc("The shell command that redrives it, or purges messages that are of no more use.")
    ]
    runbook: str | None
    runbook_url: str | None


class Redrive(TypedDict):
    """One redrive of a queue, and who did it."""

    at: Annotated[str, Doc(MOMENT)]
    by: Annotated[str, Doc("The signed-in person or IAM role.")]
    queue: str


class Redriven(Redrive):
    """The result of a redrive."""

    put_back: Annotated[int, Doc("Number of messages put back, or whose events are being resent.")]
    is_moving: Annotated[bool, Doc("Whether SQS now moves the messages; `move` in `GET /health` shows its progress.")]
    is_finished: Annotated[
        bool, Doc("Whether all messages were processed. If not, and `is_moving` is false, send the request again.")
    ]
    notes: Annotated[list[str], Doc("For each message that stays in the queue: why, and what to do.")]


class Parked(TypedDict):
    """Webhooks that failed because of a bug, kept in a bucket until they are replayed."""

    events: int
    is_whole: Annotated[bool, Doc("Whether all were counted.")]
    oldest_at: Annotated[str | None, Doc(f"When the oldest of them was parked. {MOMENT}")]
    command: Annotated[str, Doc("The command that replays them.")]


class Unread(TypedDict):
    """A part that could not be read."""

    part: Literal["alarms", "recordings", "queues", "ages", "parked", "redrives"]
    message: str


class Health(TypedDict):
    """The state of a stack."""

    stack: str
    is_well: Annotated[bool, Doc("Whether everything could be read and nothing needs attention.")]
    sentences: Annotated[list[str], Doc("What is wrong and what could not be read, most urgent first.")]
    alarms: Annotated[Alarms | None, Doc("null if they could not be read; the same holds for the other parts.")]
    recordings: Custody | None
    queues: list[Queue]
    parked: Parked | None
    redrives: Annotated[list[Redrive] | None, Doc("The latest redrives, newest first.")]
    unread: list[Unread]


CampaignState = TypedDict(
    "CampaignState",
    {
        "id": str,
        "name": str,
        "flow": str,
        "flow_version": Annotated[str | None, Doc("The flow version of all its calls.")],
        "from": str,
        "consent": Annotated[str, Doc("Why these people may be called.")],
        "window": Annotated[str, Doc("The part of a recipient's day in which the phone may ring: `09:00-20:00`.")],
        "rate_per_second": float,
        "max_in_flight": Annotated[int, Doc("Maximum number of simultaneous calls.")],
        "status": Annotated[str, Doc("`scheduled`, `running`, `paused`, `cancelled` or `done`.")],
        "reason": Annotated[str, Doc("Why the campaign is paused or cancelled; empty otherwise.")],
        "created_by": str,
        "created_at": Annotated[str, Doc(MOMENT)],
        "starts_at": Annotated[str, Doc(MOMENT)],
        "recipients": int,
        "taken": Annotated[int, Doc("Recipients taken from the list so far: each is being dialled, waiting, or done.")],
        "settled": Annotated[int, Doc("Recipients who are done.")],
        "dials": Annotated[int, Doc("Dials, over all rounds.")],
        "in_flight": int,
        "outcomes": Annotated[dict[str, int], Doc("Number of recipients by final outcome.")],
        "refused": Annotated[dict[str, int], Doc("Number of recipients never dialled, by the rule that prevented it.")],
        "calls": Annotated[dict[str, int], Doc("Number of calls by outcome, over all rounds.")],
        "failures": Annotated[list[str], Doc("The last calls that failed: row, round, outcome.")],
        "began_at": Annotated[str | None, Doc("The first dial.")],
        "dialling_since": Annotated[str | None, Doc("The first dial after the latest break.")],
        "dialled_at": Annotated[str | None, Doc("The last dial.")],
        "at": Annotated[
            str | None, Doc("The time of these counts. They are updated every second while the campaign is active.")
        ],
    },
)
CampaignState.__doc__ = """A campaign and its progress."""


class CourseColumn(TypedDict):
    """What happened in one interval."""

    dials: int
    answered: Annotated[int, Doc("Answered calls that ended in the interval.")]
    failed: Annotated[int, Doc("Calls that failed in the interval.")]


class CampaignCourse(TypedDict):
    """A campaign over time."""

    begins_at: Annotated[str | None, Doc("The start of the first interval.")]
    minutes: Annotated[int, Doc("Length of an interval; it grows with the campaign's duration.")]
    columns: list[CourseColumn]


class CampaignCost(TypedDict):
    """Estimated and actual cost."""

    estimated: Annotated[
        float | None, Doc("The most that one round costs, in US dollars; null if there was no estimate.")
    ]
    estimated_seconds: Annotated[int | None, Doc("Estimated time from the first to the last dial of one round.")]
    amount: Annotated[float, Doc("Cost of the calls as reported by Telnyx so far, in the account's currency.")]
    calls: Annotated[int, Doc("Number of calls with a reported cost.")]


class CampaignDetail(CampaignState):
    """One campaign with its history and cost."""

    course: CampaignCourse
    cost: CampaignCost


class CampaignRecipient(TypedDict):
    """The result for one recipient: a row of `dialtone campaigns report --csv`."""

    row: Annotated[int, Doc("Row in the original list; its header is row 1.")]
    number: str
    outcome: Annotated[str, Doc("`claimed`, `dialled` or `waiting` while it is open; empty for one not called.")]
    refused: Annotated[str, Doc("The rule that prevented the last dial; empty if none did.")]
    rounds: Annotated[int, Doc("Number of rounds.")]
    outcomes: Annotated[list[str], Doc("The outcome of each round.")]
    answered_seconds: int
    cost: Annotated[str, Doc("Cost of its calls in the account's currency; empty until Telnyx reports one.")]
    ended_at: str
    telnyx_code: Annotated[str, Doc("Telnyx's error code, if it refused a dial.")]
    call_session_id: str
    given: Annotated[dict[str, str], Doc("The flow's inputs from the list.")]


class CampaignRecipients(TypedDict):
    """Recipients taken from the list so far, in its order."""

    recipients: list[CampaignRecipient]
    next_part: Annotated[int | None, Doc("Pass this as `part` to get the next part; null after the last one.")]


class CampaignStates(TypedDict):
    """Campaigns, the newest first."""

    campaigns: list[CampaignState]


class RefusedRowAnswer(TypedDict):
    """A refused row."""

    row: Annotated[int, Doc("Row in the list; for recipients in the request, their position, counted from 1.")]
    rule: str
    reason: str


class EstimateAnswer(TypedDict):
    """The estimate for the first round, in which every recipient is dialled once."""

    starts_at: Annotated[int, Doc("The first dial, in unix seconds.")]
    ends_at: Annotated[int | None, Doc("The last dial, in unix seconds; null if it is more than sixty days away.")]
    dialling_seconds: int
    most_dollars: Annotated[
        float, Doc("If every recipient answers and listens to the end; without Telnyx's charge for machine detection.")
    ]


class CampaignAnswer(TypedDict):
    """The created campaign; with `dry_run`, the one that would be created."""

    id: str
    rows: int
    recipients: int
    refused: Annotated[
        dict[str, int], Doc("Number of refused rows by rule. The suppression list is checked before each dial.")
    ]
    first_refused: list[RefusedRowAnswer]
    estimate: EstimateAnswer
    dry_run: bool
    repeated: Annotated[bool, Doc("Whether the campaign existed before; nothing was done then.")]


for _each in [each for each in vars().values() if is_typeddict(each)]:
    # A key that the API's description lacks is an error, when the API answers.
    _each.__pydantic_config__ = {"extra": "forbid"}
