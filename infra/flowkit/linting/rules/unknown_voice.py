"""Voices that nobody has."""

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path as File
from typing import Any

import botocore

from dialtone.flow.voices import PROVIDERS
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.mentions import voices
from infra.flowkit.linting.rule import ERROR, Found, Of, rule
from infra.flowkit.linting.rules.unknown_step import near

BASIC = frozenset({"female", "male"})
"""The voices without a provider."""

_POLLY = "aws.polly."
_ENGINES = ("-Neural", "-Generative", "-Long-Form")


@rule("unknown-voice", ERROR, Of.WRITTEN)
def unknown_voice(file: FlowFile) -> Iterator[Found]:
    """A voice that Telnyx would refuse (90012): of no provider that it knows, or none of Amazon Polly's."""
    for path, voice in voices(file.document):
        if fault := _fault(voice):
            yield Found(path, f"has the voice {voice}, {fault[0]}", fault[1])


def _fault(voice: str) -> tuple[str, str] | None:
    if voice in BASIC:
        return None
    provider, _, name = voice.partition(".")
    if provider.lower() not in PROVIDERS or not name:
        remedy = near(provider.lower(), PROVIDERS, "write AWS.Polly.<id>, Azure.<id>, Telnyx.<model>.<id>, …")
        return "which is of no provider that Telnyx knows", remedy
    if provider.lower() != "aws":
        return None
    if not voice.lower().startswith(_POLLY):
        return "which is none of Amazon Polly's", "write AWS.Polly.<id>, such as AWS.Polly.Joanna-Neural"
    speaker = voice[len(_POLLY) :]
    for engine in _ENGINES:
        speaker = speaker.removesuffix(engine)
    if speaker in _polly_speakers():
        return None
    return "which is none of Amazon Polly's", near(speaker, _polly_speakers(), "look it up among Polly's voices")


@cache
def _polly_speakers() -> frozenset[str]:
    """Those of the AWS SDK that is installed, so that they grow with it."""
    [description] = (File(botocore.__file__).parent / "data" / "polly").glob("*/service-2.json.gz")
    with gzip.open(description) as file:
        shapes: dict[str, Any] = json.load(file)["shapes"]
    return frozenset(shapes["VoiceId"]["enum"])
