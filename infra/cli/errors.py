"""The one place that turns errors into sentences: what went wrong, and what to do."""

import errno
import os
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from dialtone.domain.errors import DialtoneError
from infra.local.errors import LocalCloudError

INTERRUPTED = 130
"""The exit status that shells give for a command that Ctrl-C ended."""

_REMEDIES: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOENT: "check the path",
        errno.EACCES: "check its permissions, or name another place",
        errno.EPERM: "check its permissions, or name another place",
        errno.EROFS: "name a place that can be written to",
        errno.ENOSPC: "make room, or name another place",
        errno.EDQUOT: "make room, or name another place",
        errno.EFBIG: "raise the limit with `ulimit -f`, or name another place",
        errno.EISDIR: "name a file",
        errno.ENOTDIR: "name a folder",
        errno.EEXIST: "name another place",
        errno.ELOOP: "check the path",
        errno.ENAMETOOLONG: "choose a shorter name",
        errno.EMFILE: "close other programs, or raise the limit with `ulimit -n`",
        errno.ENOMEM: "close other programs",
    }
)
_NETWORK_REMEDY = "check the network, and run this again"
_OTHER_REMEDY = "run it with `dialtone --debug …` to see where"


def sentence_of(error: Exception) -> str:
    """One sentence for a person; of a fault of Dialtone's own, what it is and how to see where."""
    if isinstance(error, (DialtoneError, LocalCloudError)):
        return str(error)
    if isinstance(error, UnicodeError):
        return f"a file is not UTF-8 text ({error}): save it as UTF-8"
    if isinstance(error, OSError):
        return _of_system(error)
    library = type(error).__module__.partition(".")[0]
    if library == "botocore":
        return _of_aws(error)
    if library in {"httpx", "httpcore", "urllib3"}:
        return f"no answer from the network ({str(error) or type(error).__name__}): {_NETWORK_REMEDY}"
    return f"a fault of Dialtone itself ({type(error).__name__}: {error}): {_OTHER_REMEDY}"


def _of_system(error: OSError) -> str:
    """What the operating system refused."""
    remedy = _REMEDIES.get(error.errno or 0)
    reason = os.strerror(error.errno or 0) if remedy else error.strerror or str(error)
    what = f"{error.filename}: " if error.filename else ""
    if remedy is None:
        remedy = _OTHER_REMEDY if error.filename else _NETWORK_REMEDY
    return f"{what}{reason[:1].lower()}{reason[1:]}; {remedy}"


def _of_aws(error: Exception) -> str:
    """AWS's own errors have their sentences where AWS's SDK is known."""
    sentence: str = import_module("infra.operations.aws").sentence_about(error)
    return sentence
