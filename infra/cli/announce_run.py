"""Runs `dialtone announce`."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from control.call_filters import moment
from dialtone.adapters.calls_table import LostRace
from dialtone.adapters.campaign_lists import REFUSED, CheckedList, upload
from dialtone.adapters.campaign_numbers import CampaignNumbers
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.client import Client, Refused
from dialtone.domain.campaigns.campaign import FARTHEST_SECONDS, PREMIUM, Campaign, list_key, new_id
from dialtone.domain.campaigns.dialling_rules import SUPPRESSED
from dialtone.domain.campaigns.estimate import estimate
from dialtone.domain.campaigns.estimate_assumptions import LONGEST_DAYS, Assumed, Estimate
from dialtone.domain.campaigns.list_rows import ListCheck, ListRules, counted
from dialtone.domain.campaigns.number_index import NumberIndex
from dialtone.domain.errors import DialtoneError
from dialtone.domain.numbers import E164
from dialtone.flow.flow_inputs import MAX_GIVEN_BYTES
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.steps.opt_out import OptOut
from infra.cli.options import name_project
from infra.operations import aws
from infra.operations.campaigns.source import pieces
from infra.operations.connect.record import ConnectionRecord
from infra.operations.stack_outputs import Stack, find_stack, region_of
from infra.output.terminal import printable
from infra.projects.project import stack_named

NOT_FAULTS = frozenset({SUPPRESSED})
"""Rules by which a row is skipped though nothing is wrong with it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen."""

    campaign: Campaign
    checked: CheckedList
    estimate: Estimate
    assumed: Assumed
    suppression_known: bool
    """Whether the list was held against the suppression list."""
    version: str = ""
    """Of the flow, which all its calls play."""
    live_version: str | None = None
    """That the stack's calls get; None if they get no such flow, or nobody was asked."""

    @property
    def faults(self) -> int:
        """Rows with which something is wrong."""
        return sum(count for rule, count in self.checked.refused.items() if rule not in NOT_FAULTS)


def run(given: argparse.Namespace) -> int:
    """Check the list, say what would happen, and order it unless nothing may be dialled; 1 then."""
    flow = _flow(given)
    if not E164.fullmatch(given.caller):
        raise DialtoneError(f"--from {given.caller} is not a number: write it with + and its country's code")
    if not given.consent.strip():
        raise DialtoneError(
            "--consent is empty: give the reason why these people may be called, such as `customers, terms 4.2`"
        )
    now = int(time.time())
    starts_at = _starts_at(given.at, now)
    with aws.explained(), _folder() as folder:
        stack = _stack(given)
        suppressed = _suppressed(stack)
        rules = ListRules(
            tuple(flow.main.given), given.caller, given.window, starts_at, MAX_GIVEN_BYTES, frozenset(given.ignore)
        )
        said, live = _compared(flow, stack)
        checked = CheckedList(folder)
        checked.take(ListCheck(rules, suppressed or ()).rows(pieces(given.to)), _show_progress)
        if given.refused:
            shutil.copyfile(folder / REFUSED, given.refused)
        if not checked.recipients and not checked.rows:
            raise DialtoneError(f"{given.to} has no rows: write one for each person to be dialled")
        plan = _plan(given, checked, now, starts_at, suppression_known=suppressed is not None)
        plan = replace(plan, version=flow.version, live_version=live)
        _show(plan, given)
        if said:
            _say(said)
        if plan.faults and not given.skip_invalid:
            _say("nobody is dialled from a list that fails its check: correct it, or add --skip-invalid")
            return 1
        if not checked.recipients:
            _say("nobody is left to be dialled")
            return 1
        if given.dry_run:
            _say("dry run: nobody is dialled")
            return 0
        _order(plan, stack, flow)
    return 0


def _flow(given: argparse.Namespace) -> LoadedFlow:
    name_project(given)
    loaded = FlowLibrary.open(given.flows).flow(given.flow)
    if loaded is None:
        raise DialtoneError(f"there is no flow {given.flow} in {given.flows}: add {given.flow}.yaml, and deploy it")
    steps = (step for flow in (loaded.main, *loaded.others.values()) for step in flow.steps.values())
    if not any(isinstance(step, OptOut) for step in steps):
        _say(f"note: {given.flow} has no step `opt_out: campaigns`, by which people can ask for no more such calls")
    return loaded


