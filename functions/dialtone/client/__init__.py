"""The control API for programs: `from dialtone.client import Client, Refused`."""

from dialtone.client.api import Client, Refused

__all__ = ["Client", "Refused"]
