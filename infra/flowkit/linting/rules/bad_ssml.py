"""SSML that a voice would read wrongly, or not at all."""

import re
from collections.abc import Iterator
from xml.parsers import expat

from dialtone.flow.templating import filled_ssml, names_in
from dialtone.flow.voices import voices_like
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule
from infra.flowkit.linting.rules.unsupported_by_voice import spoken_pieces

ELEMENTS = frozenset(
    {
        "audio",
        "break",
        "desc",
        "emphasis",
        "lang",
        "lexicon",
        "lookup",
        "mark",
        "meta",
        "metadata",
        "p",
        "phoneme",
        "prosody",
        "s",
        "say-as",
        "speak",
        "sub",
        "token",
        "voice",
        "w",
    }
)
"""Of SSML 1.1. Providers' own have a prefix (`amazon:effect`, `mstts:express-as`)."""

_MARKUP = re.compile(r"</?(speak|break|prosody|say-as|emphasis|phoneme|sub)\b[^<>]*>")


@rule("bad-ssml", ERROR)
def bad_ssml(file: FlowFile) -> Iterator[Found]:
    """SSML that is not well-formed or not from `<speak>` to `</speak>`, for a voice without SSML, or in a text."""
    for each in file.pieces:
        if each.kind == "text" and (markup := _MARKUP.search(each.value)):
            yield Found(each.path, f"has {markup.group()} read out as text", "write it under `ssml:`")
        if each.kind == "ssml" and (fault := _fault(each.value)):
            yield Found(each.path, f"has SSML that cannot be spoken: {fault[0]}", fault[1])
    for path, piece, voice_options in spoken_pieces(file):
        if piece.ssml is not None and not voices_like(str(voice_options.voice)).ssml:
            reason = f"has SSML for {voice_options.voice}, which does not support it"
            yield Found(path, reason, "write the words as text, or take a voice of AWS or Azure")


def _fault(ssml: str) -> tuple[str, str] | None:
    """Why it cannot be spoken and what to do, None if it can be. What is filled in is escaped, hence harmless."""
    filled = filled_ssml(ssml, dict.fromkeys(names_in(ssml), "x"))
    elements: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _attributes: elements.append(name)
    try:
        parser.Parse(filled, True)  # noqa: FBT003 -- expat takes no keywords: this is all of it
    except expat.ExpatError as error:
        where = f"{expat.ErrorString(error.code)} at character {error.offset + 1} of line {error.lineno}"
        return where, "close every element, and write & as &amp; and < as &lt;"
    if elements[0] != "speak":
        return f"it begins with <{elements[0]}>", "put <speak> before it and </speak> after it"
    unknown = [name for name in elements if ":" not in name and name not in ELEMENTS]
    return (f"no voice knows <{unknown[0]}>", "use an element of SSML 1.1") if unknown else None
