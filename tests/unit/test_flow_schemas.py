"""The published schemas say what the reader says: editors complete and check flows by them."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import jsonschema  # type: ignore[import-untyped]  # has no types of its own
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from dialtone.adapters.flow_library import text_beside
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.calendars import read_calendar
from dialtone.flow.call_routing import read_routes
from dialtone.flow.document import Document
from dialtone.flow.parser import STEP_KINDS, WrittenFlow, read_flow
from infra.checkout import SAMPLES
from infra.cli.flow_schema_run import DOCS, KEYS
from infra.cli.main import main
from infra.flowkit.reference.keys import page
from infra.flowkit.reference.schemas import schemas, written

SHIPPED = sorted(file for file in SAMPLES.glob("*.yaml") if "." not in file.stem and file.stem != "numbers")
CHECKS = {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}

EVERYTHING = """\
flow: everything
voice: AWS.Polly.Joanna-Neural
languages: {en-US: AWS.Polly.Joanna-Neural, es-MX: {voice: AWS.Polly.Mia, speed: 0.9}}
limits: {steps: 50, minutes: 5}
last_resort: bye
record: {channels: dual}
steps:
  tongue: {choose_language: [English 1., {text: Español 2., language: es-MX}], keys: {1: en-US, 2: es-MX}}
  times: {hours: office, open: ask, closed: bye, holiday: bye}
  ask: {menu: {en-US: Press., es-MX: [Marque., {file: a.mp3}]}, keys: {"1, 2": pin, "#": bye}, tries: 2}
  again: {menu: Press., keys: {1: bye}, tries: {no_input: 1, wrong: 2}, barge_in: false, no_input: {media: x}}
  pin: {collect: Key., into: pin, digits: {min: 1, max: 4}, pattern: "[0-9]+", confirm: {say: "{digits.pin}?"}}
  which: {branch: [{when: {caller: "+1*", day: [sat, sun]}, to: bye}], otherwise: note, time_zone: Europe/London}
  note: {set: {outcome: "by {caller}"}}
  out: {opt_out: campaigns, no_number: bye}
  tones: {send_digits: "1w{digits.pin}#", tone_millis: 100}
  quiet: {wait: 3, keys: {1: bye}}
  jump: {go: next-one}
  next-one: {go: {flow: everything}}
  back: come_back
  done: {come_back: true}
  bye: hangup
"""
CALENDAR = """\
calendar: office
about: Ours.
time_zone: Europe/London
open: {mon-fri: [09:00-12:00, 13:00-17:30], "sat, sun": closed}
holidays: {2026-12-25: closed, 2026-12-27 to 2026-12-31: 10:00-12:00}
"""
NUMBERS = """\
"+15550100": office
"+1555*": [{flow: office, caller: ["+1312*", "+15550142"], open: office}, {flow: office, closed: office}, office]
"""


def content(text: str) -> Any:  # noqa: ANN401 -- whatever the file holds
    return Document.read("x.yaml", text).content


@pytest.mark.parametrize("name", schemas())
def test_what_is_published_is_current_and_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas()[name])

    published = (DOCS / f"{name}.schema.json").read_text(encoding="utf-8")

    assert published == written(schemas()[name]), "write it again: dialtone flow schema --write"


def test_the_page_of_every_key_is_current() -> None:
    assert KEYS.read_text(encoding="utf-8") == page(), "write it again: dialtone flow schema --write"


def test_a_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flow", "schema"]) == 0

    assert json.loads(capsys.readouterr().out) == schemas()["flow"]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_flow_that_is_shipped_keeps_to_it(file: Path) -> None:
    CHECKS["flow"].validate(content(file.read_text(encoding="utf-8")))


def test_the_numbers_that_are_shipped_keep_to_it() -> None:
    CHECKS["numbers"].validate(content((SAMPLES / "numbers.yaml").read_text(encoding="utf-8")))


def test_every_way_of_writing_keeps_to_it() -> None:
    CHECKS["flow"].validate(content(EVERYTHING))
    CHECKS["calendar"].validate(content(CALENDAR))
    CHECKS["numbers"].validate(content(NUMBERS))

    read_flow("everything.yaml", EVERYTHING)
    read_calendar("office", CALENDAR)
    read_routes(NUMBERS, lambda name: CALENDAR if "calendars" in name else "")


def test_every_key_of_every_step_is_described() -> None:
    definitions = schemas()["flow"]["$defs"]
    undescribed = [
        f"{kind}.{key}"
        for kind in STEP_KINDS
        for key, said in definitions[f"step-{kind}"]["properties"].items()
        if "description" not in said and key != kind
    ]

    assert undescribed == []


# What the schema refuses, the reader refuses

RECORDED = """\
flow: recorded
record: {consent: CONSENT}
steps:
  bye: hangup
