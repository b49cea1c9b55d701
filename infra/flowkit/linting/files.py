"""The files of a folder of flows, read once, for every rule to look at."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cached_property
from pathlib import Path as File
from typing import Any

from dialtone.adapters.flow_library import NUMBERS_FILE, text_beside
from dialtone.domain.caller_memory import MEMORY
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.calendars import CALENDARS, ROTAS, calendar_file, parse_calendar
from dialtone.flow.call_routing import parse_routes
from dialtone.flow.data_files import DATA, TRIM, DataFile, data_file, parse_data, too_many_bytes
from dialtone.flow.document import Document, Path, Problem
from dialtone.flow.flow import Flow
from dialtone.flow.loader import DIVIDE, too_large
from dialtone.flow.parser import parse_flow
from dialtone.flow.rotas import Rota, parse_rota, rota_file
from dialtone.flow.step import Step
from dialtone.flow.steps.conference import Conference
from dialtone.flow.steps.queue import Queue
from dialtone.flow.steps.take_from import TakeFrom
from infra.flowkit.linting.leg_states import Paths
from infra.flowkit.linting.mentions import leads_to
from infra.flowkit.linting.prompts import PromptPiece, pieces_in
from infra.flowkit.linting.step_graph import StepGraph
from infra.flowkit.linting.variables import Variables

CONVERSATION = ".test"
"""The end of the stem of `main-menu.test.yaml`, which is not a flow but a test of one."""

DATA_SUFFIX = ".csv"

AUDIO_FOLDER = "audio"
"""Beside the flows: what is uploaded to Telnyx under its name without the ending."""


class Kind(Enum):
    """What a file is."""

    FLOW = "invalid-flow"
    NUMBERS = "invalid-numbers"
    CALENDAR = "invalid-calendar"
    ROTA = "invalid-rota"
    DATA = "invalid-data"

    @property
    def problem_rule(self) -> str:
        """The rule under whose name the reader's problems are reported."""
        return self.value


@dataclass
class FlowFile:
    """A file: as it is written, and what the language's reader makes of it."""

    path: File
    document: Document
    folder: Folder

    @cached_property
    def kind(self) -> Kind:
        """What it is, by its place."""
        if self.path.name == NUMBERS_FILE:
            return Kind.NUMBERS
        if self.path.suffix == DATA_SUFFIX:
            return Kind.DATA
        if self.path.absolute().parent.name == ROTAS:
            return Kind.ROTA
        return Kind.CALENDAR if self.path.absolute().parent.name == CALENDARS else Kind.FLOW

    @cached_property
    def parsed(self) -> Flow | None:
        """The flow; None for another kind of file, and for one with problems, which the document then has."""
        match self.kind:
            case Kind.FLOW:
                return parse_flow(self.document)
            case Kind.NUMBERS:
                parse_routes(self.document, self.folder.text)
            case Kind.CALENDAR:
                parse_calendar(self.document, self.path.stem)
            case Kind.ROTA:
                _ = self.rota
            case Kind.DATA:
                _ = self.data
        return None

    @cached_property
    def rota(self) -> Rota | None:
        """The rota that a file holds; None for one with problems."""
        return parse_rota(self.document, self.path.stem)

    @cached_property
    def data(self) -> DataFile | None:
        """The table that a data file holds; None for one with problems."""
        return parse_data(self.document, self.path.stem)

    @cached_property
    def problems(self) -> list[Problem]:
        """What keeps the file from being used."""
        if self.parsed and (reason := too_large(self.folder.texts_with(self.parsed).values())):
            self.document.report((), "", reason, DIVIDE)
        return self.document.problems

    @property
    def readable(self) -> bool:
        """Whether it is a flow that can be followed, regardless of findings."""
        return self.parsed is not None and not self.problems

    @property
    def flow(self) -> Flow:
        """The flow. Only for a file that is readable."""
        if self.parsed is None:
            raise self.document.error
        return self.parsed

    @property
    def steps(self) -> Mapping[str, Step]:
        """The flow's steps by name."""
        return self.flow.steps

    @cached_property
    def graph(self) -> StepGraph:
        """How the steps lead to one another."""
        return StepGraph(self.flow, self.folder.entered(self.flow.name))

    @cached_property
    def variables(self) -> Variables:
        """The knowledge before each step."""
        return Variables(self.flow, self.graph, self.folder.set_outside(self.flow))

    @cached_property
    def pieces(self) -> tuple[PromptPiece, ...]:
        """Everything that a caller can hear, in the order of the file."""
        return tuple(pieces_in(self.flow, self.document))

    def wrote(self, step: str, key: str) -> bool:
        """Whether the step has the key, or its default applies."""
        content = self.document.steps().get(step)
        return isinstance(content, dict) and key in content

    def path_to(self, step: str, key: str) -> Path:
        """Position of the key in the step, or of the step if its default applies."""
        return ("steps", step, key) if self.wrote(step, key) else ("steps", step)

    def step_values(self, key: str) -> Iterator[tuple[Path, Any]]:
        """What stands under the key, in every step that has it, whether or not the file can be followed."""
        for name, content in self.document.steps().items():
            if isinstance(content, dict) and key in content:
                yield ("steps", name, key), content[key]


