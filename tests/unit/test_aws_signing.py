"""Our Signature Version 4 against botocore's."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import quote

import botocore.auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoresCredentials
from hypothesis import given
from hypothesis import strategies as st

from dialtone.adapters.aws.credentials import Credentials
from dialtone.adapters.aws.signing import signed

WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)
VALUES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1).filter(
    lambda text: text == " ".join(text.split())  # inner blanks are folded: nothing that we send has any
)
KEYS = st.builds(Credentials, WORDS, VALUES, st.one_of(st.just(""), WORDS))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1))  # noqa: DTZ001 -- hypothesis adds the zone


@given(
    path=st.text().map(lambda text: f"/{quote(text, safe='')}"),
    headers=st.dictionaries(st.sampled_from(["content-type", "x-amz-target", "x-amz-invocation-type"]), VALUES),
    body=st.binary(),
    scope=st.tuples(WORDS, WORDS),
    by=KEYS,
    moment=MOMENTS,
)
def test_a_request_is_signed_as_botocore_signs_it(  # noqa: PLR0913, PLR0917 -- all that is signed
    path: str, headers: dict[str, str], body: bytes, scope: tuple[str, str], by: Credentials, moment: datetime
) -> None:
    region, service = scope
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    theirs = AWSRequest("POST", f"https://{service}.example.com{path}", headers=headers, data=body)
    signer = SigV4Auth(BotocoresCredentials(by.access_key, by.secret_key, by.token or None), service, region)
    with patch.object(botocore.auth, "get_current_datetime", lambda: moment.replace(tzinfo=None)):
        signer.add_auth(theirs)

    ours = signed(
        path,
        {**headers, "host": f"{service}.example.com"},
        body,
        scope=scope,
        by=by,
        at_seconds=moment.timestamp(),
    )

    assert ours == {name.lower(): value for name, value in theirs.headers.items()} | {"host": ours["host"]}


def test_a_request_is_signed_as_awss_own_example_is() -> None:
    """`post-vanilla` of the test suite that AWS published with the algorithm."""
    example = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "")
    moment = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)

    headers = signed(
        "/",
        {"host": "example.amazonaws.com"},
        b"",
        scope=("us-east-1", "service"),
        by=example,
        at_seconds=moment.timestamp(),
    )

    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )
