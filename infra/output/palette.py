"""The colours that pages, charts and dashboards share, light or dark as their reader is."""

_LIGHT = {
    "paper": "#f6f8fa",
    "card": "#ffffff",
    "ink": "#1f2328",
    "dim": "#59636e",
    "rule": "#eaeef2",
    "edge": "#d1d9e0",
    "ok": "#1a7f37",
    "alarm": "#cf222e",
    "rings": "#ffebe9",
    "one": "#0969da",
    "two": "#bc4c00",
    "three": "#8250df",
}
"""Of what is drawn: what it lies on, what is written, what separates, what is well, what is not, and three series."""

_DARK = {
    "paper": "#0d1117",
    "card": "#151b23",
    "ink": "#e6edf3",
    "dim": "#9198a1",
    "rule": "#262c36",
    "edge": "#3d444d",
    "ok": "#3fb950",
    "alarm": "#f85149",
    "rings": "#3c1618",
    "one": "#4493f8",
    "two": "#f0883e",
    "three": "#ab7df8",
}


def colours_for(selector: str) -> str:
    """Style that defines each colour as a variable (`var(--ink)`) in what the selector names."""
    light, dark = (" ".join(f"--{name}: {value};" for name, value in each.items()) for each in (_LIGHT, _DARK))
    return (
        f"{selector} {{ color-scheme: light dark; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ {selector} {{ {dark} }} }}"
    )
