"""What one benchmark says: a part of the page that `dialtone bench` writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Goal:
    """What was wanted and what was measured."""

    wanted: str
    """A sentence with the bound in it: "at most 1.2 times the floor"."""
    measured: str
    """The figure, with its unit or as a ratio: "1.08 times (1.02 to 1.15 over 10 pairs)"."""
    met: bool
    """By what was counted, or by a ratio within one run."""


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's part of the page."""

    name: str
    """Names its pictures and its place in the page: `cold-start`."""
    title: str
    text: str
    """Markdown below the title: tables with medians, spread and number of runs, and what was found."""
    goals: tuple[Goal, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """File name → SVG or PNG, each named in `text`."""
