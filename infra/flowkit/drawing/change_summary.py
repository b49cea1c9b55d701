"""What a caller will notice of a change, in sentences."""

from collections.abc import Collection, Iterator, Mapping

from pydantic import BaseModel

from dialtone.flow.flow import Flow
from dialtone.flow.in_call_keys import DuringKey
from dialtone.flow.step import Step
from infra.flowkit.drawing.difference import content_of, renamed
from infra.flowkit.drawing.words import heard, kind_of, met_by_caller, plain, since_when, value_in_words

NOTHING = "A caller notices nothing: only comments, the description or the order of steps changed."


def summary(old: Flow | None, new: Flow | None) -> list[str]:
    """Sentences, in the order of the new file; empty if the two are the same text."""
    if old is None or new is None:
        present = new or old
        return [f"The flow {_name(present.name)} is {'new' if new else 'gone'}."] if present else []
    if old.version == new.version:
        return []
    return [*_of_the_call(old, new), *_of_the_steps(old, new)] or [NOTHING]


def _of_the_call(old: Flow, new: Flow) -> Iterator[str]:
    names = renamed(old, new)
    if names.get(old.start, old.start) != new.start:
        yield f"A call now begins at {_name(new.start)}; before, at {_name(old.start)}."
    if names.get(old.last_resort, old.last_resort) != new.last_resort:
        now, was = _now(new.last_resort), _then(old.last_resort)
        yield f"When something goes wrong and there is no path for it, {now}; before, {was}."
    if names.get(old.on_hangup, old.on_hangup) != new.on_hangup:
        now, was = _followed(new.on_hangup), _followed(old.on_hangup)
        yield f"When the call has ended, now {now}; before, {was}."
    if old.memory_days != new.memory_days:
        now, was = (f"for {flow.memory_days} days" if flow.memory_days else "not at all" for flow in (new, old))
        yield f"Callers are now remembered {now}; before, {was}."
    yield from _of_the_manner(old, new)
    if old.record is None and new.record is not None:
        yield f"Calls are now recorded {since_when(new.record)}."
    elif new.record is None and old.record is not None:
        yield f"Calls are no longer recorded {since_when(old.record)}."
    elif old.record is not None and new.record is not None:
        yield from _fields("In the recording of the call", old.record, new.record)


def _of_the_manner(old: Flow, new: Flow) -> Iterator[str]:
    for name, now in new.voice_defaults._asdict().items():
        was = getattr(old.voice_defaults, name)
        if was != now:
            yield f"The {plain(name)} is now {_value(now)}; before, {_value(was)}."


def _of_the_steps(old: Flow, new: Flow) -> Iterator[str]:
    names = renamed(old, new)
    was_called = {now: was for was, now in names.items()}
    for name, step in new.steps.items():
        before = old.steps.get(was_called.get(name, name))
        if before is None:
            yield f"Step {_name(name)} is new: {_in_short(step)}."
            continue
        if before.name != name:
            yield f"Step {_name(before.name)} is now called {_name(name)}."
        if type(before) is not type(step):
            yield f"Step {_name(name)} is now {_in_short(step)}; before, {_in_short(before)}."
            continue
        yield from _of_the_content(before, step)
        has_fallback = any(getattr(each, "otherwise", "") for each in (before, step))
        was = _effective(before, has_fallback=has_fallback)
        now = _effective(step, has_fallback=has_fallback)
        yield from _of_the_edges(step, {where: names.get(to, to) for where, to in was.items()}, now)
    for name in old.steps:
        if name not in new.steps and name not in names:
            yield f"Step {_name(name)} is gone."


def _in_short(step: Step) -> str:
    said = met_by_caller(step)
    return f"{plain(kind_of(step))} {said}" if said else plain(kind_of(step))


