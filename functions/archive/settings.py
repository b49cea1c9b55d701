"""The archive function's settings, read from its environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.adapters.settings import required, telnyx_api_key
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.secrets import Secret

MAX_RECEIVES = 5
"""The queue's maxReceiveCount in template.yaml, which ARCHIVE_MAX_RECEIVES repeats where a deployment changes it."""


LOCAL_AUDIO = "UNSAFE_TEST_ONLY_AUDIO_FROM_LOOPBACK"
"""`true` allows downloads from loopback addresses (127.0.0.0/8, ::1), also over http, where the simulated Telnyx stores
audio; nothing else. The local cloud sets it; template.yaml never does."""


class SettingInvalid(DialtoneError):  # noqa: N818 -- reads as the sentence it is: a setting is invalid
    """An environment variable with an invalid value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The archive function's settings."""

    api_key: Secret[str]
    calls_table: str
    recordings_bucket: str
    max_receives: int
    """How often the queue delivers a message before it goes to the dead-letter queue."""
    local_audio: bool = False
    """Whether LOCAL_AUDIO is set."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises SettingMissing or SettingInvalid naming what is wrong."""
        return cls(
            api_key=telnyx_api_key(environ),
            calls_table=required(environ, "CALLS_TABLE"),
            recordings_bucket=required(environ, "RECORDINGS_BUCKET"),
            max_receives=_count(environ, "ARCHIVE_MAX_RECEIVES", MAX_RECEIVES),
            local_audio=environ.get(LOCAL_AUDIO, "") == "true",
        )


def _count(environ: Mapping[str, str], name: str, otherwise: int) -> int:
    written = environ.get(name, "").strip() or str(otherwise)
    if not (written.isascii() and written.isdigit() and int(written) > 0):
        raise SettingInvalid(f'{name} is "{written}": it must be a whole number above 0')
    return int(written)
