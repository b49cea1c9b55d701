"""Where `make build` has put what it packed."""

from pathlib import Path

from infra.local import translate


def package_of(build: Path, function: str) -> Path:
    """A function's package, as the template that is deployed names it: functions that are built alike share one."""
    return build / str(translate.read(build / "template.yaml")["Resources"][function]["Properties"]["CodeUri"])
