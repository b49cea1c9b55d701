"""Campaigns in the calls table: their orders, progress, recipients, and the worker's lease.

| partition | item | holds |
|---|---|---|
| `CAMPAIGNS` | `ORDERED#<created>#<id>` | an entry for lists of campaigns |
| `CAMPAIGNS` | `LEASE` | which worker dials, and until when |
| `CAMPAIGN#<id>` | `CAMPAIGN`, `PROGRESS` | the order and its status; its progress |
| `CAMPAIGN#<id>` | `FLOW` | the files of its flow, in the version of all its calls |
| `CAMPAIGN#<id>` | `COST#<00 to 31>` | the cost of its calls, summed by the webhook function |
| `CAMPAIGN#<id>#<part>` | `ROW#<row>` | a recipient's progress |
| `CAMPAIGN#<id>#<part>` | `CALL#<row>#<round>` | the webhook function's notes on the calls of that round |

The index `due` has, in shards of its own, campaigns that are not over (`campaigns`), recipients who are being dialled
(`open <id>`) and those who are to be dialled later (`waiting <id>`, by when). It is eventually consistent, so items are
read again. Every write is conditional on the item's version.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from dialtone.adapters.calls_table import (
    CAMPAIGN_FLOW,
    COSTS,
    DUE_AT,
    DUE_INDEX,
    DUE_SHARD,
    KEYS_AT_ONCE,
    NOTED,
    LostRace,
)
from dialtone.adapters.dynamodb_items import attributes, below, plain, queried
from dialtone.domain.campaigns.attempt import WAITING, Attempt
from dialtone.domain.campaigns.call_notes import CallNote
from dialtone.domain.campaigns.campaign import CANCELLED, DONE, Campaign
from dialtone.domain.campaigns.costs import Spent
from dialtone.domain.campaigns.dial_id import CALL, CAMPAIGN, COST, ROW, DialId
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.compact_json import compact, expanded
from dialtone.domain.errors import DialtoneError
from dialtone.domain.retention import KEEP_DAYS
from dialtone.domain.units import SECONDS_A_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from dialtone.flow.loaded_flow import LoadedFlow

    Item = dict[str, Any]

CAMPAIGNS, ORDERED, LEASE = "CAMPAIGNS", "ORDERED#", "LEASE"
DEFINITION, PROGRESS = "CAMPAIGN", "PROGRESS"
ACTIVE, OPEN, WAITING_SHARD = "campaigns", "open", "waiting"
EVER = 9_999_999_999
"""A unix time later than any."""

READ_TRIES = 5
READ_PAUSE_SECONDS = 0.1


class TableThrottled(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the table is throttled
    """DynamoDB repeatedly left keys unprocessed."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The worker that dials, and until when."""

    holder: str = ""
    until: float = 0.0
    version: int = 0


