"""What `make build` makes of a folder that SAM filled: `make check-sam` does it with the real ones."""

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dialtone.adapters.telnyx_sdk import TelnyxSdk
from infra.checkout import ROOT
from infra.packing import pack
from infra.packing.lean_sdk import lean_sdk

SDK: dict[str, Any] = {
    "version": "4.1.0",
    "modules": ["telnyx/types/used.py"],
}
MODEL = {
    "documentation": "<p>Long.</p>",
    "shapes": {"documentation": {"type": "string", "documentation": "Longer."}},
    "operations": {"Get": {"name": "Get", "operationContextParams": {"ResourceArnList": {"path": "keys(Items)"}}}},
    "clientContextParams": {"Accelerate": {"type": "boolean", "documentation": "Read by each client."}},
}
FILES: Mapping[str, str | bytes] = {
    "dialtone/adapters/calls_table.py": "KEY = 1\n",
    "dialtone/__pycache__/store.cpython-311.pyc": b"another Python's",
    "flows/main-menu.yaml": "flow: main-menu\n",
    "flows/main-menu.test.yaml": "conversations: []\n",
    "requirements.txt": "telnyx==4.1.0\n",
    "bin/telnyx": "#!/usr/bin/python\n",
    "telnyx-4.1.0.dist-info/METADATA": "Name: telnyx\n",
    "telnyx/_version.py": '__version__ = "4.1.0"\n',
    "telnyx/_client.py": "x = 1\n",
    "telnyx/types/used.py": "x = 1\n",
    "telnyx/types/never.py": "x = 1\n",
    "telnyx/py.typed": "",
    "phonenumbers/geodata/data0.py": "data = {}\n",
    "broken/syntax.py": "print 'a Python of long ago'\n",
    "botocore/data/endpoints.json": json.dumps({"partitions": [{"services": {"s3": {}, "ec2": {}}}]}),
    "botocore/data/s3/2006-03-01/service-2.json.gz": gzip.compress(json.dumps(MODEL).encode()),
    "botocore/data/s3/2006-03-01/examples-1.json": "{}",
    "botocore/data/ec2/2016-11-15/service-2.json.gz": gzip.compress(b"{}"),
}


def built(folder: Path, files: Mapping[str, str | bytes] = FILES, sdk: Mapping[str, Any] = SDK) -> tuple[Path, Path]:
    """Give what SAM leaves, with one function, and what development says of the SDK."""
    for name, content in files.items():
        file = folder / "WebhookFunction" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / "lean_sdk.json").write_text(json.dumps(sdk), encoding="utf-8")
    return folder, folder / "lean_sdk.json"


def kept(build: Path) -> set[str]:
    package = build / "WebhookFunction"
    return {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}


def bytecode(module: str) -> str:
    source = Path(module)
    return f"{source.parent.as_posix()}/__pycache__/{source.stem}.{sys.implementation.cache_tag}.pyc"


def test_what_never_runs_is_left_out_and_bytecode_put_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = built(tmp_path)

    assert pack.main(*build) == 0

    assert kept(tmp_path) == {
        "botocore/data/endpoints.json",
        "botocore/data/s3/2006-03-01/service-2.json",
        "broken/syntax.py",
        "dialtone/adapters/calls_table.py",
        bytecode("dialtone/adapters/calls_table.py"),
        "flows/main-menu.yaml",
        "telnyx/_client.py",
        bytecode("telnyx/_client.py"),
        "telnyx/_version.py",
        bytecode("telnyx/_version.py"),
        "telnyx/types/never.py",
        "telnyx/types/used.py",
        bytecode("telnyx/types/used.py"),
    }
    assert "broken/syntax.py is no Python 3." in capsys.readouterr().out


def test_botocores_models_keep_what_clients_read(tmp_path: Path) -> None:
    pack.main(*built(tmp_path))

    data = tmp_path / "WebhookFunction" / "botocore" / "data"
    model = json.loads((data / "s3" / "2006-03-01" / "service-2.json").read_bytes())
    assert model == {
        "shapes": {"documentation": {"type": "string"}},
        "operations": {"Get": {"name": "Get"}},
        "clientContextParams": MODEL["clientContextParams"],
    }
    assert json.loads((data / "endpoints.json").read_bytes()) == {"partitions": [{"services": {"s3": {}}}]}


