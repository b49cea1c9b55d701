"""Runs campaigns: claims recipients, dials them at an even rate, and settles the results of the calls.

One worker at a time holds the lease. Its state is in the table; when it dies, the next one continues from there. Every
write is conditional on what was read, so a worker that has lost its lease unnoticed does no harm.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from campaigns.dials import Answer, answer_of, dial_of
from campaigns.lease import WorkerLease
from campaigns.list_parts import PartUnreadable
from dialtone.adapters.calls_table import LostRace
from dialtone.adapters.campaigns_table import EVER
from dialtone.adapters.telemetry import Measure
from dialtone.domain.campaigns.attempt import (
    ADOPT,
    ASK,
    CLAIMED,
    END,
    FIRST_LOOK_SECONDS,
    SEND,
    SETTLED,
    Attempt,
    ended_by,
    next_step,
    pause_before_send,
)
from dialtone.domain.campaigns.automatic_pause import failure_share, pauses
from dialtone.domain.campaigns.campaign import CANCELLED, DONE, PAUSED, RUNNING, SCHEDULED
from dialtone.domain.campaigns.dialling_rules import Allowed, allowed
from dialtone.domain.campaigns.outcomes_and_redials import CANCELLED as NEVER_DIALLED
from dialtone.domain.campaigns.pacing import ACCOUNT_RATE, Pace
from dialtone.domain.errors import CommandInvalid, DialtoneError, TelnyxRefused, TelnyxUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from dialtone.adapters.campaign_numbers import CampaignNumbers
    from dialtone.adapters.campaigns_table import CampaignsTable
    from dialtone.adapters.telemetry import Observer
    from dialtone.adapters.telnyx_api import CallInfo, Outcome
    from dialtone.domain.campaigns.call_notes import CallNote
    from dialtone.domain.campaigns.campaign import Campaign
    from dialtone.domain.campaigns.progress import Progress
    from dialtone.domain.campaigns.recipient import Recipient
    from dialtone.domain.commands import Command

TICK_SECONDS = 1.0
"""Interval between reads of the campaigns: a paused campaign stops dialling within a second."""
STALE_SECONDS = 1.8
"""Nothing is sent this long after the last read: the campaign may have been paused."""
DISCOVER_SECONDS = 3.0
"""Interval between searches for new campaigns."""
RELOAD_SECONDS = 20.0
"""Interval between reads of open attempts, which the index may have missed before."""
WAITING_SECONDS = 2.0
"""Interval between reads of recipients who are due again."""
MEASURE_SECONDS = 10.0
"""Interval between values of the failure rate."""
BATCH = 40
"""Recipients in one transaction: each takes at most two of its hundred writes."""
SCANNED = 240
"""Recipients that are checked in one tick, even if none of them may be dialled now."""
LOOKED_AT = 400
"""Calls that are checked in one tick."""
ASKED = 5
"""Calls that Telnyx is asked about in one tick."""
MOST_SENDING = 64
"""Maximum number of dials waiting for Telnyx's response."""
SEND_SECONDS = 5.0
"""Deadline of a dial, including one resend."""
DRAIN_SECONDS, DRAIN_STEP_SECONDS = 6.0, 0.05
"""How long a worker waits for responses before it ends."""


class Telnyx(Protocol):
    """The part of Telnyx's API that is used."""

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        """Send a command; return its outcome."""
        ...

    def find_call(self, call_control_id: str) -> CallInfo | None:
        """Whether a leg is open; None if Telnyx does not know it. Raises TelnyxRefused and TelnyxUnavailable."""
        ...


class Pool(Protocol):
    """A thread pool."""

    def submit(self, work: Callable[[], Outcome], /) -> Future[Outcome]:
        """Run a call in a thread."""
        ...


class ListReader(Protocol):
    """Reads campaigns' lists."""

    def part(self, campaign_id: str, part: int) -> Sequence[Recipient]:
        """The recipients of a part, in order; empty after the last part."""
        ...


@dataclass(slots=True)
class Open:
    """An open attempt, as the worker knows it."""

    attempt: Attempt
    look_at: float
    in_doubt: bool = False
    """Whether Telnyx may have accepted a dial of this round; certainly not only for the worker's own claims."""
    sends: int = 0
    sending: Future[Outcome] | None = None


