"""Steps in a few words: what a caller meets, and what else was written."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from dialtone.domain.delivery_targets import LINK
from dialtone.flow.conditions import Comparison
from dialtone.flow.data_files import InFile
from dialtone.flow.delivery_options import Target
from dialtone.flow.flow import CONSENT_STEP, WholeCall
from dialtone.flow.in_call_keys import AGENT, WORDS, DuringKey
from dialtone.flow.parser import STEP_KINDS
from dialtone.flow.prompts import ANY, Part, Piece, Prompt
from dialtone.flow.step import ON_HANGUP, OnHangup, Step
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.conference import Conference
from dialtone.flow.steps.deliver import Deliver
from dialtone.flow.steps.menu import Menu
from dialtone.flow.steps.queue import Queue
from dialtone.flow.steps.record import Record
from dialtone.flow.steps.recording import RecordingSwitch
from dialtone.flow.steps.set_variables import Computed
from dialtone.flow.steps.split import Share
from dialtone.flow.steps.take_from import TakeFrom
from dialtone.flow.steps.transfer import Transfer
from dialtone.flow.tries import Tries

_TAG = re.compile(r"<[^>]*>")

CONNECTED = "connected"
"""The end of a transfer that nobody writes: two people have talked."""

_LABELS: Mapping[str, str] = {
    "next": "",
    "on_error": "error",
    "on_hangup": "hang-up",
    "on_hangup_connected": "hang-up after talking",
    "on_hangup_recorded": "hang-up after the tone",
    "failed": "failed",
    "busy": "busy",
    "no_answer": "no answer",
    "not_found": "not found",
    "timeout": "waited too long",
    "full": "queue full",
    "empty": "no caller waits",
    "no_input": "no key",
    "wrong": "wrong key",
    "after": "they hang up",
    "no_recording": "nothing recorded",
    "park": "parked",
    CONNECTED: "connected",
    "times": "again",
    "barge_in": "keys",
}
"""Where an edge stands in the file → its label in a picture; others have the name that they have there."""

_ALL_OF = frozenset({"gives"})
"""Fields whose lists mean all of them; other lists are choices."""

_UNITS = (("_seconds", " s"), ("_secs", " s"), ("_minutes", " min"))


def kind_of(step: Step) -> str:
    """The step's kind as flows name it."""
    return next(name for name, kind in STEP_KINDS.items() if type(step) is kind)


def since_when(record: WholeCall) -> str:
    """From when on a whole call is recorded."""
    if record.consent is None:
        return "from the answer"
    return "once it was announced" if record.consent.how == "announce" else "once the caller agrees"


def met_by_caller(step: Step, between_languages: str = " ") -> str:
    """What the caller hears or the step does, in the words of its kind; '' if the kind says it all."""
    consent = getattr(step, "consent", None)
    own = "" if step.name == CONSENT_STEP else _own(step, between_languages)
    return f"{heard(consent.say, between_languages)} {own}".rstrip() if consent else own


def _own(step: Step, between_languages: str) -> str:
    value = getattr(step, kind_of(step))
    if isinstance(step, Deliver):
        return delivered_to(value)
    if isinstance(value, (str, dict)):
        return value_in_words(value)
    if rung := getattr(value, "to", None):
        return value_in_words(rung)
    return heard(value, between_languages)


def details_of(step: Step) -> str:
    """What else was written in the step: no prompts, no edges."""
    if step.name == CONSENT_STEP:
        return ""  # nobody wrote it, and the heading says how the call is recorded
    edges = [where.split(".") for where, _ in step.targets()]
    kind = kind_of(step)
    inner = getattr(step, kind)
    parts: list[str] = []
    if isinstance(inner, BaseModel) and not heard(inner) and [kind] not in edges:
        parts += _details(inner, {"to", *(path[1] for path in edges if path[0] == kind and len(path) > 1)})
    # The number of tries stands at the edge that the call takes after them.
    shown_as_edges = (path[0] for path in edges if not path[0].startswith(ON_HANGUP))
    parts += _details(step, {"name", "next", "on_error", "tries", kind, "review", "deliver", *shown_as_edges})
    return " · ".join([*parts, *_beside(step)])


