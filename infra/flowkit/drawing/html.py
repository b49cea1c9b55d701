"""Pictures on one page: self-contained, to open, to send, to attach to a review."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from infra.flowkit.drawing.text_metrics import FONT_FAMILY, readable
from infra.output.palette import colours_for

_STYLE = f"""
{colours_for(":root")}
body {{ margin: 24px; background: var(--paper); color: var(--ink); font: 15px/1.5 {FONT_FAMILY}; }}
h1 {{ font-size: 19px; overflow-wrap: anywhere; }}
section {{ margin: 0 0 40px; }}
ul {{ max-width: 70em; padding-left: 1.4em; overflow-wrap: anywhere; }}
.picture {{ overflow-x: auto; }}
.picture svg {{ border: 1px solid var(--edge); border-radius: 10px; }}
.picture g:hover > .line {{ stroke-width: 4; }}
@media (max-width: 600px) {{ body {{ margin: 12px; }} .picture svg {{ width: 100%; height: auto; }} }}
""".strip()


@dataclass(frozen=True, slots=True)
class Section:
    """A picture with its remarks."""

    svg: str
    sentences: Sequence[str] = ()


def page_of(title: str, sections: Sequence[Section]) -> str:
    """The page."""
    body = "".join(_section(section) for section in sections)
    title = readable(title)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>\n{_STYLE}\n</style>\n{_heading(title, sections)}{body}</html>\n"
    )


def _heading(title: str, sections: Sequence[Section]) -> str:
    """Where the page says something about its pictures; a picture alone has its own."""
    return f"<h1>{escape(title)}</h1>\n" if any(section.sentences for section in sections) else ""


def _section(section: Section) -> str:
    said = "".join(f"<li>{escape(readable(sentence))}</li>\n" for sentence in section.sentences)
    listed = f"<ul>\n{said}</ul>\n" if said else ""
    return f'<section>\n{listed}<div class="picture">\n{section.svg}</div>\n</section>\n'
