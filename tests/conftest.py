"""What all tests share: how many examples property tests draw, and a sample of the cases of each test."""

import gc
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import HealthCheck, settings

from infra.checkout import SAMPLES
from tests.sampling import Case

TESTS = Path(__file__).parent
EXAMPLES = 8
_COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}


@pytest.fixture(scope="session", autouse=True)
def samples_without_a_project() -> Iterator[None]:
    """Lets commands without a project take the samples, so that no test depends on what lies in `functions/flows`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.projects.project.DEPLOYED_FLOWS", SAMPLES)
        yield


@pytest.fixture(scope="session", autouse=True)
def files_of_botocore_read_once() -> Iterator[None]:
    """Shares botocore's own files among all sessions: each test has a session of its own."""
    read, list_services = JSONFileLoader.load_file, Loader.list_available_services
    services: dict[tuple[str, ...], list[str]] = {}

    @cache
    def content(path: str) -> Any:  # noqa: ANN401 -- any JSON
        return read(JSONFileLoader(), path)

    def listed(loader: Loader, type_name: str) -> list[str]:
        key = (type_name, *loader.search_paths)
        if key not in services:
            services[key] = list_services(loader, type_name)
        return services[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: content(path))
        patch.setattr(Loader, "list_available_services", listed)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every", type=int, default=1, metavar="N", help="run every Nth case of each test only")
    parser.addoption(
        "--besides", type=int, default=0, metavar="N", help="leave out what `make coverage EVERY=N` runs in full"
    )


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile", default=None):
        # The same examples every time: what lands is judged by the change, not by chance. The drill finds new ones.
        seeded = config.getoption("--hypothesis-seed", default=None) is not None
        examples = -(-EXAMPLES // config.getoption("--every"))
        settings.register_profile("ours", max_examples=examples, derandomize=not seeded, **_COMMON)  # type: ignore[arg-type]
        settings.load_profile("ours")


def pytest_collection_finish() -> None:
    """Spares the collector of garbage what lives until the end: it took a tenth of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    every, besides = config.getoption("--every"), config.getoption("--besides")
    seen = Counter[str]()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        case = Case.of(item, seen[test], TESTS)
        runs = case.is_left_out(besides) if besides else case.is_sampled(every)
        (kept if runs else left_out).append(item)
        seen[test] += 1
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
