"""Names of media that look like a slip of the pen."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule

ALIKE = 0.85
"""Of two names, by difflib's measure: one letter of seven differs, or fewer."""


@rule("unlikely-media", WARNING)
def unlikely_media(file: FlowFile) -> Iterator[Found]:
    """A media name that matches no file in the folder `audio`; files are uploaded without their extension."""
    audio = file.folder.audio
    for piece in file.pieces:
        if piece.kind != "media" or piece.value in audio or "{" in piece.value:
            continue
        if meant := _meant(piece.value, audio):
            reason = f"plays {piece.value}, which is not in the folder audio, where {audio[meant].name} is"
            yield Found(piece.path, reason, f"did you mean {meant}?")
        elif audio:
            reason = f"plays {piece.value}, which is not among the files in the folder audio"
            yield Found(piece.path, reason, "put it there, or silence this where it lies at Telnyx already")


def _meant(name: str, known: Collection[str]) -> str:
    without_ending = re.sub(r"\.(mp3|wav)$", "", name)
    if without_ending in known:
        return without_ending
    likely = get_close_matches(name, known, 1, ALIKE)
    # hours-1 and hours-2 are two files, not one and a slip.
    return next((each for each in likely if re.sub(r"\d", "", each) != re.sub(r"\d", "", name)), "")
