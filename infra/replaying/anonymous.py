"""A real call without the data that identify the people on it, which takes the same path."""

import random
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from dialtone.domain.caller_trust import CALLER_NAME
from dialtone.domain.calls import Call
from dialtone.flow.conditions import texts_of
from dialtone.flow.data_files import DATA
from dialtone.flow.loaded_flow import LoadedFlow, local_name
from dialtone.flow.step import Step
from dialtone.flow.steps.attended_transfer import Consulting
from dialtone.flow.steps.branch import Branch
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.conference import Conference
from dialtone.flow.steps.directory import Directory
from dialtone.flow.steps.queue import Queue
from dialtone.flow.steps.take_from import TakeFrom
from dialtone.flow.steps.transfer import Transfer
from dialtone.flow.supervised_step import Supervised
from dialtone.flow.talking_step import Talking
from infra.replaying.recorded_call import WITHHELD, NotReplayable, RecordedCall, Turn
from infra.replaying.rerun import StepPath

CALLER = "+15550142"
OTHERS = "+15550{}"
FIRST_OTHER = 170
"""The numbers of people are +15550170, +15550171, …"""

WORD, DAY, ADDRESS = "Example", "2026-03-02", "https://example.com/audio.wav"
DIGITS_IN_ORDER = "1234567890" * 13

MOST_GUESSES = 2_000
"""Of digits that a pattern may allow."""