def _beside(step: Step) -> Iterator[str]:
    """What is heard beside what the step itself says, and by whom."""
    if isinstance(step, Transfer):
        prompts = {"while it rings": step.hold, "between": step.announce, "whispers": step.whisper}
        yield from (f"{when} {heard(prompt)}" for when, prompt in prompts.items() if prompt)
    if isinstance(step, Queue):
        prompts = {"while they wait": step.hold, "between": step.announce, "whispers": step.whisper}
        yield from (f"{when} {heard(prompt)}" for when, prompt in prompts.items() if prompt)
    if isinstance(step, Conference):
        said = {"until a moderator comes": step.hold, "all hear": step.announce}
        yield from (f"{when} {heard(prompt)}" for when, prompt in said.items() if prompt)
    if isinstance(step, TakeFrom) and step.hold:
        yield f"until somebody waits {heard(step.hold)}"
    if isinstance(step, Record) and step.deliver:
        yield f"delivered to {delivered_to(step.deliver)}"
    if isinstance(step, Record) and (review := step.review):
        yield f"then it is played back: {heard(review.say)}"
        yield f"{review.accept} keeps, {review.redo} records anew, {review.listen} plays, {review.delete} deletes"


def edge_label(step: Step, where: str) -> str:
    """When the call takes this edge: a key, or words."""
    *path, last = where.split(".")
    if path == ["keys"] and isinstance(step, Menu) and (phrases := step.say_or_press.get(last)):
        return f"{last} or “{phrases[0]}”"
    if hasattr(step, "tries") and (where in _GIVEN_UP or (where == "next" and kind_of(step) == "menu")):
        words, failure = _GIVEN_UP.get(where, _GIVEN_UP["otherwise"])
        return words.format(_times(step.tries, failure))
    if where == "next" and isinstance(step, Collect) and step.say_or_press is not None:
        return "keyed in or said"
    if where == "next" and (after := _after(step)):
        return after
    if last == "to":
        return _condition(_at(step, path))
    if where == "full" and isinstance(step, Conference):
        last = "conference full"
    return "" if where == kind_of(step) else _LABELS.get(last, plain(last))


def _after(step: Step) -> str:
    """What happened, where a step goes on by `next` only if it did; '' if it simply goes on."""
    if isinstance(step, Record) and step.review:
        return "kept"
    if isinstance(step, RecordingSwitch) and step.consent and step.consent.how == "ask":
        return "agreed"
    return _DONE.get(kind_of(step), "")


_DONE: Mapping[str, str] = {
    "choose_language": "chosen",
    "collect": "keyed in",
    "directory": "found",
    "find": "found",
    "on_call": "somebody is",
    "lookup": "found",
}

_GIVEN_UP = {
    "otherwise": ("after {}", "in_all"),
    "otherwise_no_input": ("no key, {}", "no_input"),
    "otherwise_wrong": ("wrong key, {}", "wrong"),
}


def delivered_to(targets: Sequence[Target] | None) -> str:
    """Who gets a message, and how, where it is not the usual way."""
    named = (f"{each.target}{' (link)' if each.audio == LINK else ''}" for each in targets or ())
    return ", ".join(named)


def _times(tries: Tries, failure: str) -> str:
    """How often the question is asked before the call takes the edge of this kind of failure."""
    alike = tries.no_input == tries.wrong
    if failure == "in_all" and not alike:
        return "its tries"
    most = min(tries.no_input if failure == "in_all" else getattr(tries, failure), tries.in_all)
    return "1 try" if most == 1 else f"{most} tries"


def _at(step: Step, path: Sequence[str]) -> object:
    found: Any = step
    for part in path:
        found = found[int(part)] if isinstance(found, (list, tuple)) else getattr(found, part)
    return found


def _condition(case: object) -> str:
    """When a case holds, which has this beside the step that it leads to."""
    if not isinstance(case, BaseModel):
        return ""
    if isinstance(case, Share):
        return f"{case.percent} %"
    given = (getattr(case, name) for name in type(case).model_fields if name != "to")
    return ", ".join(filter(None, map(value_in_words, given)))


def plain(name: str) -> str:
    """A key of the flow language as words."""
    return name.replace("_", " ")


def heard(value: object, between_languages: str = " ") -> str:
    """A prompt, or several, as a person would write it down; '' for what is not heard."""
    if isinstance(value, (list, tuple)):
        return " ".join(filter(None, (heard(each, between_languages) for each in value)))
    if isinstance(value, Piece):
        return _piece(value)
    return _in_each_language(value.parts, between_languages) if isinstance(value, Prompt) else ""


