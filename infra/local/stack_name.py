"""The name of the stack that `dialtone up` runs."""

from collections.abc import Mapping

STACK_NAME = "dialtone"


def is_exported(environ: Mapping[str, str]) -> bool:
    """Whether a shell has the variables that `dialtone up` prints: its AWS is that stack's."""
    return bool(environ.get("AWS_ENDPOINT_URL") and environ.get("CALLS_TABLE"))