_KIND_CHANGED = {
    "say": "{step} now says: {now} Before: {was}",
    "play": "{step} now plays {now}; before, {was}.",
    "assistant": "In {step} callers now talk with the assistant {now}; before, with {was}.",
    "menu": "The menu in {step} says: {now} Before: {was}",
    "collect": "The question in {step} is now: {now} Before: {was}",
    "record": "Before the tone, {step} now says: {now} Before: {was}",
    "transfer": "{step} now rings {now}; before, {was}.",
    "queue": "Callers in {step} now wait in the queue {now}; before, in {was}.",
    "conference": "Callers in {step} now join the conference {now}; before, {was}.",
    "take_from": "{step} now takes callers from {now}; before, from {was}.",
    "lookup": "{step} now asks {now}; before, {was}.",
    "set": "{step} now notes {now}; before, {was}.",
}
"""Of the value that names the kind; a kind that is not here is described like any other field."""

_FIELD_CHANGED = {
    "tries": "A caller who presses nothing in {step} is now asked {now} times instead of {was}.",
    "no_input": "A caller who presses nothing in {step} now hears: {now} Before: {was}",
    "wrong": "A caller whose answer in {step} is wrong now hears: {now} Before: {was}",
    "wait_seconds": "In {step} the caller now has {now} seconds to begin instead of {was}.",
    "say_or_press": "In {step} callers may now say, in place of a key, {now}; before, {was}.",
    "between_seconds": "In {step} the caller now has {now} seconds for the next digit instead of {was}.",
    "ring_seconds": "{step} now rings for {now} seconds instead of {was}.",
    "silence_seconds": "In {step} the recording now ends after {now} seconds of silence instead of {was}.",
    "max_seconds": "A recording in {step} may now last {now} seconds instead of {was}.",
    "times": "{step} is now heard {now} times instead of {was}.",
    "sensitive": "That what is keyed in at {step} is written nowhere: now {now}; before, {was}.",
    "max_wait_time_secs": "In {step} a caller now waits {now} seconds at most instead of {was}.",
    "announce_every_seconds": "In {step} the announcement is now heard every {now} seconds instead of {was}.",
    "max_participants": "The conference of {step} now takes {now} participants; before, {was}.",
    "moderator": "Whether {step} is for a moderator: now {now}; before, {was}.",
    "mute": "Whether callers come into the conference of {step} muted: now {now}; before, {was}.",
    "controls": "In the conference of {step}, keys now do {now}; before, {was}.",
    "max_size": "The queue of {step} now takes {now} callers; before, {was}.",
    "meanwhile": "While {step} waits for an answer, the caller now hears {now}; before, {was}.",
    "hold": "While it rings in {step}, the caller now hears {now}; before, {was}.",
}

_OF_A_KIND = {("assistant", "max_seconds"): "The assistant in {step} may now talk for {now} seconds instead of {was}."}
"""Of a field whose name means another thing in steps of this kind."""

_ANY_FIELD_CHANGED = "In {step}, {field} is now {now}; before, {was}."


def _of_the_content(old: Step, new: Step) -> Iterator[str]:
    before, after = content_of(old), content_of(new)
    kind, step = kind_of(new), _name(new.name)
    changed = {field for field in {**before, **after} if before.get(field) != after.get(field)}
    was, now = getattr(old, kind), getattr(new, kind)
    if kind in changed and kind in _KIND_CHANGED:
        yield _sentence(_KIND_CHANGED[kind], step, was, now)
    elif kind in changed and isinstance(now, BaseModel) and isinstance(was, BaseModel):
        inside = {where.rpartition(".")[2] for each in (old, new) for where, _ in each.targets()}
        yield from _fields(f"In {step}", was, now, hidden=inside)
    elif kind in changed:
        yield f"In {step}, {plain(kind)} is now {_value(now)}; before, {_value(was)}."
    for field in type(new).model_fields:
        if field == "during" and field in changed:
            yield from _of_keys_in_talk(step, getattr(old, field, {}), getattr(new, field))
        elif field == "say_or_press" and field in changed and None in (getattr(old, field, None), getattr(new, field)):
            yield (_UNSAID if getattr(new, field) is None else _SAID).format(step=step)
        elif field in changed - {kind}:
            pattern = _OF_A_KIND.get((kind, field)) or _FIELD_CHANGED.get(field, _ANY_FIELD_CHANGED)
            yield _sentence(pattern, step, getattr(old, field, None), getattr(new, field), plain(field))


