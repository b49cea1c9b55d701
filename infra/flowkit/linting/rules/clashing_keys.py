"""Keys that mean two things at once."""

from collections.abc import Iterator
from typing import Any

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule


@rule("clashing-keys", ERROR, Of.WRITTEN)
def clashing_keys(file: FlowFile) -> Iterator[Found]:
    """A key of the phone, or of the file, that stands for two things at once."""
    for path, place in file.document.repeated:
        yield Found(path, f"{path[-1]} appears twice", "remove or rename one of the two", place)
    for path, keys in file.step_values("keys"):
        for named, key in _twice(keys):
            yield Found((*path, named), f"offers the key {key} a second time", "let it lead to one step only")
    for (_, name, _), _ in file.step_values("collect"):
        path = ("steps", name, "ends_on")
        ends_on = file.document.at(path)
        if ends_on is not None and str(ends_on).isdigit():
            reason = f"ends the entry on {ends_on}, which is also a digit to be keyed in"
            yield Found(path, reason, 'end it on "#" or "*"')


def _twice(keys: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 -- whatever the file holds
    """Keys that stand a second time among several with commas between them."""
    seen: set[str] = set()
    for named in keys if isinstance(keys, dict) else ():
        for key in (each.strip() for each in str(named).split(",")):
            if key in seen:
                yield named, key
            seen.add(key)
