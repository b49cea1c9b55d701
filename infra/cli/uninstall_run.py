"""Runs `dialtone uninstall`: shows what would be lost, asks, deletes."""

import argparse

from infra.cli.asking import confirmed
from infra.operations import aws
from infra.operations.connect.record import ConnectionRecord
from infra.operations.releases.uninstall import losses, resources, staying
from infra.operations.stack_outputs import deployed, region_of


def run(given: argparse.Namespace) -> int:
    """Show, ask, delete. 1 where the answer is no."""
    region = region_of(given.stack, given.region)
    stack = deployed(given.stack, region)
    with aws.explained():
        formation = aws.client("cloudformation", region)
        of = resources(formation, given.stack)
        clients = {
            "sqs": aws.client("sqs", region),
            "s3": aws.client("s3", region),
            "dynamodb": aws.client("dynamodb", region),
        }
        lost, stays = list(losses(stack, of, clients)), list(staying(of))
    if ConnectionRecord.of(given.stack, region).read().values:
        lost.append(f"your callers' connection: numbers still lead to it: dialtone disconnect --stack {given.stack}")
    _show(f"With {given.stack} would be lost:", lost or ["nothing that is waiting; its logs and alarms"])
    _show("This stays, and is paid for:", stays)
    if given.dry_run:
        return 0
    if not (given.yes or confirmed(f"Delete {given.stack}?", "--yes")):
        print("Nothing was deleted.")
        return 1
    with aws.explained():
        formation.update_termination_protection(EnableTerminationProtection=False, StackName=given.stack)
        formation.delete_stack(StackName=given.stack)
        formation.get_waiter("stack_delete_complete").wait(StackName=given.stack)
    print(f"{given.stack} is deleted.")
    return 0


def _show(title: str, lines: list[str]) -> None:
    print(title)
    for line in lines:
        print(f"  {line}")
