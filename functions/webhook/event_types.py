"""The event types that are understood: `call.gather.ended` is handled in handlers/call_gather_ended.py.

Types that begin with `dialtone.` are our own; all others are Telnyx's.
"""

UNDERSTOOD = frozenset(
    {
        "call.ai_gather.ended",
        "call.answered",
        "call.bridged",
        "call.conversation.created",
        "call.conversation.ended",
        "call.conversation.start_failed",
        "call.cost",
        "call.dequeued",
        "call.dtmf.received",
        "call.enqueued",
        "call.gather.ended",
        "call.hangup",
        "call.initiated",
        "call.machine.detection.ended",
        "call.machine.greeting.ended",
        "call.machine.premium.detection.ended",
        "call.machine.premium.greeting.ended",
        "call.payment.completed",
        "call.payment.progress",
        "call.playback.ended",
        "call.playback.started",
        "call.recording.error",
        "call.recording.saved",
        "call.recording.transcription.saved",
        "call.speak.ended",
        "call.speak.started",
        "call.transcription",
        "conference.participant.joined",
        "conference.participant.left",
        "dialtone.command.refused",
        "dialtone.control.action",
        "dialtone.event.overdue",
        "dialtone.lookup.answered",
        "dialtone.lookup.slow",
        "dialtone.message.accepted",
        "dialtone.queue.answered",
        "message.finalized",
        "message.received",
        "message.sent",
    }
)
"""The event types that have a handler. Any other is kept in the timeline and changes nothing."""
