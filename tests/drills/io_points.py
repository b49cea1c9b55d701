"""Every request that a function sends, one line each. A new one gets its line here; a drill stops at one without.

The name is `<function> <service>:<operation>`: AWS's own name of the operation, or the method and the path at Telnyx
with `…` for what stands between slashes and varies. Each is killed before and after, and fails in every way.
"""

BESIDE = frozenset(
    {
        "campaigns dynamodb:BatchGetItem",
        "campaigns dynamodb:Query",
        "campaigns dynamodb:TransactWriteItems",
        "campaigns s3:GetObject",
        "campaigns secretsmanager:GetSecretValue",
        "campaigns telnyx:POST /calls",
        "campaigns telnyx:GET /calls/…",
        "control dynamodb:BatchGetItem",
        "control dynamodb:PutItem",
        "control dynamodb:Query",
        "control dynamodb:TransactWriteItems",
        "control lambda:Invoke",
        "control s3:PutObject",
        "deliver chat:POST",
        "deliver dynamodb:BatchGetItem",
        "deliver dynamodb:UpdateItem",
        "deliver s3:GetObject",
        "deliver secretsmanager:GetSecretValue",
        "deliver ses:SendEmail",
        "deliver sqs:SendMessage",
        "events events:PutEvents",
    }
)
"""Requests of the functions beside a call: the part `stack` has them."""

BESIDE_RARELY = frozenset(
    {
        "deliver sqs:ChangeMessageVisibility",
        "events sqs:SendMessage",
        "control dynamodb:Scan",
        "control s3:GetObject",
        "control s3:ListObjectVersions",
        "control sqs:DeleteMessage",
        "control sqs:GetQueueAttributes",
        "control sqs:ListMessageMoveTasks",
        "control sqs:ReceiveMessage",
        "control sqs:StartMessageMoveTask",
    }
)
"""Sent where something fails, or for what no scene of the part asks: a recording deleted, a queue redriven."""

IO_POINTS = (
    BESIDE
    | BESIDE_RARELY
    | frozenset(
        {
            "webhook secretsmanager:GetSecretValue",
            "webhook dynamodb:BatchGetItem",
            "webhook dynamodb:TransactWriteItems",
            "webhook dynamodb:UpdateItem",
            "webhook sqs:SendMessage",
            "webhook s3:PutObject",
            "webhook lambda:Invoke",
            "webhook telnyx:POST /calls",
            "webhook telnyx:POST /calls/…/actions/…",
            "webhook telnyx:POST /conferences",
            "webhook telnyx:POST /conferences/…/actions/…",
            "webhook telnyx:GET /conferences/…",
            "webhook telnyx:POST /messages",
            "webhook telnyx:GET /call_events",
            "webhook telnyx:GET /queues/…",
            "webhook telnyx:GET /queues/…/calls",
            "webhook telnyx:GET /queues/…/calls/…",
            "archive secretsmanager:GetSecretValue",
            "archive dynamodb:BatchGetItem",
            "archive dynamodb:Query",
            "archive dynamodb:UpdateItem",
            "archive sqs:ChangeMessageVisibility",
            "archive s3:CreateMultipartUpload",
            "archive s3:UploadPart",
            "archive s3:CompleteMultipartUpload",
            "archive s3:AbortMultipartUpload",
            "archive s3:ListMultipartUploads",
            "archive s3:HeadObject",
            "archive s3:GetObject",
            "archive s3:PutObject",
            "archive telnyx:GET /recordings",
            "archive telnyx:GET /recordings/…",
            "archive telnyx:GET /recording_transcriptions/…",
            "archive storage:GET",
            "reconcile secretsmanager:GetSecretValue",
            "reconcile s3:HeadObject",
            "reconcile dynamodb:BatchGetItem",
            "reconcile dynamodb:Query",
            "reconcile dynamodb:UpdateItem",
            "reconcile sqs:SendMessage",
            "reconcile lambda:Invoke",
            "reconcile telnyx:GET /recordings",
            "reconcile telnyx:GET /calls/…",
            "reconcile telnyx:GET /call_events",
            "reconcile telnyx:GET /webhook_deliveries",
            "watchdog secretsmanager:GetSecretValue",
            "watchdog dynamodb:BatchGetItem",
            "watchdog dynamodb:Query",
            "watchdog sqs:SendMessage",
            "watchdog lambda:Invoke",
            "watchdog telnyx:GET /calls/…",
            "watchdog telnyx:GET /call_events",
            "watchdog telnyx:GET /webhook_deliveries",
            "replay s3:ListObjectsV2",
            "replay s3:DeleteObject",
            "lookup lambda:Invoke",
            "lookup secretsmanager:GetSecretValue",
            "lookup http:POST",
            "archive telnyx:GET /recording_transcriptions",
            "archive telnyx:GET /ai/conversations/…",
            "archive telnyx:GET /ai/conversations/…/messages",
            "archive telnyx:DELETE /recordings/…",
            "archive telnyx:DELETE /recording_transcriptions/…",
            "reconcile telnyx:GET /recording_transcriptions",
            "reconcile telnyx:DELETE /recordings/…",
            "reconcile telnyx:DELETE /recording_transcriptions/…",
            "reconcile dynamodb:TransactWriteItems",
            "pretraffic dynamodb:DeleteItem",
            "publish dynamodb:GetItem",
            "suppress dynamodb:BatchWriteItem",
        }
    )
)

ELSEWHERE = frozenset(
    {
        "archive telnyx:GET /recording_transcriptions",
        "archive telnyx:GET /ai/conversations/…",
        "archive telnyx:GET /ai/conversations/…/messages",
        "archive telnyx:DELETE /recordings/…",
        "archive telnyx:DELETE /recording_transcriptions/…",
        "reconcile telnyx:DELETE /recordings/…",
        "reconcile telnyx:DELETE /recording_transcriptions/…",
        "reconcile dynamodb:TransactWriteItems",
        "webhook s3:PutObject",
        "replay s3:ListObjectsV2",
        "replay s3:DeleteObject",
        "pretraffic dynamodb:DeleteItem",
        "publish dynamodb:GetItem",
        "suppress dynamodb:BatchWriteItem",
    }
)
"""Those that no call of the drill needs:
few talk with a voice agent;
nothing is deleted at Telnyx but of calls that were erased;
no version of the flows is on trial;
webhooks are parked, and run again by `dialtone replay`, where our own code fails, which ends a drill;
a synthetic call is played before a version takes traffic, and then deleted;
the menus of a drill are those of the package: none are published;
people put numbers on the suppression list many at a time, calls one by one."""

ELSEWHERE_IN = (
    "test_replay_command.py",
    "test_erasure.py",
    "test_pretraffic.py",
    "test_publishing.py",
    "test_campaign_numbers.py",
    "test_archive_transcripts.py",
)
"""The files of tests/integration that have those fail."""

PLAYED = IO_POINTS - ELSEWHERE - BESIDE - BESIDE_RARELY


def function_of(point: str) -> str:
    """The function that sends it."""
    return point.partition(" ")[0]


def service_of(point: str) -> str:
    """The service that it goes to."""
    return point.partition(" ")[2].partition(":")[0]
