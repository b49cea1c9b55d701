"""A calls table that was restored: what DynamoDB's restore leaves out of it, and how it gets that back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from botocore.exceptions import ClientError, WaiterError

from dialtone.domain.errors import DialtoneError
from infra.operations import aws
from infra.operations.releases.uninstall import resources
from infra.operations.stack_outputs import Deployed

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef
    from mypy_boto3_lambda import LambdaClient


EXPIRES_AT = "expires_at"
IMAGES: Literal["NEW_AND_OLD_IMAGES"] = "NEW_AND_OLD_IMAGES"
READERS = ("EventsFunction", "DeliverFunction")
"""The functions that read the stream, by their logical names. A test holds these to the template."""

STREAM_PARAMETER = "CallsTableStream"
"""The parameter that names the stream of a restored table."""

POLL_SECONDS, TABLE_POLLS, STACK_POLLS = 5, 120, 360
"""A change of a table takes about a minute, a change of the stack several: waits end after 10 and 30 minutes."""


class Step(NamedTuple):
    """Something that the table lacks."""

    says: str
    do: Callable[[], None]


class RestoredTable:
    """The calls table of a stack. Every method raises botocore's errors, and DialtoneError with the remedy otherwise.

    Only missing settings become steps, so an interrupted run continues where it stopped.
    """

    def __init__(
        self, stack: Deployed, dynamodb: DynamoDBClient, functions: LambdaClient, formation: CloudFormationClient
    ) -> None:
        self.name = stack.output("CallsTableName")
        self._stack = stack
        self._dynamodb = dynamodb
        self._functions = functions
        self._formation = formation

    def steps(self) -> tuple[Step, ...]:
        """The missing settings, in the order in which to restore them; none for a complete table."""
        table = self._described()
        steps = []
        stream = self._stream_of(table)
        if not stream:  # first: what is written before it is on is in no event
            steps.append(Step("turn its stream on", self._begin_stream))
        if not table.get("DeletionProtectionEnabled"):
            steps.append(Step("protect it from deletion", self._protect))
        if not self._recovers():
            steps.append(Step("turn point-in-time recovery on", self._let_recover))
        if not self._expires():
            steps.append(Step(f"let its items expire ({EXPIRES_AT})", self._let_expire))
        if unread := self._not_reading(stream):
            self._check_parameter(stream)
            names = " and ".join(unread)
            steps.append(
                Step(f"have {names} read its stream: update the stack ({STREAM_PARAMETER})", self._have_it_read)
            )
        return tuple(steps)

    def _described(self) -> TableDescriptionTypeDef:
        try:
            table = self._dynamodb.describe_table(TableName=self.name)["Table"]
        except ClientError as error:
            if aws.code_of(error) != "ResourceNotFoundException":
                raise
            raise DialtoneError(
                f"there is no table {self.name}: restore it under this name first (docs/operations.md, Restore)"
            ) from None
        if table.get("TableStatus") == "CREATING":
            raise DialtoneError(f"the table {self.name} is still being restored: run this again when it is there")
        return table

    def _expires(self) -> bool:
        found = self._dynamodb.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]
        return found.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}

    def _recovers(self) -> bool:
        found = self._dynamodb.describe_continuous_backups(TableName=self.name)["ContinuousBackupsDescription"]
        return found.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED"

    def _stream_of(self, table: TableDescriptionTypeDef) -> str:
        """The ARN of the table's stream; '' if it has none."""
        settings = table.get("StreamSpecification", {})
        if not settings.get("StreamEnabled"):
            return ""
        if settings.get("StreamViewType") != IMAGES:
            raise DialtoneError(
                f"the stream of {self.name} shows {settings.get('StreamViewType')}, and cannot be changed: turn it off"
                f" (aws dynamodb update-table --table-name {self.name} --stream-specification StreamEnabled=false),"
                " and run this again"
            )
        return table.get("LatestStreamArn", "")

    def _not_reading(self, stream: str) -> list[str]:
        """The functions that do not read that stream."""
        of = resources(self._formation, self._stack.name)
        pages = self._functions.get_paginator("list_event_source_mappings")
        unread = []
        for name in READERS:
            found = [each for page in pages.paginate(FunctionName=of[name]) for each in page["EventSourceMappings"]]
            if not stream or stream not in {each.get("EventSourceArn") for each in found}:
                unread.append(name)
        return unread

    def _check_parameter(self, stream: str) -> None:
        """Raise DialtoneError if the stack lacks the parameter, or if the parameter names that stream already."""
        named = self._stack.parameters.get(STREAM_PARAMETER)
        if named is None:
            raise DialtoneError(
                f"the stack {self._stack.name} is of a version before this command: deploy this one, and run it again"
            )
        if stream and named == stream:
            raise DialtoneError(
                f"the stack {self._stack.name} names {stream} already, but an event source mapping that reads it was"
                " deleted: create it again as template.yaml defines it (aws lambda create-event-source-mapping)"
            )

    def _let_expire(self) -> None:
        self._dynamodb.update_time_to_live(
            TableName=self.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRES_AT}
        )

    def _let_recover(self) -> None:
        self._dynamodb.update_continuous_backups(
            TableName=self.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

    def _protect(self) -> None:
        self._dynamodb.update_table(TableName=self.name, DeletionProtectionEnabled=True)
        self._wait_for_table()

    def _begin_stream(self) -> None:
        self._dynamodb.update_table(
            TableName=self.name, StreamSpecification={"StreamEnabled": True, "StreamViewType": IMAGES}
        )
        self._wait_for_table()

    def _wait_for_table(self) -> None:
        """Wait until the table can be changed again: DynamoDB makes one change at a time."""
        waiter = self._dynamodb.get_waiter("table_exists")
        waiter.wait(TableName=self.name, WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": TABLE_POLLS})

    def _have_it_read(self) -> None:
        """By CloudFormation: filters and destinations stay those of the template, and the stack knows of it."""
        stack = self._stack
        others: list[ParameterTypeDef] = [
            {"ParameterKey": name, "UsePreviousValue": True} for name in stack.parameters if name != STREAM_PARAMETER
        ]
        self._formation.update_stack(
            StackName=stack.name,
            UsePreviousTemplate=True,
            Parameters=[
                *others,
                {"ParameterKey": STREAM_PARAMETER, "ParameterValue": self._stream_of(self._described())},
            ],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        waiter = self._formation.get_waiter("stack_update_complete")
        try:
            waiter.wait(StackName=stack.name, WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": STACK_POLLS})
        except WaiterError:
            raise DialtoneError(
                f"the stack {stack.name} has not taken the stream: see its events in CloudFormation's console, and run"
                " this again"
            ) from None
