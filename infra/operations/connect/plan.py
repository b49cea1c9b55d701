"""Plans the changes at Telnyx that connect a line's numbers. Pure: compares wanted and existing settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra.operations.connect.account import Application, Number, Profile, StoredAudio
    from infra.operations.connect.lines import Lines
    from infra.operations.connect.record import Recorded

EXPIRES_SOON = timedelta(days=60)
"""Audio that Telnyx deletes before that is stored again: by hand it may have been stored for two days."""

AMOUNT = re.compile(r"\d+\.\d+")

NUMBERS_SHOWN = 10

ACTIVE = "active"

PROFILE_SETTING = "outbound.outbound_voice_profile_id"

DEFAULT_DAILY_SPEND_LIMIT = "10.00"
"""USD. Enough to try a line; a stolen key or a mistake in a flow costs no more a day."""

DEFAULT_COUNTRY = "US"


@dataclass(frozen=True, slots=True)
class Audio:
    """An audio file beside the flows."""

    file_name: str
    sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProfileWanted:
    """Wanted limits of the outbound voice profile; None keeps the current value, or the default of a new profile."""

    daily_spend_limit: str | None = None
    destinations: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line's wanted settings at Telnyx."""

    name: str
    """Of a new application and a new profile."""
    webhook_url: str
    failover_url: str
    webhook_timeout_seconds: int
    lines: Lines
    audio: Mapping[str, Audio]
    """By the name that flows play it by."""
    profile: ProfileWanted = field(default_factory=ProfileWanted)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is today."""

    applications: Sequence[Application]
    profiles: Sequence[Profile]
    numbers: Mapping[str, Number]
    audio: Mapping[str, StoredAudio]
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Change:
    """One setting's current and wanted value."""

    name: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.name}: {_shown(self.old)} → {_shown(self.new)}"


@dataclass(frozen=True, slots=True)
class MakeProfile:
    """A new outbound voice profile."""

    settings: Mapping[str, Any]

    def lines(self) -> Iterator[str]:
        """The step for a person."""
        yield f"+ outbound voice profile {self.settings['name']}"
        yield from (f"    {name}: {_shown(value)}" for name, value in self.settings.items() if name != "name")


@dataclass(frozen=True, slots=True)
class ChangeProfile:
    """Other limits for the profile that is there."""

    profile: Profile
    changes: tuple[Change, ...]

    def lines(self) -> Iterator[str]:
        """The step for a person."""
        yield f"~ outbound voice profile {self.profile.name} ({self.profile.id})"
        yield from (f"    {each}" for each in self.changes)


@dataclass(frozen=True, slots=True)
class MakeApplication:
    """A new Call Control application. Its profile is the one that is there, or the one that was made before it."""

    settings: Mapping[str, Any]
    in_place_of: str = ""
    """The application that was recorded and has been deleted."""

    def lines(self) -> Iterator[str]:
        """The step for a person."""
        because = f" (in place of {self.in_place_of}, which was deleted)" if self.in_place_of else ""
        yield f"+ application {self.settings['application_name']}{because}"
        yield from (
            f"    {name}: {_shown(value)}" for name, value in self.settings.items() if name != "application_name"
        )


@dataclass(frozen=True, slots=True)
class ChangeApplication:
    """Other settings for the application that is there."""

    application: Application
    changes: tuple[Change, ...]

    def lines(self) -> Iterator[str]:
        """The step for a person."""
        yield f"~ application {self.application.name} ({self.application.id})"
        yield from (f"    {each}" for each in self.changes)


@dataclass(frozen=True, slots=True)
class AssignNumber:
    """A number that is to ring the application."""

    number: Number
    flow: str

    @property
    def taken_from(self) -> str:
        """The name of the application that loses it; '' if it had none."""
        return self.number.connection_name or self.number.connection_id

    def lines(self) -> Iterator[str]:
        """The step for a person."""
        taken = f", taken from {self.taken_from}" if self.taken_from else ""
        yield f"+ {self.number.number} rings {self.flow}{taken}"


@dataclass(frozen=True, slots=True)
class ReturnNumber:
    """A number without a flow: it is assigned to its previous application."""

    number: Number
    connection_id: str

    def lines(self) -> Iterator[str]:
        """The step for a person."""
        where = f"rings {self.connection_id} again, as before" if self.connection_id else "rings nothing, as before"
        yield f"- {self.number.number} {where}: numbers.yaml does not have it any more"


