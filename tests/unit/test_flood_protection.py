"""What stands before the webhooks with FloodProtection: its template, and the function at CloudFront's edges."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from infra.checkout import ROOT
from infra.local import translate
from infra.local.cloud import TEMPLATE
from infra.local.translate import of_type
from tests.integration.deliveries import Signer, body

STACK = translate.read(TEMPLATE)
NESTED = translate.read(ROOT / "infra" / "flood_protection.yaml")
NODE = shutil.which("node")
TELNYX, ELSEWHERE = "192.0.2.77", "203.0.113.5"

SIGNED = Signer().request(body("call.initiated", direction="incoming", state="parked"))["headers"]
SIGNATURE, TIME = "telnyx-signature-ed25519", "telnyx-timestamp"
NOW = int(SIGNED[TIME])
"""When it is for the function: the tests may run minutes after the request was signed."""

needs_node = pytest.mark.skipif(
    NODE is None, reason="node is not installed: nothing here can run CloudFront's JavaScript"
)

Event = dict[str, Any]


def event(
    headers: Mapping[str, str] = SIGNED, *, method: str = "POST", uri: str = "/webhooks/telnyx", ip: str = TELNYX
) -> Event:
    """A request as CloudFront hands it to a function: names of headers in lower case."""
    shown = {name.lower(): {"value": value} for name, value in headers.items()}
    return {"version": "1.0", "viewer": {"ip": ip}, "request": {"method": method, "uri": uri, "headers": shown}}


def answers(events: list[Event], ranges: str = "") -> list[int]:
    """What the function at the edge answers to each; 0 for a request that it lets through as it is."""
    code = NESTED["Resources"]["Check"]["Properties"]["FunctionCode"]["Fn::Sub"].replace("${SourceRanges}", ranges)
    assert "${" not in code
    script = (
        f"Date.now = () => {NOW * 1_000};\n{code}\n"
        "const events = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
        "const passed = (e, r) => r === e.request ? 0 : r.statusCode;\n"
        "console.log(JSON.stringify(events.map((e) => passed(e, handler(e)))));"
    )
    ran = subprocess.run(  # noqa: S603 -- node, with the template's own function
        [str(NODE), "-e", script], input=json.dumps(events), capture_output=True, text=True, check=True
    )
    given: list[int] = json.loads(ran.stdout)
    return given


@needs_node
def test_what_telnyx_signs_is_let_through_as_it_is() -> None:
    signer = Signer()
    bodies = (body("call.hangup", number, more="x" * number) for number in range(50))
    webhooks = [signer.request(each, str(NOW))["headers"] for each in bodies]

    assert set(answers([event(each) for each in webhooks])) == {0}


@needs_node
def test_what_cannot_be_a_webhook_is_refused_at_the_edge() -> None:
    forged = {
        "no headers": (event({}), 401),
        "no time": (event({SIGNATURE: SIGNED[SIGNATURE]}), 401),
        "no signature": (event({TIME: SIGNED[TIME]}), 401),
        "not a signature": (event({**SIGNED, SIGNATURE: "forged"}), 401),
        "not of a signature's length": (event({**SIGNED, SIGNATURE: "A" * 88}), 401),
        "not a time": (event({**SIGNED, TIME: "now"}), 401),
        "an empty time": (event({**SIGNED, TIME: ""}), 401),
        "a time without end": (event({**SIGNED, TIME: "1" * 400}), 401),
        "too old": (event({**SIGNED, TIME: str(NOW - 400)}), 401),
        "from the future": (event({**SIGNED, TIME: str(NOW + 400)}), 401),
        "another method": (event(method="GET"), 404),
        "no path": (event(uri="/"), 404),
        "another path": (event(uri="/webhooks/telnyx/"), 404),
    }

    refused = dict(zip(forged, answers([each for each, _ in forged.values()]), strict=True))

    assert refused == {name: status for name, (_, status) in forged.items()}


@needs_node
def test_other_addresses_are_sent_to_the_failover_where_ranges_are_given() -> None:
    calls = [event(ip=ip) for ip in (TELNYX, ELSEWHERE, "192.0.2.63", "192.0.2.96", "198.51.100.9")]

    assert answers(calls, "192.0.2.64/27,198.51.100.9") == [0, 503, 503, 503, 0]
    assert set(answers(calls, "0.0.0.0/0")) == {0}


@dataclass
class Throttle:
    """A route of API Gateway's: a bucket of so many requests, filled at so many a second."""

    rate: float
    burst: float
    left: float = 0.0
    at: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.burst

    def lets(self, at: float) -> bool:
        """Whether a request at that second is let in."""
        self.left, self.at = min(self.burst, self.left + (at - self.at) * self.rate), at
        if self.left < 1:
            return False
        self.left -= 1
        return True


def flood(seconds: int = 40) -> Iterator[tuple[float, bool]]:
    """2,000 forged requests a second and 50 real ones among them: when, and whether it is real."""
    chance = Random(7)
    for number in range(2_050 * seconds):
        yield number / 2_050, chance.random() < 50 / 2_050


