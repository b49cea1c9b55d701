"""What a flow asks of a voice and the voice does not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flows.flow import CONSENT_STEP
from dialtone.flows.prompts import ANY
from dialtone.flows.voices import voices_like
from infra.flowkit.linting.rule import WARNING, Found, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.flows.prompts import Piece
    from dialtone.flows.source import Path
    from dialtone.flows.speech import Voicing
    from infra.flowkit.linting.files import FlowFile


@rule("unsupported-by-voice", WARNING)
def unsupported_by_voice(file: FlowFile) -> Iterator[Found]:
    """A speed or a setting that the voice does not take: the caller hears it as if it were not there."""
    reported = set[tuple[str, str]]()
    for path, _, voicing in spoken_pieces(file):
        for reason, remedy in _faults(voicing):
            finding = f"is spoken by {voicing.voice}, {reason}", remedy
            # A flow's voice speaks all of its prompts: once is enough.
            if finding not in reported:
                reported.add(finding)
                yield Found(path, *finding)


def spoken_pieces(file: FlowFile) -> Iterator[tuple[Path, Piece, Voicing]]:
    """Every spoken piece, where its prompt stands, and how it is spoken."""
    for name, step in file.steps.items():
        around: Path = ("record",) if name == CONSENT_STEP else ("steps", name)
        manner = step.manner(file.flow.manner)
        for where, prompt in step.prompts():
            for part in prompt.parts:
                for language, pieces in part.languages.items():
                    spoken_in = manner.language if language == ANY else language
                    for piece in (each for each in pieces if each.speaks):
                        yield (*around, *where.split(".")), piece, piece.voicing(manner, piece.language or spoken_in)


def _faults(voicing: Voicing) -> Iterator[tuple[str, str]]:
    takes, speed = voices_like(str(voicing.voice)), voicing.speed or 1.0
    if speed != 1.0 and not takes.speed:
        yield f"which has one speed only, not {speed:g}", "leave speed out, or take another voice"
    elif speed != takes.speed_within(speed):
        limits = f"from {takes.slowest:g} to {takes.fastest:g}"
        yield f"which takes a speed {limits}, not {speed:g}", f"write a speed {limits}"
    if takes.settings is None:
        return
    for name in sorted((voicing.voice_settings or {}).keys() - takes.settings - {"type"}):
        remedy = f"take one of {', '.join(sorted(takes.settings))}" if takes.settings else "leave it out"
        yield f"which has no setting {name}", remedy
