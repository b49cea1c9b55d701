"""Rights that hold for root, too: without the capabilities that let root pass them over."""

import ctypes
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

VERSION_3 = 0x20080522
PASSING_RIGHTS_OVER = (1 << 1) | (1 << 2) | (1 << 3)
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER: capabilities(7)."""


class _Header(ctypes.Structure):
    _fields_: ClassVar[Sequence[tuple[str, type]]] = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Capabilities(ctypes.Structure):
    _fields_: ClassVar[Sequence[tuple[str, type]]] = [
        (name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")
    ]


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Let this thread be refused what the rights of files refuse; whoever is not root is refused it anyway."""
    if sys.platform != "linux":
        yield
        return
    system, header, both = ctypes.CDLL(None, use_errno=True), _Header(VERSION_3, 0), (_Capabilities * 2)()
    assert system.capget(ctypes.byref(header), both) == 0
    before = both[0].effective
    both[0].effective = before & ~PASSING_RIGHTS_OVER
    assert system.capset(ctypes.byref(header), both) == 0
    try:
        yield
    finally:
        both[0].effective = before
        assert system.capset(ctypes.byref(header), both) == 0
