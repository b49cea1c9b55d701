"""What the commands about published versions have in common."""

import argparse
import os

from dialtone.adapters.flow_versions_table import FlowVersionsTable
from infra.operations import aws
from infra.operations.stack_outputs import Stack, find_stack


def stack(given: argparse.Namespace) -> Stack:
    """The stack that is meant. Raises DialtoneError."""
    return find_stack(given.stack, os.environ)


def publications(of: Stack) -> FlowVersionsTable:
    """The published versions of a stack. Raises DialtoneError."""
    return FlowVersionsTable(aws.client("dynamodb"), of.calls_table)


def author() -> str:
    """Who this is to AWS, as every change of what is live notes it: `user/anna`, `assumed-role/deployer/ci`."""
    arn: str = aws.client("sts").get_caller_identity()["Arn"]
    return arn.rpartition(":")[2]
