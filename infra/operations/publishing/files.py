"""The files that make a version of the flows, and what differs between two versions, in words."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from dialtone.adapters.flow_library import NUMBERS_FILE, text_beside
from dialtone.domain.compact_json import plain_json
from dialtone.domain.errors import DialtoneError
from dialtone.flow.calendars import CALENDARS, ROTAS
from dialtone.flow.data_files import DATA
from infra.flowkit.drawing.beside_flows import noticed_beside
from infra.flowkit.drawing.change_summary import summary
from infra.flowkit.drawing.versions import Text, flow_in, is_flow


def files_of(flows: Path) -> dict[str, str]:
    """All texts of a folder that lead calls, by name: flows, what they go by, the number file. Raises DialtoneError.

    Conversations and what else lies there are left out, as a deployment leaves them out.
    """
    numbers = flows / NUMBERS_FILE
    if not numbers.is_file():
        raise DialtoneError(f"{numbers} is missing, so no call would be accepted: add it next to the flows")
    names = [
        *(each.name for each in flows.glob("*.yaml")),
        *(f"{CALENDARS}/{each.name}" for each in flows.glob(f"{CALENDARS}/*.yaml")),
        *(f"{ROTAS}/{each.name}" for each in flows.glob(f"{ROTAS}/*.yaml")),
        *(f"{DATA}/{each.name}" for each in flows.glob(f"{DATA}/*.csv")),
    ]
    texts = {name: text for name in sorted(names) if (text := text_beside(flows, name)) is not None}
    return {**texts, NUMBERS_FILE: numbers.read_text(encoding="utf-8")}


def digest_of(texts: Mapping[str, str]) -> str:
    """Twelve characters that the same files have again."""
    return hashlib.sha256(plain_json(dict(sorted(texts.items()))).encode()).hexdigest()[:12]


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """What callers will notice, file by file, in lines for the terminal; nothing where the files are the same."""
    for name in sorted({*old, *new}, key=lambda name: (name == NUMBERS_FILE, name)):
        was, now = old.get(name), new.get(name)
        if was != now:
            yield name
            yield from (f"  {sentence}" for sentence in _sentences(name, was, now))


def _sentences(name: str, was: str | None, now: str | None) -> Iterator[str]:
    old, new = (Text(name, text) if text is not None else None for text in (was, now))
    if name == NUMBERS_FILE or name.startswith((f"{CALENDARS}/", f"{ROTAS}/", f"{DATA}/")):
        yield from noticed_beside(Path(name), old, new)
    else:
        yield from summary(*(flow_in(text) if text and is_flow(text) else None for text in (old, new)))
