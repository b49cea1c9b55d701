"""What a flow asks of a voice and the voice does not do."""

from collections.abc import Iterator

from dialtone.flow.document import Path
from dialtone.flow.flow import CONSENT_STEP
from dialtone.flow.prompts import ANY, Piece
from dialtone.flow.voice_settings import VoiceOptions
from dialtone.flow.voices import voices_like
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("unsupported-by-voice", WARNING)
def unsupported_by_voice(file: FlowFile) -> Iterator[Found]:
    """A speed or a setting that the voice does not support, and that has no effect."""
    reported = set[tuple[str, str]]()
    for path, _, voice_options in spoken_pieces(file):
        basic = getattr(file.steps.get(str(path[1])), "service_level", None) == "basic" if path[1:] else False
        for reason, remedy in (*_faults(voice_options), *(_of_the_basic_level(voice_options) if basic else ())):
            finding = f"is spoken by {voice_options.voice}, {reason}", remedy
            # A flow's voice speaks all of its prompts: once is enough.
            if finding not in reported:
                reported.add(finding)
                yield Found(path, *finding)


BASIC_VOICES = ("male", "female")


def _of_the_basic_level(voice_options: VoiceOptions) -> Iterator[tuple[str, str]]:
    if voice_options.voice not in BASIC_VOICES:
        yield (
            "which service_level: basic does not have",
            f"take {' or '.join(BASIC_VOICES)}, or leave service_level out",
        )


def spoken_pieces(file: FlowFile) -> Iterator[tuple[Path, Piece, VoiceOptions]]:
    """Every spoken piece, where its prompt stands, and how it is spoken."""
    for name, step in file.steps.items():
        around: Path = ("record",) if name == CONSENT_STEP else ("steps", name)
        voice_defaults = step.voice_defaults(file.flow.voice_defaults)
        for where, prompt in step.prompts():
            for part in prompt.parts:
                for language, pieces in part.languages.items():
                    spoken_in = voice_defaults.language if language == ANY else language
                    for piece in (each for each in pieces if each.speaks):
                        yield (
                            (*around, *where.split(".")),
                            piece,
                            piece.voice_options(voice_defaults, piece.language or spoken_in),
                        )


def _faults(voice_options: VoiceOptions) -> Iterator[tuple[str, str]]:
    takes, speed = voices_like(str(voice_options.voice)), voice_options.speed or 1.0
    if speed != 1.0 and not takes.speed:
        yield f"which has one speed only, not {speed:g}", "leave speed out, or take another voice"
    elif speed != takes.speed_within(speed):
        limits = f"from {takes.slowest:g} to {takes.fastest:g}"
        yield f"which takes a speed {limits}, not {speed:g}", f"write a speed {limits}"
    if takes.settings is None:
        return
    for name in sorted((voice_options.voice_settings or {}).keys() - takes.settings - {"type"}):
        remedy = f"take one of {', '.join(sorted(takes.settings))}" if takes.settings else "leave it out"
        yield f"which has no setting {name}", remedy
