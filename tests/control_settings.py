"""Settings of the control function, as template.yaml gives them: moto's own addresses of queues."""

from control.watched_queues import QUEUES

CONTROL_SETTINGS = {
    "CALLS_TABLE": "calls",
    "RECORDINGS_BUCKET": "recordings",
    "CAMPAIGNS_BUCKET": "campaigns",
    "WEBHOOK_FUNCTION": "webhook:live",
    "TELNYX_API_KEY": "KEY0123456789",
    "STACK_NAME": "dialtone",
    "PARKED_EVENTS_BUCKET": "parked",
    **{each.setting: f"https://sqs.us-east-1.amazonaws.com/123456789012/{each.name}" for each in QUEUES},
}
