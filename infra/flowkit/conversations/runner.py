"""Plays many conversations, on one process or several, and says how much of the flows they took."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

from dialtone.adapters.flow_library import NUMBERS_FILE, FlowLibrary, text_beside
from dialtone.domain.errors import DialtoneError
from dialtone.flow.document import Document
from infra.flowkit.conversations.conversation import SUFFIX, Script
from infra.flowkit.conversations.coverage import Coverage
from infra.flowkit.conversations.scenario_run import ScenarioResult, run_scenario


@dataclass(frozen=True, slots=True)
class Played:
    """Every conversation and what came of it."""

    conversations: Sequence[ScenarioResult]
    coverages: Sequence[Coverage]
    seconds: float
    """How long playing them took."""

    @property
    def failed(self) -> int:
        """How many did not go as they should."""
        return sum(not each.passed for each in self.conversations)

    def passed(self, cover: float | None) -> bool:
        """Whether everything was as it was to be, and enough percent taken of each flow."""
        enough = cover is None or all(each.percent >= cover for each in self.coverages)
        return enough and not self.failed


def play(scripts: Sequence[Script], jobs: int = 1) -> Iterator[ScenarioResult]:
    """What comes of each, in order. Raises FlowInvalid and DialtoneError, as `run_scenario`."""
    if jobs == 1:
        yield from _play_here(scripts)
        return
    shares = [scripts[place::jobs] for place in range(jobs)]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as processes:
        played = [each for share in processes.map(_play_share, shares) for each in share]
    by_place = {(each.script.file, each.script.line): each for each in played}
    yield from (by_place[script.file, script.line] for script in scripts)


def coverages(asked: Iterable[tuple[Path, str]], played: Sequence[ScenarioResult]) -> tuple[Coverage, ...]:
    """How much of each flow (its folder and name) was taken: by its own conversations, or others that led into it."""
    found = []
    for folder, flow in sorted(asked):
        taken = [item for each in played if each.script.file.parent == folder for item in each.taken]
        loaded = FlowLibrary.open(folder).flow(flow)
        if loaded:
            found.append(Coverage.of(loaded.main, taken))
    return tuple(found)


def flows_in(folder: Path) -> Iterator[str]:
    """The names of the folder's flows: other files lie there as well.

    Raises FlowInvalid for what is not YAML, or not UTF-8.
    """
    for file in sorted(folder.glob("*.yaml")):
        if file.name == NUMBERS_FILE or file.name.endswith(SUFFIX):
            continue
        content = Document.read(file.name, text_beside(folder, file.name) or "").checked().content
        if isinstance(content, dict) and "flow" in content:
            yield file.stem


def _play_share(scripts: Sequence[Script]) -> list[ScenarioResult]:
    """On a process of its own. Errors that are made of several parts cannot travel from there: their sentence can."""
    try:
        return list(_play_here(scripts))
    except DialtoneError as error:
        raise DialtoneError(str(error)) from None


def _play_here(scripts: Iterable[Script]) -> Iterator[ScenarioResult]:
    for folder, together in groupby(scripts, lambda script: script.file.parent):
        flows = FlowLibrary.open(folder)
        for script in together:
            if flows.flow(script.flow) is None:
                raise DialtoneError(f"{script.file}: there is no flow {script.flow} beside it")
            yield run_scenario(script, flows)
