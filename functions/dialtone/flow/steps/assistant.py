"""A voice agent: an assistant of Telnyx's talks with the caller until one of them, a key or a limit ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from dialtone.domain.commands import Command, command
from dialtone.domain.conversations import CONVERSATION, ENDED, GONE, MAX_SECONDS, REASON, START_FAILED
from dialtone.domain.telnyx_actions import PROMPT_CHARACTERS
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.keys import Keys
from dialtone.flow.step import Step
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.steps.lookup import MAX_SENT, FieldName
from dialtone.flow.templating import MAX_VALUE_CHARACTERS, filled, known

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

MAX_TOOLS, MAX_ASKED = 10, 20
MAX_INSTRUCTIONS = 10_000

Words = Annotated[str, Field(min_length=1, max_length=1_000)]


class Tool(BaseModel):
    """A lookup that the assistant may make while it talks: Telnyx calls its address, not Dialtone."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    lookup: str = Field(
        pattern=r"^https://[^\s/{}@]+(/[^\s{}]*)?$",
        max_length=1_000,
        description="An https:// URL that takes a POST, as in a `lookup` step.",
    )
    about: Words = Field(description="What it does and when to use it, for the assistant to read.")
    asks: dict[FieldName, Words] = Field(
        default_factory=dict,
        max_length=MAX_ASKED,
        description="What the assistant sends: name → a description, for the assistant to find it in the conversation.",
    )
    secret: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_-]{0,100}$",
        description="An integration secret at Telnyx, sent as a bearer token.",
    )
    limit_seconds: StrictInt = Field(5, ge=1, le=60, description="How long Telnyx waits for its answer.")

    def as_telnyx_takes_it(self, name: str) -> dict[str, object]:
        """The webhook tool of this name."""
        asked = {field: {"type": "string", "description": said} for field, said in self.asks.items()}
        bearer = f"Bearer {{{{#integration_secret}}}}{self.secret}{{{{/integration_secret}}}}"
        headers = {"headers": [{"name": "authorization", "value": bearer}]} if self.secret else {}
        webhook = {
            "name": name,
            "description": self.about,
            "url": self.lookup,
            "method": "POST",
            "body_parameters": {"type": "object", "properties": asked, "required": list(asked)},
            **headers,
        }
        return {"type": "webhook", "webhook": webhook, "timeout_ms": self.limit_seconds * MILLIS_PER_SECOND}


class Assistant(Step):
    """Let an assistant of Telnyx's talk with the caller; what both say is kept beside the recordings."""

    paths: ClassVar[tuple[str, ...]] = ("keys", "too_long")

    assistant: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$", description="The assistant's id at Telnyx: assistant-…"
    )
    greeting: str = Field(
        "",
        max_length=PROMPT_CHARACTERS,
        description="Its first words, instead of its own; variables are filled in.",
    )
    instructions: str = Field(
        "",
        max_length=MAX_INSTRUCTIONS,
        description="Its instructions, instead of its own; variables are filled in.",
    )
    send: dict[FieldName, Annotated[str, Field(max_length=MAX_VALUE_CHARACTERS)]] = Field(
        default_factory=dict,
        max_length=MAX_SENT,
        description="Its dynamic variables: name → text; variables are filled in.",
    )
    tools: dict[FieldName, Tool] = Field(
        default_factory=dict,
        max_length=MAX_TOOLS,
        description="Lookups that it may make, by name; without any, its tools at Telnyx.",
    )
    keys: Keys = Field(default_factory=dict, description="Keys that end it and lead elsewhere.")
    max_seconds: StrictInt = Field(600, ge=10, le=3_600, description="About how long it may talk; then too_long.")
    too_long: str = Field("", description="The step after that; without it, on_error.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Start the assistant; Telnyx reports its end."""
        values, language = known(call), voice_defaults.wanted(call)
        sent = {name: filled(text, values)[:MAX_VALUE_CHARACTERS] for name, text in self.send.items()}
        assistant: dict[str, object] = {
            "id": self.assistant,
            "dynamic_variables": {**sent, MAX_SECONDS: str(self.max_seconds)},
        }
        if self.instructions:
            assistant["instructions"] = filled(self.instructions, values, language)
        if self.tools:
            assistant["tools"] = [tool.as_telnyx_takes_it(name) for name, tool in self.tools.items()]
        greeting = filled(self.greeting, values, language)[:PROMPT_CHARACTERS].strip()
        begins = {"greeting": greeting} if greeting else {}
        return Wait((command("ai_assistant_start", call.control_id, assistant=assistant, **begins),))

    def on(self, call: Call, event: Event) -> Move | None:
        """Go on once it has ended, or the caller has pressed one of the keys."""
        if event.about_callee:
            return None
        if event.type == "call.dtmf.received" and (key := event.text("digit")) in self.keys:
            return self.take(f"keys.{key}", commands=self.abandoned(call))
        if event.type == START_FAILED:
            return Fail(f"the assistant did not start: {event.text('reason') or 'no reason given'}")
        if event.type != ENDED or event.text("reason") == GONE:
            return None
        said = {REASON: event.text("reason"), CONVERSATION: event.text("conversation_id")}
        return self.take("next", variables={name: text[:MAX_VALUE_CHARACTERS] for name, text in said.items()})

    def overdue(self, call: Call, reason: str) -> Go | Fail:
        """It has reached its longest duration."""
        if self.too_long:
            return self.take("too_long", commands=self.abandoned(call))
        return super().overdue(call, reason)

    def served(self, call: Call) -> bool:
        """True: the caller may hang up at any time, having got what they wanted."""
        del call
        return True

    def repeated(self, call: Call) -> None:
        """None: the conversation goes on."""
        del call

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop it: it would go on talking."""
        return (command("ai_assistant_stop", call.control_id),)

    def sets(self) -> tuple[str, ...]:
        """The variables for why it ended, and for Telnyx's id of the conversation."""
        return (REASON, CONVERSATION)

    def surely_sets(self, where: str) -> tuple[str, ...]:
        """Only after its end was reported."""
        return self.sets() if where == "next" else ()

    def from_callers(self) -> tuple[str, ...]:
        """None: these values are Telnyx's words."""
        return ()
