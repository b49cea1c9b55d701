"""A client of the control API: `from dialtone.client import Client, Refused`."""

from dialtone.client.api import Client, Refused

__all__ = ["Client", "Refused"]
