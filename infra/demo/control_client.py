"""What a program asks of the control API: on this machine nothing is signed."""

import urllib.request

WAITS_SECONDS = 30.0


def ask_for(control_url: str, call: str, action: str) -> None:
    """Have an action without parameters carried out on a call. Raises urllib's errors for any other answer than 200."""
    asked = urllib.request.Request(  # noqa: S310 -- the local stack's own address
        f"{control_url}/calls/{call}/actions/{action}",
        data=b"{}",
        headers={"content-type": "application/json", "idempotency-key": action},
        method="POST",
    )
    with urllib.request.urlopen(asked, timeout=WAITS_SECONDS):  # noqa: S310 -- as above
        pass