MOST_PLAYS = 30
"""Of a call, to find what can stand in place of one detail."""

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_CELLS = r"[,;\t\r\n\"]+"
"""What is between the cells of a data file."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d.*")


def anonymous(recorded: RecordedCall, flow: LoadedFlow, play: Callable[[RecordedCall], StepPath]) -> RecordedCall:
    """The call with other numbers, ids and names; `play` plays it on the flows that led it.

    What stands in the flow itself stays. Raises NotReplayable if the call goes another way without a detail.
    """
    path = play(recorded)
    recorded = _without_other_keys(recorded, flow)
    if play(recorded) != path:
        raise NotReplayable(
            "it needs keys that are not choices and may be personal, such as a number: choose another call"
        )
    for place, detail in enumerate(dict.fromkeys(_details(recorded, flow))):
        for instead in islice(_instead(detail, place, recorded, flow), MOST_PLAYS):
            changed = _replaced(recorded, {detail: instead})
            if play(changed) == path:
                recorded = changed
                break
        else:
            if not _is_named(detail, flow):
                raise NotReplayable(
                    "it needs what its caller keyed in, or what a lookup found: without that it takes another path; "
                    "choose another call"
                )
    return recorded


def _details(recorded: RecordedCall, flow: LoadedFlow) -> Iterator[str]:
    """What may identify somebody, except what stands in the flow."""
    if recorded.caller != WITHHELD:
        yield recorded.caller
    if name := recorded.trust.get(CALLER_NAME):
        yield name
    written = "\n".join(flow.texts.values())
    yield from (each.number for each in recorded.reached if each.number not in written)
    yield from (turn.answer for turn in recorded.turns if len(turn.answer) > 1 and not _in_directory(turn, flow))
    yield from (value for each in recorded.lookups for value in each.values.values() if len(value) > 1)


def _instead(detail: str, place: int, recorded: RecordedCall, flow: LoadedFlow) -> Iterator[str]:
    """What can stand in its place, the best first."""
    if detail == recorded.caller:
        yield CALLER
        yield from (detail[:kept] + DIGITS_IN_ORDER[: len(detail) - kept] for kept in range(2, len(detail) - 3))
    elif detail == recorded.trust.get(CALLER_NAME):
        yield from (detail[:kept] + WORD for kept in range(len(detail)))
    elif _NUMBER.fullmatch(detail) or any(each.number == detail for each in recorded.reached):
        yield OTHERS.format(FIRST_OTHER + place)
    elif detail.isdigit():
        asked = [turn for turn in recorded.turns if turn.answer == detail]
        fits = [_fitting(turn, flow) for turn in asked]
        for digits in _digits(detail):
            if digits != detail and all(fit(digits) == fit(detail) for fit in fits):
                yield digits
    elif _DAY.fullmatch(detail):
        yield DAY + detail[len(DAY) :]
    else:
        yield ADDRESS if "://" in detail else WORD


def _fitting(turn: Turn, flow: LoadedFlow) -> Callable[[str], bool]:
    """Whether digits answer what a step collects."""
    step = flow.flow_of(Call("", "", step=turn.step)).steps.get(local_name(turn.step))
    if not isinstance(step, Collect):
        return lambda _: True
    return lambda digits: step.answered_by_digits(Call("", ""), digits)


def _in_directory(turn: Turn, flow: LoadedFlow) -> bool:
    """Whether it answers a directory: whom it names is the team's own, and stands in the flow's data file."""
    step = flow.flow_of(Call("", "", step=turn.step)).steps.get(local_name(turn.step))
    return isinstance(step, Directory)


def _digits(like: str) -> Iterator[str]:
    """As many digits, the plainest first, then with the same beginning, then any."""
    length, chance = len(like), random.Random(0)
    for kept in range(length):
        yield like[:kept] + DIGITS_IN_ORDER[kept:length]
    for _ in range(MOST_GUESSES):
        yield "".join(chance.choices("0123456789", k=length))


def _replaced(recorded: RecordedCall, instead: Mapping[str, str]) -> RecordedCall:
    return replace(
        recorded,
        caller=instead.get(recorded.caller, recorded.caller),
        trust={name: instead.get(said, said) for name, said in recorded.trust.items()},
        turns=tuple(replace(each, answer=instead.get(each.answer, each.answer)) for each in recorded.turns),
        reached=tuple(replace(each, number=instead.get(each.number, each.number)) for each in recorded.reached),
        lookups=tuple(
            replace(each, values={name: instead.get(value, value) for name, value in each.values.items()})
            for each in recorded.lookups
        ),
    )


def _without_other_keys(recorded: RecordedCall, flow: LoadedFlow) -> RecordedCall:
    """The call without keys that had no effect and answered no question: several may be a number, one is a choice."""

    def step_of(name: str) -> Step | None:
        return flow.flow_of(Call("", "", step=name)).steps.get(local_name(name))

    turns = [
        each if len(each.keys) == 1 else replace(each, keys=list(_meant(each.keys, _choices(step_of(each.step)))))
        for each in recorded.turns
    ]
    reached = [
        replace(each, keys=tuple(_meant(each.keys, _callees_choices(step_of(each.step))))) for each in recorded.reached
    ]
    return replace(recorded, turns=tuple(turns), reached=tuple(reached))


def _meant(keys: Sequence[tuple[float, str]], choices: Container[str]) -> Iterator[tuple[float, str]]:
    """Of keys, with when they were pressed, those that are a choice, alone or with the one before or after."""
    for place, (at, key) in enumerate(keys):
        before = keys[place - 1][1] if place else ""
        after = keys[place + 1][1] if place + 1 < len(keys) else ""
        if key in "*#" or any(each in choices for each in (key, before + key, key + after)):
            yield at, key


def _choices(step: Step | None) -> set[str]:
    """The keys that do something for who leads a step, where none are asked for."""
    return {
        *(step.during if isinstance(step, Talking) else ()),
        *(step.controls if isinstance(step, Conference) else ()),
        *(step.keys if isinstance(step, (Conference, Transfer, Queue, TakeFrom)) else ()),
    }


def _callees_choices(step: Step | None) -> set[str]:
    """The keys that do something for those whom a step rings."""
    choices = set(step.during) if isinstance(step, Talking) else set()
    if isinstance(step, (Transfer, Queue)) and step.accept:
        choices.add(step.accept)
    if isinstance(step, Supervised) and step.supervisor:
        choices.update(step.supervisor.keys)
    if isinstance(step, Consulting) and step.consult:
        choices.update((step.consult.join, step.consult.back))
    return choices


def _is_named(detail: str, flow: LoadedFlow) -> bool:
    """Whether the flow itself has it in a condition, or a data file of its team."""
    steps = [step for each in (flow.main, *flow.others.values()) for step in each.steps.values()]
    texts = [
        text
        for step in steps
        if isinstance(step, Branch)
        for case in step.branch
        for each in case.when.values()
        for text in texts_of(each)
    ]
    cells = {
        cell for name, text in flow.texts.items() if name.startswith(f"{DATA}/") for cell in re.split(_CELLS, text)
    }
    return detail in texts or detail in cells
