"""What `dialtone connect` remembers of a stack, in Parameter Store: the ids it uses, and what was there before it.

A parameter for each thing: each is written at once and whole, and an interrupted run has left what it had done.

| parameter below /dialtone/<stack>/telnyx/ | value, as JSON |
|---|---|
| application-id, profile-id | Telnyx's id |
| before/application, before/profile | the settings before the first connect, or null where connect made it |
| before/numbers/<digits> | the connection that the number had before, '' if none |
| audio/<name> | what was stored: the file's SHA-256, and when Telnyx says it was stored |

What was before is written once, before the first change, and never again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from dialtone.domain.errors import DialtoneError
from dialtone.domain.stored_records import restored
from infra.operations import aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.config import Config

APPLICATION_ID, PROFILE_ID = "application-id", "profile-id"
BEFORE_APPLICATION, BEFORE_PROFILE = "before/application", "before/profile"
BEFORE_NUMBERS, AUDIO = "before/numbers/", "audio/"


@dataclass(frozen=True, slots=True)
class RecordedAudio:
    """An audio file as it was stored at Telnyx."""

    sha256: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The record of a stack; empty before the first connect."""

    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def application_id(self) -> str:
        """The line's application; '' if there is none."""
        return str(self.values.get(APPLICATION_ID) or "")

    @property
    def profile_id(self) -> str:
        """The outbound voice profile that connect chose or made; '' if there is none."""
        return str(self.values.get(PROFILE_ID) or "")

    @property
    def makes_profile(self) -> bool:
        """Whether a run was about to make a profile, and did not come to record it."""
        return BEFORE_PROFILE in self.values and not self.profile_id

    @property
    def numbers_before(self) -> Mapping[str, str]:
        """Number → the connection that it had before, '' if none."""
        return {f"+{name}": value for name, value in self._below(BEFORE_NUMBERS).items()}

    @property
    def audio(self) -> Mapping[str, RecordedAudio]:
        """What was stored, by name."""
        return {name: restored(RecordedAudio, value) for name, value in self._below(AUDIO).items()}

    def _below(self, folder: str) -> dict[str, Any]:
        return {name.removeprefix(folder): each for name, each in self.values.items() if name.startswith(folder)}


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """The parameters of a stack. Everything raises AwsFault for what AWS answers instead."""

    stack: str
    ssm: Any
    """boto3's client of Systems Manager."""

    @classmethod
    def of(cls, stack: str, region: str, config: Config = aws.PATIENT) -> ConnectionRecord:
        """The record of a stack in a region."""
        with aws.explained():
            return cls(stack, aws.client("ssm", region, config))

    @property
    def folder(self) -> str:
        """Their path."""
        return f"/dialtone/{self.stack}/telnyx/"

    def read(self) -> Recorded:
        """All of it."""
        with aws.explained():
            pages = self.ssm.get_paginator("get_parameters_by_path").paginate(Path=self.folder, Recursive=True)
            found = [each for page in pages for each in page["Parameters"]]
        try:
            return Recorded({each["Name"].removeprefix(self.folder): json.loads(each["Value"]) for each in found})
        except ValueError as error:
            remedy = "delete what was changed by hand there, and run this again"
            raise DialtoneError(f"{self.folder} in Parameter Store cannot be read: {remedy}") from error

    def put(self, name: str, value: object) -> None:
        """Remember a value in place of the one before."""
        with aws.explained():
            self._put(name, value, overwrite=True)

    def put_first(self, name: str, value: object) -> bool:
        """Remember a value unless there is one. Says whether it was taken."""
        with aws.explained():
            try:
                self._put(name, value, overwrite=False)
            except ClientError as error:
                if aws.code_of(error) != "ParameterAlreadyExists":
                    raise
                return False
        return True

    def forget(self, name: str) -> None:
        """Delete a value, which may be gone already."""
        with aws.explained():
            self.ssm.delete_parameters(Names=[self.folder + name])

    def _put(self, name: str, value: object, *, overwrite: bool) -> None:
        text = json.dumps(value, separators=(",", ":"))
        self.ssm.put_parameter(
            Name=self.folder + name, Value=text, Type="String", Overwrite=overwrite, Tier="Intelligent-Tiering"
        )
