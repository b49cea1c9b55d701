"""The published versions of the flows, in the calls table.

Their partition is `PUBLISHED#flows`, its items `LIVE`, `VERSION#<number>`, `FILES#<number>` and `CHANGE#<revision>`. A
version has all files of a set of flows. `LIVE` says which version takes new calls; it is read together with the call,
in one request. A publication changes it conditionally, in one transaction with the version and with an item that says
who changed what. These items do not expire.

In the partition `PICTURES#flows` is each flow's picture, `<flow>#<version>`, for the console: the functions do not
draw, so `dialtone publish` and each deployment do.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from dialtone.adapters.dynamodb_items import attributes, below, plain, queried
from dialtone.domain.compact_json import compact, expanded
from dialtone.domain.errors import DialtoneError
from dialtone.domain.live_version import Live
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    Item = dict[str, Any]

PARTITION = "PUBLISHED#flows"
LIVE, VERSION, FILES, CHANGE = "LIVE", "VERSION#", "FILES#", "CHANGE#"

PICTURES = "PICTURES#flows"

REREAD_SECONDS = 5.0
"""Maximum age of the cached `LIVE` item when a call begins."""

MAX_BYTES = 380_000
"""Of a version's files, or of a picture, compressed: a table item holds 400 KB."""


class PublishedMeanwhile(DialtoneError):  # noqa: N818 -- reads as the sentence it is
    """Somebody else has published or rolled back meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            "somebody else has published or rolled back in the meantime: look at what is live, and try again"
        )


class Throttled(DialtoneError):  # noqa: N818 -- reads as the sentence it is
    """DynamoDB left the key unprocessed."""

    def __init__(self) -> None:
        super().__init__("the table is throttled for a moment: run this again in a minute")


class TooLarge(DialtoneError):  # noqa: N818 -- reads as the sentence it is
    """More files than a version can hold."""


class Version(NamedTuple):
    """A published set of flows, without its files."""

    number: int
    message: str
    author: str
    published_at: str
    """ISO 8601."""
    digest: str
    """Hash of its files."""
    files: int


class Change(NamedTuple):
    """One publication or rollback."""

    at: str
    author: str
    did: str
    live: Live
    """After it."""
    goes_back: bool = False
    """Whether it was a rollback."""


class LiveCache:
    """A cache of the live version."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known yet."""
        self.value = Live()
        self._monotonic = monotonic
        self._read_at: float | None = None

    def is_stale(self, *, begins: bool) -> bool:
        """Whether to read it with the call. Events of calls in progress need it only if it is unknown."""
        if self._read_at is None:
            return True
        return begins and self._monotonic() - self._read_at >= REREAD_SECONDS

    def keep(self, item: Item | None) -> None:
        """Store what was read; None if nothing was ever published."""
        self.value, self._read_at = Live.from_json(item) if item else Live(), self._monotonic()

    def forget(self) -> None:
        """Read it with the next event: this process was restored from a snapshot."""
        self._read_at = None


class FlowVersionsTable:
    """Reads and writes the published versions."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def texts(self, number: int) -> Mapping[str, str] | None:
        """The files of a version, by name; None if there is no such version."""
        item = self._get(files_key(number))
        return texts_in(item) if item else None

    def live(self) -> Live:
        """The live version; strongly consistent."""
        item = self._get(LIVE_KEY)
        return Live.from_json(item) if item else Live()

    def versions(self) -> tuple[Version, ...]:
        """Every version, the newest first."""
        return tuple(restored(Version, item) for item in self._query(VERSION))

    def changes(self) -> tuple[Change, ...]:
        """All publications and rollbacks, latest first."""
        return tuple(restored(Change, item, live=Live.from_json) for item in self._query(CHANGE))

    def change(
        self, was: Live, change: Change, new: Version | None = None, texts: Mapping[str, str] | None = None
    ) -> None:
        """Store a change, with a new version and its files, in one transaction.

        Raises PublishedMeanwhile if the live version is no longer `was`, and TooLarge.
        """
        live = change.live
        puts = [
            self._put(LIVE, live.to_json(), was.revision),
            self._put(f"{CHANGE}{live.revision:08}", {**change._asdict(), "live": live.to_json()}),
        ]
        if new:
            kept = compact(dict(texts or {}))
            if len(kept) > MAX_BYTES:
                raise TooLarge(
                    f"the flows have {len(kept):,} bytes, compressed; {MAX_BYTES:,} can be published together"
                )
            puts += [
                self._put(f"{VERSION}{new.number:08}", new._asdict()),
                self._put(files_key(new.number)["item"]["S"], {"texts": kept}),
            ]
        try:
            self._client.transact_write_items(TransactItems=puts)
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionCanceledException":
                raise PublishedMeanwhile from None
            raise

    def keep_picture(self, flow: str, version: str, svg: str) -> bool:
        """Store a flow version's picture; False if it is too large for the table."""
        kept = compact({"svg": svg})
        if len(kept) > MAX_BYTES:
            return False
        self._client.put_item(
            TableName=self._table, Item={**picture_key(flow, version), **attributes({"picture": kept})}
        )
        return True

    def _get(self, key: Item) -> Item | None:
        asked: Any = {self._table: {"Keys": [key], "ConsistentRead": True}}
        answer = self._client.batch_get_item(RequestItems=asked)
        if answer.get("UnprocessedKeys"):
            raise Throttled
        return next(map(plain, answer["Responses"].get(self._table, [])), None)

    def _put(self, item: str, fields: Item, was: int = 0) -> Any:  # noqa: ANN401 -- one of boto's nested dictionaries
        """A put, on condition that the item does not exist yet or has that revision."""
        put: Item = {
            "TableName": self._table,
            "Item": attributes({**fields, "call_session_id": PARTITION, "item": item}),
            "ConditionExpression": "revision = :was" if was else "attribute_not_exists(call_session_id)",
        }
        if was:
            put["ExpressionAttributeValues"] = attributes({":was": was})
        return {"Put": put}

    def _query(self, prefix: str) -> Iterator[Item]:
        """The newest first."""
        return queried(self._client, **below(self._table, PARTITION, prefix), ScanIndexForward=False)


def texts_in(item: Item) -> Mapping[str, str]:
    """The files in a version's item, by name."""
    texts: Mapping[str, str] = expanded(item["texts"])
    return texts


def files_key(number: int) -> Item:
    """The key of the item with a version's files."""
    return _key(f"{FILES}{number:08}")


def picture_key(flow: str, version: str) -> Item:
    """The key of the item with a flow's picture."""
    return {"call_session_id": {"S": PICTURES}, "item": {"S": f"{flow}#{version}"}}


def _key(item: str) -> Item:
    return {"call_session_id": {"S": PARTITION}, "item": {"S": item}}


LIVE_KEY = _key(LIVE)
