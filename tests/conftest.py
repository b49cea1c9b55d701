from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

_COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
# The same examples every time: what lands is judged by the change, not by chance. New ones are the drill's to find.
settings.register_profile("quick", max_examples=12, derandomize=True, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("seeded", max_examples=12, **_COMMON)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile", default=None):
        seeded = config.getoption("--hypothesis-seed", default=None) is not None
        settings.load_profile("seeded" if seeded else "quick")
