"""Everything that a caller can hear in a flow, part by part, with its position."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dialtone.flow.document import Document, Path
from dialtone.flow.flow import CONSENT_STEP, Flow
from dialtone.flow.prompts import KINDS, Piece


@dataclass(frozen=True, slots=True)
class PromptPiece:
    """One piece: words, SSML, or audio."""

    path: Path
    """Where its words, address or name stands."""
    prompt: Path
    """Where the prompt stands that it is a piece of."""
    kind: str
    """`text`, `ssml`, `audio`, `media` or `file`."""
    value: str
    language_path: Path
    """Where its language stands; () for none."""
    language: str
    """Under which it stands, or that it names itself; '' for none."""

    @property
    def speaks(self) -> bool:
        """Whether it is spoken, not played."""
        return self.kind in {"text", "ssml"}


def pieces_in(flow: Flow, document: Document) -> Iterator[PromptPiece]:
    """Every piece of every prompt, in the order of the file."""
    for path in prompt_paths(flow):
        yield from _parts(document.at(path), path, path, ())


def prompt_paths(flow: Flow) -> Iterator[Path]:
    """Where prompts stand; a consent's is the reader's own where the file leaves it out."""
    for name, step in flow.steps.items():
        around: Path = ("record",) if name == CONSENT_STEP else ("steps", name)
        yield from ((*around, *where.split(".")) for where, _ in step.prompts())


def parts_of(written: Any, path: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 -- as written
    """What is heard one after another: the parts of a list, or the only one."""
    if isinstance(written, list):
        yield from (((*path, place), each) for place, each in enumerate(written))
    else:
        yield path, written


def _parts(written: Any, prompt: Path, path: Path, spoken_in: Path) -> Iterator[PromptPiece]:  # noqa: ANN401 -- as written
    if isinstance(written, str):
        yield PromptPiece(path, prompt, "text", written, spoken_in, _last(spoken_in))
    elif isinstance(written, list):
        for place, each in enumerate(written):
            yield from _parts(each, prompt, (*path, place), spoken_in)
    elif isinstance(written, dict) and written.keys() & Piece.model_fields.keys():
        yield from _piece(written, prompt, path, spoken_in)
    elif isinstance(written, dict):
        for language, each in written.items():
            yield from _parts(each, prompt, (*path, language), (*path, language))


def _piece(written: dict[str, Any], prompt: Path, path: Path, spoken_in: Path) -> Iterator[PromptPiece]:
    own = written.get("language")
    for kind in KINDS:
        if isinstance(written.get(kind), str):
            here = (*path, "language") if own else spoken_in
            yield PromptPiece((*path, kind), prompt, kind, written[kind], here, own or _last(spoken_in))


def _last(path: Path) -> str:
    return str(path[-1]) if path else ""
