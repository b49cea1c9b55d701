"""Runs `dialtone rollback-code`: shows what will be moved, asks, moves it."""

import argparse
from typing import Any

from infra.cli.asking import confirmed
from infra.operations import aws
from infra.operations.releases.history import application_of, deployments_going_on, read_versions
from infra.operations.releases.rollback import back, forth, move
from infra.operations.stack_outputs import deployed, region_of


def run(given: argparse.Namespace) -> int:
    """Show, ask, move. 1 where the answer is no."""
    region = region_of(given.stack, given.region)
    stack = deployed(given.stack, region)
    with aws.explained():
        functions, codedeploy = aws.client("lambda", region), aws.client("codedeploy", region)
        if going_on := deployments_going_on(codedeploy, application_of(stack)):
            return _stop(codedeploy, going_on, given)
        versions = read_versions(stack, functions, codedeploy)
        wanted = forth(versions) if given.undo else back(versions)
        if wanted is None:
            print(f"Version {versions.live} takes webhooks: there is nothing to do.")
            return 0
        for line in wanted.lines():
            print(line)
        if given.dry_run:
            return 0
        if not (given.yes or confirmed("Move it?", "--yes")):
            print("Nothing was changed.")
            return 1
        move(functions, wanted)
    for line in wanted.lines_after():
        print(line)
    return 0


def _stop(codedeploy: Any, going_on: list[str], given: argparse.Namespace) -> int:  # noqa: ANN401 -- no stubs
    """Have CodeDeploy take a deployment back that is not over; CloudFormation then takes back the rest."""
    for deployment in going_on:
        print(
            f"Deployment {deployment} is in progress: it will be stopped, and the previous version gets all "
            f"webhooks again."
        )
    if given.dry_run:
        return 0
    if not (given.yes or confirmed("Stop it?", "--yes")):
        print("Nothing was changed.")
        return 1
    for deployment in going_on:
        codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    print("Stopped. CloudFormation now rolls the rest of the stack back.")
    return 0
