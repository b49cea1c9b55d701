"""Who gets the messages of a flow."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from dialtone.domain.delivery_targets import ATTACHED, CHAT, EMAIL, DeliveryTarget

MAX_TARGETS = 10

EmailAddress = Annotated[
    str,
    StringConstraints(
        max_length=254,
        pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`|~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`|~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    ),
]
"""One address. Without variables: their values could send messages anywhere."""

ChatName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class Target(BaseModel):
    """Somebody who gets messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    email: EmailAddress | None = Field(None, description="The address that it is e-mailed to.")
    chat: ChatName | None = Field(None, description="The chat that it is posted to, as the stack's secret names it.")
    audio: Literal["attached", "link"] = Field(
        "attached", description="For an e-mail: with the audio up to 7 MB, or with a link that needs a sign-in."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.email is None) == (self.chat is None):
            raise ValueError("needs exactly one of email and chat; write one of them")
        if self.chat is not None and "audio" in self.model_fields_set:
            raise ValueError("audio is for e-mail only, because a chat gets the link; remove it")
        return self

    @property
    def target(self) -> DeliveryTarget:
        """The target as the recording's entry stores it."""
        if self.email is not None:
            return DeliveryTarget(EMAIL, self.email, self.audio)
        return DeliveryTarget(CHAT, str(self.chat), ATTACHED)


def _each_once(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    keys = [each.target.key for each in targets]
    if twice := next((each for each in keys if keys.count(each) > 1), ""):
        raise ValueError(f"{twice.replace(':', ' ', 1)} appears twice; remove one of the two")
    return targets


Targets = Annotated[tuple[Target, ...], Field(min_length=1, max_length=MAX_TARGETS), AfterValidator(_each_once)]
"""Everybody who gets a message."""


def targets_of(written: tuple[Target, ...] | None) -> tuple[DeliveryTarget, ...]:
    """The targets as the recording's entry stores them; none for None."""
    return tuple(each.target for each in written or ())
