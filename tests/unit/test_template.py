"""What template.yaml promises and no emulator checks, asserted on the CloudFormation that SAM makes of it."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from archive.bucket import RETENTION_TAG
from control.watched_queues import QUEUES
from dialtone.adapters.calls_table import (
    BEGAN_AT,
    BEGAN_INDEX,
    BEGAN_ON,
    DUE_AT,
    DUE_INDEX,
    DUE_SHARD,
    NAMED,
    NAMED_INDEX,
)
from dialtone.domain.retention import KEEP_DAYS
from dialtone.flow.recording_options import RetentionDays
from dialtone.flow.steps.lookup import MAX_LIMIT_SECONDS
from infra.checkout import ROOT
from infra.local import translate
from infra.local.cloud import ARTIFACTS, TEMPLATE
from infra.local.emulator import REGION
from infra.local.translate import Template, of_type
from lookup.answer_delivery import PAUSES_SECONDS
from reconcile.overdue import NEXT_SWEEP_SECONDS
from reconcile.sweep import CALL_SECONDS, RESERVED_SECONDS

LOG_ACTIONS = {"logs:CreateLogStream", "logs:PutLogEvents"}
TABLE_KEY_ACTIONS = {
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}
KEY_OF_CALLS = {
    "UseKeyForTable": TABLE_KEY_ACTIONS,
    "UseKeyForQueuesAndObjects": {"kms:Decrypt", "kms:GenerateDataKey"},
    "UseKeyForSecrets": {"kms:Decrypt"},
}
OWN_KEY = {"Fn::If": ["HasOwnKey", {"Fn::GetAtt": ["Key", "Arn"]}, {"Ref": "AWS::NoValue"}]}
TRACE_ACTIONS = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


@pytest.fixture(scope="module")
def sam() -> Template:
    return translate.read(TEMPLATE)


@pytest.fixture(scope="module")
def template(sam: Template) -> Template:
    return translate.to_cloudformation(sam, ARTIFACTS, {"TelnyxPublicKey": "A" * 43 + "="}, REGION)


def properties(template: Template, name: str) -> dict[str, Any]:
    values: dict[str, Any] = template["Resources"][name]["Properties"]
    return values


def statements(template: Template, role: str) -> Iterator[dict[str, Any]]:
    for policy in properties(template, role)["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]
    for policy in of_type(template, "AWS::IAM::Policy").values():
        if {"Ref": role} in policy["Properties"]["Roles"]:
            yield from policy["Properties"]["PolicyDocument"]["Statement"]


def actions(statement: dict[str, Any]) -> set[str]:
    action = statement["Action"]
    return {action} if isinstance(action, str) else set(action)


def functions(template: Template) -> dict[str, dict[str, Any]]:
    return {name: f["Properties"] for name, f in of_type(template, "AWS::Lambda::Function").items()}


def test_the_functions_run_on_the_architecture_that_is_asked_for(template: Template) -> None:
    for function in functions(template).values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert template["Parameters"]["Architecture"]["Default"] == "arm64"
    assert template["Parameters"]["Architecture"]["AllowedValues"] == ["arm64", "x86_64"]


def test_the_functions_are_these_with_their_handlers(template: Template) -> None:
    handlers = {name: function["Handler"] for name, function in functions(template).items()}

    assert handlers == {
        "WebhookFunction": "webhook.app.handler",
        "ArchiveFunction": "archive.app.handler",
        "LookupFunction": "lookup.app.handler",
        "ReconcileFunction": "reconcile.app.handler",
        "FailoverFunction": "failover.app.handler",
        "WatchdogFunction": "watchdog.app.handler",
        "PreTrafficFunction": "pretraffic.app.handler",
        "ControlFunction": "control.app.handler",
        "EventsFunction": "events.app.handler",
        "CampaignsFunction": "campaigns.app.handler",
        "DeliverFunction": "deliver.app.handler",
    }


def test_the_functions_get_the_names_of_their_dependencies_and_no_secret(template: Template) -> None:
    shared = {
        "CALLS_TABLE",
        "TELNYX_API_KEY_SECRET",
        "POWERTOOLS_SERVICE_NAME",
        "POWERTOOLS_METRICS_NAMESPACE",
        "POWERTOOLS_LOG_LEVEL",
        "PYDANTIC_DISABLE_PLUGINS",
    }

    variables = {name: set(function["Environment"]["Variables"]) for name, function in functions(template).items()}

    assert variables["WebhookFunction"] == shared | {
        "TELNYX_PUBLIC_KEY",
        "ARCHIVE_QUEUE_URL",
        "LOOKUP_FUNCTION",
        "WATCHDOG_QUEUE_URL",
        "PARKED_EVENTS_BUCKET",
    }
    assert variables["ArchiveFunction"] == shared | {"RECORDINGS_BUCKET"}
    assert variables["LookupFunction"] == shared | {"LOOKUP_TOKENS_SECRET"}
    assert variables["PreTrafficFunction"] == shared | {"NEW_VERSION"}
    assert variables["ControlFunction"] == shared | {
        "RECORDINGS_BUCKET",
        "CAMPAIGNS_BUCKET",
        "WEBHOOK_FUNCTION",
        "CONTROL_DESTINATIONS",
        "TELNYX_CONNECTION_ID",
        "RECORDING_DELETION",
        "STACK_NAME",
        "RUNBOOKS_URL",
        "PARKED_EVENTS_BUCKET",
        *(each.setting for each in QUEUES),
    }
    assert variables["WatchdogFunction"] == shared | {"WATCHDOG_QUEUE_URL", "WEBHOOK_FUNCTION"}
    assert variables["ReconcileFunction"] == shared | {"ARCHIVE_QUEUE_URL", "RECORDINGS_BUCKET", "WEBHOOK_FUNCTION"}
    assert variables["CampaignsFunction"] == shared | {"CAMPAIGNS_BUCKET"}
    assert variables["EventsFunction"] == shared | {"EVENT_BUS", "EVENT_NUMBERS", "EVENTS_DEAD_LETTER_QUEUE_URL"}
    assert variables["DeliverFunction"] == shared | {
        "RECORDINGS_BUCKET",
        "DELIVERY_QUEUE_URL",
        "MAIL_FROM",
        "CHATS_SECRET",
        "CONTROL_URL",
        "CONSOLE_URL",
    }
    assert variables["FailoverFunction"] == shared | {
        "TELNYX_PUBLIC_KEY",
        "FAILOVER_SENTENCE",
        "FAILOVER_LANGUAGE",
        "FAILOVER_VOICE",
        "FAILOVER_TRANSFER_TO",
    }


def test_the_api_has_one_route_and_its_limits(template: Template) -> None:
    body = properties(template, "HttpApi")["Body"]
    routes = [(method, path) for path, methods in body["paths"].items() for method in methods]
    stage = properties(template, "HttpApiApiGatewayDefaultStage")

    assert routes == [("post", "/webhooks/telnyx")]
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}


def test_the_api_waits_as_long_as_the_webhook_function_may_run(template: Template) -> None:
    operation = properties(template, "HttpApi")["Body"]["paths"]["/webhooks/telnyx"]["post"]

    assert (
        operation[translate.INTEGRATION]["timeoutInMillis"] == 1000 * functions(template)["WebhookFunction"]["Timeout"]
    )


def test_every_log_is_kept_as_long_as_asked_for_and_no_longer(template: Template) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    written = {function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions(template).values()}

    assert set(groups) == written | {"AccessLogGroup", "ControlAccessLogGroup"}
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert group["Properties"]["KmsKeyId"] == OWN_KEY


def test_calls_can_be_recovered_and_end_when_their_time_has_come(template: Template) -> None:
    table = properties(template, "CallsTable")

    assert table["KeySchema"] == [
        {"AttributeName": "call_session_id", "KeyType": "HASH"},
        {"AttributeName": "item", "KeyType": "RANGE"},
    ]
    keys = {DUE_INDEX: (DUE_SHARD, DUE_AT), BEGAN_INDEX: (BEGAN_ON, BEGAN_AT), NAMED_INDEX: (NAMED,)}
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == list(keys)
    for index in table["GlobalSecondaryIndexes"]:
        assert index["KeySchema"] == [
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys[index["IndexName"]], ("HASH", "RANGE"), strict=False)
        ]
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}, "more would be written at every change"
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": OWN_KEY}
    assert table["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize(
    "name",
    [
        "CallsTable",
        "RecordingsBucket",
        "RecordingsBucketPolicy",
        "ParkedEventsBucket",
        "ParkedEventsBucketPolicy",
        "CampaignsBucket",
        "CampaignsBucketPolicy",
        "AccessLogBucket",
        "AccessLogBucketPolicy",
        "Key",
        "ArchiveDeadLetterQueue",
    ],
)
def test_what_was_kept_outlives_the_stack(template: Template, name: str) -> None:
    resource = template["Resources"][name]

    assert resource["DeletionPolicy"] == "Retain"
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_every_bucket_is_private_and_encrypted(template: Template) -> None:
    buckets = of_type(template, "AWS::S3::Bucket")

    assert set(buckets) == {"RecordingsBucket", "ParkedEventsBucket", "CampaignsBucket", "AccessLogBucket"}
    for name in buckets:
        bucket = properties(template, name)
        encryption = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        by_kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": OWN_KEY}
        # S3 delivers no access logs to a bucket that is encrypted with KMS.
        expected = {"SSEAlgorithm": "AES256"} if name == "AccessLogBucket" else by_kms
        assert encryption["ServerSideEncryptionByDefault"] == expected


def test_recordings_keep_their_versions_and_parked_events_none(template: Template) -> None:
    [expiry] = properties(template, "ParkedEventsBucket")["LifecycleConfiguration"]["Rules"]

    assert properties(template, "RecordingsBucket")["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "VersioningConfiguration" not in properties(template, "ParkedEventsBucket")
    assert (expiry["Status"], expiry["ExpirationInDays"], "Prefix" in expiry) == ("Enabled", 14, False)


def test_lists_of_campaigns_are_kept_as_long_as_the_calls(template: Template) -> None:
    [expiry] = properties(template, "CampaignsBucket")["LifecycleConfiguration"]["Rules"]

    assert (expiry["Status"], expiry["ExpirationInDays"], "Prefix" in expiry) == ("Enabled", KEEP_DAYS, False)


@pytest.mark.parametrize("bucket", ["RecordingsBucket", "ParkedEventsBucket", "CampaignsBucket", "AccessLogBucket"])
def test_what_is_in_a_bucket_travels_over_tls_only(template: Template, bucket: str) -> None:
    policy = properties(template, f"{bucket}Policy")

    statement, *others = policy["PolicyDocument"]["Statement"]

    assert len(others) == (bucket == "AccessLogBucket")
    assert policy["Bucket"] == {"Ref": bucket}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [
        {"Fn::GetAtt": [bucket, "Arn"]},
        {"Fn::Sub": f"${{{bucket}.Arn}}/*"},
    ]


def test_dead_uploads_and_overwritten_versions_go_and_recordings_only_if_asked(template: Template) -> None:
    rules = properties(template, "RecordingsBucket")["LifecycleConfiguration"]["Rules"]
    always = {rule["Id"]: rule for rule in rules if "Id" in rule}
    (conditional,) = [rule["Fn::If"] for rule in rules if "Fn::If" in rule]

    assert always["abort-unfinished-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert always["expire-overwritten"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert not [rule for rule in always.values() if "ExpirationInDays" in rule and "TagFilters" not in rule]
    assert conditional[0] == "RecordingsExpire"
    assert conditional[1]["ExpirationInDays"] == {"Ref": "RecordingRetentionDays"}
    assert conditional[2] == {"Ref": "AWS::NoValue"}
    assert template["Parameters"]["RecordingRetentionDays"]["Default"] == 0


def test_for_every_retention_that_a_flow_may_say_there_is_a_rule(template: Template) -> None:
    rules = properties(template, "RecordingsBucket")["LifecycleConfiguration"]["Rules"]
    by_tag = [rule for rule in rules if "TagFilters" in rule]

    for rule in by_tag:
        assert rule["TagFilters"] == [{"Key": RETENTION_TAG, "Value": str(rule["ExpirationInDays"])}]
        assert (rule["Status"], rule["Prefix"]) == ("Enabled", "recordings/")
    assert tuple(rule["ExpirationInDays"] for rule in by_tag) == get_args(RetentionDays)


def test_recordings_can_be_held_only_where_it_was_asked_for(template: Template) -> None:
    locked = properties(template, "RecordingsBucket")["ObjectLockEnabled"]

    assert locked == {"Fn::If": ["LocksObjects", True, {"Ref": "AWS::NoValue"}]}
    assert template["Parameters"]["ObjectLock"]["Default"] == "off"


def test_queues_are_encrypted_and_give_what_fails_to_the_dead_letters(template: Template) -> None:
    queue = properties(template, "ArchiveQueue")
    dead_letters = properties(template, "ArchiveDeadLetterQueue")

    for each in of_type(template, "AWS::SQS::Queue").values():
        assert each["Properties"]["SqsManagedSseEnabled"] == {"Fn::If": ["HasOwnKey", {"Ref": "AWS::NoValue"}, True]}
        assert each["Properties"]["KmsMasterKeyId"] == OWN_KEY
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["ArchiveDeadLetterQueue", "Arn"]}
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_recording_stays_hidden_six_times_as_long_as_the_function_may_take(template: Template) -> None:
    visibility = properties(template, "ArchiveQueue")["VisibilityTimeout"]

    assert visibility >= 6 * functions(template)["ArchiveFunction"]["Timeout"]


def test_one_failed_recording_does_not_bring_its_batch_back(template: Template) -> None:
    mapping = properties(template, "ArchiveFunctionRecording")

    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["ArchiveQueue", "Arn"]}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] <= 10


def test_what_runs_in_the_background_leaves_callers_the_rest_even_of_an_account_with_ten(template: Template) -> None:
    mappings = [
        each
        for each in of_type(template, "AWS::Lambda::EventSourceMapping").values()
        if "StartingPosition" not in each["Properties"]  # a stream has one reader for each of its few shards
    ]
    limit = template["Parameters"]["BackgroundConcurrency"]

    assert all(
        each["Properties"]["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "BackgroundConcurrency"}}
        for each in mappings
    )
    assert len(mappings) * limit["MinValue"] <= 10 - 4, "a call's webhooks come one after the other: four serve many"
    assert limit["MinValue"] == 2, "less is refused by Lambda"


def test_each_function_may_do_exactly_this(template: Template) -> None:
    allowed = {
        role: {statement["Sid"]: actions(statement) for statement in statements(template, role)}
        for role in of_type(template, "AWS::IAM::Role")
    }

    assert allowed == {
        "WebhookRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "ReadAndCommitCalls": {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
            "HandRecordingsOver": {"sqs:SendMessage"},
            "LeaveLookups": {"lambda:InvokeFunction"},
            "ParkEvents": {"s3:PutObject"},
            "ReadTelnyxApiKey": {"secretsmanager:GetSecretValue"},
            **KEY_OF_CALLS,
        },
        "ArchiveRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "TakeRecordingsOver": {
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            },
            "KeepTheLedger": {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:UpdateItem"},
            "StoreAndReadBack": {
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:PutObject",
                "s3:PutObjectTagging",
            },
            "KnowErasedCalls": {"s3:GetObject"},
            "TellMissingFromForbidden": {"s3:ListBucket", "s3:ListBucketMultipartUploads"},
            "ReadTelnyxApiKey": {"secretsmanager:GetSecretValue"},
            **KEY_OF_CALLS,
        },
        "LookupRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "TakeAnswersToCalls": {"lambda:InvokeFunction"},
            "AskFunctions": {"lambda:InvokeFunction"},
            "ReadTokens": {"secretsmanager:GetSecretValue"},
            "UseKeyForSecrets": {"kms:Decrypt"},
        },
        "ReconcileRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "FindWhatIsDue": {"dynamodb:Query"},
            "ReadCalls": {"dynamodb:BatchGetItem"},
            "EndTrials": {"dynamodb:PutItem"},
            "MoveOnAndSettle": {"dynamodb:UpdateItem"},
            "HandRecordingsOver": {"sqs:SendMessage"},
            "LeaveFailedSweeps": {"sqs:SendMessage"},
            "TakeRecordingsIn": {"lambda:InvokeFunction"},
            "KnowErasedCalls": {"s3:GetObject"},
            "TellMissingFromForbidden": {"s3:ListBucket"},
            "ReadTelnyxApiKey": {"secretsmanager:GetSecretValue"},
            **KEY_OF_CALLS,
        },
        "WatchdogRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "ReadCalls": {"dynamodb:BatchGetItem", "dynamodb:Query"},
            "TakeLooksOverAndAskForMore": {
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            },
            "DeliverWhatNeverCame": {"lambda:InvokeFunction"},
            "ReadTelnyxApiKey": {"secretsmanager:GetSecretValue"},
            **KEY_OF_CALLS,
        },
        "ControlRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "ReadCalls": {"dynamodb:BatchGetItem", "dynamodb:Query"},
            "FindCallsOfAQuietLine": {"dynamodb:Scan"},
            "HaveActionsCarriedOut": {"lambda:InvokeFunction"},
            "NoteWhoListens": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
            "ReadRecordings": {"s3:GetObject"},
            "TellMissingFromForbidden": {"s3:ListBucket"},
            "ReadLists": {"s3:GetObject"},
            "LayListsDown": {"s3:PutObject"},
            "ReadAlarms": {"cloudwatch:DescribeAlarms"},
            "ReadAgesOfMessages": {"cloudwatch:GetMetricData"},
            "CountMessages": {"sqs:GetQueueAttributes"},
            "TakeWhatWasGivenUp": {"sqs:DeleteMessage", "sqs:ReceiveMessage"},
            "ShowAgainWhatStays": {"sqs:ChangeMessageVisibility"},
            "LetMessagesBeMoved": {"sqs:ListMessageMoveTasks", "sqs:StartMessageMoveTask"},
            "PutBack": {"sqs:SendMessage"},
            "HaveEventsSentAgain": {"dynamodb:UpdateItem"},
            "FindVersions": {"s3:ListBucketVersions"},
            "DeleteVersions": {"s3:DeleteObjectVersion"},
            "NoteWhatIsErased": {"dynamodb:UpdateItem"},
            "ReadTelnyxApiKey": {"secretsmanager:GetSecretValue"},
            **KEY_OF_CALLS,
        },
        "EventsRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "ReadTheStream": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
            "ListStreams": {"dynamodb:ListStreams"},
            "SendEvents": {"events:PutEvents"},
            "KeepWhatCannotBeSent": {"sqs:SendMessage"},
            **KEY_OF_CALLS,
        },
        "CampaignsRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "FindWhatIsDue": {"dynamodb:Query"},
            "ReadCampaigns": {"dynamodb:BatchGetItem"},
            "ClaimAndSettle": {"dynamodb:PutItem"},
            "ReadLists": {"s3:GetObject"},
            "TellMissingFromForbidden": {"s3:ListBucket"},
            "LeaveFailedWorkers": {"sqs:SendMessage"},
            "ReadTelnyxApiKey": {"secretsmanager:GetSecretValue"},
            **KEY_OF_CALLS,
        },
        "DeliverRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "TakeMessagesOverAndLookAgain": {
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            },
            "ReadTheStream": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
            "ListStreams": {"dynamodb:ListStreams"},
            "LeaveWhatCannotBeQueued": {"sqs:SendMessage"},
            "ReadTheLedgerAndClaim": {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"},
            "ReadRecordings": {"s3:GetObject"},
            "TellMissingFromForbidden": {"s3:ListBucket"},
            "SendMail": {"ses:SendEmail"},
            "ReadChats": {"secretsmanager:GetSecretValue"},
            **KEY_OF_CALLS,
        },
        "DeploymentRole": {
            "MoveTheAlias": {"lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"},
            "AskTheHook": {"lambda:InvokeFunction"},
            "SeeAlarms": {"cloudwatch:DescribeAlarms"},
        },
        "PreTrafficRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "PlayTheCall": {"lambda:InvokeFunction"},
            "ClearItsCall": {"dynamodb:DeleteItem", "dynamodb:Query"},
            "AnswerCodeDeploy": {"codedeploy:PutLifecycleEventHookExecutionStatus"},
            **KEY_OF_CALLS,
        },
        "FailoverRole": {
            "WriteItsLogs": LOG_ACTIONS,
            "SendTraces": TRACE_ACTIONS,
            "ReadTelnyxApiKey": {"secretsmanager:GetSecretValue"},
            "UseKeyForSecrets": {"kms:Decrypt"},
        },
    }


def test_the_key_of_the_stack_is_made_only_where_asked_and_used_only_through_the_services(template: Template) -> None:
    key, policies = template["Resources"]["Key"], of_type(template, "AWS::IAM::Policy")
    used = [
        statement
        for name in ("CallsByOwnKey", "SecretsByOwnKey")
        for statement in policies[name]["Properties"]["PolicyDocument"]["Statement"]
    ]

    assert template["Parameters"]["OwnKey"]["Default"] == "off"
    assert key["Properties"]["EnableKeyRotation"] is True
    assert {each["Condition"] for each in (key, policies["CallsByOwnKey"], policies["SecretsByOwnKey"])} == {
        "HasOwnKey"
    }
    for statement in used:
        assert statement["Resource"] == {"Fn::GetAtt": ["Key", "Arn"]}
        assert list(statement["Condition"]["StringEquals"]) == ["kms:ViaService"]
    _, *services = key["Properties"]["KeyPolicy"]["Statement"]
    assert [set(each["Principal"]) for each in services] == [{"Service"}] * 2
    assert all(each["Condition"] for each in services)


def test_who_reads_recordings_is_written_down_where_asked(template: Template) -> None:
    prefixes = {"RecordingsBucket": "recordings/", "ParkedEventsBucket": "parked/", "CampaignsBucket": "campaigns/"}
    for bucket, prefix in prefixes.items():
        condition, logged, otherwise = properties(template, bucket)["LoggingConfiguration"]["Fn::If"]
        assert condition == "LogsBucketAccess"
        assert logged == {"DestinationBucketName": {"Ref": "AccessLogBucket"}, "LogFilePrefix": prefix}
        assert otherwise == {"Ref": "AWS::NoValue"}
    [expiry] = properties(template, "AccessLogBucket")["LifecycleConfiguration"]["Rules"]
    delivery = properties(template, "AccessLogBucketPolicy")["PolicyDocument"]["Statement"][1]

    assert template["Parameters"]["BucketAccessLogs"]["Default"] == "off"
    assert template["Resources"]["AccessLogBucket"]["Condition"] == "LogsBucketAccess"
    assert (expiry["Status"], expiry["ExpirationInDays"]) == ("Enabled", {"Ref": "LogRetentionDays"})
    assert (delivery["Principal"], delivery["Action"]) == ({"Service": "logging.s3.amazonaws.com"}, "s3:PutObject")
    assert set(delivery["Condition"]) == {"ArnLike", "StringEquals"}


def test_the_control_api_can_delete_and_ring_only_where_the_team_allows_it(template: Template) -> None:
    assert of_type(template, "AWS::IAM::Policy")["DeleteByControl"]["Condition"] == "DeletesRecordings"
    assert template["Parameters"]["RecordingDeletion"]["Default"] == "off"
    assert template["Parameters"]["ControlDestinations"]["Default"] == ""


def test_other_systems_are_asked_only_where_the_team_allows_it(template: Template) -> None:
    policies = of_type(template, "AWS::IAM::Policy")

    assert policies["LookupInFunctions"]["Condition"] == "LooksUpInFunctions"
    assert policies["LookupWithTokens"]["Condition"] == "LooksUpWithTokens"
    assert template["Parameters"]["LookupFunctions"]["Default"] == ""
    assert template["Parameters"]["LookupTokensSecretName"]["Default"] == ""


def test_lambda_does_not_ask_another_system_again_after_the_caller_has_given_up(template: Template) -> None:
    [retries] = [
        each
        for each in of_type(template, "AWS::Lambda::EventInvokeConfig").values()
        if each["Properties"]["FunctionName"] == {"Ref": "LookupFunction"}
    ]

    assert retries["Properties"]["MaximumRetryAttempts"] == 0
    assert functions(template)["LookupFunction"]["Timeout"] >= MAX_LIMIT_SECONDS + sum(PAUSES_SECONDS)


def test_a_sweep_begins_every_five_minutes_and_ends_before_the_next(template: Template) -> None:
    [rule] = [each for name, each in of_type(template, "AWS::Events::Rule").items() if "Reconcile" in name]

    assert rule["Properties"]["ScheduleExpression"] == "rate(5 minutes)"
    assert functions(template)["ReconcileFunction"]["Timeout"] > RESERVED_SECONDS + CALL_SECONDS
    assert functions(template)["ReconcileFunction"]["Timeout"] < 300
    assert NEXT_SWEEP_SECONDS < 300


def test_a_sweep_that_fails_or_cannot_begin_is_kept_for_two_weeks(template: Template) -> None:
    queue = {"Fn::GetAtt": ["ReconcileDeadLetterQueue", "Arn"]}
    [rule] = [each for name, each in of_type(template, "AWS::Events::Rule").items() if "Reconcile" in name]
    [invoked] = [
        each["Properties"]
        for each in of_type(template, "AWS::Lambda::EventInvokeConfig").values()
        if each["Properties"]["FunctionName"] == {"Ref": "ReconcileFunction"}
    ]

    assert [target["DeadLetterConfig"]["Arn"] for target in rule["Properties"]["Targets"]] == [queue]
    assert invoked["DestinationConfig"]["OnFailure"]["Destination"] == queue
    assert properties(template, "ReconcileDeadLetterQueue")["MessageRetentionPeriod"] == 14 * 24 * 3600
    [statement] = properties(template, "ReconcileDeadLetterQueuePolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", queue)


def test_the_failover_needs_no_api_and_keeps_concurrency_only_where_asked(template: Template) -> None:
    [url] = of_type(template, "AWS::Lambda::Url").values()
    public = [each["Properties"] for each in of_type(template, "AWS::Lambda::Permission").values()]
    reserved = functions(template)["FailoverFunction"]["ReservedConcurrentExecutions"]

    assert url["Properties"]["AuthType"] == "NONE", "Telnyx's signature is the authentication"
    assert url["Properties"]["TargetFunctionArn"] == {"Ref": "FailoverFunction"}
    assert [each["FunctionName"] for each in public if each["Principal"] == "*"] == [{"Ref": "FailoverFunction"}] * 2
    assert template["Outputs"]["FailoverUrl"]["Value"] == {"Fn::GetAtt": ["FailoverFunctionUrl", "FunctionUrl"]}
    assert reserved["Fn::If"][0] == "FailoverHasItsOwnConcurrency"
    assert template["Parameters"]["FailoverReservedConcurrency"]["Default"] == 0, "or accounts with 10 cannot deploy"
    assert template["Parameters"]["FailoverTransferTo"]["Default"] == ""


def test_the_control_api_takes_signed_requests_only(template: Template) -> None:
    api = properties(template, "ControlApi")["Body"]
    operations = {
        f"{method.upper()} {path}": each for path, methods in api["paths"].items() for method, each in methods.items()
    }
    invoked: dict[str, set[str]] = {}
    for policy in ("ListenPolicy", "ControlPolicy", "ErasePolicy"):
        (allowed,) = properties(template, policy)["PolicyDocument"]["Statement"]
        named = allowed["Resource"] if isinstance(allowed["Resource"], list) else [allowed["Resource"]]
        invoked[policy] = {each["Fn::Sub"].partition("${ControlApi}/*/")[2] for each in named}
    routes = {re.sub(r"\{\w+\}", "*", each).replace(" ", "") for each in operations}

    assert all(each["security"] == [{"AWS_IAM": []}] for each in operations.values())
    assert invoked["ListenPolicy"] == {each for each in routes if each.startswith("GET/")}
    assert invoked["ControlPolicy"] == {each for each in routes if each.startswith("POST/")}
    assert invoked["ErasePolicy"] == {each for each in routes if each.startswith("DELETE/")}
    assert routes == set().union(*invoked.values())


def test_no_function_has_a_role_that_sam_made(template: Template) -> None:
    roles = {function["Role"]["Fn::GetAtt"][0] for function in functions(template).values()}

    assert (
        roles | {"DeploymentRole"}
        == set(of_type(template, "AWS::IAM::Role"))
        == {
            "DeploymentRole",
            "PreTrafficRole",
            "WebhookRole",
            "ArchiveRole",
            "LookupRole",
            "ReconcileRole",
            "FailoverRole",
            "WatchdogRole",
            "ControlRole",
            "EventsRole",
            "CampaignsRole",
            "DeliverRole",
        }
    )
    for role in roles:
        assert "ManagedPolicyArns" not in properties(template, role)


def test_no_action_is_open_and_no_resource_but_where_aws_knows_no_finer_one(template: Template) -> None:
    for role in of_type(template, "AWS::IAM::Role"):
        for statement in statements(template, role):
            assert not [action for action in actions(statement) if "*" in action]
            assert statement["Resource"] != "*" or actions(statement) in (
                TRACE_ACTIONS,
                {"cloudwatch:DescribeAlarms"},
                {"cloudwatch:GetMetricData"},
                {"dynamodb:ListStreams"},
            )


def test_only_the_one_secret_can_be_read(template: Template) -> None:
    for role in ("WebhookRole", "ArchiveRole", "ReconcileRole", "FailoverRole", "WatchdogRole", "CampaignsRole"):
        (statement,) = [s for s in statements(template, role) if s["Sid"] == "ReadTelnyxApiKey"]

        assert statement["Resource"]["Fn::Sub"].endswith(":secret:${TelnyxApiKeySecretName}-??????")


def test_the_outputs_have_the_names_that_others_rely_on(template: Template) -> None:
    assert set(template["Outputs"]) == {
        "WebhookUrl",
        "FailoverUrl",
        "CallsTableName",
        "RecordingsBucketName",
        "ArchiveQueueUrl",
        "ArchiveDeadLetterQueueUrl",
        "ParkedEventsBucketName",
        "CampaignsBucketName",
        "PublishPolicyArn",
        "ConsolePoolId",
        "ConsoleUrl",
        "ControlUrl",
        "ControlPolicyArn",
        "ErasePolicyArn",
        "ListenPolicyArn",
        "EventBusName",
        "EventsDeadLetterQueueUrl",
        "WebhookFunctionName",
        "WebhookFunctionVersion",
        "DeploymentApplication",
        "AlarmRecipient",
        "DashboardUrl",
        "DevelopersDashboardUrl",
        "AlarmTopicArn",
        "NoticeTopicArn",
        "KeyArn",
    }


def test_every_parameter_says_what_it_is(template: Template) -> None:
    assert not [name for name, parameter in template["Parameters"].items() if not parameter.get("Description")]


def test_webhooks_go_to_a_published_version_that_wakes_from_a_snapshot(sam: Template) -> None:
    woken = translate.to_cloudformation(sam, ARTIFACTS, {"TelnyxPublicKey": "A" * 43 + "="}, REGION)

    function = properties(woken, "WebhookFunction")
    [alias] = of_type(woken, "AWS::Lambda::Alias").values()

    assert function["SnapStart"] == {
        "Fn::If": ["SnapStarts", {"ApplyOn": "PublishedVersions"}, {"Ref": "AWS::NoValue"}]
    }
    assert woken["Parameters"]["SnapStart"]["Default"] == "on"
    assert alias["Properties"]["Name"] == "live"
    assert "EphemeralStorage" not in function, "SnapStart allows no more than 512 MB"


def test_a_changed_parameter_publishes_a_version_too(sam: Template, template: Template) -> None:
    """Else the alias would stay with the old public key when it is rotated."""
    own = {name: value for name, value in properties(sam, "WebhookFunction").items() if name != "VersionDescription"}
    function = json.dumps([sam["Globals"]["Function"], own])
    [version] = of_type(template, "AWS::Lambda::Version").values()

    used = {name for name in sam["Parameters"] if f'"Ref": "{name}"' in function or f"${{{name}}}" in function}

    described = version["Properties"]["Description"]["Fn::Sub"]
    assert used | {"SnapStart"} == {name for name in sam["Parameters"] if f"${{{name}}}" in described}
    assert sam["Parameters"]["TelnyxApiKeySecretName"]["AllowedPattern"].endswith("{1,100}$")
    assert len("x86_64 off ") + 100 + len(" ") + 3 * 44 + 2 <= 256, "of AWS's for a description: three keys fit in"


def test_the_control_apis_gateway_has_a_route_for_each_that_is_described(template: Template) -> None:
    described = json.loads((ROOT / "docs" / "control-api.json").read_text(encoding="utf-8"))["paths"]
    deployed = properties(template, "ControlApi")["Body"]["paths"].items()
    routes = {f"{method.upper()} {re.sub(r'{.*?}', '{}', path)}" for path, methods in deployed for method in methods}

    for path, methods in described.items():
        shape = re.sub(r"/actions/\w+$", "/actions/{}", re.sub(r"\{\w+\}", "{}", path))
        assert {f"{method.upper()} {shape}" for method in methods} <= routes, path
