"""Who the function is to AWS.

Lambda tells a function its role's credentials in the environment, where they last as long as the environment does. One
that wakes from a SnapStart snapshot has to ask for them at an address on its machine, again and again; botocore knows
that way, and every other one.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from botocore.exceptions import NoCredentialsError


class Credentials(NamedTuple):
    """An access key of AWS's."""

    access_key: str
    secret_key: str
    token: str
    """Empty for a key that does not expire."""


def credentials() -> Credentials:
    """Those that are valid now. Raises botocore's errors where there are none."""
    access_key, secret_key = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return Credentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN", ""))
    from dialtone.adapters.aws.clients import session  # noqa: PLC0415 -- not needed where the environment has them

    found = session().get_credentials()
    if found is None:
        raise NoCredentialsError
    frozen = found.get_frozen_credentials()  # fetches new ones in time
    return Credentials(str(frozen.access_key), str(frozen.secret_key), frozen.token or "")


def prepare() -> None:
    """Load what finding them elsewhere than in the environment takes, and ask nobody."""
    from dialtone.adapters.aws.clients import session  # noqa: PLC0415 -- as above

    session()
