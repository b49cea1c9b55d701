"""AWS's clients, by botocore alone: boto3 would load resources and a transfer manager, which nobody here uses."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.session import get_session

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session


@cache
def session() -> Session:
    """The process's own session: clients share what it has loaded of AWS's endpoints and finds of credentials."""
    return get_session()


def client(service: str, config: Config | None = None) -> Any:  # noqa: ANN401 -- each service has its own type
    """A client of a service, in the environment's region and at its AWS_ENDPOINT_URL."""
    return session().create_client(service, config=config)
