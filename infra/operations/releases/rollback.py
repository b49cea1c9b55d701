"""Moves the alias of the webhook function back to the version before, and forth again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dialtone.domain.errors import DialtoneError
from infra.operations.releases.history import ALIAS, Versions, no_version_before

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

WAKING_SECONDS = 300
"""A version with SnapStart that was unused for 14 days has no snapshot; making one takes a minute or two."""

POLL_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Move:
    """The alias, from one version to another."""

    versions: Versions
    target: str

    def lines(self) -> Iterator[str]:
        """What will be done, for people."""
        seen = self.versions
        yield f"{seen.function}: version {seen.live} takes webhooks, published {seen.published.get(seen.live, '?')}"
        yield f"  alias {ALIAS}: {seen.live} -> {self.target}, published {seen.published[self.target]}"

    def lines_after(self) -> Iterator[str]:
        """What follows from it."""
        seen = self.versions
        if self.target == seen.deployed:
            yield f"Version {self.target} takes webhooks again, as CloudFormation expects."
            return
        yield f"Version {self.target} takes webhooks; calls in progress continue, and published flows stay."
        yield f"CloudFormation still holds version {seen.deployed} for live; deploying it once more changes nothing."
        yield "Roles, table, alarms and the other functions are as before. Deploy the fix, or the commit before, with"
        yield "ROLLOUT=all-at-once: a canary would be compared with the version that was just taken back."


def back(versions: Versions) -> Move | None:
    """The move to the version before; None if it was made already. Raises DialtoneError if there is no such version."""
    if versions.rolled_back:
        return None
    if not versions.before:
        raise no_version_before(versions)
    return Move(versions, versions.before)


def forth(versions: Versions) -> Move | None:
    """The move to the version that was deployed last; None if it takes webhooks already.

    Raises DialtoneError if there is no such version.
    """
    if not versions.rolled_back:
        return None
    if versions.deployed not in versions.published:
        raise DialtoneError(f"version {versions.deployed} no longer exists: deploy its commit again")
    return Move(versions, versions.deployed)


def move(functions: LambdaClient, wanted: Move, sleep: Callable[[float], None] = time.sleep) -> None:
    """Move the alias, all of it. Raises DialtoneError if somebody else has moved it, and botocore's errors."""
    _wake(functions, wanted, sleep)
    try:
        functions.update_alias(
            FunctionName=wanted.versions.function,
            Name=ALIAS,
            FunctionVersion=wanted.target,
            RoutingConfig={"AdditionalVersionWeights": {}},
            RevisionId=wanted.versions.alias_revision,
        )
    except functions.exceptions.PreconditionFailedException:
        raise DialtoneError("somebody else has moved the alias meanwhile: check, and run this again") from None


def _wake(functions: LambdaClient, wanted: Move, sleep: Callable[[float], None]) -> None:
    """Have a version ready before callers need it. Raises DialtoneError if it does not get ready."""
    named: Any = {"FunctionName": wanted.versions.function, "Qualifier": wanted.target}
    for _ in range(0, WAKING_SECONDS, POLL_SECONDS):
        state = functions.get_function_configuration(**named).get("State", "Active")
        if state == "Active":
            return
        if state == "Failed":
            break
        if state == "Inactive":
            with suppress(functions.exceptions.SnapStartNotReadyException):
                functions.invoke(**named, Payload=b"{}")  # unsigned: it is answered 401, once it is awake
        sleep(POLL_SECONDS)
    raise DialtoneError(
        f"version {wanted.target} does not start: nothing was changed; deploy the previous commit instead"
    )