@dataclass(frozen=True, slots=True)
class StoreAudio:
    """An audio file that Telnyx lacks, or has otherwise."""

    name: str
    audio: Audio
    replace: bool
    reason: str

    def lines(self) -> Iterator[str]:
        """The step for a person."""
        size = f"{len(self.audio.content) / 1000:.0f} kB"
        yield f"{'~' if self.replace else '+'} audio {self.name} ({self.audio.file_name}, {size}): {self.reason}"


Step = MakeProfile | ChangeProfile | MakeApplication | ChangeApplication | AssignNumber | ReturnNumber | StoreAudio


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in the order in which they are done, and what a person should know besides."""

    steps: tuple[Step, ...]
    problems: tuple[str, ...] = ()
    """Nothing is done while there are any."""
    notes: tuple[str, ...] = ()
    application: Application | None = None
    profile: Profile | None = None

    @property
    def taken(self) -> tuple[AssignNumber, ...]:
        """Numbers that other applications lose."""
        return tuple(each for each in self.steps if isinstance(each, AssignNumber) and each.taken_from)

    @property
    def makes_profile(self) -> bool:
        """Whether a new profile is needed, whose limits must be asked for."""
        return any(isinstance(each, MakeProfile) for each in self.steps)


def plan(wanted: Wanted, found: Found, now: datetime) -> Plan:
    """The planned changes."""
    application = _application(wanted, found)
    profile = _profile(wanted, found, application)
    notes = list(_notes(wanted, found, profile))
    steps: list[Step] = [
        *_profile_steps(wanted, found, profile),
        *audio_steps(wanted.audio, found.audio, found.recorded, now),
        *_application_steps(wanted, found, application, profile),
        *_number_steps(wanted, found, application),  # at last: a number that rings has all that it needs
    ]
    return Plan(tuple(steps), tuple(_problems(wanted, found)), tuple(notes), application, profile)


def application_settings(wanted: Wanted, profile_id: str) -> dict[str, Any]:
    """How the application is to be, but for its name. `profile_id` '' leaves the profile out."""
    settings: dict[str, Any] = {
        "active": True,
        "webhook_event_url": wanted.webhook_url,
        "webhook_api_version": "2",
        "webhook_timeout_secs": wanted.webhook_timeout_seconds,
        "call_cost_in_webhooks": True,
        "redact_dtmf_debug_logging": True,
        "inbound.shaken_stir_enabled": True,
    }
    if wanted.failover_url:
        settings["webhook_event_failover_url"] = wanted.failover_url
    if profile_id:
        settings[PROFILE_SETTING] = profile_id
    return settings


def differences(settings: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Change, ...]:
    """The settings that are not as they are to be."""
    return tuple(
        Change(name, found.get(name), value)
        for name, value in settings.items()
        if _comparable(found.get(name)) != _comparable(value)
    )


def _comparable(value: object) -> object:
    """Lists in whatever order, and amounts however many zeros they are written with."""
    if isinstance(value, list | tuple):
        return sorted(map(str, value))
    if isinstance(value, str) and AMOUNT.fullmatch(value):
        return float(value)
    return value


def _application(wanted: Wanted, found: Found) -> Application | None:
    """The line's application: the recorded one, else one with its webhook URL.

    The latter was made by hand, or by a run that was interrupted before it could record it. A name says nothing:
    another AWS account may have a stack of the same name, and use the same Telnyx account.
    """
    recorded = [each for each in found.applications if each.id == found.recorded.application_id]
    same_url = [each for each in found.applications if each.settings.get("webhook_event_url") == wanted.webhook_url]
    return next(iter([*recorded, *same_url]), None)


def _profile(wanted: Wanted, found: Found, application: Application | None) -> Profile | None:
    """The profile of the application's calls; else the recorded one.

    Else one with the line's name, if a run was interrupted before it could record the one that it made.
    """
    by_id = {each.id: each for each in found.profiles}
    for profile_id in (application.profile_id if application else "", found.recorded.profile_id):
        if profile_id in by_id:
            return by_id[profile_id]
    if not found.recorded.makes_profile:
        return None
    return next((each for each in found.profiles if each.name == wanted.name), None)


def _profile_steps(wanted: Wanted, found: Found, profile: Profile | None) -> Iterator[Step]:
    asked: dict[str, Any] = {}
    if wanted.profile.daily_spend_limit is not None:
        asked |= {"daily_spend_limit": wanted.profile.daily_spend_limit, "daily_spend_limit_enabled": True}
    if wanted.profile.destinations is not None:
        asked["whitelisted_destinations"] = list(wanted.profile.destinations)
    if profile is None:
        defaults = {
            "daily_spend_limit": DEFAULT_DAILY_SPEND_LIMIT,
            "daily_spend_limit_enabled": True,
            "whitelisted_destinations": list(home_countries(wanted, found)),
        }
        yield MakeProfile({"name": wanted.name, **defaults, **asked})
    elif changes := differences(asked, profile.settings):
        yield ChangeProfile(profile, changes)


def home_countries(wanted: Wanted, found: Found) -> tuple[str, ...]:
    """The countries of the line's own numbers: calls elsewhere are what fraud looks like."""
    countries = {found.numbers[each].country for each in wanted.lines.whole if each in found.numbers}
    return tuple(sorted(filter(None, countries))) or (DEFAULT_COUNTRY,)


