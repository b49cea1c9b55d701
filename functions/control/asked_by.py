"""Who sent a request, as API Gateway has checked it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "unknown"
"""Only where nothing is signed: on a developer's machine."""


def asked_by(event: Mapping[str, Any]) -> str:
    """The role or person that signed an API Gateway request (payload 2.0): an ARN, or a token's e-mail or subject."""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    claims = (authorizer.get("jwt") or {}).get("claims") or {}
    iam = authorizer.get("iam") or {}
    named = claims.get("email") or claims.get("sub") or iam.get("userArn") or iam.get("accountId")
    return str(named or UNKNOWN)
