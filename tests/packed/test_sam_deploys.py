"""What `dialtone deploy` asks of SAM, asked of SAM itself: it puts up the whole stack in the emulator.

Without what the emulator's CloudFormation does not know: CodeDeploy, so no canary. `make check-sam` runs it, since it
has SAM.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from infra.checkout import ROOT
from infra.cli.deploy_run import sam_deploy
from infra.local import translate
from infra.local.clients import Clients
from infra.local.cloud import ARTIFACTS, FUNCTIONS, TEMPLATE
from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Emulator
from infra.local.package import zip_functions
from infra.projects.project import Environment, Project

if TYPE_CHECKING:
    from pathlib import Path

SAM = ROOT / ".sam" / "bin" / "sam"
STACK = "my-line-dev"
PARAMETERS = {"TelnyxPublicKey": "A" * 43 + "=", "FailoverSentence": 'Say "when", please.'}
TIMEOUT_SECONDS = 300

if "PACKED" not in os.environ:
    pytest.skip("make check-sam runs this, which has SAM", allow_module_level=True)


def test_sam_deploys_the_stack_as_it_is_asked_to(tmp_path: Path) -> None:
    template = for_the_emulator(tmp_path)
    asked = sam_deploy(
        Project(tmp_path, tmp_path), Environment("dev", STACK, REGION), template, dict(PARAMETERS), ask=False
    )

    with Emulator() as emulator:
        emulator.wait_until_ready()
        clients = Clients(emulator)
        prepare(clients)
        done = subprocess.run(  # noqa: S603 -- SAM, from its lock
            [str(SAM), *asked],
            cwd=tmp_path,
            env=os.environ
            | {
                "AWS_ENDPOINT_URL": emulator.endpoint_url,
                "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
                "AWS_DEFAULT_REGION": REGION,
                "SAM_CLI_TELEMETRY": "0",
            },
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (stack,) = clients.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        clients.close()

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert PARAMETERS.items() <= given.items()
    assert {"WebhookUrl", "CallsTableName", "RecordingsBucketName"} <= {each["OutputKey"] for each in stack["Outputs"]}


def for_the_emulator(folder: Path) -> Path:
    """The template as the emulator takes it, with its nested ones as files, as `sam build` leaves them."""
    sam = translate.read(TEMPLATE)
    local = translate.for_emulator(translate.to_cloudformation(sam, ARTIFACTS, PARAMETERS, REGION))
    for name, stack in translate.of_type(local, "AWS::CloudFormation::Stack").items():
        nested = translate.for_emulator(translate.read(TEMPLATE.parent / stack["Properties"]["TemplateURL"]))
        (folder / f"{name}.json").write_text(json.dumps(nested), encoding="utf-8")
        stack["Properties"]["TemplateURL"] = f"{name}.json"
    (folder / "template.json").write_text(json.dumps(local), encoding="utf-8")
    return folder / "template.json"


def prepare(clients: Clients) -> None:
    """What stands before the stack: its code, and the API key's secret."""
    s3 = clients.client("s3")
    s3.create_bucket(Bucket=ARTIFACTS.bucket)
    s3.put_object(Bucket=ARTIFACTS.bucket, Key=ARTIFACTS.key, Body=zip_functions(FUNCTIONS))
    name = translate.read(TEMPLATE)["Parameters"]["TelnyxApiKeySecretName"]["Default"]
    clients.client("secretsmanager").create_secret(Name=name, SecretString="KEY")
