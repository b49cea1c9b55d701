"""Loads the telnyx package without running its package indexes.

`telnyx.types`, `telnyx.resources` and the packages below them have an `__init__` that imports every model that Telnyx
has: about 3,000 modules, seconds of silence for a caller. Here such an index is parsed instead of run, and a name in it
is imported on first use; so is what ON_DEMAND names. Everything else is the SDK's own code, unchanged.
"""

from __future__ import annotations

import functools
import importlib
import logging
import sys
import threading
from importlib.machinery import PathFinder, SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

SDK = "telnyx"
INDEXES = ("telnyx.types", "telnyx.resources")  # these packages and those below them
ON_DEMAND = {"argparse", "asyncio"}
"""What the SDK imports and no call uses: for its asynchronous client, and for a command of its library distro."""

logger = logging.getLogger(__name__)


class IndexUnreadable(Exception):  # noqa: N818 -- says what the index is
    """An index that holds more than names and where they come from."""


class TelnyxSdk:
    """The telnyx package of this process; `loaded_plainly` and `reason` say whether and why the lean import failed."""

    def __init__(self) -> None:
        self.loaded_plainly = False
        self.reason = ""
        self.on_fall_back: list[Callable[[], None]] = []
        """Called once when the lean import fails, after the log line: a function counts it."""
        self._lock = threading.Lock()
        self._package: ModuleType | None = None

    def load(self) -> ModuleType:
        """The telnyx package; the first call imports it."""
        with self._lock:
            if self._package is None:
                self._package = self._import()
            return self._package

    def _import(self) -> ModuleType:
        if SDK in sys.modules:
            self.loaded_plainly, self.reason = True, "it was imported before"
            return sys.modules[SDK]
        finder = IndexFinder(self)
        sys.meta_path.insert(0, finder)
        try:
            return importlib.import_module(SDK)
        except Exception as reason:  # noqa: BLE001 -- whatever a later SDK raises, the normal import may still work
            sys.meta_path.remove(finder)
            self.fall_back(f"{type(reason).__name__}: {reason}")
            for name in [name for name in sys.modules if name == SDK or name.startswith(f"{SDK}.")]:
                del sys.modules[name]
        return importlib.import_module(SDK)

    def fall_back(self, reason: str) -> None:
        """Note, and warn once, that the whole SDK is imported, which is slow."""
        if not self.loaded_plainly:
            logger.warning("The telnyx package is loaded the plain, slow way: %s", reason)
            for listener in self.on_fall_back:
                listener()
        self.loaded_plainly, self.reason = True, self.reason or reason


class IndexFinder:
    """Finds the SDK's indexes, to be read instead of run, and what is loaded on demand."""

    def __init__(self, sdk: TelnyxSdk) -> None:
        self._sdk = sdk

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module spec of one of them, with our loader; None for anything else."""
        if fullname in ON_DEMAND:
            spec = PathFinder.find_spec(fullname, path, target)
            if spec and isinstance(spec.loader, SourceFileLoader):
                spec.loader = OnDemandLoader(spec.loader.name, spec.loader.path)
            return spec
        if not fullname.startswith(INDEXES):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.submodule_search_locations is None:
            return None
        if isinstance(spec.loader, SourceFileLoader):
            spec.loader = IndexLoader(spec.loader.name, spec.loader.path, self._sdk)
        else:
            self._sdk.fall_back(f"{fullname} has no source to be read")
        return spec


class OnDemandLoader(SourceFileLoader):
    """Loads a module when something in it is first used, not when it is imported.

    importlib's LazyLoader loads it at the next import, too.
    """

    def __init__(self, fullname: str, path: str) -> None:
        super().__init__(fullname, path)
        self._lock = threading.RLock()
        self._begun = False

    def exec_module(self, module: ModuleType) -> None:
        """Let the module answer for its names (PEP 562), instead of running it."""
        module.__dict__["__getattr__"] = functools.partial(self._answer, module)

    def _answer(self, module: ModuleType, name: str) -> object:
        with self._lock:  # another thread waits here until all is loaded; the module itself may ask meanwhile
            if not self._begun:
                self._begun = True
                super().exec_module(module)
                del module.__dict__["__getattr__"]
        try:
            return module.__dict__[name]
        except KeyError:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}") from None


class IndexLoader(SourceFileLoader):
    """Loads an index empty; the first access to a name parses it."""

    def __init__(self, fullname: str, path: str, sdk: TelnyxSdk) -> None:
        super().__init__(fullname, path)
        self._sdk = sdk

    def exec_module(self, module: ModuleType) -> None:
        """Install a module `__getattr__` (PEP 562) instead of running the module."""
        module.__dict__["__getattr__"] = functools.partial(self._answer, module)

    @functools.cached_property
    def _names(self) -> dict[str, tuple[str, str]]:
        return read_index(self.get_data(self.path).decode())

    def _answer(self, module: ModuleType, name: str) -> object:
        try:
            if name == "__all__":
                return [*self._names]
            source, original = self._names[name]
        except KeyError:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}") from None
        except (IndexUnreadable, SyntaxError, UnicodeDecodeError, OSError) as reason:
            return self._run(module, name, reason)
        value: object = getattr(importlib.import_module(source, module.__name__), original)
        setattr(module, name, value)
        return value

    def _run(self, module: ModuleType, name: str, reason: Exception) -> object:
        """Run an index that cannot be parsed, as Python normally does."""
        self._sdk.fall_back(f"{self.name}: {reason}")
        del module.__dict__["__getattr__"]
        super().exec_module(module)
        return getattr(module, name)


def read_index(source: str) -> dict[str, tuple[str, str]]:
    """Each name of an index, with its module and its name there. Raises IndexUnreadable.

    An index is `from .module import Name as Name`, once more for each name under `if TYPE_CHECKING` beside a
    `__getattr__` that imports it (as below `telnyx.types`), `__all__`, and rebuilding of models that refer to one
    another, which pydantic does by itself when such a model is first used.
    """
    import ast  # noqa: PLC0415 -- no command has an index read

    return {
        alias.asname or alias.name: ("." * statement.level + (statement.module or ""), alias.name)
        for statement in _imports(ast.parse(source).body)
        for alias in statement.names
    }


def _imports(statements: Sequence[ast.stmt]) -> Iterator[ast.ImportFrom]:
    import ast  # noqa: PLC0415 -- as above

    for statement in statements:
        match statement:
            case ast.ImportFrom(level=1):
                yield statement
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body, orelse=[]):
                yield from _imports(body)
            case (
                ast.ImportFrom(module="__future__" | "typing")
                | ast.ImportFrom(module=None, names=[ast.alias("_compat")])
            ):
                pass
            case ast.FunctionDef(name="__getattr__") | ast.Assign(targets=[ast.Name(id="__all__")]):
                pass
            case ast.If(test=ast.Attribute(attr="PYDANTIC_V1"), body=body, orelse=orelse) if _rebuilds(body + orelse):
                pass
            case _:
                raise IndexUnreadable(f"line {statement.lineno} is neither an import nor __all__")


def _rebuilds(statements: Sequence[ast.stmt]) -> bool:
    import ast  # noqa: PLC0415 -- as above

    return all(
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Attribute)
        and statement.value.func.attr in {"model_rebuild", "update_forward_refs"}
        for statement in statements
    )


sdk = TelnyxSdk()
