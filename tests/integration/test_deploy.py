"""`dialtone deploy`, with a program in SAM's place: what it is asked, and what it finds packed."""

import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

from infra.checkout import ROOT
from infra.cli import deploy_run
from infra.cli.main import main
from infra.operations.stack_outputs import Deployed, StackMissing
from infra.output.files import alone
from infra.packing import tools
from infra.projects.new_project import create

pytestmark = pytest.mark.no_cover

SAM = """#!{python}
import json, pathlib, shutil, sys
asked = sys.argv[1:]
with open({log!r}, "a") as log:
    print(json.dumps(asked), file=log)
if asked[0] == {fails!r}:
    sys.exit("SAM says why")
if asked[0] == "build":
    built = pathlib.Path(asked[asked.index("--build-dir") + 1])
    shutil.rmtree(built, ignore_errors=True)
    package = built / "WebhookFunction"
    shutil.copytree({functions!r} + "/flows", package / "flows")
    for name, text in {{
        "dialtone/__init__.py": "",
        "telnyx/_version.py": {version!r},
        "botocore/data/endpoints.json": '{{"partitions": []}}',
    }}.items():
        (package / name).parent.mkdir(parents=True)
        (package / name).write_text(text)
"""


class Deployment:
    """A project, and the SAM that deploys it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my-line"
        self.log = folder / "asked.txt"
        self.sam = folder / "bin" / "sam"
        self.sam.parent.mkdir()
        self.problems: dict[str, str] = {}
        """Why a canary must not go out, by stack."""
        self.missing: set[str] = set()
        """Stacks that are deployed for the first time."""
        create(self.root, "front-desk")
        self.place_sam()

    def place_sam(self, fails: str = "") -> None:
        text = SAM.format(
            python=sys.executable,
            log=str(self.log),
            fails=fails,
            functions=str(ROOT / "functions"),
            version=f'__version__ = "{version("telnyx")}"',
        )
        self.sam.write_text(text, encoding="utf-8")
        self.sam.chmod(0o755)

    def found(self, stack: str, region: str) -> Deployed:
        if stack in self.missing:
            raise StackMissing(stack)
        return Deployed(stack, region)

    def configure(self, old: str, new: str) -> None:
        file = self.root / "dialtone.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def asked(self) -> Sequence[list[str]]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    @property
    def packed(self) -> Path:
        return self.root / ".dialtone" / "build" / "WebhookFunction"


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    deployment = Deployment(tmp_path)
    monkeypatch.chdir(deployment.root)
    monkeypatch.setattr(tools, "find_sam", lambda: deployment.sam)
    monkeypatch.setattr(tools, "find_python", lambda: Path(sys.executable))
    # What is asked of AWS before and after has tests of its own.
    monkeypatch.setattr(deploy_run, "problem_before", lambda stack: deployment.problems.get(stack, ""))
    monkeypatch.setattr(deploy_run, "deployed", deployment.found)
    monkeypatch.setattr(
        deploy_run,
        "settle",
        lambda stack, flows, *, protect: [f"settled: {stack} with {flows.name}, protected: {protect}"],
    )
    return deployment


def test_a_project_is_packed_with_its_own_menus_and_deployed_as_its_file_says(line: Deployment) -> None:
    line.configure('# TelnyxPublicKey = "…"\n# AlarmEmail', 'FailoverSentence = "Say \\"when\\"."\n# AlarmEmail')

    assert main(["deploy"]) == 0

    files = {file.relative_to(line.packed / "flows").as_posix() for file in line.packed.rglob("flows/**/*.yaml")}
    assert files == {"front-desk.yaml", "numbers.yaml", "calendars/office.yaml"}
    assert (line.packed / "dialtone" / "__pycache__").is_dir()  # bytecode, so that it starts fast
    build, deploy = line.asked()
    assert build[:3] == ["build", "--template-file", str(ROOT / "template.yaml")]
    assert deploy == [
        *("deploy", "--template-file", str(line.packed.parent / "template.yaml")),
        *("--stack-name", "my-line-dev", "--region", "us-east-1", "--resolve-s3", "--s3-prefix", "my-line-dev"),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
        *("--tags", 'Project="my-line"', 'Environment="dev"'),
        *("--parameter-overrides", 'Architecture="arm64"', 'Rollout="all-at-once"'),
        'FailoverSentence="Say \\"when\\"."',
    ]


@pytest.mark.parametrize(("options", "asks"), [([], "--confirm-changeset"), (["--yes"], "--no-confirm-changeset")])
def test_another_environment_may_ask_first(
    options: list[str], asks: str, line: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy", "prod", *options]) == 0

    deploy = line.asked()[-1]
    assert asks in deploy
    assert "my-line-prod" in deploy
    assert "settled: my-line-prod with flows, protected: True" in capsys.readouterr().out


def test_of_two_deployments_of_a_project_the_second_does_not_pack_over_the_first(
    line: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    (line.root / ".dialtone").mkdir()

    with alone(line.root / ".dialtone"):
        assert main(["deploy"]) == 1

    assert "another `dialtone deploy` of my-line is running: wait for its end" in capsys.readouterr().err
    assert not line.log.exists()


def test_in_an_emergency_everybody_gets_the_new_version_at_once(line: Deployment) -> None:
    assert main(["deploy", "prod", "--yes", "--rollout", "all-at-once"]) == 0

    assert 'Rollout="all-at-once"' in line.asked()[-1]


def test_a_canary_does_not_go_out_where_it_must_not_and_all_at_once_does(
    line: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    line.problems = {"my-line-prod": "my-line-prod is rolled back", "my-line-dev": "my-line-dev is rolled back"}

    assert main(["deploy", "prod", "--yes"]) == 1
    assert "my-line-prod is rolled back" in capsys.readouterr().err
    assert not line.log.exists()
    assert main(["deploy", "dev"]) == 0


def test_a_project_elsewhere_is_deployed_as_from_its_own_folder(
    line: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["deploy", "--project", "my-line"]) == 0
    assert (line.packed / "flows" / "front-desk.yaml").is_file()
    assert Path.cwd() == tmp_path


def test_it_is_deployed_again_with_what_was_changed_and_nothing_that_was_removed(line: Deployment) -> None:
    assert main(["deploy"]) == 0
    (line.root / "flows" / "calendars" / "office.yaml").rename(line.root / "flows" / "calendars" / "desk.yaml")
    for file in ("calendars/desk.yaml", "front-desk.yaml"):
        text = (line.root / "flows" / file).read_text(encoding="utf-8")
        (line.root / "flows" / file).write_text(text.replace("office\n", "desk\n"), encoding="utf-8")

    assert main(["deploy"]) == 0

    assert [file.name for file in (line.packed / "flows" / "calendars").iterdir()] == ["desk.yaml"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("environments.dev", "environments.test", "has no environment dev: it has test, prod"),
        ('# TelnyxPublicKey = "…"', 'TelnyxPublicKey = "…"', "TelnyxPublicKey of dev is not filled in"),
        (
            '# TelnyxPublicKey = "…"',
            'TelnyxPublicKey = "KEY"',
            "TelnyxPublicKey is 'KEY'; it must be one or more base64",
        ),
        ('"all-at-once"', '"at-once"', "Rollout is 'at-once'; it must be one of canary, all-at-once"),
        ("# AlarmEmail", "AlarmEmial", "AlarmEmial is not a parameter of the stack; did you mean AlarmEmail?"),
        (
            "# AlarmEmail =",
            "RecordingRetentionDays = -1 #",
            "RecordingRetentionDays is '-1'; it must be a number from 0 to",
        ),
    ],
)
def test_what_cannot_be_deployed_is_said_before_anything_is_packed(
    old: str, new: str, said: str, line: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    line.configure(old, new)

    assert main(["deploy", "dev"]) == 1

    assert said in capsys.readouterr().err
    assert not line.log.exists()


def test_the_first_deployment_needs_the_public_key(line: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    line.missing = {"my-line-dev"}

    assert main(["deploy"]) == 1

    assert "my-line-dev is deployed for the first time: write TelnyxPublicKey below" in capsys.readouterr().err
    assert not line.log.exists()


def test_menus_with_errors_are_not_deployed(line: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    (line.root / "flows" / "numbers.yaml").write_text('"+15550100": nowhere\n', encoding="utf-8")

    assert main(["deploy"]) == 1

    said = capsys.readouterr()
    assert "[unknown-flow]" in said.out
    assert "the flows have errors, so nothing was deployed" in said.err
    assert not line.log.exists()


@pytest.mark.parametrize("fails", ["build", "deploy"])
def test_a_step_that_fails_is_the_last(fails: str, line: Deployment, capfd: pytest.CaptureFixture[str]) -> None:
    line.place_sam(fails)

    assert main(["deploy"]) == 1

    assert line.asked()[-1][0] == fails
    assert "SAM says why" in capfd.readouterr().err


def test_without_a_project_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["deploy"]) == 1
    assert "no dialtone.toml is there or above; `dialtone new` makes one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("missing", "said"),
    [("find_sam", "deploying needs AWS SAM CLI: install it"), ("find_python", "packing for AWS needs python3.13")],
)
def test_a_program_that_is_not_here_is_named(
    missing: str, said: str, line: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools, missing, lambda: None)

    assert main(["deploy"]) == 1
    assert said in capsys.readouterr().err
    assert not line.log.exists()
