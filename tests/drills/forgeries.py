"""Webhooks that Telnyx has not signed, in the middle of calls: each must be turned away, and change nothing."""

import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from nacl.signing import SigningKey

from dialtone.adapters.signature import TOLERANCE_SECONDS
from tests.drills.report import FORGED, Violation
from tests.drills.world import World
from tests.integration.deliveries import Signer, request

EVERY_SECONDS = 7.0
FOR_SECONDS = 120.0


@dataclass(slots=True)
class Forger:
    """Sends, every few seconds, an event of the call with other content, as anybody on the Internet could."""

    world: World
    chance: random.Random
    tried: int = 0
    violations: list[Violation] = field(default_factory=list)

    def begin(self) -> None:
        """From now on."""
        self.world.carrier.clock.after(EVERY_SECONDS, self._forge)

    def _forge(self) -> None:
        if self.world.carrier.clock.now < FOR_SECONDS:
            self.world.carrier.clock.after(EVERY_SECONDS, self._forge)
        if not self.world.received:
            return
        before = self.world.table.items()
        forged = self._forged()
        status = self.world.endpoint.respond(forged)["statusCode"]
        self.tried += 1
        if status != 401:
            self.violations.append(Violation(FORGED, f"a webhook that is not signed was answered {status}: {forged}"))
        if self.world.table.items() != before:
            self.violations.append(Violation(FORGED, f"a webhook that is not signed changed the table: {forged}"))

    def _forged(self) -> dict[str, Any]:
        event = self.chance.choice(self.world.received)
        data = {"id": f"forged-{self.tried}", "event_type": "call.hangup", "occurred_at": event.occurred_at}
        body = json.dumps({"data": {**data, "payload": dict(event.payload)}}).encode()
        now = int(time.time())
        thief, key = Signer(SigningKey.generate()), self.world.carrier.key
        headers: dict[str, str] | None = self.chance.choice(
            [
                None,
                {},
                thief.headers(body),
                key.headers(body + b" "),
                key.headers(body, now - TOLERANCE_SECONDS - 2),
                key.headers(body, now + TOLERANCE_SECONDS + 2),
                {**key.headers(body), "telnyx-timestamp": str(now - 1)},
            ]
        )
        return request(body, headers)
