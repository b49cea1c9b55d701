"""The flows that led a call, as the table keeps them, so that it can be played again on them."""

import json
from collections.abc import Mapping

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import NUMBERS_FILE, FlowLibrary
from dialtone.domain.errors import FlowInvalid
from infra.replaying.recorded_call import NotReplayable, RecordedCall, led_leg, recorded_call


def read_call(store: CallsTable, session: str) -> tuple[RecordedCall, Mapping[str, str]]:
    """A call, and the files of the flow's version that led it. Raises NotReplayable, and botocore's errors."""
    try:
        return _read_call(store, session)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotReplayable(
            f"an item of it cannot be read ({type(error).__name__}: {error}): look at it with `aws dynamodb query`"
        ) from error


def _read_call(store: CallsTable, session: str) -> tuple[RecordedCall, Mapping[str, str]]:
    call = led_leg(store.legs(session))
    texts = store.flow_texts(call.flow, call.flow_version)
    if texts is None:
        raise NotReplayable(f"version {call.flow_version} of {call.flow} is no longer kept: choose a later call")
    try:
        flow = FlowLibrary.of_texts(with_number(texts, call.to_number, call.flow)).flow(call.flow)
    except FlowInvalid as error:
        raise NotReplayable(f"this program cannot read the version that handled it: {error}") from error
    if flow is None:
        raise NotReplayable(f"the version that handled it has no {call.flow}")
    return recorded_call(call, store.timeline(session), flow), texts


def with_number(texts: Mapping[str, str], number: str, flow: str) -> dict[str, str]:
    """The files with one number that leads to the flow."""
    return {**texts, NUMBERS_FILE: f"{json.dumps(number)}: {flow}\n"}