def _starts_at(written: str, now: int) -> int:
    if not written:
        return now
    found = int(moment(written).timestamp())
    if found < now:
        raise DialtoneError(
            f"--at {written} is past; times are in UTC unless they say otherwise: 2026-11-30T17:00+01:00"
        )
    if found > now + FARTHEST_SECONDS:
        raise DialtoneError(f"--at {written} is more than a year away: name an earlier time")
    return found


def _stack(given: argparse.Namespace) -> Stack | None:
    """The stack that dials; None for a dry run that names none: it asks nobody, so that it needs no credentials."""
    if given.dry_run and not given.stack and not os.environ.get("CALLS_TABLE"):
        return None
    return find_stack(given.stack, os.environ)


def _compared(flow: LoadedFlow, stack: Stack | None) -> tuple[str, str | None]:
    """How the flow differs from the live one, as the stack's control API says, and that one's version."""
    if stack is None or not stack.parts.get("CONTROL_URL"):
        return "", None
    name = flow.main.name
    try:
        with Client(stack.control_url) as api:
            found = api.flow(name)
    except Refused as refused:
        if refused.status == HTTPStatus.NOT_FOUND:
            return f"note: the stack has no flow {name} live; the campaign plays this one, {flow.version}", None
        return f"note: which {name} the stack has live is not known: {refused}", None
    except (DialtoneError, httpx.TransportError) as error:
        return f"note: which {name} the stack has live is not known: {error}", None
    live, given = found["live_version"], set(found["given"] or ())
    if live in {None, flow.version}:
        return "" if live else f"note: the stack's {name} takes no calls; the campaign plays this one", live
    others = f"; that one is given {', '.join(sorted(given)) or 'nothing'}" if given != set(flow.main.given) else ""
    return f"note: the stack has {name} {live} live, the campaign plays this one, {flow.version}{others}", live


def _suppressed(stack: Stack | None) -> NumberIndex | None:
    """The suppression list, in little memory."""
    if stack is None:
        return None
    index = NumberIndex()
    for each in CampaignNumbers(aws.client("dynamodb"), stack.calls_table).suppressions():
        index.add(each.number, 0)
    return index


def _plan(
    given: argparse.Namespace, checked: CheckedList, now: int, starts_at: int, *, suppression_known: bool
) -> Plan:
    assumed = Assumed(given.rate, given.max_in_flight, given.call_seconds, given.minute_price, given.detection_price)
    campaign = Campaign(
        id=(name := new_id(given.flow, given.name, given.caller, checked.sha256, starts_at)),
        flow=given.flow,
        from_number=given.caller,
        consent=given.consent.strip(),
        list_key=list_key(name),
        recipients=checked.recipients,
        created_by="",
        created_at=now,
        starts_at=starts_at,
        name=given.name,
        window=given.window,
        rate_per_second=given.rate,
        max_in_flight=given.max_in_flight,
        weekly_limit=given.weekly_limit,
        retries=tuple(given.retry),
        last_round_seconds=given.last_round,
        detection=given.detection,
    )
    took = estimate(checked.zones, given.window, starts_at, assumed)
    return Plan(campaign.with_estimate(took), checked, took, assumed, suppression_known)


def _order(plan: Plan, stack: Stack | None, flow: LoadedFlow) -> None:
    """Upload the list, then let the campaign be there. Raises DialtoneError if it is already."""
    if stack is None:
        raise DialtoneError("which stack? Pass --stack NAME")
    store = CampaignsTable(aws.client("dynamodb"), stack.calls_table)
    name = plan.campaign.id
    there = DialtoneError(f"{name} exists already: to call the same people again, give the campaign a --name")
    if store.campaign(name):
        raise there
    author = aws.client("sts").get_caller_identity()["Arn"].rpartition(":")[2]
    fields = plan.campaign.to_json() | {"created_by": author, "connection_id": _connection_id(stack)}
    upload(plan.checked, name, tuple(flow.main.given), aws.client("s3"), stack.campaigns_bucket)
    try:
        store.order(Campaign.from_json(fields), flow)
    except LostRace:
        raise there from None
    _say(f"ordered: {name}; dialtone campaigns show {name} says how far it is")