def test_the_same_input_gives_the_same_digest_whenever_and_in_whatever_order_it_was_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    pack.main(*built(first))
    build = built(second, dict(reversed([*FILES.items()])))
    for place, file in enumerate(second.rglob("*.py")):
        os.utime(file, (place, place))

    pack.main(*build)

    said = [line for line in capsys.readouterr().out.splitlines() if "sha256" in line]
    assert said[0] == said[1]


def test_the_zip_can_be_unpacked_and_has_no_dates(tmp_path: Path) -> None:
    pack.main(*built(tmp_path))

    with zipfile.ZipFile(io.BytesIO(pack.zipped(tmp_path / "WebhookFunction"))) as content:
        assert content.testzip() is None
        assert {entry.date_time for entry in content.infolist()} == {pack.EPOCH}
        assert content.read("flows/main-menu.yaml") == b"flow: main-menu\n"


@pytest.mark.parametrize("limit", ["ZIPPED_LIMIT", "UNZIPPED_LIMIT"])
def test_a_function_that_is_too_large_is_refused_with_what_to_do(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pack, limit, 100)

    assert pack.main(*built(tmp_path)) == 1

    said = capsys.readouterr().err
    assert said.startswith("WebhookFunction is 0.0 MB zipped, 0.0 MB unzipped; at most ")
    assert f"`du -d1 {tmp_path / 'WebhookFunction'}`" in said


def test_another_sdk_than_developments_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pack.main(*built(tmp_path, sdk=SDK | {"version": "4.2.0"})) == 1

    assert "WebhookFunction holds another telnyx package than the 4.2.0 of development: " in capsys.readouterr().err


def test_a_folder_without_functions_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pack.main(*built(tmp_path, files={})) == 1

    assert f"{tmp_path} holds no function" in capsys.readouterr().err


def test_the_sdk_says_what_of_it_is_loaded() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "infra.packing.lean_sdk"], capture_output=True, text=True, check=True
    ).stdout

    said = json.loads(printed)

    assert {"telnyx/_client.py", "telnyx/_base_client.py"} <= {*said["modules"]}
    assert [name for name in said["modules"] if name.startswith("telnyx/resources/")] == []


def test_an_sdk_that_cannot_be_loaded_leanly_is_found_out() -> None:
    sdk = TelnyxSdk()
    sdk.load()
    sdk.fall_back("an index holds more than names")

    with pytest.raises(RuntimeError, match="cannot be loaded leanly"):
        lean_sdk(sdk)


def test_functions_that_are_built_alike_are_packed_alike_and_others_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build, sdk = built(tmp_path)
    shutil.copytree(build / "WebhookFunction", build / "ArchiveFunction")
    shutil.copytree(build / "WebhookFunction", build / "LookupFunction")
    (build / "LookupFunction/dialtone/adapters/calls_table.py").write_text("KEY = 2\n", encoding="utf-8")

    assert pack.main(build, sdk) == 0

    digests = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines() if line.count(":") == 1)
    assert pack.zipped(build / "ArchiveFunction") == pack.zipped(build / "WebhookFunction")
    assert pack.zipped(build / "LookupFunction") != pack.zipped(build / "WebhookFunction")
    assert digests["ArchiveFunction"] == digests["WebhookFunction"] != digests["LookupFunction"]


def test_every_service_that_a_function_asks_is_packed() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "functions").rglob("*.py"))
    one = re.findall(r'(?:\bclient|DeadlineClient)\(\s*"([a-z0-9]+)"', text)
    several = re.findall(r"DeadlineClient\(name, \w+\) for name in \(([^)]+)\)", text)
    named = {*one, *re.findall(r'"([a-z0-9]+)"', "".join(several))}

    assert named <= pack.SERVICES
    assert {"codedeploy", "dynamodb", "events", "lambda", "s3", "secretsmanager", "sesv2", "sqs"} <= named
