"""A port of this machine, as an option names it."""

import argparse

LAST_PORT = 65_535


def port(text: str) -> int:
    """The number. Raises ArgumentTypeError for what is not a port."""
    if not (text.isascii() and text.isdecimal()) or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port: say a number up to {LAST_PORT}, or 0 for a free one")
    return int(text)
