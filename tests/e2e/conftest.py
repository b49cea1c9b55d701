"""The stack of template.yaml with the real functions, and the simulated Telnyx that it speaks to; one for all tests."""

import base64
from collections.abc import Iterator

import boto3
import pytest
from nacl.signing import SigningKey

from infra.carrier import Carrier
from infra.carrier.server import CarrierServer, http_fetch, http_post
from infra.checkout import SAMPLES
from infra.local.cloud import LocalCloud, StackSettings
from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

DELIVERIES_AT_ONCE = 4


@pytest.fixture(scope="session")
def telnyx_key() -> SigningKey:
    """A key that the stack takes for Telnyx's beside the carrier's own, as while keys are rotated."""
    return SigningKey.generate()


@pytest.fixture(scope="session")
def carrier() -> Carrier:
    """The simulated Telnyx: applications and numbers are the tests' own."""
    return Carrier(http_post, fetch=http_fetch, delivery_threads=DELIVERIES_AT_ONCE)


@pytest.fixture(scope="session")
def cloud(carrier: Carrier, telnyx_key: SigningKey) -> Iterator[LocalCloud]:
    """The whole stack, deployed from the template."""
    key = base64.b64encode(bytes(telnyx_key.verify_key)).decode()
    with CarrierServer(carrier) as server:
        settings = StackSettings(
            telnyx_public_key=f"{carrier.public_key},{key}",
            telnyx_base_url=server.url,
            telnyx_api_key=carrier.api_key,
            environment={"FLOWS_FOLDER": str(SAMPLES)},
            parameters={"Console": "on", "TelnyxConnectionId": "control", "ControlDestinations": "+1555"},
        )
        with LocalCloud(settings) as running:
            yield running


@pytest.fixture
def shell(cloud: LocalCloud, carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `dialtone up` prints of AWS and of Telnyx, for a command that has not yet asked for credentials."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name, value in {
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "TELNYX_API_KEY": carrier.api_key,
        "TELNYX_BASE_URL": f"{carrier.public_url}/v2",
    }.items():
        monkeypatch.setenv(name, value)