def _application_steps(
    wanted: Wanted, found: Found, application: Application | None, profile: Profile | None
) -> Iterator[Step]:
    settings = application_settings(wanted, profile.id if profile else "")
    if application is None:
        yield MakeApplication({"application_name": wanted.name, **settings}, found.recorded.application_id)
        return
    changes = differences(settings, application.settings)
    if profile is None:
        changes = (*changes, Change(PROFILE_SETTING, application.profile_id or None, wanted.name))
    if changes:
        yield ChangeApplication(application, changes)


def _number_steps(wanted: Wanted, found: Found, application: Application | None) -> Iterator[Step]:
    ours = application.id if application else ""
    for name, flow in wanted.lines.whole.items():
        number = found.numbers.get(name)
        if number and (not ours or number.connection_id != ours):
            was_ours = number.connection_id == found.recorded.application_id  # by now deleted
            yield AssignNumber(replace(number, connection_id="", connection_name="") if was_ours else number, flow)
    for name, before in found.recorded.numbers_before.items():
        number = found.numbers.get(name)
        if not wanted.lines.flow(name) and number and ours and number.connection_id == ours:
            yield ReturnNumber(number, before)


def audio_steps(
    wanted: Mapping[str, Audio], found: Mapping[str, StoredAudio], remembered: Recorded, now: datetime
) -> Iterator[StoreAudio]:
    """The files that Telnyx lacks, has otherwise, or would delete soon."""
    for name, audio in wanted.items():
        stored, recorded = found.get(name), remembered.audio.get(name)
        if stored is None:
            yield StoreAudio(name, audio, replace=False, reason="new")
        elif recorded is None:
            yield StoreAudio(name, audio, replace=True, reason="what is stored under this name is not known")
        elif recorded.sha256 != audio.sha256:
            yield StoreAudio(name, audio, replace=True, reason="the file has changed")
        elif recorded.updated_at != stored.updated_at:
            yield StoreAudio(name, audio, replace=True, reason="it was replaced at Telnyx since")
        elif stored.expires_at and _time(stored.expires_at) < now + EXPIRES_SOON:
            yield StoreAudio(name, audio, replace=True, reason=f"Telnyx would delete it on {stored.expires_at[:10]}")


def _problems(wanted: Wanted, found: Found) -> Iterator[str]:
    missing = [each for each in wanted.lines.whole if each not in found.numbers]
    if missing:
        has = ", ".join([*found.numbers][:NUMBERS_SHOWN]) or "none: buy one in Telnyx's portal"
        has += f" and {len(found.numbers) - NUMBERS_SHOWN} more" if len(found.numbers) > NUMBERS_SHOWN else ""
        yield (
            f"{', '.join(missing)} in numbers.yaml: not in this Telnyx account, whose numbers are {has}."
            " Write your own into flows/numbers.yaml, and deploy"
        )
    if not wanted.lines.whole:
        yield "numbers.yaml has no complete number, so no call would come in: add yours, and deploy"


def _notes(wanted: Wanted, found: Found, profile: Profile | None) -> Iterator[str]:
    for name in wanted.lines.whole:
        number = found.numbers.get(name)
        if number and number.status != ACTIVE:
            yield f"{name} is {number.status} at Telnyx: it rings once it is active"
    if profile and profile.settings.get("enabled") is False:
        yield f"the outbound voice profile {profile.name} is disabled: calls out and transfers are refused"
    if not wanted.failover_url:
        yield "the stack has no output FailoverUrl: callers hear nothing while the webhook function fails"


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "not set" if value in (None, "") else str(value)
