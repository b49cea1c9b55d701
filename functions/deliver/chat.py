"""Posts to a chat's incoming webhook: one JSON POST to an https URL on the public internet.

`{"text": …}` is what Slack, Mattermost, Rocket.Chat, Google Chat and Zulip's Slack-compatible webhook take.
"""

from __future__ import annotations

import json
import re
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import urllib3

from deliver.retries import NotDelivered
from deliver.wording import chat_text
from dialtone.domain.allowed_addresses import check_resolved, target_of
from dialtone.domain.errors import AddressRefused, DialtoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from deliver.wording import Message
    from dialtone.adapters.secrets import Secret
    from dialtone.domain.allowed_addresses import Target

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0

CHAT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Chat:
    """Posts messages to chats. The secret maps names of chats to their URLs."""

    def __init__(
        self,
        addresses: Secret[Mapping[str, str]],
        *,
        local: bool = False,
        resolve: Callable[..., Sequence[Any]] = socket.getaddrinfo,
    ) -> None:
        """`local` allows http to this machine, for tests. `resolve` is getaddrinfo."""
        self._addresses = addresses
        self._local = local
        self._resolve = resolve

    def send(self, to: str, message: Message, delivery_id: str) -> None:
        """Post a message. Raises NotDelivered, and the secret's errors; none of them contains the URL."""
        address = self._addresses().get(to, "")
        if not address:
            raise NotDelivered(f'the secret of chats has no address for "{to}": add it')
        try:
            target = target_of(address, local=self._local)
            resolved = self._resolved(target)
            for each in resolved:
                check_resolved(target, each, local=self._local)
        except AddressRefused as refused:
            raise NotDelivered(f"the address of chat {to} is refused: {refused}") from None
        status = self._posted(target, resolved[0], json.dumps({"text": chat_text(message)}).encode(), delivery_id)
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            # A server that answers 5xx may have posted it.
            raise NotDelivered(f"chat {to} answers {status}", may_have_it=status >= HTTPStatus.INTERNAL_SERVER_ERROR)

    def _resolved(self, target: Target) -> list[str]:
        try:
            found = self._resolve(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotDelivered(f"the host of the chat is not found: {type(error).__name__}") from None
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not addresses:
            raise NotDelivered("the host of the chat has no address")
        return addresses

    def _posted(self, target: Target, resolved: str, body: bytes, delivery_id: str) -> int:
        """The response's status. The connection goes to the checked address, even if DNS has changed."""
        headers = {
            "host": target.authority,
            "content-type": "application/json",
            "idempotency-key": delivery_id,
            "user-agent": "dialtone",
        }
        try:
            with _pool(target, resolved) as pool:
                answer = pool.request(
                    "POST", target.path, body=body, headers=headers, redirect=False, preload_content=False
                )
                answer.close()
                return answer.status
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise NotDelivered(f"the chat could not be reached: {type(error).__name__}") from None
        except urllib3.exceptions.HTTPError as error:
            raise NotDelivered(f"the chat did not answer: {type(error).__name__}", may_have_it=True) from None


def _pool(target: Target, resolved: str) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if not target.secure:
        return urllib3.HTTPConnectionPool(resolved, target.port, timeout=timeout, retries=False)
    return urllib3.HTTPSConnectionPool(
        resolved,
        target.port,
        timeout=timeout,
        retries=False,
        cert_reqs="CERT_REQUIRED",
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def addresses_from(secret: str, text: str) -> Mapping[str, str]:
    """Parse the secret's text into URLs by chat name. Raises DialtoneError saying what to store."""
    remedy = 'store JSON with an address for each chat: {"support": "https://…"}'
    try:
        chats = json.loads(text)
    except ValueError:
        raise DialtoneError(f"the secret {secret} is not JSON: {remedy}") from None
    if not isinstance(chats, dict) or not all(isinstance(each, str) for each in chats.values()):
        raise DialtoneError(f"the secret {secret} does not map chats to addresses: {remedy}")
    if useless := sorted(name for name in chats if not CHAT_NAME.fullmatch(name)):
        raise DialtoneError(f"the secret {secret} has names that no flow can use, {', '.join(useless)[:100]}: {remedy}")
    return {name: address.strip() for name, address in chats.items()}
