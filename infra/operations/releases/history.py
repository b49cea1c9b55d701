"""Which versions of the webhook function there are, which one takes webhooks, and which one did before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from dialtone.domain.errors import DialtoneError
from infra.operations.stack_outputs import Deployed

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


ALIAS = "live"
"""What API Gateway and the other functions invoke."""

GOING_ON = ["Created", "Queued", "InProgress", "Ready"]
"""States of a deployment that is not over."""

ROLLBACK = "codeDeployRollback"
"""Who made a deployment by which CodeDeploy put the version before back."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of the webhook function of a stack. A version is its number."""

    function: str
    alias_revision: str
    """Changes with the alias: a move names the state that it has seen."""
    live: str
    """The version that takes webhooks."""
    canary: tuple[str, ...]
    """Versions that take a share of them."""
    deployed: str
    """The version that CloudFormation put there last; another than `live` after a rollback."""
    before: str
    """The version that took webhooks before it; '' if it is gone."""
    published: Mapping[str, str] = field(default_factory=dict)
    """All that there are, with when each was published."""

    @property
    def rolled_back(self) -> bool:
        """Whether a rollback is in effect."""
        return self.live != self.deployed

    @property
    def superfluous(self) -> tuple[str, ...]:
        """Those that neither take webhooks nor can be gone back to.

        Calls need none: their state is read by every version. An answer to a lookup goes to the version that asked,
        within half a minute; that version is still the one before.
        """
        needed = {self.live, *self.canary, self.deployed, self.before}
        return tuple(sorted(self.published.keys() - needed, key=int))


def read_versions(stack: Deployed, functions: LambdaClient, codedeploy: Any) -> Versions:  # noqa: ANN401 -- no stubs
    """What is there. Raises DialtoneError for a stack of an older template, and botocore's errors."""
    *_, function, deployed = stack.output("WebhookFunctionVersion").split(":")
    alias = functions.get_alias(FunctionName=function, Name=ALIAS)
    published = dict(_published(functions, function))
    went_before = _before(codedeploy, application_of(stack), deployed)
    if went_before is None:  # CodeDeploy has not made it: the first deployment, or one before there was CodeDeploy
        went_before = max((each for each in published if int(each) < int(deployed)), key=int, default="")
    return Versions(
        function=function,
        alias_revision=alias.get("RevisionId", ""),
        live=alias["FunctionVersion"],
        canary=tuple(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})),
        deployed=deployed,
        before=went_before if went_before in published else "",
        published=published,
    )


def application_of(stack: Deployed) -> str:
    """CodeDeploy's name for the stack's deployments; '' on the local stack, which has no CodeDeploy."""
    return stack.outputs.get("DeploymentApplication", "")


def deployments_going_on(codedeploy: Any, application: str) -> list[str]:  # noqa: ANN401 -- no stubs
    """The ids of deployments that are not over."""
    return [
        each for group in _groups(codedeploy, application) for each in _listed(codedeploy, application, group, GOING_ON)
    ]


def _published(functions: LambdaClient, function: str) -> Iterator[tuple[str, str]]:
    for page in functions.get_paginator("list_versions_by_function").paginate(FunctionName=function):
        for each in page["Versions"]:
            if each["Version"] != "$LATEST":
                yield each["Version"], each["LastModified"]


def _before(codedeploy: Any, application: str, version: str) -> str | None:  # noqa: ANN401 -- no stubs
    """The version from which the last successful deployment moved the alias to this one; None if there was none."""
    for group in _groups(codedeploy, application):
        found = _listed(codedeploy, application, group, ["Succeeded"])
        known = [codedeploy.get_deployment(deploymentId=each)["deploymentInfo"] for each in found]
        for info in sorted(known, key=lambda each: each["createTime"], reverse=True):
            moved = _moved(info.get("revision", {}))
            if info.get("creator") != ROLLBACK and moved.get("TargetVersion") == version:
                return moved.get("CurrentVersion", "")
    return None


def _groups(codedeploy: Any, application: str) -> list[str]:  # noqa: ANN401 -- no stubs
    if not application:
        return []
    groups: list[str] = codedeploy.list_deployment_groups(applicationName=application)["deploymentGroups"]
    return groups


def _listed(codedeploy: Any, application: str, group: str, statuses: list[str]) -> list[str]:  # noqa: ANN401 -- no stubs
    """The last ones, on one page: some hundred."""
    listed = codedeploy.list_deployments(
        applicationName=application, deploymentGroupName=group, includeOnlyStatuses=statuses
    )
    deployments: list[str] = listed["deployments"]
    return deployments


def _moved(revision: Mapping[str, Any]) -> dict[str, str]:
    """Between which versions a deployment moved the alias; nothing where its AppSpec does not say."""
    content = (revision.get("appSpecContent") or revision.get("string") or {}).get("content", "")
    try:
        document = yaml.safe_load(content) or {}
        [resource] = document.get("Resources", [{}])
        [described] = resource.values()
        properties = described["Properties"]
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError):
        return {}
    return {name: str(properties.get(name, "")) for name in ("CurrentVersion", "TargetVersion")}


def no_version_before(versions: Versions) -> DialtoneError:
    """The message if there is no earlier version."""
    return DialtoneError(
        f"there is no version before {versions.deployed} to go back to: deploy the commit before"
        " (git checkout BEFORE; make deploy)"
    )
