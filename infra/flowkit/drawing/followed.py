"""Pictures of flows being edited: redrawn when a file is saved, with the current problems."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.flowkit.drawing.file_graph import graph_in
from infra.flowkit.drawing.picture import picture_of
from infra.flowkit.drawing.svg import svg_of
from infra.flowkit.lint import lint
from infra.flowkit.linting.finding import Severity
from infra.flowkit.watched_flows import stamp


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, and whether the file is still what it shows."""

    name: str
    svg: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to see of some flows."""

    pictures: tuple[Drawn, ...]
    errors: tuple[str, ...]
    """In the linter's words: file, line, step, reason and remedy."""
    warnings: tuple[str, ...]


@dataclass(slots=True)
class FollowedFlows:
    """Flows whose pictures follow their files: the last good one stays while a file is broken, or gone."""

    files: Callable[[], Sequence[Path]]
    """Asked again each time: flows may be added. Raises DialtoneError."""
    _drawn: dict[Path, Drawn] = field(default_factory=dict)
    _seen: object = None

    def look(self) -> Shown | None:
        """What there is to see, if anything was saved since it was last asked; else None."""
        errors: list[str] = []
        try:
            files = list(self.files())
        except DialtoneError as error:  # one of several is no YAML just now
            files, errors = list(self._drawn), [str(error)]
        now = (tuple(files), tuple(errors), _stamps(files))
        if now == self._seen:
            return None
        # The stamps are older than what is read: a file that is saved meanwhile is read once more.
        self._seen = now
        return self._draw(files, errors)

    def _draw(self, files: list[Path], errors: list[str]) -> Shown:
        findings = lint(*files)
        errors += [str(each) for each in findings if each.severity is Severity.ERROR and str(each) not in errors]
        pictures = []
        for file in files:
            try:
                graph = graph_in(file)
            except DialtoneError as error:
                if not any(each.severity is Severity.ERROR for each in findings):
                    errors.append(str(error))
                if before := self._drawn.get(file):
                    pictures.append(Drawn(before.name, before.svg, is_current=False))
            else:
                self._drawn[file] = Drawn(graph.name, svg_of(picture_of(graph), on_page=True), is_current=True)
                pictures.append(self._drawn[file])
        warnings = (str(each) for each in findings if each.severity is Severity.WARNING)
        return Shown(tuple(pictures), tuple(errors), tuple(warnings))


def _stamps(files: Sequence[Path]) -> tuple[object, ...]:
    """Of the files, and of what lies beside them: calendars, numbers, flows that they visit."""
    return tuple((folder, stamp(folder)) for folder in sorted({file.parent for file in files})) + tuple(
        _stamp(file) for file in files
    )


def _stamp(file: Path) -> object:
    try:
        status = file.stat()
    except OSError as error:
        return error.errno
    return status.st_ino, status.st_mtime_ns, status.st_size