"""


@pytest.mark.parametrize("consent", ["ask", "announce", "{how: ask}", "{how: announce}", "{how: ask, accept: 5}"])
def test_consent_is_written_in_short_or_without_a_sentence(consent: str) -> None:
    text = RECORDED.replace("CONSENT", consent)

    flow = read_flow("recorded.yaml", text)

    CHECKS["flow"].validate(content(text))
    assert flow.record
    assert flow.record.consent
    assert flow.record.consent.say.speaks


def fields_of(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, FieldInfo]]:
    """Every field of a model, and of the models in it."""
    if model in seen:
        return
    seen.add(model)
    model.model_rebuild()
    for name, field in model.model_fields.items():
        yield f"{model.__name__}.{name}", field
        for inner in models_in(field.annotation):
            yield from fields_of(inner, seen)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 -- whatever a field is annotated with
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def takes_more_than_json_schema(field: FieldInfo) -> bool:
    """Whether pydantic would take "5" or true for its number, or 1 for its flag."""
    lax = {int: ("5", True), bool: (1, "true"), float: ("1", True)}
    wrong = [value for kind in lax if mentions(field.annotation, kind) for value in lax[kind]]
    whole: Any = Annotated[field.annotation, field.description, *field.metadata]
    return any(taken(TypeAdapter(whole), value) for value in wrong)


def mentions(annotation: Any, kind: type) -> bool:  # noqa: ANN401 -- as above
    return annotation is kind or any(mentions(part, kind) for part in get_args(annotation))


def taken(reader: TypeAdapter[Any], value: object) -> bool:
    try:
        reader.validate_python(value)
    except ValidationError:
        return False
    return True


def test_numbers_and_flags_are_taken_as_the_schema_has_them_and_not_in_quotes() -> None:
    seen: set[type[BaseModel]] = set()
    models: list[type[BaseModel]] = [WrittenFlow, *STEP_KINDS.values()]
    fields = [each for model in models for each in fields_of(model, seen)]

    assert len(seen) > len(STEP_KINDS)
    assert [name for name, field in fields if takes_more_than_json_schema(field)] == []


WRONG: list[Any] = [None, [], {}, "", " ", "no such thing!", -1, 10**9, ["x", 7], {"no such key": "x"}, [{"x": {}}]]
WRONG += [True, 1, "1", 1.5, "true", ["a", "b"], {"how": "ask"}, {"how": []}]
TEXTS = [EVERYTHING, *(file.read_text(encoding="utf-8") for file in SHIPPED)]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 -- whatever a file holds
    """Every place in a file."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from places(each, (*path, key))


def mutated(sample: Any, data: st.DataObject) -> Any:  # noqa: ANN401 -- as above
    """The sample with something wrong at one place."""
    changed = copy.deepcopy(sample)
    *route, last = data.draw(st.sampled_from(list(places(changed))))
    around = changed
    for part in route:
        around = around[part]
    how = data.draw(st.sampled_from(["remove", "put", "rename"]))
    if how == "remove" or (how == "rename" and isinstance(around, list)):
        del around[last]
    elif how == "rename":
        around["unheard_of"] = around.pop(last)
    else:
        around[last] = data.draw(st.sampled_from(WRONG))
    return changed


def refused(text: str, name: str) -> bool:
    try:
        read_flow(f"{name}.yaml", text)
    except FlowInvalid:
        return True
    return False


@pytest.mark.parametrize("text", TEXTS, ids=["everything", *(file.stem for file in SHIPPED)])
@given(data=st.data())
def test_what_the_schema_of_flows_refuses_the_reader_refuses(text: str, data: st.DataObject) -> None:
    sample = content(text)
    changed = mutated(sample, data)

    if not CHECKS["flow"].is_valid(changed):
        assert refused(json.dumps(changed), sample["flow"])


@given(data=st.data())
def test_what_the_schema_of_calendars_refuses_the_reader_refuses(data: st.DataObject) -> None:
    changed = mutated(content(CALENDAR), data)

    if not CHECKS["calendar"].is_valid(changed):
        with pytest.raises(FlowInvalid):
            read_calendar("office", json.dumps(changed))


@given(data=st.data())
def test_what_the_schema_of_numbers_refuses_the_reader_refuses(data: st.DataObject) -> None:
    changed = mutated(content(NUMBERS), data)

    if not CHECKS["numbers"].is_valid(changed):
        with pytest.raises(FlowInvalid):
            read_routes(
                json.dumps(changed),
                lambda name: CALENDAR if "calendars" in name else text_beside(SAMPLES, name) or "",
            )
