"""Whether the flows of a folder can be followed, and will do what was meant: what a deployment checks first."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from dialtone.adapters.flow_library import NUMBERS_FILE
from dialtone.flow.calendars import CALENDARS, ROTAS
from dialtone.flow.data_files import DATA
from dialtone.flow.document import Path as DocumentPath
from infra.flowkit.linting import rules as _all_rules  # noqa: F401 -- to import them is to register them
from infra.flowkit.linting.files import FlowFile, Folder, calendar_paths, data_paths, flow_paths, rota_paths
from infra.flowkit.linting.finding import Finding
from infra.flowkit.linting.rule import Found, Rule, rules
from infra.flowkit.linting.rules.unknown_step import near
from infra.flowkit.linting.silences import Silence, silences
from infra.projects.project import counted, shown


def lint(*paths: Path, today: date | None = None) -> list[Finding]:
    """The findings in these folders and files, from top to bottom; without suppressed ones."""
    return [finding for finding in lint_all(*paths, today=today) if not finding.silenced]


def lint_all(*paths: Path, today: date | None = None) -> list[Finding]:
    """The same with those that a comment silences, which carry its reason."""
    folders: dict[Path, Folder] = {}
    found: set[Finding] = set()
    for path in paths:
        if not path.exists():
            found.add(
                _finding("unreadable-file", path, Found((), "does not exist", "name a folder of flows, or a flow"))
            )
            continue
        where = path if path.is_dir() else _folder_of(path)
        folder = folders.setdefault(where.resolve(), Folder(where, today or datetime.now(UTC).date()))
        for file in _files(path):
            found.update(_file_findings(folder, file))
        found.update(_with_another_ending(path))
    return sorted(found, key=lambda finding: finding.order)


def looked_at(*paths: Path) -> str:
    """The number of files, to show what was checked."""
    folders = [path for path in paths if path.is_dir()]
    files = [path for path in paths if path.is_file()]
    return "; ".join([*(f"{counted(folder)} in {shown(folder)}" for folder in folders), *map(shown, files)])


def _folder_of(file: Path) -> Path:
    """The folder of flows that a file belongs to."""
    parent = file.resolve().parent
    return parent.parent if parent.name in {CALENDARS, ROTAS, DATA} else parent


def _files(path: Path) -> Iterable[Path]:
    return (
        (*flow_paths(path), *calendar_paths(path), *rota_paths(path), *data_paths(path), path / NUMBERS_FILE)
        if path.is_dir()
        else (path,)
    )


def _with_another_ending(folder: Path) -> Iterator[Finding]:
    """Files that look like flows or belong to flows, but are never read."""
    for path in sorted([*folder.glob("*.yml"), *folder.glob(f"{CALENDARS}/*.yml")]) if folder.is_dir() else ():
        remedy = f"name it {path.stem}.yaml"
        yield _finding("unreadable-file", path, Found((), "ends in .yml, and only .yaml is read", remedy))


def _file_findings(folder: Folder, path: Path) -> Iterator[Finding]:
    try:
        file = folder.file(path)
    except FileNotFoundError:
        remedy = 'add it beside the flows, with lines like "+15550100": main-menu'
        yield _finding("unreadable-file", path, Found((), "is missing", remedy))
    except OSError as error:
        remedy = "make it readable for the user who deploys"
        yield _finding("unreadable-file", path, Found((), f"cannot be read: {error.strerror}", remedy))
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        found = _finding("unreadable-file", path, Found((), "is not UTF-8", "save it as UTF-8 text"))
        yield replace(found, line=line)
    else:
        yield from _with_silences(path, file, list(_found_in(path, file)))


def _found_in(path: Path, file: FlowFile) -> Iterator[Finding]:
    """What the rules say, and what the language's reader refuses beyond that."""
    found_at: list[DocumentPath] = []
    for each in rules().values():
        if each.applies_to(file):
            for found in each.check(file):
                found_at.append(found.path)
                yield _finding(each.name, path, found, file)
    for problem in file.problems:
        if not any(problem.overlaps(at) for at in found_at if at):
            found = Found(problem.path, problem.reason, problem.remedy, problem.place, about=problem.step)
            yield _finding(file.kind.problem_rule, path, found, file)


def _with_silences(path: Path, file: FlowFile, findings: list[Finding]) -> Iterator[Finding]:
    left = dict.fromkeys(findings)
    for silence in silences(file.document.text):
        silenced = [each for each in left if (each.line, each.rule) == (silence.line, silence.rule)]
        if idle := _why_idle(silence, silenced):
            yield replace(_finding("idle-silence", path, idle), line=silence.line, column=silence.column)
        else:
            for each in silenced:
                del left[each]
                yield replace(each, silenced=silence.reason)
    yield from left


def _why_idle(silence: Silence, silenced: list[Finding]) -> Found | None:
    """What keeps a comment from silencing anything."""
    if silence.rule not in rules():
        remedy = near(silence.rule, rules(), "`dialtone flow lint --rules` lists them")
        return Found((), f'silences "{silence.rule}", which is not a rule', remedy)
    if not silence.reason:
        return Found((), f"silences {silence.rule} and does not say why", "write the reason after the rule's name")
    if not silenced:
        return Found((), f"silences {silence.rule}, which finds nothing here", "remove the comment")
    return None


def _finding(name: str, path: Path, found: Found, file: FlowFile | None = None) -> Finding:
    each: Rule = rules()[name]
    place = found.place or (file.document.place(found.path) if file else None)
    line, column = (place.line, place.column) if place else (1, 1)
    return Finding(shown(path), line, column, found.step, name, each.severity, found.reason, found.remedy)