def _in_each_language(parts: Sequence[Part], between: str) -> str:
    """Everything in the first language, then in the next; what is in none by name belongs to each."""
    codes = list(dict.fromkeys(code for part in parts for code in part.languages if code != ANY))
    if len(codes) <= 1:
        return heard([said for part in parts for said in part.languages.values()])
    spoken = {
        code: heard([part.languages.get(code) or part.languages.get(ANY, ()) for part in parts]) for code in codes
    }
    return between.join(f"{code}: {said}" for code, said in spoken.items() if said)


def _piece(piece: Piece) -> str:
    if piece.speaks:
        return f"“{' '.join(_TAG.sub(' ', piece.ssml).split()) if piece.ssml else piece.text}”"
    name = piece.media or piece.file or (piece.audio or "").rpartition("/")[2]
    if piece.content:
        name = f"in the flow, {hashlib.sha256(piece.content.encode()).hexdigest()[:_HASH_CHARACTERS]}"
    options = (piece.audio_type or "", "" if piece.cache_audio else "fetched anew")
    beside = ", ".join(filter(None, options))
    return f"♪ {name} ({beside})" if beside else f"♪ {name}"


_HASH_CHARACTERS = 6
"""Enough to see that audio which has no name is another."""


def _details(model: BaseModel, hidden: set[str]) -> Iterator[str]:
    for field in type(model).model_fields:
        if field in model.model_fields_set and field not in hidden and (said := setting(field, getattr(model, field))):
            yield said


def setting(field: str, value: object) -> str:
    """A field and its value in a few words; '' if there is nothing to say."""
    for ending, unit in _UNITS:
        if field.endswith(ending):
            return f"{plain(field.removesuffix(ending))} {value}{unit}"
    if field == "during":
        return f"while they talk: {value_in_words(value)}" if value else ""
    if value is False:
        return f"no {plain(field)}"
    if value is True:
        return plain(field)
    said = ", ".join(map(str, value)) if field in _ALL_OF and isinstance(value, tuple) else value_in_words(value)
    if not said or heard(value):
        return ""
    return plain(field) if said == "yes" else f"{plain(field)} {said}"


def value_in_words(value: object) -> str:
    """Any value of the flow language, short; '' for none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, InFile):
        return str(value)
    if isinstance(value, BaseModel):
        return heard(value) or _model_in_words(value)
    if isinstance(value, dict):
        return ", ".join(_named(name, each) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return " or ".join(map(value_in_words, value))
    return "" if value is None else str(value)


def _named(name: str, value: object) -> str:
    """What is known of a name: its value, how it is reckoned, or what it is compared with."""
    if isinstance(value, Comparison):
        return value.in_words(name)
    if isinstance(value, InFile):
        return f"{name} {value}"
    return f"{name} = {value.in_words(name) if isinstance(value, Computed) else value_in_words(value)}"


def _on_demand(does: DuringKey) -> Iterator[str]:
    """What a key does for two people who talk, who hears it, and who presses it."""
    if does.announce:
        yield heard(does.announce) if does.to == "both" else f"{heard(does.announce)} for the {does.to}"
    if does.recording:
        yield f"{does.recording} recording"
    if does.word:
        yield does.word
    yield from _details(does, {"announce", "recording", "to", "by", *WORDS})
    if does.by != AGENT:
        yield f"by {does.by}" if does.by == "both" else f"by the {does.by}"


def _model_in_words(model: BaseModel) -> str:
    if isinstance(model, OnHangup):
        return value_in_words(dict(model.variables))
    if isinstance(model, DuringKey):
        return ", ".join(_on_demand(model))
    given = {name: getattr(model, name) for name in type(model).model_fields if name in model.model_fields_set}
    if given and len(set(map(str, given.values()))) == 1:
        # A number written short stands for all of them: `digits: 8`, `tries: 4`.
        return value_in_words(next(iter(given.values())))
    if given.keys() == {"min", "max"}:
        return f"{given['min']}–{given['max']}"  # noqa: RUF001 -- a range, as printed
    return ", ".join(f"{plain(name)} {value_in_words(each)}" for name, each in given.items()) or "yes"
