"""AWS's Signature Version 4, for the requests that `wire` sends: a POST without a query.

As AWS's "Create a signed AWS API request" has it; tests hold it to botocore's own signer.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.aws.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"


def signed(  # noqa: PLR0913 -- all of it is signed
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    scope: tuple[str, str],
    by: Credentials,
    at_seconds: float,
) -> dict[str, str]:
    """The headers with those that sign them, the path (as it is sent) and the body.

    `headers` are in lower case, `host` among them; all are signed. `scope` is the region and the service's name.
    `at_seconds` is unix time: AWS takes what is not older than five minutes.
    """
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at_seconds))
    token = {"x-amz-security-token": by.token} if by.token else {}
    whole = {**headers, "x-amz-date": moment, **token}
    named = sorted(whole)
    request = "\n".join(
        (
            "POST",
            quote(path),
            "",
            *(f"{name}:{whole[name]}" for name in named),
            "",
            ";".join(named),
            hashlib.sha256(body).hexdigest(),
        )
    )
    within = "/".join((moment[:8], *scope, "aws4_request"))
    text = "\n".join((ALGORITHM, moment, within, hashlib.sha256(request.encode()).hexdigest()))
    signature = hmac.digest(_key(by.secret_key, within), text.encode(), "sha256").hex()
    whole["authorization"] = (
        f"{ALGORITHM} Credential={by.access_key}/{within}, SignedHeaders={';'.join(named)}, Signature={signature}"
    )
    return whole


@lru_cache(maxsize=8)
def _key(secret_key: str, within: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in within.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