def _of_keys_in_talk(step: str, old: Mapping[str, DuringKey], new: Mapping[str, DuringKey]) -> Iterator[str]:
    for keys in dict.fromkeys((*new, *old)):
        was, now = old.get(keys), new.get(keys)
        if was != now:
            yield _sentence("While they talk in {step}, {field} now does: {now}. Before: {was}", step, was, now, keys)


_SAID = "In {step} callers may now say the digits in place of keying them in."
_UNSAID = "In {step} callers may no longer say the digits; they can only key them in."


def _fields(subject: str, old: BaseModel, new: BaseModel, hidden: Collection[str] = ()) -> Iterator[str]:
    for field in type(new).model_fields:
        was, now = getattr(old, field, None), getattr(new, field)
        if field not in hidden and was != now:
            yield f"{subject}, {plain(field)} is now {_value(now)}; before, {_value(was)}."


def _sentence(pattern: str, step: str, was: object, now: object, field: str = "") -> str:
    sentence = pattern.format(step=step, now=_value(now), was=_value(was), field=field)
    return sentence if sentence.endswith((".", ".”", "?”", "!”")) else f"{sentence}."


def _of_the_edges(new: Step, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for where in [*after, *(where for where in before if where not in after)]:
        was, now = before.get(where), after.get(where)
        if was != now:
            yield _of_a_key(new, where, was, now) if where.startswith("keys.") else _of_an_edge(new, where, was, now)


def _effective(step: Step, *, has_fallback: bool) -> dict[str, str]:
    """Where each edge goes; an `otherwise` that is left out leads to `next`."""
    targets = {edge.where: edge.target for edge in step.edges()}
    if hasattr(step, "tries") and (has_fallback or kind_of(step) == "menu"):
        targets.setdefault("otherwise", step.next)
        if kind_of(step) == "menu":
            targets.pop("next", None)
    return targets


def _of_a_key(step: Step, where: str, was: str | None, now: str | None) -> str:
    key, place = where.partition(".")[2], _name(step.name)
    nothing = "a wrong key" if kind_of(step) == "menu" else "without effect"
    if now is None:
        return f"Pressing {key} in {place} is now {nothing}; before, it led to {_name(was or '')}."
    before = f"it was {nothing}" if was is None else f"to {_name(was)}"
    return f"Pressing {key} in {place} now leads to {_name(now)}; before, {before}."


_WHEN = {
    "next": "After {step}",
    "otherwise": "When a caller gives no good answer in {step}",
    "on_error": "When {step} cannot be done",
    "on_hangup": "When the call ends in {step}",
    "on_hangup_connected": "When the call ends after they have talked in {step}",
    "on_hangup_recorded": "When the call ends after the tone in {step}",
    "busy": "When the line that {step} rings is busy",
    "no_answer": "When nobody answers in {step}",
    "failed": "When {step} fails",
    "park": "When the caller is parked in {step}",
}


def _of_an_edge(step: Step, where: str, was: str | None, now: str | None) -> str:
    when = _WHEN.get(where, f"In {{step}}, when it is “{plain(where.rpartition('.')[2])}”").format(
        step=_name(step.name)
    )
    if now is None:
        return f"{when}, there is no longer a path of its own; before, {_then(was)}."
    return f"{when}, {_now(now)}; before, {_then(was)}."


def _now(target: str) -> str:
    return f"the call now goes to {_name(target)}" if target else "the call now ends"


def _followed(target: str) -> str:
    return f"{_name(target)} follows" if target else "nothing follows"


def _then(target: str | None) -> str:
    if target is None:
        return "there was no path of its own"
    return f"to {_name(target)}" if target else "it ended"


def _name(name: str) -> str:
    return f"“{name}”" if name else "the end of the call"


def _value(value: object) -> str:
    return heard(value) or value_in_words(value) or "nothing"
