"""What is paid beside calls: events for other systems, messages to people, questions to the control API."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from control.audit import AuditTrail
from control.call_filters import Selection
from control.listing import Listing
from dialtone.adapters.calls_table import LEG, RECORDING, CallsTable
from dialtone.adapters.table_stream import Change
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from dialtone.domain.recordings import VERIFIED, Recording
from events.life_cycle_events import masked
from events.outbox import events_of
from tests.integration.delivering import BY_EMAIL, House, message
from tests.integration.ended_calls import ended_call
from tests.integration.streaming import passes_filters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

LISTED = 50


class StreamMeter:
    """Counts which writes of a table the events function gets, and the events that it makes of them."""

    def __init__(self, uncounted: DynamoDBClient, table: str) -> None:
        """`uncounted` reads what was written."""
        self._client = uncounted
        self._table = table
        self._asked: Any = {}
        self._images: dict[tuple[str, str], Any] = {}
        self.of: Counter[str] = Counter()

    def tap(self, client: DynamoDBClient) -> None:
        """Count what the client writes from now on."""
        client.meta.events.register("before-parameter-build.dynamodb", self._asks)
        client.meta.events.register("after-call.dynamodb", self._wrote)

    def _asks(self, params: Any, **_: object) -> None:  # noqa: ANN401 -- boto's own
        self._asked = params

    def _wrote(self, model: Any, **_: object) -> None:  # noqa: ANN401 -- boto's own
        if model.name == "TransactWriteItems":
            writes = [write for each in self._asked["TransactItems"] for write in each.values()]
        elif model.name == "UpdateItem":
            writes = [self._asked]
        else:
            return
        for write in writes:
            found = write.get("Item") or write["Key"]
            self._changed({name: found[name] for name in ("call_session_id", "item")})

    def _changed(self, key: Any) -> None:  # noqa: ANN401 -- DynamoDB's own
        place = (key["call_session_id"]["S"], key["item"]["S"])
        if not place[1].startswith((LEG, RECORDING)):
            return
        before = self._images.get(place)
        after = self._images[place] = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)["Item"]
        images = {"NewImage": after, **({"OldImage": before} if before else {})}
        record = {
            "eventName": "MODIFY" if before else "INSERT",
            "dynamodb": {"Keys": key, "SequenceNumber": "1", "ApproximateCreationDateTime": 0, **images},
        }
        if passes_filters(record):
            self.of.update(records=1, events=len(events_of(Change.of(record), masked)))


def delivered() -> Counter[str]:
    """What a message takes that is delivered by e-mail with its audio: requests by their operations."""
    house = House()
    asked = message(deliver=(BY_EMAIL,))
    house.recorded(asked)
    house.kept(asked)
    house.wire.requests.clear()
    house.stream()
    house.work()
    return Counter(house.wire.requests)


def questions(client: DynamoDBClient, table: str, now: datetime, begin: Callable[[], object]) -> Mapping[str, Any]:
    """What questions to the control API are, each to be asked while it is counted; calls are in the table before."""
    for number in range(LISTED + 1):
        session = f"session-{number:03d}"
        call = ended_call(session, now - timedelta(minutes=1 + number))
        recording = Recording(
            call_session_id=session, call_leg_id=call.leg_id, number=1, turn=1, requested_at=call.initiated_at,
            source="record_start", status=VERIFIED, format="wav", channels="dual",
        )  # fmt: skip
        call = call._replace(recordings=(recording,), recordings_asked=1)
        event = Event(f"{session}-1", "call.initiated", call.initiated_at, {"call_session_id": session})
        CallsTable(client, table).commit(
            event,
            call._replace(version=0, turn=-1),
            Decision(call, recordings=(recording,)),
            at_seconds=now.timestamp(),
        )
    begin()
    listing, audit = Listing(client, table), AuditTrail(client, table)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        f"`GET /calls`, {LISTED} of a day": lambda: listing.page(Selection(), midnight, now, LISTED, LISTED),
        f"`GET /recordings`, {LISTED} of a day": lambda: listing.recordings(
            Selection(), "", midnight, now, LISTED, LISTED
        ),
        "`GET /calls/{id}`": lambda: (
            listing.session_of("session-001"),
            listing.timeline("session-001"),
            audit.of("session-001"),
        ),
        "`GET /calls/{id}`, unknown": lambda: listing.session_of("nothing"),
    }
