"""What several integration tests stand on: an AWS by moto, flows in a folder, a line through both."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from moto import mock_aws
from moto.server import ThreadedMotoServer

from dialtone.adapters import aws_clients, secrets
from tests.integration.archiving import ArchiveHouse
from tests.integration.custody import Operator, operator
from tests.integration.deliveries import written_flows
from tests.integration.dependencies import Line
from tests.integration.lines import LineSetup, line_setup


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws_address(moto_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give an empty AWS of moto's at an address, where the environment says."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_address)
    httpx.post(f"{moto_address}/moto-api/reset").raise_for_status()
    return moto_address


@pytest.fixture(autouse=True)
def _clients_of_this_test() -> Iterator[None]:
    """A process makes its clients once; each test is a process with an environment of its own."""
    yield
    aws_clients.session.cache_clear()
    secrets._secrets_manager.cache_clear()  # noqa: SLF001 -- as above


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return written_flows(tmp_path)


@pytest.fixture
def line(aws: None, flows: Path) -> Line:
    del aws
    return Line.open(flows)


@pytest.fixture
def house(aws: None) -> Iterator[ArchiveHouse]:
    del aws
    with ArchiveHouse.open() as house:
        yield house


@pytest.fixture
def at_work(aws: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    """Give an operator who runs `dialtone recordings` on a stack by moto."""
    del aws
    with operator(monkeypatch, capsys) as someone:
        yield someone


@pytest.fixture
def setup(
    aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[LineSetup]:
    """Give a line that is deployed and not connected yet, and the command that sets it up."""
    del aws
    with line_setup(tmp_path, monkeypatch, capsys) as made:
        yield made
