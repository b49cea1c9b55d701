"""What axe finds on a page against people who do not see it, or not well."""

import json
from importlib.resources import files
from typing import Any

from tests.integration.browser import Browser

AXE = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PHONE_PIXELS = 400


def violations(browser: Browser, *, dark: bool = False, wide: bool = True) -> list[Any]:
    """What axe finds against people who do not see the page, or not well."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.call("Emulation.setEmulatedMedia", features=[scheme])
    width = 1_240 if wide else PHONE_PIXELS
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=not wide)
    found = json.loads(browser.js(f"{AXE}; axe.run().then((found) => JSON.stringify(found.violations))"))
    overflow = browser.js("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] + ["overflow"] * bool(overflow)
