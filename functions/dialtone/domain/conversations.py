"""Conversations with a voice agent, as Telnyx reports them: why they ended, and the transcript. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.recordings import TALK, ArchiveJob

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event

ENDED, START_FAILED = "call.conversation.ended", "call.conversation.start_failed"

REASON, CONVERSATION = "assistant.reason", "assistant.conversation"
"""The variables for why a conversation ended, and for its id at Telnyx."""

GONE = "customer_disconnect"
"""Telnyx's reason if the caller hung up; `call.hangup` reports that, too."""

MAX_SECONDS = "max_seconds"
"""The assistant's dynamic variable for the longest duration: Telnyx has no parameter for it."""


def to_be_kept(call: Call, event: Event) -> tuple[ArchiveJob, ...]:
    """The job that stores the transcript of a voice agent's conversation, once it has ended.

    Only an agent has an id. The assistant that listens for one answer has none, and its words are not stored.
    """
    conversation, agent = event.text("conversation_id"), event.text("assistant_id")
    if not (conversation and agent):
        return ()
    return (ArchiveJob(TALK, call.session_id, call.leg_id, conversation_id=conversation),)
