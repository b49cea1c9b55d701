"""Audio files for tests of the carrier."""

import pytest

from tests.carrier.desk import wav_of


@pytest.fixture
def wav() -> bytes:
    """Three seconds of silence."""
    return wav_of(3)
