"""Pictures of figures: the same figures always give the same SVG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

INK, GREY = "#1f2933", "#9aa5b1"
COLOURS = ("#1f6feb", "#d97706", "#0f9d75", "#b4539a", "#6b7280")
INCHES = (7.2, 3.6)


def axes(title: str, x: str, y: str, *, columns: int = 1) -> tuple[Figure, Sequence[Axes]]:
    """Give a figure with axes side by side, labelled; `title` says what is to be seen."""
    mpl.rcParams["svg.hashsalt"] = "dialtone"  # else the ids in the file differ from run to run
    mpl.rcParams["font.size"] = 9
    figure = Figure(figsize=INCHES, layout="constrained")
    figure.suptitle(title, fontsize=11, color=INK, x=0.01, ha="left")
    found = [figure.add_subplot(1, columns, place + 1) for place in range(columns)]
    for each in found:
        each.set_xlabel(x)
        each.set_ylabel(y)
        each.spines[["top", "right"]].set_visible(False)
        each.grid(visible=True, axis="y", color="#e4e7eb", linewidth=0.8)
        each.set_axisbelow(True)
    return figure, found


def svg(figure: Figure) -> bytes:
    """Give the picture; without a date in it."""
    written = io.BytesIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    # matplotlib ends lines with a blank here and there, which git remarks on.
    return b"\n".join(line.rstrip() for line in written.getvalue().splitlines()) + b"\n"
