"""The Telnyx API key in Secrets Manager: where a stack's functions read it, and nowhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from dialtone.adapters.settings import key_from
from dialtone.domain.errors import DialtoneError
from infra.operations import aws
from infra.operations.stack_outputs import API_KEY_SECRET, Deployed

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_secretsmanager import SecretsManagerClient


DEFAULT_SECRET = "dialtone/telnyx-api-key"  # noqa: S105 -- a secret's name
"""As template.yaml has it."""

_MISSING = "ResourceNotFoundException"
_BEING_DELETED = "InvalidRequestException"


class KeyMissing(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the key is missing
    """There is no such secret, or no key in it."""


def secret_name(stack: Deployed | None) -> str:
    """The name of the secret that a stack's functions read; the template's default before there is a stack."""
    return (stack.parameters.get(API_KEY_SECRET) if stack else "") or DEFAULT_SECRET


def stored_key(name: str, region: str, config: Config = aws.PATIENT) -> str:
    """The API key that a secret holds. Raises KeyMissing, and AwsFault for what AWS answers instead."""
    with aws.explained():
        text = _text(aws.client("secretsmanager", region, config), name)
    if text is None:
        raise KeyMissing(f"there is no secret {name}: store the key with `dialtone secret`")
    try:
        return key_from(name, text.strip())
    except DialtoneError as error:
        raise KeyMissing(f"{error}; or run `dialtone secret`") from error


def store_key(name: str, region: str, key: str) -> bool:
    """Store a key: as a new secret, or as a new version of the one there is. Says whether it is a new secret.

    A secret that holds JSON keeps what else is in it.
    """
    with aws.explained():
        secrets = aws.client("secretsmanager", region)
        text = _text(secrets, name)
        if text is None:
            secrets.create_secret(Name=name, SecretString=key, Description="Telnyx API key of Dialtone's phone lines")
            return True
        secrets.put_secret_value(SecretId=name, SecretString=_with_key(text, key))
        return False


def _text(secrets: SecretsManagerClient, name: str) -> str | None:
    """What a secret holds; None if there is none."""
    try:
        return secrets.get_secret_value(SecretId=name).get("SecretString", "")
    except ClientError as error:
        if aws.code_of(error) == _BEING_DELETED:
            remedy = f"keep it with `aws secretsmanager restore-secret --secret-id {name}`, and run this again"
            raise KeyMissing(f"the secret {name} is about to be deleted: {remedy}") from None
        if aws.code_of(error) != _MISSING:
            raise
        return None


def _with_key(text: str, key: str) -> str:
    if not text.lstrip().startswith("{"):
        return key
    try:
        return json.dumps({**json.loads(text), "api_key": key})
    except ValueError:
        return key
