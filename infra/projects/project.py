"""The project that a command works on: the nearest one above the current folder, else Dialtone's samples."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialtone.domain.errors import DialtoneError
from infra.checkout import DEPLOYED_FLOWS, ROOT, SAMPLES

PROJECT_FILE = "dialtone.toml"
"""Marks a project's folder, and says where the project is deployed."""

FLOWS_FOLDER = "flows"
"""Beside the project file: the flows, their conversations, `numbers.yaml`, calendars, rotas, data and audio."""

NUMBERS_FILE, CALENDARS_FOLDER, DATA_FOLDER, ROTAS_FOLDER = "numbers.yaml", "calendars", "data", "rotas"

NO_PROJECT = "the samples, since no project lies in this folder or above: `dialtone new` makes one"

SAYS_FLOW = re.compile(r"^flow[ \t]*:", re.MULTILINE)
"""Other tools have folders of YAML that are called `flows`, too."""

ENVIRONMENT_KEYS = {"stack": str, "region": str, "confirm": bool, "protect": bool, "parameters": dict}
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


@dataclass(frozen=True, slots=True)
class Environment:
    """A stack that the project is deployed as."""

    name: str
    stack: str
    region: str = ""
    """'' for the one that AWS's own settings name."""
    confirm: bool = False
    """Whether a deployment shows what will change, and asks."""
    protect: bool = False
    """Whether the stack is protected from deletion."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Of the template."""


@dataclass(frozen=True, slots=True)
class Project:
    """A team's flows, and where they are deployed."""

    root: Path
    flows: Path

    @property
    def is_samples(self) -> bool:
        """Whether there is no project, so that a command takes what came with Dialtone."""
        return self.flows in {DEPLOYED_FLOWS, SAMPLES}

    @property
    def file(self) -> Path | None:
        """`dialtone.toml`; None if the project has none."""
        file = self.root / PROJECT_FILE
        return file if file.is_file() and not self.is_samples else None

    @property
    def sentence(self) -> str:
        """Which it is and what it holds, for the person who runs a command."""
        which = f" ({NO_PROJECT})" if self.is_samples else ""
        return f"{counted(self.flows)} in {shown(self.flows)}{which}"

    def environments(self) -> Mapping[str, Environment]:
        """Where it is deployed, by name, as `dialtone.toml` says. Raises DialtoneError naming what is wrong there."""
        file = self.file
        if file is None:
            return {}
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise DialtoneError(f"{file} cannot be read: {error}; see docs/projects.md for what it holds") from None
        found = content.get("environments", {})
        if unknown := sorted(content.keys() - {"environments"}):
            raise DialtoneError(f"{file}: {unknown[0]} is not a key; it has [environments.NAME] only")
        if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
            raise DialtoneError(f"{file}: write each environment under a heading of its own, [environments.dev]")
        return {name: _environment(file, name, each) for name, each in found.items()}


def nearest(folder: Path | None = None) -> Project:
    """The project of this folder or the nearest above; one without a project file is known by its flows."""
    here = (folder or Path.cwd()).resolve()
    for each in (here, *here.parents):
        if each == ROOT:
            break  # a checkout that lies in somebody's project works on its own samples
        if (each / PROJECT_FILE).is_file() or _holds_flows(each / FLOWS_FOLDER):
            return Project(each, each / FLOWS_FOLDER)
    if _holds_flows(here):
        return Project(here, here)
    beside_code = DEPLOYED_FLOWS if _holds_flows(DEPLOYED_FLOWS) else SAMPLES
    return Project(beside_code.parent, beside_code)


def stack_named(name: str) -> str:
    """The stack that an environment of the nearest project stands for, else the stack itself. Raises DialtoneError."""
    found = nearest().environments().get(name)
    return found.stack if found else name


def counted(flows: Path) -> str:
    """What a folder of flows holds: "7 flows, 2 calendars, numbers.yaml"."""
    found = [
        _several(len(flow_names(flows)), "flow"),
        _several(len(list((flows / CALENDARS_FOLDER).glob("*.yaml"))), "calendar"),
        *([_several(rotas, "rota")] if (rotas := len(list((flows / ROTAS_FOLDER).glob("*.yaml")))) else []),
        *([_several(tables, "data file")] if (tables := len(list((flows / DATA_FOLDER).glob("*.csv")))) else []),
        NUMBERS_FILE if (flows / NUMBERS_FILE).is_file() else f"no {NUMBERS_FILE}",
    ]
    return ", ".join(found)


def flow_names(flows: Path) -> list[str]:
    """The flows of a folder, as their files are named."""
    return sorted(file.stem for file in flows.glob("*.yaml") if "." not in file.stem and file.name != NUMBERS_FILE)


def shown(path: Path) -> str:
    """A path as a person at this prompt would write it."""
    here, whole = Path.cwd(), path.resolve()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)


def _several(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _holds_flows(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    if (folder / NUMBERS_FILE).is_file():
        return True
    return any(
        SAYS_FLOW.search(file.read_text(encoding="utf-8", errors="replace"))
        for file in folder.glob("*.yaml")
        if file.is_file()
    )


def _environment(file: Path, name: str, content: Mapping[str, Any]) -> Environment:
    where = f"{file}: [environments.{name}]"
    for key, value in content.items():
        kind = ENVIRONMENT_KEYS.get(key)
        if kind is None:
            raise DialtoneError(f"{where} has no key {key}; known are {', '.join(ENVIRONMENT_KEYS)}")
        if not isinstance(value, kind):
            raise DialtoneError(f"{where}: {key} is {value!r}; write {_EXAMPLES[key]}")
    stack = content.get("stack", "")
    if not STACK_NAME.fullmatch(stack):
        raise DialtoneError(f"{where}: stack is {stack!r}; write letters, digits and hyphens, such as my-line")
    parameters = tuple((key, _text(value)) for key, value in content.get("parameters", {}).items())
    return Environment(
        name,
        stack,
        content.get("region", ""),
        content.get("confirm", False),
        content.get("protect", False),
        parameters,
    )


_EXAMPLES = {
    "stack": 'stack = "my-line-dev"',
    "region": 'region = "us-east-1"',
    "confirm": "confirm = true",
    "protect": "protect = true",
    "parameters": "them below [environments.NAME.parameters]",
}


def _text(value: object) -> str:
    """A parameter's value as CloudFormation takes it: everything is a text there."""
    if isinstance(value, bool):
        return "on" if value else "off"  # the template's own words for its switches
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
