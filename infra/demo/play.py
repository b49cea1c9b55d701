"""The demo: four kinds of calls through the real code, and a look at what they left behind."""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from dialtone.adapters.telnyx_api import TelnyxApi
from infra.carrier import Line
from infra.carrier.account import CALLEES, CONNECTION_ID, SHOWN_NUMBER
from infra.carrier.trace import Happening
from infra.demo import checks, scenes
from infra.demo.checks import Check
from infra.demo.control_client import ask_for
from infra.demo.inventory import StoredCall, kept, wait_for_archive
from infra.demo.scenes import Incoming, Outgoing, Together
from infra.flowkit.dialling import dial, dial_command
from infra.local.line import PhoneLine
from infra.local.narrator import Narrator
from infra.output.terminal import BOLD, DIM, GREEN, RED, Console

Played = tuple["StoredCall", "Sequence[Happening]"]
"""What a call left behind, and what happened on it."""


class Demo:
    """Plays the scenes on a line, one after another."""

    def __init__(self, line: PhoneLine, console: Console) -> None:
        self._line = line
        self._carrier = line.carrier
        self._console = console
        self._narrator = Narrator(console, line.store)
        self._carrier.observe(self._narrator.tell)

    def play(self) -> list[Check]:
        """Every scene; returns every check."""
        with self._narrator:
            return self._play()

    def _play(self) -> list[Check]:
        for number, callee in CALLEES.items():
            self._carrier.add_callee(number, callee)
        ivr = self._incoming(scenes.IVR, transcript=True)
        announcements = [(scene, self._outgoing(scene)) for scene in scenes.ANNOUNCEMENTS]
        recorded = self._incoming(scenes.RECORDED, meanwhile=self._pause_from_outside)
        queued, happened = self._together(scenes.QUEUED)
        self._show([ivr[0], *(played[0] for _, played in announcements), recorded[0], *queued])
        found = list(checks.check_ivr(*ivr))
        for scene, played in announcements:
            found += checks.check_announcement(played[0], scene, played[1])
        found += checks.check_recorded(*recorded)
        found += checks.check_queued(queued, happened)
        return found + list(checks.check_everything(self._line, self._carrier.trace))

    def _incoming(
        self, scene: Incoming, *, transcript: bool = False, meanwhile: Callable[[Line], None] = lambda _: None
    ) -> Played:
        self._narrator.begin(f"{scene.title}: {scene.caller} calls {scene.number}", self._carrier.clock.now)
        already = len(self._carrier.trace)
        leg = self._carrier.call(scene.caller, scene.number, scene.script)
        meanwhile(leg)
        return self._finish(leg.name.call_session_id, already, transcript=transcript)

    def _pause_from_outside(self, line: Line) -> None:
        """While the two talk, a program pauses their recording by the control API, and resumes it."""
        self._carrier.run(when=lambda: line.leg.peer is not None)
        self._carrier.run_for(1)
        for action in ("record_pause", "record_resume"):
            self._narrator.say(self._carrier.clock.now, "outside", f"POST /calls/…/actions/{action}")
            ask_for(self._line.cloud.control_url, line.name.call_session_id, action)
            self._carrier.run_for(scenes.PAUSED_SECONDS)

    def _together(self, scene: Together) -> tuple[list[StoredCall], Sequence[Happening]]:
        """What each of the calls left behind, in the order in which they began, and what happened on all of them."""
        self._narrator.begin(scene.title, self._carrier.clock.now)
        already = len(self._carrier.trace)
        legs: list[Line] = []

        def begin(call: Incoming) -> None:
            legs.append(self._carrier.call(call.caller, call.number, call.script))

        for seconds, call in scene.calls:
            self._carrier.clock.after(seconds, partial(begin, call))
        self._carrier.run()
        self._narrator.finish()
        return [kept(self._line, leg.name.call_session_id) for leg in legs], self._carrier.trace[already:]

    def _outgoing(self, scene: Outgoing) -> Played:
        self._narrator.begin(f"{scene.title}: we call {scene.callee}", self._carrier.clock.now)
        already = len(self._carrier.trace)
        asked = dial_command(scene.callee, caller=SHOWN_NUMBER, flow=scene.flow, connection_id=CONNECTION_ID)
        with closing(TelnyxApi(self._carrier.api_key, self._line.server.url)) as telnyx:
            dialled = dial(asked, telnyx)
        return self._finish(str(dialled.data["call_session_id"]), already, transcript=False)

    def _finish(self, session: str, already: int, *, transcript: bool) -> Played:
        self._carrier.run()
        wait_for_archive(self._line, session, transcript=transcript)
        left = kept(self._line, session)
        for key, content in left.objects.items():
            self._narrator.say(self._carrier.clock.now, "archived", f"{key.rpartition('/')[2]}  {len(content):,} bytes")
        self._narrator.finish()
        return left, self._carrier.trace[already:]

    def _show(self, calls: Sequence[StoredCall]) -> None:
        self._console.line("\nWhat lies in DynamoDB", BOLD)
        for call in calls:
            leg = call.led
            self._console.line(f"  session {call.led.session_id}  {leg.direction} {leg.from_number} → {leg.to_number}")
            self._console.line(
                f"    LEG        {leg.status}, outcome “{leg.outcome}”, flow {leg.flow}@{leg.flow_version}"
            )
            path = f", by way of {' → '.join(call.steps)}" if call.steps else ""
            self._console.line(f"    EVENT      {len(call.timeline)} in the timeline{path}")
            for recording in call.recordings:
                self._console.line(f"    RECORDING  {recording.status}, {recording.channels} {recording.format}")
        self._console.line("\nWhat lies in S3", BOLD)
        for call in calls:
            for key, content in call.objects.items():
                self._console.line(f"  {len(content):>9,} bytes  {key}")


def show_checks(found: Sequence[Check], console: Console) -> bool:
    """Print each; True if all hold."""
    console.line("\nChecks", BOLD)
    for check in found:
        mark = "✓" if check.holds else "✗"
        console.line(f"  {mark} {check.claim}", GREEN if check.holds else RED)
        if not check.holds:
            console.line(f"      found: {check.seen}", DIM)
    return all(check.holds for check in found)
