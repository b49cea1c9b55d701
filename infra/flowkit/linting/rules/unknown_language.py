"""Languages that Telnyx does not speak."""

import re
from collections.abc import Iterator

from dialtone.flow.document import Path
from dialtone.flow.voices import voices_like
from infra.flowkit.linting.files import FlowFile, Kind
from infra.flowkit.linting.mentions import languages, voices
from infra.flowkit.linting.rule import ERROR, Found, Of, rule
from infra.flowkit.linting.rules.unknown_step import near

# fmt: off
LANGUAGES = frozenset({
    "arb", "cmn-CN", "cy-GB", "da-DK", "de-DE", "en-AU", "en-GB", "en-GB-WLS", "en-IN", "en-US", "es-ES", "es-MX",
    "es-US", "fr-CA", "fr-FR", "hi-IN", "is-IS", "it-IT", "ja-JP", "ko-KR", "nb-NO", "nl-NL", "pl-PL", "pt-BR",
    "pt-PT", "ro-RO", "ru-RU", "sv-SE", "tr-TR",
})
# fmt: on
"""As `speak` takes them; a test holds them to the SDK's."""


_TWO_LETTERS = re.compile(r"[a-z]{2}")
"""As voices with short languages take them."""


@rule("unknown-language", ERROR, Of.WRITTEN)
def unknown_language(file: FlowFile) -> Iterator[Found]:
    """A language that Telnyx does not know: it refuses to speak it (90013)."""
    by_two_letters = any(voices_like(voice).short_languages for _, voice in voices(file.document))
    for path, language in _languages(file):
        if language in LANGUAGES or (by_two_letters and _TWO_LETTERS.fullmatch(language)):
            continue
        remedy = near(language, LANGUAGES, f"take one of {', '.join(sorted(LANGUAGES))}")
        yield Found(path, f"is in {language}, which Telnyx does not speak", remedy)


def _languages(file: FlowFile) -> Iterator[tuple[Path, str]]:
    used = dict(languages(file.document))
    if file.kind is Kind.FLOW and file.readable:
        used |= {piece.language_path: piece.language for piece in file.pieces if piece.language_path}
    yield from used.items()
