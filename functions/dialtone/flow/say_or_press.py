"""A question that callers may answer in words: Telnyx's AI gather listens, and keys are reported one by one.

No Telnyx command accepts both. So keys are taken from `call.dtmf.received`, and the first of them stops the listening.
Whichever comes first leaves the step; the other one is late.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.commands import Command, command
from dialtone.domain.spoken_choices import CHOICE, ENDED, INSTRUCTIONS, RECOGNISED_LANGUAGES, VALID, schema
from dialtone.domain.telnyx_actions import PROMPT_CHARACTERS
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.step_moves import Wait

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.prompted_input import PromptedInput
    from dialtone.flow.prompts import Prompt, Sound
    from dialtone.flow.voice_settings import VoiceDefaults

MANY_LANGUAGES = "openai/whisper-large-v3-turbo"
"""The model for every language but English: Telnyx's default model knows only English."""

SSML_VOICES = "AWS.Polly."
"""Telnyx: only for these voices may a greeting be SSML."""


class Wanted(NamedTuple):
    """What to listen for."""

    schema: Mapping[str, object]
    """The JSON Schema of the answer."""
    instructions: str


class Answer(NamedTuple):
    """What the caller said or pressed, and the commands that follow."""

    key: str | None
    """None for no answer, '' for words that match no choice."""
    commands: tuple[Command, ...] = ()


def one_of(words: Mapping[str, Sequence[str]]) -> Wanted:
    """A choice: key → the words that stand for it."""
    return Wanted(schema(words), INSTRUCTIONS)


def ask(step: PromptedInput, call: Call, voice_defaults: VoiceDefaults, prompt: Prompt, wanted: Wanted) -> Wait:
    """One try: the question is the greeting, which words and keys interrupt; else it is played to its end first."""
    state = step.state(call)
    sounds = () if state.heard else step.question(call, voice_defaults, prompt)
    greeting = _greeting(sounds) if step.barge_in else {}
    if sounds and not greeting:
        return Wait(tuple(sound.play(call) for sound in sounds), replace(state, prompts=len(sounds)))
    listen = command(
        "gather_using_ai",
        call.control_id,
        parameters=wanted.schema,
        assistant={"instructions": wanted.instructions},
        user_response_timeout_ms=step.wait_seconds * MILLIS_PER_SECOND,
        **_recognised(voice_defaults.wanted(call)),
        **greeting,
    )
    return Wait((listen,), state)


def answer(step: PromptedInput, call: Call, event: Event, choices: Container[str]) -> Answer | None:
    """The answer that an event contains; None for any other event."""
    if step.state(call).speaking or event.about_callee:
        return None
    if event.type == "call.dtmf.received":
        return Answer(event.text("digit"), stop_listening(call))
    if event.type != ENDED:
        return None
    choice = event.text(CHOICE) if event.text("status") == VALID else ""
    if choice in choices:
        return Answer(choice)
    return Answer("" if event.payload.get("spoke") else None)


def stop_listening(call: Call) -> tuple[Command, ...]:
    """The command that ends an AI gather; if Telnyx refuses it, the gather has ended already."""
    return (command("ai_assistant_stop", call.control_id),)


def _greeting(sounds: Sequence[Sound]) -> dict[str, object]:
    """The question as the AI gather's greeting, if it is a single text; otherwise empty."""
    if len(sounds) != 1 or not sounds[0].speaks:
        return {}
    spoken = sounds[0].parameters
    voice, words = str(spoken["voice"]), str(spoken["payload"])
    if len(words) > PROMPT_CHARACTERS or (spoken.get("payload_type") == "ssml" and not voice.startswith(SSML_VOICES)):
        return {}
    # `female` and `male`, of Telnyx's basic service, are not voices of its assistants.
    manner = {name: spoken[name] for name in ("voice", "voice_settings") if "." in voice and name in spoken}
    return {"greeting": words, **manner}


def _recognised(language: str) -> dict[str, object]:
    """The language to listen for; empty if Telnyx names none like it, so that it is detected."""
    code = language.replace("_", "-").partition("-")[0].casefold() or "en"
    if code not in RECOGNISED_LANGUAGES:
        return {"transcription": {"model": MANY_LANGUAGES}}
    return {
        "language": code,
        **({} if code == "en" else {"transcription": {"model": MANY_LANGUAGES, "language": code}}),
    }
