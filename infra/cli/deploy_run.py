"""Runs `dialtone deploy`."""

import argparse
import contextlib
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.flowkit.lint import lint, looked_at
from infra.flowkit.linting.finding import Severity
from infra.flowkit.linting.rules.unknown_step import near
from infra.local.cloud import TEMPLATE
from infra.local.translate import read
from infra.operations.releases.deployment import problem_before, settle
from infra.operations.stack_outputs import StackMissing, deployed
from infra.output.files import alone
from infra.packing.package import build
from infra.packing.package import run as run_program
from infra.packing.parameters import check_parameters
from infra.packing.tools import find_tools
from infra.projects.project import PROJECT_FILE, Environment, Project, nearest

ARCHITECTURE = "arm64"
"""As `make deploy` has it; Graviton costs a fifth less."""

PUBLIC_KEY, NOT_FILLED_IN = "TelnyxPublicKey", "…"

ROLLOUT, AT_ONCE = "Rollout", "all-at-once"

WORK_FOLDER = ".dialtone"
"""Of a project: what is packed. Its .gitignore names it."""

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")


def run(given: argparse.Namespace) -> int:
    """Check, pack, deploy. Raises DialtoneError for what cannot be deployed."""
    project = nearest(given.project)
    if project.file is None:
        raise DialtoneError(f"{given.project or 'here'}: no {PROJECT_FILE} is there or above; `dialtone new` makes one")
    with contextlib.chdir(project.root):  # where what is asked about its stacks finds their regions
        _deploy(project, _environment(project, given.environment), given.rollout, yes=given.yes)
    return 0


def _deploy(project: Project, environment: Environment, rollout: str | None, *, yes: bool) -> None:
    tools = find_tools()
    parameters = {"Architecture": ARCHITECTURE, **dict(environment.parameters)}
    if rollout:
        parameters[ROLLOUT] = rollout
    check_parameters(f"{project.file}: {environment.name}", parameters, read(TEMPLATE)["Parameters"])
    _check(project)
    if PUBLIC_KEY not in parameters:
        _check_there(environment)
    if parameters.get(ROLLOUT) != AT_ONCE and (problem := problem_before(environment.stack)):
        raise DialtoneError(problem)
    folder = project.root / WORK_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder, otherwise=f"another `dialtone deploy` of {project.root.name} is running: wait for its end"):
        template = build(project.flows, folder, parameters["Architecture"], tools)
        asked = sam_deploy(project, environment, template, parameters, ask=environment.confirm and not yes)
        run_program("SAM", [str(tools.sam), *asked], folder, tools)
    for line in settle(environment.stack, project.flows, protect=environment.protect):
        print(line)
    print(f"Deployed: {environment.stack}. `dialtone connect --stack {environment.name}` lets its numbers ring.")


def sam_deploy(
    project: Project, environment: Environment, template: Path, parameters: dict[str, str], *, ask: bool
) -> list[str]:
    """What SAM is asked; samconfig.toml has the same for the samples."""
    return [
        "deploy",
        *("--template-file", str(template)),
        *("--stack-name", environment.stack),
        *(("--region", environment.region) if environment.region else ()),
        *("--resolve-s3", "--s3-prefix", environment.stack),
        *("--capabilities", *CAPABILITIES),
        "--confirm-changeset" if ask else "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
        *("--tags", _pair("Project", project.root.name), _pair("Environment", environment.name)),
        *("--parameter-overrides", *(_pair(name, value) for name, value in parameters.items())),
    ]


def _pair(name: str, value: str) -> str:
    """As SAM reads it: a value with spaces, or none at all, is quoted."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


def _environment(project: Project, name: str) -> Environment:
    known = project.environments()
    file = project.root / PROJECT_FILE
    if not known:
        raise DialtoneError(
            f'{file} names no environment: add [environments.dev] with stack = "{project.root.name}-dev"'
        )
    if name and name not in known:
        raise DialtoneError(f"{file} has no environment {name}: {near(name, known, 'it has ' + ', '.join(known))}")
    found = known[name] if name else next(iter(known.values()))
    if dict(found.parameters).get(PUBLIC_KEY) == NOT_FILLED_IN:
        raise DialtoneError(f"{file}: {PUBLIC_KEY} of {found.name} is not filled in; `dialtone secret` shows it")
    return found


def _check_there(environment: Environment) -> None:
    """Raises DialtoneError for the first deployment of a stack, which needs the key; a later one keeps it."""
    try:
        deployed(environment.stack, environment.region)
    except StackMissing:
        remedy = f"write {PUBLIC_KEY} below [environments.{environment.name}.parameters]; `dialtone secret` shows it"
        raise DialtoneError(f"{environment.stack} is deployed for the first time: {remedy}") from None


def _check(project: Project) -> None:
    """As `make build` does: a flow with errors is not deployed."""
    findings = lint(project.flows)
    for each in findings:
        print(each)
    errors = sum(each.severity is Severity.ERROR for each in findings)
    print(f"{looked_at(project.flows)}: {errors} errors, {len(findings) - errors} warnings")
    if errors:
        raise DialtoneError("the flows have errors, so nothing was deployed: correct them, and run this again")