class CampaignsTable:
    """Reads and writes the campaigns' items."""

    def __init__(self, client: DynamoDBClient, table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    # --- What was ordered ------------------------------------------------------------------------------------------

    def order(self, campaign: Campaign, flow: LoadedFlow) -> None:
        """Store a new campaign, and the flow for its calls. Raises LostRace if the id exists."""
        listed = {"call_session_id": CAMPAIGNS, "item": f"{ORDERED}{campaign.created_at:010}#{campaign.id}"}
        listing = self._put({**listed, "campaign": campaign.id})
        del listing["Put"]["ConditionExpression"]
        files = {"call_session_id": f"{CAMPAIGN}{campaign.id}", "item": CAMPAIGN_FLOW}
        kept = self._put({**files, "texts": compact(dict(flow.texts)), "version": 1})
        self._commit([self._campaign_put(replace(campaign, flow_version=flow.version)), listing, kept])

    def change(self, campaign: Campaign, progress: Progress | None = None) -> None:
        """Store a changed campaign, and its progress if that has changed, too. Raises LostRace."""
        self._commit(
            [self._campaign_put(campaign, progress), *([self._progress_put(campaign.id, progress)] if progress else [])]
        )

    def campaign(self, campaign_id: str) -> Campaign | None:
        """A campaign; None if there is none with that id."""
        return next((campaign for campaign, _ in self.read([campaign_id])), None)

    def read(self, campaign_ids: Iterable[str]) -> list[tuple[Campaign, Progress]]:
        """Campaigns with their progress; strongly consistent. Missing ones are left out."""
        wanted = [(f"{CAMPAIGN}{each}", item) for each in campaign_ids for item in (DEFINITION, PROGRESS)]
        items = {(item["call_session_id"], item["item"]): item for item in self._read(wanted)}
        found = []
        for partition, item in wanted:
            if item == DEFINITION and (partition, item) in items:
                progress = items.get((partition, PROGRESS))
                campaign = Campaign.from_json(expanded(items[partition, item]["campaign"]))
                found.append((campaign, _progress(progress) if progress else Progress()))
        return found

    def ordered(self) -> list[str]:
        """The ids of all campaigns, the newest first."""
        found = queried(self._client, **below(self._table, CAMPAIGNS, ORDERED))
        return [item["campaign"] for item in found][::-1]

    def active(self, now: int) -> list[str]:
        """The ids of active campaigns; eventually consistent."""
        found = self._due(ACTIVE, now, 1_000)
        return [partition.removeprefix(CAMPAIGN) for partition, _ in found]

    # --- Recipients ------------------------------------------------------------------------------------------------

    def open_attempts(self, campaign_id: str) -> list[Attempt]:
        """Recipients who are being dialled."""
        found = self._read(self._due(f"{OPEN} {campaign_id}", EVER))
        return [each for each in map(_attempt, found) if each.is_open]

    def waiting_attempts(self, campaign_id: str, until: int, most: int) -> list[Attempt]:
        """At most that many recipients due by that time, longest waiting first."""
        found = self._read(self._due(f"{WAITING_SHARD} {campaign_id}", until, most))
        waiting = (each for each in map(_attempt, found) if each.state == WAITING and each.due_at <= until)
        return sorted(waiting, key=lambda each: each.due_at)

    def attempts(self, campaign_id: str, part: int) -> Iterator[Attempt]:
        """The attempts of a part of the list, by row."""
        partition = DialId(campaign_id, part, 0, 0).partition
        return map(_attempt, queried(self._client, **below(self._table, partition, ROW)))

    def commit(
        self,
        campaign_id: str,
        attempts: Sequence[Attempt],
        progress: Progress,
        more: Sequence[TransactWriteItemTypeDef] = (),
        *,
        now: int,
    ) -> tuple[list[Attempt], Progress]:
        """Store attempts, progress and other writes in one transaction; return the attempts as stored.

        Raises LostRace if another worker has changed one of them.
        """
        progress = replace(progress, at=now)
        writes = [*(self._attempt_put(each, now) for each in attempts), self._progress_put(campaign_id, progress)]
        self._commit([*writes, *more])
        stored = [replace(each, version=each.version + 1) for each in attempts]
        return stored, replace(progress, version=progress.version + 1)

    def notes(self, places: Iterable[DialId]) -> dict[DialId, tuple[CallNote, ...]]:
        """The webhook function's notes on the calls of these dials; strongly consistent."""
        by_key = {(place.partition, place.call_item): place for place in places}
        found = {}
        for item in self._read(list(by_key)):
            noted = (expanded(value) for name, value in item.items() if name.startswith(NOTED))
            found[by_key[item["call_session_id"], item["item"]]] = tuple(CallNote(**each) for each in noted)
        return found

    def spent(self, campaign_id: str) -> Spent:
        """The cost of the campaign's calls as reported by Telnyx so far; reports may come after the campaign's end."""
        found = list(queried(self._client, **below(self._table, f"{CAMPAIGN}{campaign_id}", COST)))
        return Spent(sum(int(item["cost"]) for item in found), sum(int(item["calls"]) for item in found))

    def costs(self, campaign_id: str, part: int) -> Counter[int]:
        """The cost of the calls to each row of a part, in millionths."""
        found: Counter[int] = Counter()
        for item in queried(self._client, **below(self._table, DialId(campaign_id, part, 0, 0).partition, CALL)):
            row = int(item["item"].removeprefix(CALL).partition("#")[0])
            found[row] += sum(int(value) for name, value in item.items() if name.startswith(COSTS))
        return found

    # --- Who works on them -----------------------------------------------------------------------------------------

    def lease(self) -> Lease:
        """The lease; strongly consistent."""
        found = list(self._read([(CAMPAIGNS, LEASE)]))
        return Lease(found[0]["holder"], float(found[0]["until"]), found[0]["version"]) if found else Lease()

    def take_lease(self, was: Lease, holder: str, until: float) -> Lease:
        """Take, renew or release the lease. Raises LostRace if another worker has it."""
        item = {"call_session_id": CAMPAIGNS, "item": LEASE, "holder": holder, "until": str(until)}
        self._commit([self._put({**item, "version": was.version + 1}, was.version)])
        return Lease(holder, until, was.version + 1)

    # --- DynamoDB --------------------------------------------------------------------------------------------------

    def _campaign_put(self, campaign: Campaign, progress: Progress | None = None) -> Any:  # noqa: ANN401 -- boto's nested dictionaries
        item: Item = {
            "call_session_id": f"{CAMPAIGN}{campaign.id}",
            "item": DEFINITION,
            "campaign": compact(campaign.to_json()),
            "version": campaign.revision + 1,
        }
        settled = progress is not None and progress.settled >= campaign.recipients
        if campaign.status != DONE and not (campaign.status == CANCELLED and settled):
            item |= {DUE_SHARD: ACTIVE, DUE_AT: campaign.starts_at}
        return self._put(item, campaign.revision)

    def _attempt_put(self, attempt: Attempt, now: int) -> Any:  # noqa: ANN401 -- as above
        item: Item = {
            **attempt.to_json(),
            "call_session_id": attempt.dial_id.partition,
            "item": attempt.dial_id.row_item,
            "version": attempt.version + 1,
            "expires_at": now + KEEP_DAYS * SECONDS_A_DAY,
        }
        item.pop("due_at", None)
        if attempt.due_at:
            shard = OPEN if attempt.is_open else WAITING_SHARD
            item |= {DUE_SHARD: f"{shard} {attempt.campaign}", DUE_AT: attempt.due_at}
        return self._put(item, attempt.version)

    def _progress_put(self, campaign_id: str, progress: Progress) -> Any:  # noqa: ANN401 -- as above
        item = {
            "call_session_id": f"{CAMPAIGN}{campaign_id}",
            "item": PROGRESS,
            "progress": compact(progress.to_json()),
            "version": progress.version + 1,
        }
        return self._put(item, progress.version)

    def _put(self, item: Item, version: int = 0) -> Any:  # noqa: ANN401 -- as above
        put: Item = {
            "TableName": self._table,
            "Item": attributes(item),
            "ConditionExpression": "attribute_not_exists(version)",
        }
        if version:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = attributes({":version": version})
        return {"Put": put}

    def _commit(self, writes: Sequence[Any]) -> None:
        try:
            self._client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            raise _commit_fault(error) from None

    def _due(self, shard: str, until: int, most: int = 0) -> list[tuple[str, str]]:
        """The keys of the items due by that time in a shard of the index, longest due first; all without a limit."""
        asked: Any = {
            "TableName": self._table,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": f"{DUE_SHARD} = :shard AND {DUE_AT} <= :now",
            "ExpressionAttributeValues": attributes({":shard": shard, ":now": until}),
        }
        if most:
            found: Iterable[Item] = map(plain, self._client.query(**asked, Limit=most)["Items"])
        else:
            found = queried(self._client, **asked)
        return [(item["call_session_id"], item["item"]) for item in found]

    def _read(self, keys: Sequence[tuple[str, str]]) -> Iterator[Item]:
        """Items by their keys, in any order; strongly consistent. Raises TableThrottled."""
        for first in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[first : first + KEYS_AT_ONCE]
            wanted: Any = {self._table: {"Keys": [_key(*each) for each in some], "ConsistentRead": True}}
            for tried in range(READ_TRIES):
                answer = self._client.batch_get_item(RequestItems=wanted)
                yield from map(plain, answer["Responses"].get(self._table, []))
                wanted = answer.get("UnprocessedKeys")
                if not wanted:
                    break
                self._sleep(READ_PAUSE_SECONDS * 2**tried)
            else:
                raise TableThrottled("DynamoDB left keys unread: the table or a partition is throttled")


def _key(partition: str, item: str) -> Item:
    return {"call_session_id": {"S": partition}, "item": {"S": item}}


def _attempt(item: Item) -> Attempt:
    return Attempt.from_json(item)


def _progress(item: Item) -> Progress:
    return replace(Progress.from_json(expanded(item["progress"])), version=item["version"])


_CONFLICTS = frozenset({"ConditionalCheckFailed", "TransactionConflict"})


def _commit_fault(error: ClientError) -> DialtoneError | ClientError:
    if error.response["Error"]["Code"] == "TransactionConflictException":
        return LostRace()
    reasons: Any = error.response.get("CancellationReasons", [])
    return LostRace() if any(reason.get("Code") in _CONFLICTS for reason in reasons) else error
