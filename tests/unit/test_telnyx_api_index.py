"""An index of the SDK that answers for its names without having been run."""

import importlib.util
import logging
import sys
from pathlib import Path
from types import ModuleType

import pytest

from dialtone.adapters.telnyx_sdk import IndexFinder, IndexLoader, TelnyxSdk


def index(folder: Path, source: str, sdk: TelnyxSdk) -> ModuleType:
    """Load an index of the name `imitation`, whose module `codec` is there."""
    (folder / "__init__.py").write_text(source)
    (folder / "codec.py").write_text("class Codec: pass\n")
    loader = IndexLoader("imitation", str(folder / "__init__.py"), sdk)
    spec = importlib.util.spec_from_loader("imitation", loader, is_package=True)
    assert spec is not None
    spec.submodule_search_locations = [str(folder)]
    module = importlib.util.module_from_spec(spec)
    sys.modules["imitation"] = module
    loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _no_imitation_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imitation", ModuleType("imitation"))
    monkeypatch.setitem(sys.modules, "imitation.codec", ModuleType("imitation.codec"))
    del sys.modules["imitation.codec"]


def test_a_name_is_imported_when_it_is_asked_for(tmp_path: Path) -> None:
    module = index(tmp_path, "from .codec import Codec as Codec\n", TelnyxSdk())
    assert "imitation.codec" not in sys.modules

    codec = module.Codec

    assert codec is sys.modules["imitation.codec"].__dict__["Codec"]
    assert module.__dict__["Codec"] is codec
    assert module.__dict__["__getattr__"]("__all__") == ["Codec"]


def test_a_name_that_an_index_does_not_have_is_missing_as_from_any_module(tmp_path: Path) -> None:
    module = index(tmp_path, "from .codec import Codec as Codec\n", TelnyxSdk())

    with pytest.raises(AttributeError, match=r"^module 'imitation' has no attribute 'Kodek'$"):
        _ = module.Kodek


@pytest.mark.parametrize("source", ["from .codec import Codec as Codec\nready = True\n", "ready = True\nCodec = int"])
def test_an_index_with_more_than_names_is_run_with_one_warning(
    source: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sdk = TelnyxSdk()
    module = index(tmp_path, source, sdk)

    with caplog.at_level(logging.WARNING):
        ready = module.ready

    assert ready is True
    assert "Codec" in module.__dict__
    assert "__getattr__" not in module.__dict__
    assert sdk.loaded_plainly
    assert "is neither an import nor __all__" in sdk.reason
    assert [record.getMessage() for record in caplog.records] == [
        f"The telnyx package is loaded the plain, slow way: {sdk.reason}"
    ]


def test_only_the_first_reason_is_warned_of_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    sdk = TelnyxSdk()

    with caplog.at_level(logging.WARNING):
        sdk.fall_back("the first")
        sdk.fall_back("the second")

    assert (sdk.loaded_plainly, sdk.reason, len(caplog.records)) == (True, "the first", 1)


@pytest.mark.parametrize(
    "name", ["json", "telnyx", "telnyx._client", "telnyx.types.stream_codec", "telnyx.types.nothing"]
)
def test_only_indexes_are_found(name: str) -> None:
    import telnyx.types  # noqa: PLC0415 -- here for the place where its modules lie

    assert IndexFinder(TelnyxSdk()).find_spec(name, telnyx.types.__path__) is None


def test_an_index_without_a_source_is_left_to_python(tmp_path: Path) -> None:
    (tmp_path / "types").mkdir()
    (tmp_path / "types" / "__init__.pyc").write_bytes(b"")
    sdk = TelnyxSdk()

    spec = IndexFinder(sdk).find_spec("telnyx.types", [str(tmp_path)])

    assert spec is not None
    assert not isinstance(spec.loader, IndexLoader)
    assert sdk.reason == "telnyx.types has no source to be read"


LEAN_IS_REFUSED = """
import sys
if any(type(finder).__name__ == "IndexFinder" for finder in sys.meta_path):
    raise ImportError("not leanly")
imitated = True
"""


@pytest.fixture
def _imitated_telnyx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an SDK before the real one that cannot be had leanly: it says so itself."""
    (tmp_path / "telnyx").mkdir()
    (tmp_path / "telnyx" / "__init__.py").write_text(LEAN_IS_REFUSED)
    for name in [name for name in sys.modules if name.split(".")[0] == "telnyx"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [each for each in sys.meta_path if not isinstance(each, IndexFinder)])
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("_imitated_telnyx")
def test_an_sdk_that_cannot_be_had_leanly_is_imported_plainly() -> None:
    sdk = TelnyxSdk()

    package = sdk.load()

    assert package.imitated is True
    assert sdk.load() is package
    assert sdk.reason == "ImportError: not leanly"
    assert not any(isinstance(finder, IndexFinder) for finder in sys.meta_path)
    del sys.modules["telnyx"]


@pytest.mark.usefixtures("_imitated_telnyx")
def test_an_sdk_imported_before_is_left_as_it_is() -> None:
    import telnyx  # noqa: PLC0415 -- the imitation

    sdk = TelnyxSdk()

    assert sdk.load() is telnyx
    assert (sdk.loaded_plainly, sdk.reason) == (True, "it was imported before")
    del sys.modules["telnyx"]
