"""Makes what `sam build` leaves ready to start fast: bytecode in, what never runs out.

Run as `PYTHONHASHSEED=0 python3.13 -s -P -B infra/packing/pack.py .aws-sam/build lean_sdk.json`, with Lambda's own
version of Python, whose bytecode this is, and with what `lean_sdk.py` printed. Nothing of a package is run: it may be
for another processor. Prints each function's sizes and a digest; the same input gives the same digest.
"""

import compileall
import gzip
import hashlib
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

MEGABYTE = 1_000_000
ZIPPED_LIMIT, UNZIPPED_LIMIT = 20 * MEGABYTE, 80 * MEGABYTE

SERVICES = frozenset(
    {"cloudwatch", "codedeploy", "dynamodb", "events", "lambda", "s3", "secretsmanager", "sesv2", "sqs", "sts"}
)
"""Whose models botocore keeps: those of our clients, and `sts`, which is its own, for roles by web identity."""

NEVER_RUN = (
    "bin",  # commands, for a shell that there is not
    "requirements.in",
    "requirements.txt",
    "flows/*.test.yaml",  # conversations that `dialtone flow test` plays
    "*.dist-info",  # nothing asks importlib.metadata for what it would miss: pydantic looks for plugins and finds none
    "**/*.pyi",
    "**/py.typed",
    "**/__pycache__",
    "_cffi_backend/tests",
    "boto3/data",  # of resources, which nobody here uses
    "boto3/examples",
    "nacl/**/*.c",
    "phonenumbers/carrierdata",  # names of places and of networks: 20 MB, of which nobody here asks
    "phonenumbers/geodata",
)

WITHOUT_BYTECODE = ("telnyx/types", "telnyx/resources")
"""Three thousand modules, of which a handful ever run. All stay, for the plain import that the lean one falls
back to; bytecode is for those that the lean one loads."""

ON_LAMBDA = "/var/task"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""What SAM dates a zip's entries with: no date of a source survives, which is why the bytecode is not to look at it."""


class NotPacked(Exception):  # noqa: N818 -- says what came of it
    """A function that would start slowly, and why."""


def main(build: Path, lean_sdk: Path) -> int:
    """Pack every function; 1 if one cannot be."""
    sdk = json.loads(lean_sdk.read_bytes())
    packages = sorted(path.parent for path in build.glob("*/dialtone"))
    if not packages:
        print(f"{build} holds no function: `make build` lets SAM put them there", file=sys.stderr)
        return 1
    packed: dict[str, tuple[Path, str]] = {}
    for package in packages:
        built = fingerprint(package)
        if built in packed:
            like, sizes = packed[built]
            shutil.rmtree(package)
            shutil.copytree(like, package)
        else:
            try:
                prune(package)
                check_sdk(package, sdk)
                compile_for_lambda(package, frozenset(sdk["modules"]))
                sizes = weighed(package)
            except NotPacked as reason:
                print(f"{package.name} {reason}", file=sys.stderr)
                return 1
            packed[built] = package, sizes
        print(f"{package.name}: {sizes}")
    return 0


def fingerprint(package: Path) -> str:
    """A digest of every file's name and content: functions that SAM built alike are packed once and copied."""
    digest = hashlib.sha256()
    for path in _files(package):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def prune(package: Path) -> None:
    """Delete what never runs on Lambda."""
    for pattern in NEVER_RUN:
        for path in list(package.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    data = package / "botocore" / "data"
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in SERVICES:
            shutil.rmtree(folder)
    for model in [*data.glob("*/*/*.json"), *data.glob("*/*/*.json.gz")]:
        _lighten(model)
    endpoints = data / "endpoints.json"
    known = json.loads(endpoints.read_bytes())
    for partition in known["partitions"]:
        partition["services"] = {name: each for name, each in partition["services"].items() if name in SERVICES}
    endpoints.write_text(json.dumps(known, separators=(",", ":")), encoding="utf-8")


def _lighten(model: Path) -> None:
    """Leave out what nothing here needs, and the second compression: Lambda's zip has its own."""
    content = gzip.decompress(model.read_bytes()) if model.suffix == ".gz" else model.read_bytes()
    model.unlink()
    if not model.name.startswith("examples-"):
        text = json.dumps(_without_unused(json.loads(content)), separators=(",", ":"))
        model.with_name(model.name.removesuffix(".gz")).write_text(text, encoding="utf-8")


ARNS_OF_A_REQUEST = "operationContextParams"
"""Where a request names tables by ARN, for endpoints of single accounts: botocore searches each request for them with a
query language. Ours name tables by their names, and `aws_clients` asks for no such endpoint."""

READ_WITH_PROSE = "clientContextParams"
"""botocore asks for the documentation of these in each request to S3, and ends in a KeyError without it."""


def _without_unused(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    if isinstance(value, dict):
        return {
            name: each if name == READ_WITH_PROSE else _without_unused(each)
            for name, each in value.items()
            if not (name == "documentation" and isinstance(each, str)) and name != ARNS_OF_A_REQUEST
        }
    return [_without_unused(each) for each in value] if isinstance(value, list) else value


def check_sdk(package: Path, sdk: Mapping[str, Any]) -> None:
    """Raise NotPacked if the package holds another SDK than the one whose modules are known."""
    version = (package / "telnyx" / "_version.py").read_text(encoding="utf-8")
    if f'"{sdk["version"]}"' not in version:
        raise NotPacked(
            f"holds another telnyx package than the {sdk['version']} of development: `make lock` locks one for both, "
            "`make setup` installs it"
        )


def compile_for_lambda(package: Path, lean: AbstractSet[str]) -> None:
    """Put bytecode beside every source that a function may run; tracebacks and the SDK's loader still need sources.

    `lean` are the SDK's modules that are loaded, by their files.
    """
    for source in sorted(package.rglob("*.py")):
        named = source.relative_to(package)
        if named.as_posix().startswith(WITHOUT_BYTECODE) and named.as_posix() not in lean:
            continue
        compiled = compileall.compile_file(
            source,
            ddir=f"{ON_LAMBDA}/{named.parent.as_posix()}",
            quiet=2,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )
        if not compiled:
            print(f"{named} is no Python {sys.version_info[0]}.{sys.version_info[1]} and stays as it is")


def weighed(package: Path) -> str:
    """Sizes and digest in a sentence. Raises NotPacked for what would take too long to fetch from cold."""
    unzipped = sum(path.stat().st_size for path in _files(package))
    content = zipped(package)
    if len(content) > ZIPPED_LIMIT or unzipped > UNZIPPED_LIMIT:
        raise NotPacked(
            f"is {len(content) / MEGABYTE:.1f} MB zipped, {unzipped / MEGABYTE:.1f} MB unzipped; at most "
            f"{ZIPPED_LIMIT / MEGABYTE:.0f} and {UNZIPPED_LIMIT / MEGABYTE:.0f} are allowed: see what has grown with "
            f"`du -d1 {package}`, and prune it in infra/packing/pack.py"
        )
    digest = hashlib.sha256(content).hexdigest()
    return f"{len(content) / MEGABYTE:.1f} MB zipped, {unzipped / MEGABYTE:.1f} MB unzipped, sha256 {digest}"


def zipped(package: Path) -> bytes:
    """The zip that Lambda is given, in a fixed order and with fixed dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files(package):
            entry = zipfile.ZipInfo(path.relative_to(package).as_posix(), EPOCH)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _files(package: Path) -> Iterator[Path]:
    return (path for path in sorted(package.rglob("*")) if path.is_file())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2])))