def _connection_id(stack: Stack) -> str:
    """Telnyx's id of the application that dials."""
    if found := os.environ.get("TELNYX_CONNECTION_ID", "").strip():
        return found
    record = ConnectionRecord.of(stack.name, region_of(stack_named(stack.name)))
    if found := record.read().application_id:
        return found
    raise DialtoneError(f"the stack {stack.name} is not connected to Telnyx: run `dialtone connect` first")


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for the checked list, which holds people's numbers: only its owner may read it, and it goes."""
    with tempfile.TemporaryDirectory(prefix="dialtone-announce-") as folder:
        yield Path(folder)


def _show_progress(rows: int) -> None:
    if sys.stderr.isatty():
        print(f"\rchecked {rows:,} rows", end="", file=sys.stderr, flush=True)


def _show(plan: Plan, given: argparse.Namespace) -> None:
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    if given.json:
        print(json.dumps(_described(plan), indent=2, ensure_ascii=True))
        return
    for line in _lines(plan, given):
        print(line)


def _lines(plan: Plan, given: argparse.Namespace) -> Iterator[str]:
    campaign, checked, took = plan.campaign, plan.checked, plan.estimate
    yield f"{printable(given.to)}: {counted(checked.refused, checked.rows)}"
    for each in checked.first_refused:
        yield f"  row {each.row}: {each.rule}: {printable(each.reason)}"
    if (more := checked.refused.total() - len(checked.first_refused)) > 0:
        yield f"  and {more:,} more: --refused FILE writes all of them to a file"
    if not plan.suppression_known:
        yield "neither the suppression list nor the live flow version was checked: add --stack"
        yield "the weekly limit is checked at each dial"
    if not checked.recipients:
        return
    hear = f"{checked.recipients:,} people hear {campaign.flow} {plan.version}"
    rate = f"{campaign.rate_per_second:g} a second, at most {campaign.max_in_flight:,} calls at once"
    yield f"{hear}, {campaign.window} of their own day, {rate}"
    ends = f"until {_time(took.ends_at)}" if took.ends_at else f"for more than {LONGEST_DAYS} days"
    yield f"the first round goes from {_time(took.starts_at)} {ends}, {_length(took.dialling_seconds)} of it dialling"
    assumed = f"{plan.assumed.call_seconds} s a call at ${plan.assumed.minute_dollars:.4f} a minute begun"
    price = plan.assumed.detection_dollars
    detection = f"${price:.4f} for {campaign.detection}" if price else "--detection-price not counted"
    yield f"it costs ${took.most_dollars:,.2f} at most ({assumed}, {detection}; ${took.aws_dollars:,.2f} of it AWS)"
    if campaign.detection != PREMIUM:
        unsure = f"or as a person where {campaign.detection} is not sure"
        yield f"a fax counts as a machine, {unsure}: --detection {PREMIUM} reports it"


def _described(plan: Plan) -> dict[str, Any]:
    campaign, checked, took = plan.campaign, plan.checked, plan.estimate
    kept = campaign.to_json()
    return {
        "campaign": {name: kept[name] for name in kept if name not in {"created_by", "connection_id", "revision"}}
        | {"window": str(campaign.window)},
        "rows": checked.rows,
        "recipients": checked.recipients,
        "refused": dict(checked.refused),
        "first_refused": [
            {"row": each.row, "rule": each.rule, "reason": each.reason} for each in checked.first_refused
        ],
        "suppression_list_known": plan.suppression_known,
        "flow_version": plan.version,
        "live_flow_version": plan.live_version,
        "estimate": {
            "starts_at": took.starts_at,
            "ends_at": took.ends_at,
            "dialling_seconds": took.dialling_seconds,
            "most_dollars": round(took.most_dollars, 4),
            "aws_dollars": round(took.aws_dollars, 4),
        },
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _length(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{rest} s"


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
