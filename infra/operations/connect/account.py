"""What a Telnyx account has, as far as a line needs it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Settings = dict[str, Any]
"""Settings by the API's names, those of an object inside with its name and a dot: `inbound.shaken_stir_enabled`."""


@dataclass(frozen=True, slots=True)
class Application:
    """A Call Control application."""

    id: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def profile_id(self) -> str:
        """The outbound voice profile of its outgoing calls; '' if it has none."""
        return self.settings.get("outbound.outbound_voice_profile_id") or ""


@dataclass(frozen=True, slots=True)
class Profile:
    """An outbound voice profile."""

    id: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number, and the application or other connection that its calls go to; '' if it has none."""

    id: str
    number: str
    connection_id: str = ""
    connection_name: str = ""
    status: str = "active"
    country: str = ""


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """An audio file at Telnyx. Times are ISO 8601 in UTC; `expires_at` is '' if it does not expire."""

    name: str
    updated_at: str
    expires_at: str = ""


def flat(resource: Mapping[str, Any]) -> Settings:
    """A resource's settings, with nested ones flattened."""
    settings: Settings = {}
    for name, value in resource.items():
        if isinstance(value, dict):
            settings |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            settings[name] = value
    return settings


def nested(settings: Mapping[str, Any], found: Mapping[str, Any]) -> Settings:
    """Settings as a request has them.

    An object inside is sent whole, with what is found in it today: that Telnyx would keep the rest is not promised.
    What is empty in such an object is left out, since its description does not allow null there.
    """
    objects = {name.partition(".")[0] for name in settings if "." in name}
    inside = {name: value for name, value in found.items() if name.partition(".")[0] in objects and "." in name}
    body: Settings = {name: value for name, value in settings.items() if "." not in name}
    body |= {name: {} for name in sorted(objects)}
    for name, value in {**inside, **settings}.items():
        outer, _, inner = name.partition(".")
        if inner and value not in (None, ""):
            body[outer][inner] = value
    return body
