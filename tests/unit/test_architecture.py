"""Imports go one way: functions → adapters → flow → domain. What surrounds the functions is never imported by them."""

import ast
import re
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS, INFRA = ROOT / "functions", ROOT / "infra"

MAY_IMPORT = {
    "dialtone/domain": {"dialtone.domain", "phonenumbers", "typing_extensions"},
    "dialtone/flow": {"dialtone.domain", "dialtone.flow", "pydantic", "pydantic_core", "yaml"},
    "webhook/handlers": {"dialtone.domain", "dialtone.flow", "webhook.router", "webhook.handlers"},
}
"""Folder → the packages that it may import beside the standard library. These are pure: no AWS, no Telnyx, no HTTP."""

IMPURE = {"http.client", "os", "random", "secrets", "socket", "subprocess", "threading", "time", "urllib.request"}
"""Modules of the standard library that read the clock, chance, the environment or the network."""

OURS = {
    "campaigns",
    "dialtone",
    "webhook",
    "archive",
    "lookup",
    "reconcile",
    "failover",
    "watchdog",
    "pretraffic",
    "control",
    "events",
    "deliver",
}


@cache
def import_statements(file: Path) -> list[ast.Import | ast.ImportFrom]:
    """Those anywhere in a file: within functions, and for type checkers only, too."""
    tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return [node for node in tree if isinstance(node, ast.Import | ast.ImportFrom)]


def imported(file: Path) -> set[str]:
    """Every module that a file imports."""
    found: set[str] = set()
    for node in import_statements(file):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif node.module:
            found.add(node.module)
    return found - {"_typeshed"}


def files_imported(file: Path, files: dict[str, Path]) -> set[Path]:
    """The files of ours, by their modules, that a file imports: `from infra import carrier` may name one, too."""
    found = {
        within if within in files else str(node.module)
        for node in import_statements(file)
        if isinstance(node, ast.ImportFrom)
        for each in node.names
        for within in [f"{node.module}.{each.name}"]
    }
    named = {each.name for node in import_statements(file) if isinstance(node, ast.Import) for each in node.names}
    return {files[module] for module in (found | named) & files.keys()} - {file}


def imports_of(folder: str) -> set[tuple[str, str]]:
    return {
        (file.relative_to(FUNCTIONS).as_posix(), module)
        for file in (FUNCTIONS / folder).rglob("*.py")
        for module in imported(file)
    }


def is_standard(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in sys.stdlib_module_names


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_pure_folder_imports_only_what_it_may(folder: str) -> None:
    def may(module: str) -> bool:
        return is_standard(module) or any(f"{module}.".startswith(f"{each}.") for each in MAY_IMPORT[folder])

    assert {(file, module) for file, module in imports_of(folder) if not may(module)} == set()


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_pure_folder_reads_no_clock_no_environment_and_no_network(folder: str) -> None:
    impure = {(file, module) for file, module in imports_of(folder) if module in IMPURE}

    # One deadline for all requests is a reading of the monotonic clock; who asks what time it is, is here.
    assert impure <= {("dialtone/domain/deadline.py", "time")}


def test_the_adapters_know_no_function() -> None:
    functions = OURS - {"dialtone"}

    assert {pair for pair in imports_of("dialtone") if pair[1].split(".")[0] in functions} == set()


def test_no_function_knows_another() -> None:
    for function in OURS - {"dialtone"}:
        others = OURS - {"dialtone", function}
        assert {pair for pair in imports_of(function) if pair[1].split(".")[0] in others} == set()


def test_the_failover_starts_without_what_may_have_broken_the_webhook_function() -> None:
    own = {module for _, module in imports_of("failover") if module.startswith("dialtone.")}

    assert own == {
        "dialtone.adapters.signature",
        "dialtone.adapters.telemetry",
        "dialtone.domain.client_state",
        "dialtone.domain.errors",
        "dialtone.domain.failover",
        "dialtone.domain.log_sampling",
    }


def test_nothing_on_lambda_imports_what_surrounds_it() -> None:
    assert {pair for pair in imports_of(".") if pair[1].split(".")[0] in {"infra", "tests"}} == set()


def rooms() -> list[str]:
    """The rooms of infra/ as docs/architecture.md lists them, from those that people start to those that all use."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(
        r"^\| `(\w+)/` \|", page.partition("| folder in `infra/` |")[2].partition("\n## ")[0], re.MULTILINE
    )


def test_every_file_of_infra_with_code_is_in_a_room_that_the_architecture_lists() -> None:
    assert {file.stem for file in INFRA.glob("*.py")} == {"__init__", "checkout", "version"}
    assert sorted(rooms()) == sorted({file.relative_to(INFRA).parts[0] for file in INFRA.glob("*/**/*.py")})


def test_a_room_of_infra_imports_only_rooms_that_the_architecture_lists_below_it() -> None:
    order = rooms()

    upwards = {
        (file.relative_to(INFRA).as_posix(), module)
        for room in order
        for file in (INFRA / room).rglob("*.py")
        for module in imported(file)
        for other in [module.removeprefix("infra.").split(".")[0]]
        if module.startswith("infra.") and other in order[: order.index(room)]
    }

    assert upwards == set()


@cache
def imports_of_ours() -> dict[Path, set[Path]]:
    """Each file of functions/ and infra/, and the files that it imports."""
    files = {
        ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file
        for root, folder in [(ROOT, INFRA), (FUNCTIONS, FUNCTIONS)]
        for file in folder.rglob("*.py")
    }
    return {file: files_imported(file, files) for file in files.values()}


def test_no_files_import_each_other_in_a_circle() -> None:
    TopologicalSorter(imports_of_ours()).prepare()  # raises CycleError, which names the files of a circle


def test_no_folder_imports_what_lies_beside_it_in_a_circle() -> None:
    beside: dict[Path, dict[Path, set[Path]]] = {}
    for file, found in imports_of_ours().items():
        for other in found:
            here, there = [file, *file.parents], [other, *other.parents]
            shared = next(folder for folder in here if folder in there)
            importing, imported_one = here[here.index(shared) - 1], there[there.index(shared) - 1]
            if "__init__" not in {importing.stem, imported_one.stem}:  # a package's own file stands for all of it
                beside.setdefault(shared, {}).setdefault(importing, set()).add(imported_one)

    for imports in beside.values():
        TopologicalSorter(imports).prepare()


WRITES = {"getLogger", "print", "print_exc", "write", "warn"}
"""Calls by which something could be written to standard output, to standard error or to a log."""


def test_whatever_a_function_logs_goes_through_the_one_place_that_redacts_it() -> None:
    found = {
        (file.relative_to(FUNCTIONS).as_posix(), name)
        for file in FUNCTIONS.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "attr", getattr(node.func, "id", ""))]
        if name in WRITES
    }

    assert found == {
        ("dialtone/adapters/telemetry.py", "write"),
        ("dialtone/adapters/timed_network.py", "write"),  # to a connection
        ("dialtone/adapters/campaign_lists.py", "write"),  # to a file of the list's own folder
        # Each a sentence with the name of a secret or a module and an error of AWS's or Python's: nothing of a call.
        ("dialtone/adapters/secrets.py", "getLogger"),
        ("dialtone/adapters/telnyx_sdk.py", "getLogger"),
        ("failover/api_key.py", "getLogger"),
    }
