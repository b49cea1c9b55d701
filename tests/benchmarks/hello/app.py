"""Nothing: what the interpreter and the runtime client take by themselves."""

from __future__ import annotations


def handler(request: dict[str, object], context: object) -> dict[str, object]:
    """Answer."""
    del request, context
    return {"statusCode": 200, "body": ""}
