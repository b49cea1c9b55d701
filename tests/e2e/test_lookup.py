"""A flow that asks a function of the team's, on the stack as it is deployed: three functions, one call."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.carrier import Application, Caller, Carrier, Hear, Silence, trace
from infra.carrier.server import CarrierServer, http_fetch, http_post
from infra.local.cloud import LocalCloud, StackSettings

NUMBER = "+15550100"
FLOW = """\
flow: desk
last_resort: sorry
steps:
  customer:
    lookup: customers
    send: {phone: "{caller}"}
    into: customer
    gives: [name]
    limit_seconds: 20
    meanwhile: One moment, please.
  hello: {say: "Good morning, {customer.name}.", next: bye}
  sorry: {say: We do not know you.}
  bye: hangup
"""
CUSTOMERS = 'def handler(question, context):\n    return {"name": "Ada " + question["phone"][-2:]}\n'
"""A function that a team might have."""
CUSTOMERS_ARN = "arn:aws:lambda:us-east-1:000000000000:function:customers"


@pytest.fixture(scope="module")
def carrier() -> Carrier:
    return Carrier(http_post, fetch=http_fetch, delivery_threads=2, pace=1.0)


@pytest.fixture(scope="module")
def cloud(carrier: Carrier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A stack whose flows ask."""
    flows = tmp_path_factory.mktemp("flows")
    _write(flows)
    with CarrierServer(carrier) as server:
        settings = StackSettings(
            telnyx_public_key=carrier.public_key,
            telnyx_base_url=server.url,
            telnyx_api_key=carrier.api_key,
            environment={"FLOWS_FOLDER": str(flows)},
            parameters={"LookupFunctions": CUSTOMERS_ARN},
        )
        with LocalCloud(settings) as running:
            yield running


def _write(flows: Path) -> None:
    (flows / "desk.yaml").write_text(FLOW, encoding="utf-8")
    (flows / "numbers.yaml").write_text(f'"{NUMBER}": desk\n', encoding="utf-8")


def customers(cloud: LocalCloud) -> None:
    """Put the team's own function beside the stack."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", CUSTOMERS)
    functions = cloud.client("lambda")
    role = functions.list_functions()["Functions"][0]["Role"]  # it needs one, and may do nothing by it
    functions.create_function(
        FunctionName="customers",
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
    )


def called(cloud: LocalCloud, carrier: Carrier, caller: str) -> list[str]:
    """Give what a caller hears."""
    heard: list[str] = []

    def listen(happening: trace.Happening) -> None:
        if isinstance(happening, trace.Heard):
            heard.append(happening.what)

    carrier.observe(listen)
    carrier.add_application(Application("1", cloud.webhook_url), [NUMBER])
    carrier.call(caller, NUMBER, Caller(Hear("know you"), Silence(1)))
    carrier.run()
    return list(heard)  # the listener stays


def test_a_caller_is_known_by_what_another_function_says(cloud: LocalCloud, carrier: Carrier) -> None:
    unknown = called(cloud, carrier, "+15550141")
    customers(cloud)

    known = called(cloud, carrier, "+15550142")

    assert unknown[-1] == "We do not know you."
    assert known[-1] == "Good morning, Ada 42."
    said = [json.loads(line) for line in cloud.logs("LookupFunction") if '"lookup answered"' in line]
    assert [line["result"] for line in said] == ["failed", "found"]
