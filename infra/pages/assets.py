"""The files that pages are made of: they lie in `static/` as browsers get them."""

from pathlib import Path

from infra.flowkit.drawing.svg import STYLE
from infra.pages.server import Reply, Route, page

STATIC = Path(__file__).with_name("static")

KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def assets(document: str) -> list[Route]:
    """Routes to a page, by its file's name, and to all that it may load."""
    others = [file.name for file in sorted(STATIC.iterdir()) if file.suffix != ".html"]
    names = "|".join(name.replace(".", r"\.") for name in others)
    return [
        ("GET", "/", lambda _asked: _asset(document)),
        ("GET", f"/({names})", lambda _asked, name: _asset(name)),
        ("GET", r"/picture\.css", lambda _asked: page(STYLE, KINDS[".css"])),
    ]


def _asset(name: str) -> Reply:
    file = STATIC / name
    return page(file.read_text(encoding="utf-8"), KINDS[file.suffix])
