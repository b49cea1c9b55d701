"""A new project: a template's flows, and what every project has. It is made beside its place and moved there whole."""

import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT

TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        "front-desk": "office hours, a menu that leads to two desks, a message when nobody is there",
        "voicemail": "a greeting and a message, which the caller can hear again or delete",
        "announcement": "a reminder that is dialled, with the answer by key as the call's outcome",
        "survey": "two questions and a comment, for callers or for people who are dialled",
        "after-hours": "a desk by day; by night an emergency rings the people on call in turn",
    }
)
"""By name, what each is for."""

FOLDER = Path(__file__).with_name("templates")
EVERY_PROJECT = FOLDER / "every-project"
SCHEMAS = ROOT / "docs" / "schema"
SCHEMA_FOLDER = "schema"
"""Of a project: its files name their schemas there, so that editors need no network."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""It becomes part of the stacks' names, and those part of the names of what AWS makes."""

IN_FILES = "{name}"


def create(target: Path, template: str) -> None:
    """Make the project in a folder that is not there, or empty. Raises DialtoneError, OSError: then nothing is made."""
    name = target.absolute().name
    if not NAME.fullmatch(name):
        raise DialtoneError(f"{name} cannot name a project: use small letters, digits and hyphens, such as my-line")
    _check_free(target)
    beside = target.absolute().with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        beside.mkdir()
        _fill(beside, name, template)
        beside.rename(target)
    except OSError as error:
        _check_free(target)  # somebody may have made it meanwhile
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # gone if all went well


def _check_free(target: Path) -> None:
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        is_what = "already exists and is not empty" if target.is_dir() else "is a file"
        raise DialtoneError(f"{target} {is_what}: choose another name, or remove it first")


def _fill(folder: Path, name: str, template: str) -> None:
    for source in (EVERY_PROJECT, FOLDER / template):
        _copy(source, folder)
    for file in (each for each in EVERY_PROJECT.rglob("*") if each.is_file()):
        made = folder / file.relative_to(EVERY_PROJECT)
        made.write_text(made.read_text(encoding="utf-8").replace(IN_FILES, name), encoding="utf-8")
    _copy(SCHEMAS, folder / SCHEMA_FOLDER)


def _copy(source: Path, folder: Path) -> None:
    """As shutil.copytree, which goes on after an error and raises none that says which it was."""
    for file in (each for each in source.rglob("*") if each.is_file()):
        place = folder / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
