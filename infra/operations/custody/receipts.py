"""The receipts of erasures, in the recordings bucket."""

from collections.abc import Iterator

from dialtone.domain.erasure import RECEIPTS, Receipt, receipt_key
from dialtone.domain.errors import DialtoneError
from infra.operations.custody.objects import Objects

UNFINISHED = f"{RECEIPTS}unfinished/"
"""Where a receipt lies as well until its erasure is finished: those are found without reading all receipts."""


class Receipts:
    """All receipts. Every method raises botocore's errors."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def begin(self, receipt: Receipt) -> None:
        """Write a receipt: from now on recordings of the call are refused. The unfinished marker is written first."""
        for key in (_unfinished_key(receipt), receipt_key(receipt.call_session_id)):
            self._objects.put(key, receipt.to_json().encode())

    def finish(self, receipt: Receipt) -> None:
        """Nothing is left of the call."""
        self._objects.put(receipt_key(receipt.call_session_id), receipt.to_json().encode())
        self._objects.delete(self._objects.versions(_unfinished_key(receipt)))

    def get(self, call_session_id: str) -> Receipt | None:
        """A call's receipt; None if it was not erased. Raises DialtoneError for one that cannot be read."""
        return self._read(receipt_key(call_session_id))

    def unfinished(self) -> Iterator[Receipt]:
        """Those of erasures that were interrupted."""
        return self._all(UNFINISHED)

    def all(self) -> Iterator[Receipt]:
        """Every receipt."""
        return self._all(RECEIPTS)

    def _all(self, prefix: str) -> Iterator[Receipt]:
        for key in self._objects.keys(prefix):
            if "/" not in key.removeprefix(prefix) and (receipt := self._read(key)):
                yield receipt

    def _read(self, key: str) -> Receipt | None:
        content = self._objects.content(key)
        if content is None:
            return None
        try:
            return Receipt.from_json(content)
        except (ValueError, TypeError) as error:
            raise DialtoneError(
                f"{key} in the bucket is not a receipt ({error}): look at it, or at its versions"
            ) from error


def _unfinished_key(receipt: Receipt) -> str:
    return UNFINISHED + receipt_key(receipt.call_session_id).removeprefix(RECEIPTS)
