"""Words over Telnyx's limit."""

import re
from collections.abc import Iterator

from dialtone.flow.prompts import MAX_TEXT_CHARACTERS
from dialtone.flow.voice_settings import MAX_SPOKEN_CHARACTERS
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule

_SENTENCE_END = re.compile(r"(?<=[.!?。！？…])\s+")  # noqa: RUF001 -- Chinese and Japanese sentences end so


@rule("text-too-long", ERROR, Of.WRITTEN)
def text_too_long(file: FlowFile) -> Iterator[Found]:
    """Text over 3,000 characters that Telnyx refuses, or that must be cut in the middle of a sentence."""
    for path, value in file.document.walk():
        if not isinstance(value, str) or len(value) <= MAX_SPOKEN_CHARACTERS or path[:1] != ("steps",):
            continue
        if path[-1] == "ssml":
            reason = f"has {len(value):,} characters of SSML, over Telnyx's limit of {MAX_SPOKEN_CHARACTERS:,}"
            yield Found(path, reason, "write it as a list of several")
        elif len(value) > MAX_TEXT_CHARACTERS:
            reason = f"has {len(value):,} characters, over {MAX_TEXT_CHARACTERS:,}: nobody listens for so long"
            yield Found(path, reason, "shorten it")
        elif any(len(sentence) > MAX_SPOKEN_CHARACTERS for sentence in _SENTENCE_END.split(value)):
            reason = f"has a sentence of over {MAX_SPOKEN_CHARACTERS:,} characters, which is cut in its middle"
            yield Found(path, reason, "end sentences with a full stop and a space")
