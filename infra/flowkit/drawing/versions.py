"""Flows as they stand in files, and as they stood in git."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from dialtone.adapters.flow_library import NUMBERS_FILE
from dialtone.domain.errors import DialtoneError
from dialtone.flow.calendars import CALENDARS, ROTAS
from dialtone.flow.data_files import DATA
from dialtone.flow.document import Document
from dialtone.flow.flow import Flow
from dialtone.flow.parser import read_flow

WORKING_TREE = ""
"""The revision that is no revision: the files as they lie there."""


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text, and what to call it where something is wrong with it."""

    file: str
    content: str


def read_file(file: Path) -> Text:
    """A file of the working tree. Raises DialtoneError if it cannot be read."""
    try:
        return Text(str(file), file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DialtoneError(f"{file} does not exist; name a flow, or a flow's file") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DialtoneError(f"{file}:{line}: is not UTF-8; save it as UTF-8 text") from None


def is_flow(text: Text) -> bool:
    """Whether it says that it is one: other YAML files lie beside flows. Raises FlowInvalid if it is not YAML.

    One whose `steps` are missing or misspelt is a flow, too: then what is wrong with it is said.
    """
    content = Document.read(text.file, text.content).checked().content
    return isinstance(content, dict) and "flow" in content and "conversations" not in content


def flow_in(text: Text) -> Flow:
    """The flow, whatever its file is called: an older copy may lie under another name. Raises FlowInvalid."""
    content = Document.read(text.file, text.content).checked().content
    named = content.get("flow") if isinstance(content, dict) else None
    return read_flow(f"{named}.yaml" if isinstance(named, str) else Path(text.file).name, text.content)


def is_revision(name: str, folder: Path) -> bool:
    """Whether git knows a commit by this name."""
    return _git(folder, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}").returncode == 0


def at_revision(file: Path, revision: str) -> Text | None:
    """The file as it was; None if it was not there. Raises DialtoneError for a revision that git does not know."""
    folder = next((each for each in file.parents if each.is_dir()), file.parent)  # it may be gone with its folder
    if not is_revision(revision, folder):
        raise DialtoneError(f"{revision} is not a revision that git knows; write for example {file}@HEAD~1")
    answer = _git(folder, "show", f"{revision}:./{file.relative_to(folder).as_posix()}")
    return Text(f"{file}@{revision}", answer.stdout) if answer.returncode == 0 else None


def changed_between(folder: Path, old: str, new: str = WORKING_TREE) -> list[Path]:
    """The files of the folder that differ and decide about calls: flows and what they go by. Raises DialtoneError."""
    revisions = [old, new] if new else [old]
    for revision in revisions:
        if not is_revision(revision, folder):
            how = (
                ""
                if is_revision("HEAD", folder)
                else f": {folder} has no commit yet; `git init` and a commit begin its history"
            )
            raise DialtoneError(f"{revision} is neither a file nor a revision that git knows{how}")
    answer = _git(folder, "diff", "--name-only", "--relative", "-z", *revisions, "--", ".")
    names = set(answer.stdout.split("\0"))
    if not new:
        names |= set(_git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", ".").stdout.split("\0"))
    return [folder / name for name in sorted(names) if _decides(folder, folder / name)]


def lies_beside_flows(file: Path) -> bool:
    """Whether it holds numbers, a calendar, a rota, or a table."""
    return file.name == NUMBERS_FILE or file.parent.name in {CALENDARS, ROTAS, DATA}


def _decides(folder: Path, file: Path) -> bool:
    if file.suffix == ".csv":
        return file.parent == folder / DATA
    return file.suffix == ".yaml" and file.parent in {folder, folder / CALENDARS, folder / ROTAS}


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 -- git, with arguments of our own
            ["git", "-C", str(folder), *arguments],  # noqa: S607 -- whichever git the person uses
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    except FileNotFoundError:
        raise DialtoneError("git is not installed: install it, or compare two files") from None
