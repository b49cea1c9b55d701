"""Puts back what was at Telnyx before the first connect. May be interrupted anywhere and run again.

Audio stays: its names are the account's, another line may play it, and what it replaced is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.operations.connect.account import nested
from infra.operations.connect.plan import Change, differences
from infra.operations.connect.record import (
    APPLICATION_ID,
    AUDIO,
    BEFORE_APPLICATION,
    BEFORE_NUMBERS,
    BEFORE_PROFILE,
    PROFILE_ID,
)
from infra.operations.connect.telnyx_account import RequestRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra.operations.connect.account import Application, Number, Profile
    from infra.operations.connect.record import ConnectionRecord, Recorded
    from infra.operations.connect.telnyx_account import TelnyxAccount


@dataclass(frozen=True, slots=True)
class Disconnection:
    """Restores Telnyx's settings: numbers first, so that no call goes to an application that is about to be deleted."""

    numbers: Mapping[str, tuple[Number, str]]
    """Number → its id, and the connection that its calls go to again; '' if there was none."""
    application: Application | None
    application_changes: tuple[Change, ...] | None
    """None: it was made by connect, and is deleted."""
    profile: Profile | None
    profile_changes: tuple[Change, ...] | None
    """As above."""
    notes: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The steps for a person."""
        for name, (_, connection_id) in self.numbers.items():
            yield f"- {name} rings {connection_id or 'nothing'} again"
        yield from _lines("application", self.application, self.application_changes)
        yield from _lines("outbound voice profile", self.profile, self.profile_changes)


def disconnection(
    recorded: Recorded, applications: Sequence[Application], profiles: Sequence[Profile], numbers: Sequence[Number]
) -> Disconnection:
    """The settings to restore, of those unchanged since connect."""
    application = next((each for each in applications if each.id == recorded.application_id), None)
    profile = next((each for each in profiles if each.id == recorded.profile_id), None)
    by_number = {each.number: each for each in numbers}
    returned: dict[str, tuple[Number, str]] = {}
    notes = []
    for name, before in recorded.numbers_before.items():
        number = by_number.get(name)
        if number is None:
            notes.append(f"{name} is no longer in the account")
        elif number.connection_id not in ("", recorded.application_id):
            notes.append(f"{name} rings {number.connection_name or number.connection_id} by now, and is left there")
        else:
            returned[name] = (number, before)
    return Disconnection(
        returned,
        application,
        _changes(recorded, BEFORE_APPLICATION, application),
        profile,
        _changes(recorded, BEFORE_PROFILE, profile),
        tuple(notes),
    )


def put_back(wanted: Disconnection, recorded: Recorded, account: TelnyxAccount, record: ConnectionRecord) -> list[str]:
    """Do it; returns what a person should know. What is done is forgotten at once, the application's id at last."""
    notes = []
    for name, (number, connection_id) in wanted.numbers.items():
        if not account.give_back(number, connection_id):
            notes.append(f"{name} rang {connection_id}, which no longer exists: it stays unassigned")
        record.forget(BEFORE_NUMBERS + name.removeprefix("+"))
    if wanted.application:
        _restore_application(wanted.application, wanted.application_changes, account)
    notes += _restore_profile(wanted, account)
    rest = [each for each in recorded.values if each.startswith((BEFORE_NUMBERS, AUDIO))]
    for name in (*rest, BEFORE_PROFILE, PROFILE_ID, BEFORE_APPLICATION, APPLICATION_ID):
        record.forget(name)
    return notes


def _restore_application(application: Application, changes: tuple[Change, ...] | None, account: TelnyxAccount) -> None:
    if changes is None:
        account.delete_application(application.id)
    elif changes:
        required = {
            "application_name": application.name,
            "webhook_event_url": application.settings["webhook_event_url"],
        }
        settings = {**required, **{each.name: each.new for each in changes}}
        account.update_application(application.id, nested(settings, application.settings))


def _restore_profile(wanted: Disconnection, account: TelnyxAccount) -> list[str]:
    profile, changes = wanted.profile, wanted.profile_changes
    if profile is None:
        return []
    if changes is None:
        try:
            account.delete_profile(profile.id)
        except RequestRefused as refused:
            return [f"the outbound voice profile {profile.name} stays, since something uses it: {refused}"]
    elif changes:
        settings = {each.name: each.new for each in changes if each.new is not None}
        account.update_profile(profile.id, {"name": profile.name, **settings})
    return []


def _changes(recorded: Recorded, before_name: str, found: Application | Profile | None) -> tuple[Change, ...] | None:
    """What has to be set back; None for what connect has made, nothing where it is not remembered how it was."""
    if found is None or before_name not in recorded.values:
        return ()
    before = recorded.values[before_name]
    return None if before is None else differences(before, found.settings)


def _lines(what: str, found: Application | Profile | None, changes: tuple[Change, ...] | None) -> Iterator[str]:
    if found is None:
        return
    if changes is None:
        yield f"- {what} {found.name} ({found.id}), which connect made, is deleted"
    elif changes:
        yield f"~ {what} {found.name} ({found.id})"
        yield from (f"    {each}" for each in changes)
