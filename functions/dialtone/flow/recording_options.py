"""The options that Telnyx offers for a recording."""

from __future__ import annotations

from typing import Literal

Format = Literal["mp3", "wav"]
Channels = Literal["single", "dual"]
Track = Literal["both", "inbound", "outbound"]
