"""Which process started which, as `ps` lists them."""

import subprocess


def started_by(owner: int, command: str) -> set[int]:
    """The processes that the owner itself started with such a command."""
    ps = ["ps", "axww", "-o", "pid=,ppid=,args="]
    listing = subprocess.run(ps, capture_output=True, text=True, check=True).stdout  # noqa: S603 - nobody's input
    found = [line.split(maxsplit=2) for line in listing.splitlines()]
    return {int(pid) for pid, parent, *args in found if parent == str(owner) and any(command in each for each in args)}
