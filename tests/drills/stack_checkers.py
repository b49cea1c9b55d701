"""What must hold of all that a stack sends out and is asked for, whatever failed."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.table_stream import Change
from dialtone.domain.campaigns.attempt import SETTLED, Attempt
from dialtone.domain.campaigns.campaign import DONE, Campaign
from dialtone.domain.campaigns.dial_id import DialId
from dialtone.domain.deliveries import DeliveryJob
from dialtone.domain.life_cycle import MILESTONES, STATUSES
from dialtone.domain.recordings import DELETED, KEPT_STATUSES, SUPERSEDED, Recording
from events.life_cycle_events import masked
from events.outbox import events_of
from infra.carrier.legs import Leg
from tests.drills.checkers import violations as of_world
from tests.drills.report import DOUBLED, LOST, STUCK, WRONG, Violation
from tests.drills.whole_stack import WholeStack

OK, NOT_FOUND, CONFLICT = 200, 404, 409
STOPS_SECONDS = 2.0
"""After a pause was answered, no dial leaves; one that left before is at Telnyx within so long."""
RATE_SECONDS = 5.0

MAY_BE_DOUBLED = (
    "deliver ses:SendEmail",
    "deliver chat:POST",
    "deliver dynamodb:UpdateItem",
    "deliver dynamodb:BatchGetItem",
)
"""Where a fault, or a death, can leave it unknown whether somebody has a message: only then may they get it again."""
SURELY_ONCE = ("deliver ses:SendEmail killed before", "deliver chat:POST killed before")


def violations(stack: WholeStack) -> list[Violation]:
    """Every broken promise."""
    return [*of_world(stack), *_events(stack), *_deliveries(stack), *_asked(stack), *_campaign(stack)]


# --- Events --------------------------------------------------------------------------------------------------------


def _events(stack: WholeStack) -> Iterator[Violation]:
    """Every change that is an event has reached the bus, and says the same however often it came."""
    if stack.unsendable.messages:
        yield Violation(LOST, f"{len(stack.unsendable.messages)} events became dead letters")
    came: dict[str, dict[str, Any]] = {}
    for taken in stack.bus.taken:
        first = came.setdefault(taken["id"], taken)
        if {**first, "sequence": ""} != {**taken, "sequence": ""}:
            yield Violation(WRONG, f"{taken['type']} came twice under one id, and differs")
    for record in stack.stream.records:
        for event in events_of(Change.of(record), masked):
            if event.id not in came:
                yield Violation(LOST, f"{event.type} was committed and never sent")
    yield from _told(stack, {(_about(each), str(each["type"])) for each in came.values()})


def _about(event: dict[str, Any]) -> tuple[str, str]:
    facts = event["call"] if "call" in event else event["recording"]
    assert isinstance(facts, dict)
    return facts["call_session_id"], facts.get("name") or facts["call_leg_id"]


def _told(stack: WholeStack, came: set[tuple[tuple[str, str], str]]) -> Iterator[Violation]:
    """What the table holds in the end was an event."""
    for leg in (leg for each in {leg.session.id for leg in stack.carrier.legs} for leg in stack.checked.legs(each)):
        about = (leg.session_id, leg.leg_id)
        happened = [kind for kind, at in MILESTONES.items() if getattr(leg, at)]
        missing = [kind for kind in happened if (about, kind) not in came]
        if missing:
            yield Violation(LOST, f"of leg {leg.leg_id} nobody hears {', '.join(missing)}")
    for each in _recordings(stack):
        if each.status in STATUSES and ((each.call_session_id, each.name), STATUSES[each.status]) not in came:
            yield Violation(LOST, f"of recording {each.name} nobody hears that it is {each.status}")


def _recordings(stack: WholeStack) -> list[Recording]:
    sessions = sorted({leg.session.id for leg in stack.carrier.legs})
    return [entry for session in sessions for entry in stack.checked.recordings(session)]


# --- Deliveries ----------------------------------------------------------------------------------------------------


def _deliveries(stack: WholeStack) -> Iterator[Violation]:
    """Each message is delivered or its job is a dead letter; twice only where no process knew of the first."""
    came = stack.mail.came + stack.chat.came
    dead = [DeliveryJob.from_json(each.body) for each in stack.deliveries.dead]
    given_up = {each.id for each in dead} | {each.recording for each in dead if not each.target}
    known: set[str] = set()
    for entry in _recordings(stack):
        jobs = [DeliveryJob(entry.call_session_id, entry.name, each.key, 0).id for each in entry.deliver]
        known |= set(jobs)
        if entry.review in {DELETED, SUPERSEDED}:
            yield from (
                Violation(WRONG, f"{entry.name}, which is {entry.review}, was sent") for job in jobs if came[job]
            )
        elif entry.status in KEPT_STATUSES:
            missing = [job for job in jobs if not came[job] and job not in given_up and entry.name not in given_up]
            yield from (Violation(LOST, f"message {entry.name} was never delivered") for _ in missing)
    yield from (Violation(WRONG, "a message came that nobody left") for job in came if job not in known)
    unsure = any(name.startswith(MAY_BE_DOUBLED) and name not in SURELY_ONCE for name in stack.gate.met)
    for job, times in came.items():
        if times > 1 and not unsure:
            yield Violation(DOUBLED, f"message {job} was delivered {times} times, and nothing was in doubt")


# --- What was asked for --------------------------------------------------------------------------------------------


def _asked(stack: WholeStack) -> Iterator[Violation]:
    """What was asked for under a key was done once, if it was answered that it was done."""
    said = Counter(
        str(command["metadata"]["raw"].get("payload")) for command in _obeyed(stack) if command["name"] == "speak"
    )
    for text, times in said.items():
        if text.startswith("Announcement number") and times > 1:
            yield Violation(DOUBLED, f'"{text}" was said {times} times')
    for asked in stack.asked:
        if not asked.done:
            yield Violation(STUCK, f"{asked.path} was never answered")
        text = str(asked.body.get("payload", ""))
        # One that is repeated may be given up: the call has moved on, and it is not known that it was not said.
        if asked.status == OK and text and not said[text] and not asked.answer["repeated"]:
            yield Violation(LOST, f'"{text}" was answered 200 and is never said')
        # 404 where nothing has been heard of the call yet.
        if asked.status not in {OK, NOT_FOUND, CONFLICT}:
            yield Violation(WRONG, f"{asked.path} was answered {asked.status}: {json.dumps(asked.answer)}")
    rings = [asked for asked in stack.asked if asked.path == "/calls"]
    rung = [leg for leg in stack.carrier.legs if rings and leg.name.to == rings[0].body["to"]]
    if len(rung) > 1:
        yield Violation(DOUBLED, f"a dial under one key rang {len(rung)} times")
    if any(asked.status == OK for asked in rings) and not rung:
        yield Violation(LOST, "a dial was answered 200 and never rang")


def _obeyed(stack: WholeStack) -> Iterator[dict[str, Any]]:
    for session in {leg.session.id: leg.session for leg in stack.carrier.legs}.values():
        yield from session.commands


# --- The campaign --------------------------------------------------------------------------------------------------


def _campaign(stack: WholeStack) -> Iterator[Violation]:
    """Each recipient is dialled once in each round, at the rate, in the version that was checked, and accounted for."""
    if stack.order is None:
        return
    store = CampaignsTable(stack.table, "calls")  # type: ignore[arg-type] # in memory
    names = store.ordered()
    if len(names) != 1 or set(stack.ordered) != set(names):
        yield Violation(DOUBLED, f"one order made the campaigns {names}, and answered {stack.ordered}")
        return
    ((campaign, progress),) = store.read(names)
    attempts = list(store.attempts(names[0], 0))
    if campaign.status != DONE or progress.settled != campaign.recipients:
        yield Violation(STUCK, f"the campaign is {campaign.status} with {progress.settled} of {campaign.recipients}")
    settled = [each for each in attempts if each.state == SETTLED and (each.outcome or each.refused)]
    if len(settled) != campaign.recipients or sum(progress.outcomes.values()) != len(settled):
        yield Violation(LOST, f"{len(settled)} of {campaign.recipients} are accounted for: {dict(progress.outcomes)}")
    yield from _dials(stack, campaign, attempts)


def _dials(stack: WholeStack, campaign: Campaign, attempts: list[Attempt]) -> Iterator[Violation]:
    numbers = {each.recipient.number: each for each in attempts}
    legs = sorted((leg for leg in stack.carrier.legs if leg.name.to in numbers), key=lambda leg: leg.started)
    obeyed = Counter(str(command["metadata"]["raw"].get("command_id")) for command in _dialled(stack))
    for each in attempts:
        rounds = [obeyed[DialId(campaign.id, each.part, each.row, number).command_id] for number in range(1, 9)]
        if max(rounds) > 1 or any(rounds[each.round :]):
            yield Violation(DOUBLED, f"row {each.row} was dialled {rounds[: each.round + 1]} times in its rounds")
    yield from _paced(campaign, legs)
    for leg in legs:
        call = stack.checked.leg(leg.name.call_session_id, leg.name.call_leg_id)
        if call and call.flow and call.flow_version != campaign.flow_version:
            yield Violation(WRONG, f"a call of the campaign plays {call.flow_version}, not {campaign.flow_version}")
    paused = next((each.ended for each in stack.asked if each.key == "pause" and each.status == OK), 0.0)
    resumed = next((each.began for each in stack.asked if each.key == "resume"), 0.0)
    if late := [leg.started for leg in legs if paused and paused + STOPS_SECONDS < leg.started < resumed]:
        yield Violation(WRONG, f"paused at {paused:.1f} s, the campaign dialled at {late[0]:.1f} s")


def _dialled(stack: WholeStack) -> Iterator[dict[str, Any]]:
    return (each for each in _obeyed(stack) if each["name"] == "dial")


def _paced(campaign: Campaign, legs: list[Leg]) -> Iterator[Violation]:
    """No five seconds have more dials than the rate, no moment more calls than there may be at once."""
    for place, leg in enumerate(legs):
        most = campaign.rate_per_second * RATE_SECONDS + 1
        within = sum(each.started < leg.started + RATE_SECONDS for each in legs[place:])
        if within > most:
            yield Violation(WRONG, f"{within} dials within {RATE_SECONDS} s of {leg.started:.1f} s")
        alive = sum(each.started <= leg.started < (each.ended or leg.started + 1) for each in legs)
        if alive > campaign.max_in_flight:
            yield Violation(WRONG, f"{alive} calls at once at {leg.started:.1f} s")
