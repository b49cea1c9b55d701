"""What is wrong with a stack, in plain sentences, most urgent first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dialtone.domain.control_answers import Alarms, Custody, Parked, Queue


def sentences_of(
    alarms: Alarms | None, recordings: Custody | None, queues: Iterable[Queue], parked: Parked | None
) -> list[str]:
    """A sentence for each problem; none if all is well."""
    return [*_of_alarms(alarms), *_of_parked(parked), *_of_recordings(recordings), *_of_queues(queues)]


def _of_alarms(alarms: Alarms | None) -> Iterator[str]:
    if alarms is None:
        return
    felt = [each["name"] for each in alarms["ringing"] if each["affects_callers"]]
    unfelt = [each["name"] for each in alarms["ringing"] if not each["affects_callers"]]
    if felt:
        yield f"Callers are affected: {_listed(felt)} {_is(felt)} on."
    if unfelt:
        yield f"No caller notices, and it can wait until morning: {_listed(unfelt)} {_is(unfelt)} on."
    if mute := [each["name"] for each in alarms["ringing"] if not each["sends"]]:
        yield f"Nobody gets an e-mail of {_listed(mute)}: its actions are disabled in CloudWatch."
    if alarms["without_data"]:
        unknown = _listed(alarms["without_data"])
        yield f"CloudWatch has no data for {unknown}: unless the stack is new, check that its metric exists."
    if not alarms["watched"]:
        yield "CloudWatch has no alarm of this stack: deploy it again with monitoring."


def _of_parked(parked: Parked | None) -> Iterator[str]:
    if parked and parked["events"]:
        one = parked["events"] == 1 and parked["is_whole"]
        webhooks = (
            "1 webhook is" if one else f"{parked['events']}{'' if parked['is_whole'] else ' or more'} webhooks are"
        )
        what = "it" if one else "them"
        yield f"{webhooks} parked because of a bug: once it is fixed, `{parked['command']}` runs {what} again."


def _of_recordings(recordings: Custody | None) -> Iterator[str]:
    oldest = recordings and recordings["oldest_unverified"]
    if oldest and oldest["is_late"]:
        yield f"A recording that should be verified by now is still {oldest['status']}."


def _of_queues(queues: Iterable[Queue]) -> Iterator[str]:
    for each in queues:
        if each["is_dead_letters"] and each["messages"]:
            messages = "1 message" if each["messages"] == 1 else f"{each['messages']} messages"
            yield f"{messages} in {each['name']}: {_lowered(each['means'])}"


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