@dataclass
class Folder:
    """A folder of flows, or some files of it."""

    path: File
    today: date
    """By which holidays are past."""
    _files: dict[File, FlowFile] = field(default_factory=dict)

    def file(self, path: File) -> FlowFile:
        """One of its files. Raises OSError and UnicodeDecodeError."""
        if path not in self._files:
            self._files[path] = FlowFile(path, _document(path), self)
        return self._files[path]

    def data(self, name: str) -> DataFile | None:
        """A data file of this folder, None for none, and for one with problems."""
        try:
            return self.file(self.path / data_file(name)).data
        except (OSError, UnicodeDecodeError):
            return None

    @cached_property
    def flow_names(self) -> frozenset[str]:
        """The flows that lie here."""
        return frozenset(path.stem for path in flow_paths(self.path))

    @cached_property
    def routed_flows(self) -> frozenset[str]:
        """The flows that numbers lead to."""
        return frozenset(flow for _, flow in leads_to(self.numbers))

    @cached_property
    def queue_sizes(self) -> Mapping[str, frozenset[int | None]]:
        """Queue → every `max_size` that a step here gives it; None for a step that gives none."""
        sizes: dict[str, frozenset[int | None]] = {}
        for path in flow_paths(self.path):
            file = self._readable(path)
            for step in file.steps.values() if file else ():
                if isinstance(step, Queue):
                    sizes[step.queue] = sizes.get(step.queue, frozenset()) | {step.max_size}
        return sizes

    @cached_property
    def taken_queues(self) -> frozenset[str]:
        """The queues from which flows here take callers."""
        return frozenset(
            queue
            for path in flow_paths(self.path)
            if (file := self._readable(path))
            for step in file.steps.values()
            if isinstance(step, TakeFrom)
            for queue in step.take_from
        )

    @cached_property
    def begun_conferences(self) -> frozenset[str]:
        """The conferences, as they are written, that begin with the callers of some step here."""
        return frozenset(
            step.conference
            for path in flow_paths(self.path)
            if (file := self._readable(path))
            for step in file.steps.values()
            if isinstance(step, Conference) and not step.hold
        )

    def _readable(self, path: File) -> FlowFile | None:
        """A flow that can be followed; None for one with problems."""
        try:
            file = self.file(path)
        except (OSError, UnicodeDecodeError):
            return None
        return file if file.parsed else None

    @cached_property
    def numbers(self) -> Document:
        """The numbers file; empty if it is missing or no text."""
        try:
            return self.file(self.path / NUMBERS_FILE).document
        except (OSError, UnicodeDecodeError):
            return Document.read(NUMBERS_FILE, "")

    def text(self, name: str) -> str | None:
        """The text of a flow, calendar or data file of this folder, None for none."""
        try:
            return text_beside(self.path, name)
        except FlowInvalid:
            return ""  # it is not UTF-8, or too large, which is reported where the file itself is looked at

    def texts_with(self, flow: Flow) -> dict[str, str]:
        """A flow's file, its calendars and the same of all flows that it leads to, by name."""
        texts: dict[str, str] = {}
        left = [flow]
        while left:
            each = left.pop()
            calendars = [calendar_file(name) for step in each.steps.values() for name in step.calendars()]
            data = [data_file(named.file) for step in each.steps.values() for named in step.data_files()]
            rotas = [rota_file(name) for step in each.steps.values() for name in step.rotas()]
            texts |= {name: self.text(name) or "" for name in (f"{each.name}.yaml", *calendars, *data, *rotas)}
            left += [other for name in each.others if f"{name}.yaml" not in texts and (other := self.flow(name))]
        return texts

    def flow(self, flow: str) -> Flow | None:
        """A flow of this folder; None if it is not there, or cannot be read."""
        try:
            return self.file(self.path / f"{flow}.yaml").parsed
        except (OSError, UnicodeDecodeError):
            return None

    def steps_of(self, flow: str) -> Collection[str]:
        """The names of a flow's steps, as it is written; none where it is not there."""
        try:
            return self.file(self.path / f"{flow}.yaml").document.steps()
        except (OSError, UnicodeDecodeError):
            return ()

    def set_outside(self, flow: Flow) -> frozenset[str]:
        """Variables that other flows may set: those that go to this one, and those that it goes to."""
        around = [other for other in self.flows if flow.name in other.shares_with or other.name in flow.shares_with]
        names = {name for other in around for step in other.steps.values() for name in step.sets()}
        return frozenset(names) | (self.remembered if flow.memory_days or around else frozenset())

    @cached_property
    def remembered(self) -> frozenset[str]:
        """Variables that an earlier call may have set, in any flow: they are remembered of its caller."""
        steps = [step for flow in self.flows for step in flow.steps.values()]
        return frozenset(name for step in steps for name in step.sets() if name.startswith(MEMORY))

    def flows_around(self, flow: Flow) -> tuple[Flow, ...]:
        """The flows that go to this one, and those that it goes to."""
        return tuple(each for each in self.flows if flow.name in each.others or each.name in flow.others)

    def entered(self, flow: str) -> frozenset[str]:
        """The steps of a flow that other flows go to."""
        visits = (visit for other in self.flows for step in other.steps.values() for visit in step.visits())
        return frozenset(step for name, step in visits if step and name == flow)

    @cached_property
    def visited_flows(self) -> frozenset[str]:
        """The flows whose end leads back to another: it visits them, or one that goes to them for good."""
        visited = {name for flow in self.flows for name in flow.visited}
        while further := {name for flow in self.flows if flow.name in visited for name in flow.others} - visited:
            visited |= further
        return frozenset(visited)

    @cached_property
    def flows_gone_to(self) -> frozenset[str]:
        """The flows that others go to, for good or to come back."""
        return frozenset(name for flow in self.flows for name in flow.others)

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """Those that can be followed."""
        files = []
        for path in flow_paths(self.path):
            with contextlib.suppress(OSError, UnicodeDecodeError):  # reported where the file itself is looked at
                files.append(self.file(path))
        return tuple(file.flow for file in files if file.readable)

    @cached_property
    def paths(self) -> Paths:
        """Every path through them: a flow that others visit begins a call only where a number leads to it."""
        begun = {flow.name for flow in self.flows} - self.flows_gone_to | self.routed_flows
        return Paths.through(self.flows, begun)

    @cached_property
    def calendar_names(self) -> frozenset[str]:
        """The calendars that lie here."""
        return frozenset(path.stem for path in calendar_paths(self.path))

    @cached_property
    def rota_names(self) -> frozenset[str]:
        """The rotas that lie here."""
        return frozenset(path.stem for path in rota_paths(self.path))

    @cached_property
    def data_names(self) -> frozenset[str]:
        """The data files that lie here."""
        return frozenset(path.stem for path in data_paths(self.path))

    @cached_property
    def audio(self) -> Mapping[str, File]:
        """The audio files by name without the ending; empty if there is no such folder."""
        return {path.stem: path for path in sorted((self.path / AUDIO_FOLDER).glob("*")) if path.is_file()}


def rota_paths(folder: File) -> Iterable[File]:
    """The rotas of a folder of flows, by name."""
    return sorted((folder / ROTAS).glob("*.yaml"))


def data_paths(folder: File) -> Iterable[File]:
    """The data files of a folder of flows, by name."""
    return sorted((folder / DATA).glob(f"*{DATA_SUFFIX}"))


def _document(path: File) -> Document:
    """A file as it is written; of a data file that is too large, only that it is. Raises OSError, UnicodeError."""
    if path.suffix != DATA_SUFFIX:
        return Document.read(path.name, path.read_text(encoding="utf-8"))
    if reason := too_many_bytes(path.stat().st_size):
        document = Document(path.name, "")
        document.report((), "", reason, TRIM)
        return document
    return Document(path.name, path.read_bytes().decode())


def calendar_paths(folder: File) -> Iterable[File]:
    """The calendars of a folder of flows, by name."""
    return sorted((folder / CALENDARS).glob("*.yaml"))


def flow_paths(folder: File) -> Iterable[File]:
    """The files of a folder that are flows, by name."""
    paths = sorted(folder.glob("*.yaml"))
    return (path for path in paths if path.name != NUMBERS_FILE and not path.stem.endswith(CONVERSATION))
