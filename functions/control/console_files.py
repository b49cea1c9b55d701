"""The console's static files. They hold no data of a stack and are public."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).with_name("static")
DOCUMENT = "console.html"
SETTINGS = "/static/settings.json"
"""The settings that differ between stacks: where people sign in."""

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_PAGES = re.compile(r"/|/signed-in|/(calls|recordings|flows|campaigns)(/.+)?|/health|/queues|/patterns")


@dataclass(frozen=True, slots=True)
class File:
    """A file as served to browsers."""

    content: str
    kind: str
    tag: str
    """ETag of the content."""


def file_for(path: str) -> File | None:
    """The file at a decoded path: the same document for every page, otherwise one of its assets."""
    if _PAGES.fullmatch(path):
        return _files()[DOCUMENT]
    folder, _, name = path.rpartition("/")
    return _files().get(name) if folder == "/static" and name != DOCUMENT else None


@cache
def _files() -> dict[str, File]:
    return {each.name: _file(each) for each in sorted(STATIC.iterdir()) if each.suffix in KINDS}


def _file(path: Path) -> File:
    content = path.read_text(encoding="utf-8")
    return File(content, KINDS[path.suffix], f'"{hashlib.sha256(content.encode()).hexdigest()[:16]}"')


def headers(audio: str, sign_in: str = "") -> dict[str, str]:
    """Headers of each file.

    Everything is loaded from here, except audio from the bucket and tokens from the sign-in domain.
    """
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {sign_in}; media-src {audio}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Cache-Control": "no-cache",  # revalidated each time, so that two versions never mix
        "Content-Security-Policy": policy.replace(" ;", ";"),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
