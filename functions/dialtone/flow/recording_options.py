"""What Telnyx lets one choose about a recording."""

from __future__ import annotations

from typing import Literal

Format = Literal["mp3", "wav"]
Channels = Literal["single", "dual"]
Track = Literal["both", "inbound", "outbound"]
