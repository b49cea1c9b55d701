"""Audio files for tests of the carrier."""

from __future__ import annotations

import pytest

from tests.carrier.desk import wav_of


@pytest.fixture
def wav() -> bytes:
    """Three seconds of silence."""
    return wav_of(3)
