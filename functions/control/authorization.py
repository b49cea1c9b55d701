"""Who sends a request and what they may do, as checked by API Gateway: a signature (IAM) or a token (JWT). Pure.

The authorizer in infra/console.yaml checks the token. API Gateway has already checked a signed request against IAM's
policies; a token may do what its groups allow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Role = Literal["listen", "control", "erase"]

LISTEN: Role = "listen"
"""Reads calls and recordings, and listens."""
CONTROL: Role = "control"
"""Dials, and acts on calls."""
ERASE: Role = "erase"
"""Deletes recordings."""

ALL: frozenset[Role] = frozenset({LISTEN, CONTROL, ERASE})

GROUPS = "cognito:groups"
"""The token's claim that names the roles; API Gateway passes a list as `[listen control]`."""

UNKNOWN = "unknown"
"""Only on a developer's machine, where requests are not signed."""

_BY_METHOD: Mapping[str, Role] = {"POST": CONTROL, "DELETE": ERASE}


class Requester(NamedTuple):
    """Who sends the request."""

    name: str
    """The ARN of the role or user that signed; for a token its e-mail, else its subject."""
    roles: frozenset[Role]


def requester_of(event: Mapping[str, Any]) -> Requester:
    """The sender of an API Gateway request (payload 2.0)."""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    if "jwt" in authorizer:
        claims = (authorizer["jwt"] or {}).get("claims") or {}
        return Requester(str(claims.get("email") or claims.get("sub") or UNKNOWN), _roles(claims.get(GROUPS)))
    iam = authorizer.get("iam") or {}
    return Requester(str(iam.get("userArn") or iam.get("accountId") or UNKNOWN), ALL)


def role_for(method: str) -> Role:
    """The role that a request with that method needs."""
    return _BY_METHOD.get(method.upper(), LISTEN)


def _roles(groups: object) -> frozenset[Role]:
    named = groups if isinstance(groups, (list, tuple)) else re.split(r"[\s,\[\]]+", str(groups or ""))
    return frozenset(role for role in ALL if role in named)
