"""Runs `dialtone after-restore`: shows what the table lacks, asks, gives it back."""

import argparse

from infra.cli.asking import confirmed
from infra.operations import aws
from infra.operations.releases.restored_table import RestoredTable
from infra.operations.stack_outputs import deployed, region_of


def run(given: argparse.Namespace) -> int:
    """Show, ask, do. 1 where the answer is no."""
    region = region_of(given.stack, given.region)
    stack = deployed(given.stack, region)
    stack.check_up()
    with aws.explained():
        dynamodb, functions = aws.client("dynamodb", region), aws.client("lambda", region)
        table = RestoredTable(stack, dynamodb, functions, aws.client("cloudformation", region))
        steps = table.steps()
        if not steps:
            print(f"The calls table {table.name} lacks nothing, and its stream is being read: nothing to do.")
            return 0
        print(f"The calls table {table.name} lacks settings that a restore leaves out. These steps are needed:")
        for step in steps:
            print(f"  {step.says}")
        if given.dry_run:
            return 0
        if not (given.yes or confirmed("Do it?", "--yes")):
            print("Nothing was changed.")
            return 1
        for step in steps:
            step.do()
            print(f"Done: {step.says}")
    print("Events of the time before the table had its stream were not sent. To send them:")
    print(f"  dialtone events resend --stack {given.stack} --since WHEN --until WHEN")
    print("Further steps after a restore: docs/operations.md")
    return 0
