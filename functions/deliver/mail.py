"""Sends e-mail through SES: raw MIME, made by the standard library, which prevents header injection."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from deliver.retries import NotDelivered
from deliver.wording import email_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliver.wording import Message

MAX_ATTACHED_BYTES = 7_000_000
"""Of audio: with base64 an e-mail of 10 MB, which every provider accepts. SES itself accepts 40 MB."""

NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError)
"""Errors after which SES certainly has not received the e-mail."""


class SendsEmail(Protocol):
    """The part of boto3's client that is used."""

    def send_email(self, **email: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- boto's own parameters
        """Send an e-mail; return its id."""
        ...


class Mail:
    """Sends messages by e-mail."""

    def __init__(self, client: SendsEmail, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, to: str, message: Message, delivery_id: str, audio: bytes, audio_note: str) -> str:
        """Send a message; return SES's id. Raises NotDelivered."""
        if not self._sender:
            raise NotDelivered("the stack has no address to send e-mail from: deploy it with MailFrom")
        email = composed((self._sender, to), message, delivery_id, audio, audio_note)
        try:
            sent = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to]},
                Content={"Raw": {"Data": email.as_bytes()}},
            )
        except ClientError as error:
            said = error.response["Error"]
            raise NotDelivered(f"SES refuses it: {said.get('Code')}: {said.get('Message', '')}") from None
        except BotoCoreError as error:
            may_have_it = not isinstance(error, NEVER_SENT)
            raise NotDelivered(f"SES did not answer: {type(error).__name__}", may_have_it=may_have_it) from None
        return str(sent.get("MessageId", ""))


def composed(
    from_to: tuple[str, str], message: Message, delivery_id: str, audio: bytes, audio_note: str
) -> EmailMessage:
    """The e-mail. Sent twice it has the same Message-ID, so that mailboxes can recognise the copy."""
    sender, to = from_to
    email = EmailMessage(policy=SMTP)
    email["Subject"] = message.subject
    email["From"] = sender
    email["To"] = to
    email["Message-ID"] = f"<{delivery_id}@{sender.rpartition('@')[2]}>"
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(email_text(message, audio_note))
    if audio:
        form = message.recording.format or "mp3"
        kind = "mpeg" if form == "mp3" else "wav"
        email.add_attachment(audio, maintype="audio", subtype=kind, filename=f"{message.recording.name}.{form}")
    return email