def real_ones_refused(forged: Event, *, protected: bool, ranges: str = "") -> int:
    """How many webhooks of Telnyx's are not let in during a flood."""
    settings = NESTED["Resources"]["Stage"]["Properties"]["DefaultRouteSettings"]
    throttle = Throttle(settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"])
    at_the_edge = dict(zip((False, True), answers([forged, event()], ranges), strict=True)) if protected else {}
    arriving = [(at, real) for at, real in flood() if not at_the_edge.get(real)]
    return sum(real for at, real in arriving if not throttle.lets(at))


@needs_node
def test_a_flood_that_the_edge_refuses_takes_nothing_of_the_throttle() -> None:
    unsigned, shaped = event({}, ip=ELSEWHERE), event({**SIGNED, SIGNATURE: "A" * 86 + "=="}, ip=ELSEWHERE)

    assert real_ones_refused(unsigned, protected=False) > 0
    assert real_ones_refused(unsigned, protected=True) == 0
    assert real_ones_refused(shaped, protected=True) > 0, "a signature's form is all that the edge sees"
    assert real_ones_refused(shaped, protected=True, ranges="192.0.2.64/27") == 0


def test_nothing_of_it_is_there_unless_asked_for() -> None:
    assert STACK["Parameters"]["FloodProtection"]["Default"] == "off"
    assert STACK["Resources"]["FloodProtectionStack"]["Condition"] == "HasFloodProtection"
    given = STACK["Resources"]["FloodProtectionStack"]["Properties"]["Parameters"]
    assert set(given) == set(NESTED["Parameters"])


def test_the_api_behind_it_takes_what_the_other_takes_and_is_known_to_nobody() -> None:
    api, behind = STACK["Resources"]["HttpApi"]["Properties"], NESTED["Resources"]
    webhook = STACK["Resources"]["WebhookFunction"]["Properties"]["Events"]["Webhook"]["Properties"]

    assert behind["Stage"]["Properties"]["DefaultRouteSettings"] == api["DefaultRouteSettings"]
    assert behind["Integration"]["Properties"]["TimeoutInMillis"] == webhook["TimeoutInMillis"]
    assert behind["Integration"]["Properties"]["PayloadFormatVersion"] == webhook["PayloadFormatVersion"]
    [route] = of_type(NESTED, "AWS::ApiGatewayV2::Route").values()
    (text, names) = route["Properties"]["RouteKey"]["Fn::Sub"]
    [origin] = behind["Edge"]["Properties"]["DistributionConfig"]["Origins"]
    assert text == f"{webhook['Method']} /${{Secret}}{webhook['Path']}"
    assert origin["OriginPath"]["Fn::Sub"] == ["/${Secret}", names], "only CloudFront knows the secret"
    assert set(NESTED["Outputs"]) == {"WebhookUrl", "ApiId"}


def test_the_old_address_takes_hardly_anything_once_only_the_new_one_is_to_be_used() -> None:
    api = STACK["Resources"]["HttpApi"]["Properties"]
    webhook = STACK["Resources"]["WebhookFunction"]["Properties"]["Events"]["Webhook"]["Properties"]
    condition, narrow, otherwise = api["RouteSettings"]["Fn::If"]

    assert STACK["Conditions"][condition] == {"Fn::Equals": [{"Ref": "FloodProtection"}, "only"]}
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert list(narrow) == [f"{webhook['Method']} {webhook['Path']}"]
    assert narrow[f"{webhook['Method']} {webhook['Path']}"]["ThrottlingRateLimit"] == 1


def test_telnyx_gets_the_address_in_front_and_alarms_watch_the_api_that_takes_webhooks() -> None:
    condition, protected, _ = STACK["Outputs"]["WebhookUrl"]["Value"]["Fn::If"]
    watched = STACK["Resources"]["Monitoring"]["Properties"]["Parameters"]["HttpApiId"]["Fn::If"]

    assert condition == "HasFloodProtection"
    assert protected == {"Fn::GetAtt": ["FloodProtectionStack", "Outputs.WebhookUrl"]}
    assert watched[0] == "OnlyThroughFloodProtection"
    assert watched[1] == {"Fn::GetAtt": ["FloodProtectionStack", "Outputs.ApiId"]}


def test_the_edge_hands_on_headers_and_body_and_caches_nothing() -> None:
    behaviour = NESTED["Resources"]["Edge"]["Properties"]["DistributionConfig"]["DefaultCacheBehavior"]

    assert "POST" in behaviour["AllowedMethods"]
    assert behaviour["ViewerProtocolPolicy"] == "https-only"
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "AWS's CachingDisabled"
    assert behaviour["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac", "AllViewerExceptHostHeader"
    [function] = behaviour["FunctionAssociations"]
    assert function == {"EventType": "viewer-request", "FunctionARN": {"Fn::GetAtt": ["Check", "FunctionARN"]}}
