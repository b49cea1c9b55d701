"""Carries a plan out, step by step, in an order in which it may be interrupted anywhere and run again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from dialtone.domain.errors import DialtoneError
from infra.operations.connect.account import nested
from infra.operations.connect.plan import (
    PROFILE_SETTING,
    AssignNumber,
    ChangeApplication,
    ChangeProfile,
    MakeApplication,
    MakeProfile,
    ReturnNumber,
    StoreAudio,
    application_settings,
)
from infra.operations.connect.record import (
    APPLICATION_ID,
    AUDIO,
    BEFORE_APPLICATION,
    BEFORE_NUMBERS,
    BEFORE_PROFILE,
    PROFILE_ID,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.operations.connect.plan import Plan, Wanted
    from infra.operations.connect.record import ConnectionRecord, Recorded
    from infra.operations.connect.telnyx_account import TelnyxAccount

PROFILE_LIMITS = ("daily_spend_limit", "daily_spend_limit_enabled", "whitelisted_destinations")
"""What connect may change of an outbound voice profile that was there."""


@dataclass(slots=True)
class Connecting:
    """One run; it learns the ids of what it makes."""

    account: TelnyxAccount
    record: ConnectionRecord
    wanted: Wanted
    plan: Plan
    recorded: Recorded
    """As the plan was made from it."""
    application_id: str = ""
    profile_id: str = ""

    def __post_init__(self) -> None:
        self.application_id = self.plan.application.id if self.plan.application else ""
        self.profile_id = self.plan.profile.id if self.plan.profile else ""

    def begin(self) -> None:
        """Remember the application that is there, and how it is, before anything is changed."""
        if application := self.plan.application:
            managed = application_settings(self.wanted, profile_id="any")
            before = {name: application.settings.get(name) for name in managed}
            self._adopt(APPLICATION_ID, BEFORE_APPLICATION, application.id, before)
        profile = self.plan.profile
        if profile and self.recorded.makes_profile and profile.name == self.wanted.name:
            self._claim(PROFILE_ID, profile.id)  # made by a run that was interrupted before it could record it

    @singledispatchmethod
    def do(self, step: Any) -> None:  # noqa: ANN401 -- one of the methods below
        """Do one step. Raises DialtoneError saying what was not done, and why."""
        raise TypeError(step)

    @do.register
    def _(self, step: MakeProfile) -> None:
        self._forget_deleted(PROFILE_ID, BEFORE_PROFILE, self.recorded.profile_id)
        made = self.account.create_profile(step.settings)
        self._claim_new(PROFILE_ID, made.id, self.account.delete_profile)
        self.profile_id = made.id

    @do.register
    def _(self, step: ChangeProfile) -> None:
        before = {name: step.profile.settings.get(name) for name in PROFILE_LIMITS}
        self._adopt(PROFILE_ID, BEFORE_PROFILE, step.profile.id, before)
        settings = {each.name: each.new for each in step.changes}
        self.account.update_profile(step.profile.id, {"name": step.profile.name, **settings})

    @do.register
    def _(self, step: MakeApplication) -> None:
        self._forget_deleted(APPLICATION_ID, BEFORE_APPLICATION, self.recorded.application_id)
        made = self.account.create_application(nested({**step.settings, PROFILE_SETTING: self.profile_id}, {}))
        self._claim_new(APPLICATION_ID, made.id, self.account.delete_application)
        self.application_id = made.id

    @do.register
    def _(self, step: ChangeApplication) -> None:
        settings = {each.name: each.new for each in step.changes}
        if PROFILE_SETTING in settings:
            settings[PROFILE_SETTING] = self.profile_id
        required = {"application_name": step.application.name, "webhook_event_url": self.wanted.webhook_url}
        self.account.update_application(
            step.application.id, nested({**required, **settings}, step.application.settings)
        )

    @do.register
    def _(self, step: AssignNumber) -> None:
        self.record.put_first(BEFORE_NUMBERS + step.number.number.removeprefix("+"), step.number.connection_id)
        self.account.assign(step.number, self.application_id)

    @do.register
    def _(self, step: ReturnNumber) -> None:
        self.account.give_back(step.number, step.connection_id)
        self.record.forget(BEFORE_NUMBERS + step.number.number.removeprefix("+"))

    @do.register
    def _(self, step: StoreAudio) -> None:
        store_audio(self.account, self.record, step)

    def _adopt(self, id_name: str, before_name: str, found_id: str, before: Mapping[str, Any]) -> None:
        """Remember something that was there before. What an interrupted run made is remembered as made already."""
        known = self.recorded.values.get(id_name)
        if known == found_id:
            self.record.put_first(before_name, before)  # gone only after an interrupted disconnect
        elif known:  # of something that has been deleted: this took its place
            self.record.put(before_name, before)
            self.record.put(id_name, found_id)
        else:
            self.record.put_first(before_name, before)
            self._claim(id_name, found_id)

    def _forget_deleted(self, id_name: str, before_name: str, known: str) -> None:
        """Remember that something new is made, in place of nothing or of something that has been deleted."""
        if not known:
            self.record.put_first(before_name, None)
            return
        if self.record.read().values.get(id_name) != known:
            raise _at_once(self.record.stack)
        self.record.put(before_name, None)
        self.record.forget(id_name)

    def _claim(self, id_name: str, our_id: str) -> None:
        """Of two simultaneous runs, the first to record its id continues; the other stops here."""
        if not self.record.put_first(id_name, our_id) and self.record.read().values.get(id_name) != our_id:
            raise _at_once(self.record.stack)

    def _claim_new(self, id_name: str, our_id: str, delete: Callable[[str], None]) -> None:
        try:
            self._claim(id_name, our_id)
        except RunsAtOnce:
            delete(our_id)
            raise


class RunsAtOnce(DialtoneError):  # noqa: N818 -- reads as the sentence it is
    """Another run has made what this one was about to make."""


def store_audio(account: TelnyxAccount, record: ConnectionRecord, step: StoreAudio) -> None:
    """Upload a file, and remember which content was uploaded."""
    audio = step.audio
    stored = account.store_audio(step.name, audio.file_name, audio.content, replace=step.replace)
    record.put(AUDIO + step.name, {"sha256": audio.sha256, "updated_at": stored.updated_at})


def _at_once(stack: str) -> RunsAtOnce:
    return RunsAtOnce(f"another `dialtone connect` of {stack} is running: let it end, and run this again")