@dataclass(slots=True)
class Running:
    """A campaign, as the worker knows it."""

    campaign: Campaign
    progress: Progress
    pace: Pace
    open: dict[int, Open] = field(default_factory=dict)
    """By row."""
    part: tuple[Recipient, ...] = ()
    """The rest of the list's current part."""
    part_loaded: bool = False
    waiting: deque[Attempt] = field(default_factory=deque)
    waiting_at: float = 0.0
    reload_at: float = 0.0
    measured_at: float = 0.0
    looked_on: int = 0
    """Recipients that were due, or left in the list, at the last read."""


@dataclass(slots=True)
class Engine:
    """A campaign worker."""

    store: CampaignsTable
    numbers: CampaignNumbers
    lists: ListReader
    telnyx: Telnyx
    pool: Pool
    observer: Observer
    now: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    worker_lease: WorkerLease = field(init=False)
    _known: dict[str, Running] = field(default_factory=dict)
    _active: list[str] = field(default_factory=list)
    _discover_at: float = 0.0
    _looked_at: float = 0.0
    """When the campaigns were last read."""
    _at_work: bool = False
    """Whether the last tick found work, or failed."""

    def __post_init__(self) -> None:
        self.worker_lease = WorkerLease(self.store, self.now, self.sleep)

    def run(self, until: float) -> Counter[str]:
        """Work until that unix time, or until nothing is left to do; return the counts."""
        done: Counter[str] = Counter()
        try:
            if not self.store.active(int(self.now())) or not self.worker_lease.take(until):
                return done
        except (BotoCoreError, ClientError, DialtoneError) as error:
            self._note_fault("a worker could not begin", error)
            return done
        try:
            while self.now() < until and self._keeps_lease():
                began = self.now()
                done += self.tick()
                if not self._at_work:
                    break
                self.sleep(max(0.0, began + TICK_SECONDS - self.now()))
        finally:
            self._leave()
        return done

    def tick(self) -> Counter[str]:
        """Read every campaign and start the dials of the next second."""
        done: Counter[str] = Counter()
        try:
            self._read_campaigns()
        except (BotoCoreError, ClientError, DialtoneError) as error:
            self._forget_all(error)
            return done
        ends = self._looked_at + TICK_SECONDS
        sends: list[tuple[float, Running, Open]] = []
        self._share_rate()
        for running in list(self._known.values()):
            try:
                self._work(running, ends, sends, done)
            except LostRace:
                self._known.pop(running.campaign.id, None)
            except (BotoCoreError, ClientError, DialtoneError) as error:
                self._forget(running, error)
        for at, running, each in sorted(sends, key=lambda send: send[0]):
            self._send(at, running, each, done)
        self._at_work = any(each.open or each.looked_on for each in self._known.values())
        return done

    def _keeps_lease(self) -> bool:
        try:
            return self.worker_lease.keep()
        except (BotoCoreError, ClientError) as error:
            self._note_fault("the lease was not renewed", error)
            return self.worker_lease.lasts(self.now())

    def _share_rate(self) -> None:
        """Return each campaign its own rate, or its share of the account's."""
        running = [each for each in self._known.values() if each.campaign.status == RUNNING]
        wanted = sum(each.campaign.rate_per_second for each in running)
        share = min(1.0, ACCOUNT_RATE / wanted) if wanted else 1.0
        for each in running:
            each.pace = replace(each.pace, rate=each.campaign.rate_per_second * share)

    def _leave(self) -> None:
        """Wait for outstanding responses and release the lease."""
        until = self.now() + DRAIN_SECONDS
        try:
            while any(each.sending for running in self._known.values() for each in running.open.values()):
                for running in self._known.values():
                    self._take_answers(running)
                if self.now() >= until:
                    break
                self.sleep(DRAIN_STEP_SECONDS)
            self.worker_lease.give_up()
        except (LostRace, BotoCoreError, ClientError) as error:
            self._note_fault("a worker has left before all was noted", error)
        self._known.clear()

    # --- Loading ---------------------------------------------------------------------------------------

    def _read_campaigns(self) -> None:
        now = self.now()
        if now >= self._discover_at:
            self._active = self.store.active(int(now))
            self._discover_at = now + DISCOVER_SECONDS
        found = self.store.read(list(dict.fromkeys([*self._active, *self._known])))
        self._looked_at = now
        for campaign, progress in found:
            known = self._known.get(campaign.id)
            if known is not None and known.progress.version == progress.version:
                known.campaign = campaign
            elif not self._is_over(campaign, progress):
                self._known[campaign.id] = self._loaded(campaign, progress)
        for campaign_id in set(self._known) - {campaign.id for campaign, _ in found}:
            del self._known[campaign_id]

    @staticmethod
    def _is_over(campaign: Campaign, progress: Progress) -> bool:
        return campaign.status == DONE or (campaign.status == CANCELLED and progress.settled >= campaign.recipients)

    def _loaded(self, campaign: Campaign, progress: Progress) -> Running:
        """A newly loaded campaign: of its open attempts only the stored state is known."""
        earlier = self._known.get(campaign.id)
        running = Running(campaign, progress, earlier.pace if earlier else Pace(campaign.rate_per_second))
        self._reload(running)
        return running

    def _reload(self, running: Running) -> None:
        now = self.now()
        for attempt in self.store.open_attempts(running.campaign.id):
            if attempt.row not in running.open:
                running.open[attempt.row] = Open(attempt, now, in_doubt=True)
        running.reload_at = now + RELOAD_SECONDS

    def _work(
        self, running: Running, ends: float, sends: list[tuple[float, Running, Open]], done: Counter[str]
    ) -> None:
        """Process responses, settle ended calls, and claim recipients to dial until that time."""
        now = self.now()
        if now >= running.reload_at:
            self._reload(running)
        self._take_answers(running)
        running.looked_on = 0
        again = self._look(running, done)
        if running.campaign.status == SCHEDULED and running.campaign.starts_at <= now:
            self._change(running, RUNNING, "")
        if running.campaign.status == RUNNING:
            self._guard(running)
        if running.campaign.status == RUNNING:
            self._dial(running, again, ends, sends, done)
        if running.campaign.status == CANCELLED:
            self._cancel(running)
        self._finish(running)

    # --- Answers to dials ------------------------------------------------------------------------------------------

    def _take_answers(self, running: Running) -> None:
        """Store Telnyx's responses to dials."""
        answered: list[tuple[Open, Attempt]] = []
        progress, now = running.progress, self.now()
        locked_out = ""
        for each in running.open.values():
            if each.sending is None or not each.sending.done():
                continue
            answer, each.sending = self._answer(each.sending), None
            after = self._answered(running, each, answer)
            each.look_at = now + FIRST_LOOK_SECONDS
            if answer.what == "locked out":
                locked_out = f"Telnyx refuses every dial of this account ({answer.code}): check its API key"
            if after != each.attempt:
                progress = _counted(progress, each.attempt, after)
                answered.append((each, after))
            elif each.attempt.state == CLAIMED:
                each.look_at = now + max(pause_before_send(each.sends), answer.retry_after or 0.0)
        self._commit(running, answered, progress)
        if locked_out and running.campaign.status == RUNNING:
            self._change(running, PAUSED, locked_out)

    def _answer(self, sent: Future[Outcome]) -> Answer:
        """A dial's result. Without the API key it was not sent; this is treated like doubt."""
        try:
            return answer_of(sent.result())
        except (DialtoneError, BotoCoreError, ClientError) as error:
            self._note_fault("a dial could not be sent", error)
            return Answer("doubt", is_sure=False)

    def _answered(self, running: Running, each: Open, answer: Answer) -> Attempt:
        """The attempt after a response."""
        now = self.now()
        if answer.what == "taken":
            return each.attempt.taken(answer.leg_id, answer.session_id, answer.control_id)
        each.in_doubt |= not answer.is_sure
        if answer.what == "refused" and not each.in_doubt:
            return each.attempt.refused_by_telnyx(running.campaign, answer.code, int(now))
        if answer.what == "later":
            for known in self._known.values():
                known.pace = known.pace.slowed(now, answer.retry_after)
            self.observer.measure(Measure("CampaignDialsHeldBack"))
        return each.attempt

    # --- Calls -----------------------------------------------------------------------------------------------------

    def _look(self, running: Running, done: Counter[str]) -> list[Open]:
        """Settle ended calls; return the attempts whose dial must be resent."""
        now = self.now()
        due = [each for each in running.open.values() if each.sending is None and each.look_at <= now][:LOOKED_AT]
        if not due:
            return []
        notes = self.store.notes(each.attempt.dial_id for each in due)
        again: list[Open] = []
        ended: list[tuple[Open, Attempt]] = []
        asked = 0
        for each in due:
            note = self._one(running, notes.get(each.attempt.dial_id, ()))
            what, at = next_step(each.attempt, note, now, in_doubt=each.in_doubt)
            each.look_at = at or now
            if what == ASK:
                asked += 1
                what = END if asked <= ASKED and not self._is_alive(each.attempt) else what
                each.look_at = now + TICK_SECONDS if asked > ASKED else now + RELOAD_SECONDS
            if what == SEND and running.campaign.status == RUNNING:
                again.append(each)
            elif what == SEND and not each.in_doubt:
                ended.append((each, each.attempt.given_back(int(now))))
            elif what == ADOPT and note:
                ended.append((each, each.attempt.taken(note.leg_id, note.session_id, note.control_id)))
            elif what == END:
                ended.append((each, ended_by(each.attempt, note, running.campaign, int(now))))
        # In the order in which they ended: of the most recent dials, only the failed ones have ended yet.
        ended.sort(key=lambda pair: pair[1].ended_at)
        for first in range(0, len(ended), BATCH):
            some, progress = ended[first : first + BATCH], running.progress
            for each, after in some:
                progress = _counted(progress, each.attempt, after)
                done.update(after.outcomes[len(each.attempt.outcomes) :])
            self._commit(running, some, progress)
        return again

    def _one(self, running: Running, notes: tuple[CallNote, ...]) -> CallNote | None:
        """The note of a round, an ended call's first. A second call in a round is a bug."""
        if len(notes) > 1:
            self.observer.measure(Measure("CampaignCallsTwice"))
            self.observer.log("error", "dialled twice in a round", {"campaign": running.campaign.id})
        return max(notes, key=lambda note: note.outcome, default=None)

    def _is_alive(self, attempt: Attempt) -> bool:
        """Whether a call without any event is open, according to Telnyx."""
        try:
            found = self.telnyx.find_call(attempt.control_id)
        except (TelnyxRefused, TelnyxUnavailable):
            return True
        return found is not None and found.is_alive

    # --- Dials -----------------------------------------------------------------------------------------------------

    def _dial(
        self,
        running: Running,
        again: list[Open],
        ends: float,
        sends: list[tuple[float, Running, Open]],
        done: Counter[str],
    ) -> None:
        """Claim recipients to dial until that time, at the rate of the campaign and of the account."""
        now = self.now()
        busy = sum(each.sending is not None for known in self._known.values() for each in known.open.values())
        room = min(MOST_SENDING - busy - len(sends), len(again) + running.campaign.max_in_flight - len(running.open))
        wanted = len(running.pace.slots(now, ends, max(0, room))[0])
        to_send = again[:wanted]
        if wanted > len(to_send):
            to_send += self._claim(running, wanted - len(to_send))
        moments, running.pace = running.pace.slots(now, ends, len(to_send))
        sends += [(at, running, each) for at, each in zip(moments, to_send, strict=False)]
        done["dials"] += len(moments)

    def _claim(self, running: Running, wanted: int) -> list[Open]:
        """Claim up to that many recipients."""
        running.looked_on += bool(running.waiting) or self.now() < running.waiting_at
        claimed: list[Open] = []
        scanned = 0
        while len(claimed) < wanted and scanned < SCANNED:
            some, progress = self._next(running, min(BATCH, wanted - len(claimed) if not scanned else BATCH))
            if not some:
                break
            scanned += len(some)
            running.looked_on += len(some)
            claimed += self._judge(running, some, progress, wanted - len(claimed))
        return claimed

    def _next(self, running: Running, most: int) -> tuple[list[Attempt], Progress]:
        """The next recipients (due retries first, then the list) and the progress after claiming them."""
        now, progress = self.now(), running.progress
        if not running.waiting and now >= running.waiting_at:
            found = self.store.waiting_attempts(running.campaign.id, int(now), SCANNED)
            running.waiting.extend(each for each in found if each.row not in running.open)
            running.waiting_at = now + WAITING_SECONDS
        if running.waiting:
            return [running.waiting.popleft() for _ in range(min(most, len(running.waiting)))], progress
        if progress.recipients >= running.campaign.recipients:
            return [], progress
        if not running.part_loaded:
            running.part = self._part(running, progress)
            running.part_loaded = bool(running.part)
        if not running.part:
            return [], progress
        some, running.part = running.part[:most], running.part[most:]
        running.part_loaded = bool(running.part)
        taken = progress.took(len(some), end_of_part=not running.part)
        return [Attempt.of(running.campaign.id, progress.part, each) for each in some], taken

    def _part(self, running: Running, progress: Progress) -> tuple[Recipient, ...]:
        """The rest of the current part; the campaign pauses if the part is missing."""
        try:
            found = tuple(self.lists.part(running.campaign.id, progress.part))[progress.taken :]
        except PartUnreadable:
            found = ()
        if not found:
            self._change(
                running, PAUSED, f"part {progress.part} of its list is not in the bucket, or not as it was written"
            )
        return found

    def _judge(self, running: Running, some: list[Attempt], progress: Progress, wanted: int) -> list[Open]:
        """Claim those who may be dialled and hold back the others. Surplus recipients wait for the next tick."""
        now = int(self.now())
        recipients = [each.recipient for each in some]
        records = self.numbers.records(each.number for each in recipients)
        after: list[Attempt] = []
        counts: list[TransactWriteItemTypeDef] = []
        claims = 0
        for attempt, recipient in zip(some, recipients, strict=True):
            claim = attempt.claimed(now)
            record = records[recipient.number]
            verdict = allowed(recipient, running.campaign, now, record.history(str(claim.dial_id)))
            if not isinstance(verdict, Allowed):
                held = attempt.held_back(verdict.rule, verdict.until, now)
                if held.state == SETTLED:
                    progress = (
                        progress.with_outcome(held.outcome) if held.outcome else progress.with_refusal(verdict.rule)
                    )
                after.append(held)
            elif claims < wanted:
                claims += 1
                after.append(claim)
                counts.append(self.numbers.count_write(record, str(claim.dial_id), now))
            else:
                after.append(replace(attempt, due_at=now))
        if claims:
            progress = progress.with_dials(claims, running.campaign.rate_per_second, now)
        stored, running.progress = self.store.commit(running.campaign.id, after, progress, counts, now=now)
        claimed = [Open(each, self.now()) for each in stored if each.is_open]
        running.open.update((each.attempt.row, each) for each in claimed)
        return claimed

    def _send(self, at: float, running: Running, each: Open, done: Counter[str]) -> None:
        """Send a dial at its time, unless the campaign may have been paused by then."""
        self.sleep(max(0.0, at - self.now()))
        now = self.now()
        if now - self._looked_at > STALE_SECONDS or not self.worker_lease.lasts(now):
            done["dials"] -= 1
            return
        try:
            command = dial_of(running.campaign, each.attempt)
        except CommandInvalid as invalid:
            self._refuse(running, each, invalid)
            return
        each.sends += 1
        deadline = self.clock() + SEND_SECONDS
        command_id = each.attempt.dial_id.command_id
        each.sending = self.pool.submit(lambda: self.telnyx.send(command, command_id, deadline))
        each.look_at = now + pause_before_send(each.sends)

    def _refuse(self, running: Running, each: Open, invalid: CommandInvalid) -> None:
        """End an attempt whose dial Telnyx would refuse."""
        after = each.attempt.refused_by_telnyx(running.campaign, invalid.parameter, int(self.now()))
        try:
            self._commit(running, [(each, after)], _counted(running.progress, each.attempt, after))
        except LostRace:
            self._known.pop(running.campaign.id, None)
        except (BotoCoreError, ClientError) as error:
            self._forget(running, error)

    # --- Endings ------------------------------------------------------------------------------------------------------

    def _guard(self, running: Running) -> None:
        """Pause the campaign if the failure rate has jumped."""
        if why := pauses(running.progress.recent, running.progress.dialled_meanwhile):
            # The person who resumes it has investigated: count from here on.
            self._change(running, PAUSED, why, running.progress.judged_anew())
            self.observer.measure(Measure("CampaignsPausedByGuard"))
            self.observer.log("error", "a campaign has paused itself", {"campaign": running.campaign.id, "reason": why})

    def _change(self, running: Running, status: str, reason: str, progress: Progress | None = None) -> None:
        changed = running.campaign.with_status(status, reason)
        self.store.change(changed, progress or running.progress)
        running.campaign = changed
        running.progress = replace(progress or running.progress, version=running.progress.version + 1)

    def _cancel(self, running: Running) -> None:
        """End waiting recipients, a few at a time, then count those never taken from the list."""
        now = int(self.now())
        running.waiting.clear()
        waiting = self.store.waiting_attempts(running.campaign.id, EVER, 2 * BATCH)
        progress = running.progress
        after = [each.cancelled(now) for each in waiting]
        for each in after:
            progress = progress.with_outcome(each.outcome)
        if not after and progress.recipients < running.campaign.recipients:
            left = running.campaign.recipients - progress.recipients
            progress = replace(progress.with_outcome(NEVER_DIALLED, left), recipients=running.campaign.recipients)
        running.looked_on += len(after)
        if after or progress != running.progress:
            _, running.progress = self.store.commit(running.campaign.id, after, progress, now=now)

    def _finish(self, running: Running) -> None:
        """Close a campaign that is done with all its recipients."""
        self._measure(running)
        if running.progress.settled < running.campaign.recipients or running.open:
            return
        status = CANCELLED if running.campaign.status == CANCELLED else DONE
        self._change(running, status, running.campaign.reason)
        self.observer.log("info", f"a campaign is {status}", {"campaign": running.campaign.id})
        del self._known[running.campaign.id]

    # --- The table -------------------------------------------------------------------------------------------------

    def _commit(self, running: Running, changed: Sequence[tuple[Open, Attempt]], progress: Progress) -> None:
        """Store attempts and keep the open ones in memory."""
        if not changed:
            return
        progress = replace(progress, in_flight=len(running.open))
        after = [attempt for _, attempt in changed]
        stored, running.progress = self.store.commit(running.campaign.id, after, progress, now=int(self.now()))
        for (each, _), attempt in zip(changed, stored, strict=True):
            each.attempt = attempt
            if not attempt.is_open:
                running.open.pop(attempt.row, None)

    def _forget(self, running: Running, error: Exception) -> None:
        """Forget a campaign after a write with unknown outcome; it is read again."""
        self._known.pop(running.campaign.id, None)
        self._note_fault("a campaign is read anew", error)

    def _forget_all(self, error: Exception) -> None:
        self._known.clear()
        self._discover_at = 0.0
        self._at_work = True
        self._note_fault("campaigns could not be read", error)

    def _note_fault(self, message: str, error: Exception) -> None:
        self.observer.log("warning", message, {"reason": f"{type(error).__name__}: {error}"})
        self.observer.measure(Measure("CampaignFaults"))

    def _measure(self, running: Running) -> None:
        share = failure_share(running.progress.recent, running.progress.dialled_meanwhile)
        if share is None or running.campaign.status != RUNNING or self.now() < running.measured_at + MEASURE_SECONDS:
            return
        running.measured_at = self.now()
        self.observer.measure(Measure("CampaignFailureShare", round(100 * share), "None"))


def _counted(progress: Progress, before: Attempt, after: Attempt) -> Progress:
    """The progress after an attempt has changed: a call ended, a recipient settled, or neither."""
    for outcome in after.outcomes[len(before.outcomes) :]:
        progress = progress.with_call(
            after.row, after.round, outcome, after.ended_at, was_taken=before.state != CLAIMED
        )
    if after.state == SETTLED and after.outcome:
        progress = progress.with_outcome(after.outcome)
    return progress
