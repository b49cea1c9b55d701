"""What several integration tests stand on: an AWS by moto, phone menus in a folder, a line through both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from tests.integration.deliveries import written_flows
from tests.integration.neighbours import Line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return written_flows(tmp_path)


@pytest.fixture
def line(aws: None, flows: Path) -> Line:
    del aws
    return Line.open(flows)
