"""Pictures on one page: self-contained, to open, to send, to attach to a review."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from infra.flowkit.drawing.text_metrics import FONT_FAMILY

if TYPE_CHECKING:
    from collections.abc import Sequence

_STYLE = f"""
body {{ margin: 24px; background: #f6f8fa; color: #24292f; font: 15px/1.5 {FONT_FAMILY}; }}
section {{ margin: 0 0 40px; }}
ul {{ max-width: 70em; }}
.picture {{ overflow-x: auto; }}
.picture svg {{ border: 1px solid #d0d7de; border-radius: 10px; }}
.picture g:hover > .line {{ stroke-width: 4; }}
""".strip()


@dataclass(frozen=True, slots=True)
class Section:
    """A picture, and what is to be said about it."""

    svg: str
    sentences: Sequence[str] = ()


def page_of(title: str, sections: Sequence[Section]) -> str:
    """The page."""
    body = "".join(_section(section) for section in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"<style>\n{_STYLE}\n</style>\n{body}</html>\n"
    )


def _section(section: Section) -> str:
    said = "".join(f"<li>{escape(sentence)}</li>\n" for sentence in section.sentences)
    listed = f"<ul>\n{said}</ul>\n" if said else ""
    return f'<section>\n{listed}<div class="picture">\n{section.svg}</div>\n</section>\n'
