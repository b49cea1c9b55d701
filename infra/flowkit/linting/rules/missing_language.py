"""Prompts that some callers would hear in a language that they did not choose."""

from collections.abc import Iterator
from typing import Any

from dialtone.flow.document import Path
from dialtone.flow.templating import LANGUAGE
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.prompts import parts_of, prompt_paths
from infra.flowkit.linting.rule import ERROR, Found, rule

ENGLISH = "en"

CONSENT = ("consent", "say")
"""The prompt that the reader puts in where a flow leaves it out."""


@rule("missing-language", ERROR)
def missing_language(file: FlowFile) -> Iterator[Found]:
    """A prompt that lacks one of the flow's `languages`, where callers may have chosen it."""
    promised = list(file.flow.voice_defaults.languages) or [file.flow.voice_defaults.language or ENGLISH]
    for path in prompt_paths(file.flow):
        written = file.document.at(path)
        if written is None:
            missing = [language for language in promised if not language.startswith(ENGLISH)]
            if path[-2:] == CONSENT and missing:
                yield _finding(path, missing)
        elif len(promised) > 1 and LANGUAGE in file.variables.maybe.get(str(path[1]), ()):
            for part, each in parts_of(written, path):
                missing = [language for language in promised if language not in _languages(each, promised)]
                if missing:
                    yield _finding(part, missing)


def _finding(path: Path, missing: list[str]) -> Found:
    named = " and ".join(missing)
    return Found(path, f"is not said in {named}, which the flow promises", f"write it for {named}, too")


def _languages(written: Any, promised: list[str]) -> list[str]:  # noqa: ANN401 -- as written
    """The languages that it is there in; audio, and words that name a language themselves, are for everybody."""
    match written:
        case str():
            return promised[:1]
        case {"text": _} | {"ssml": _}:
            return promised if "language" in written else promised[:1]
        case {"audio": _} | {"media": _} | {"file": _}:
            return promised
        case dict():
            return list(written)
        case _:
            return promised
