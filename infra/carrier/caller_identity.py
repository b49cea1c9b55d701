"""What the network reports about a caller besides the number, as passed on by Telnyx."""

from typing import Any, NamedTuple


class CallerIdentity(NamedTuple):
    """The caller's name, who vouches for the number, and what call screening found; '' for what is not known."""

    name: str = ""
    attestation: str = ""
    """`A`, `B` or `C`."""
    validated: bool = True
    """Whether the attestation's signature is right."""
    screening: str = ""

    def payload(self, number: str, *, tells_attestation: bool) -> dict[str, Any]:
        """Its part of `call.initiated`. A caller without a name is named by the number."""
        said: dict[str, Any] = {"caller_id_name": self.name or number}
        if self.attestation and tells_attestation:
            said |= {"shaken_stir_attestation": self.attestation, "shaken_stir_validated": self.validated}
        return said | ({"call_screening_result": self.screening} if self.screening else {})


UNKNOWN_CALLER = CallerIdentity()
