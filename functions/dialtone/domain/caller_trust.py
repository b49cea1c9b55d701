"""What the network reports of a caller besides the number: attestation, screening result and name. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ATTESTATION, SCREENING, CALLER_NAME = "shaken_stir_attestation", "call_screening_result", "caller_id_name"
"""As Telnyx names them in `call.initiated`."""

TRUST = (ATTESTATION, SCREENING, CALLER_NAME)

MAX_CHARACTERS = 100
"""Per value: caller names have 15 to 32 characters, and a hostile one must not fill the call's state."""

_UNPRINTABLE = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+"


def trust_of(payload: Mapping[str, Any]) -> dict[str, str]:
    """What `call.initiated` reports of the caller, without unknown values.

    An attestation counts only if its signature was not found invalid: otherwise anybody could claim an A. Where no
    network had a name, Telnyx repeats the number as the name; that is left out.
    """
    said = {name: _text(payload.get(name)) for name in TRUST}
    if payload.get("shaken_stir_validated") is False:
        said[ATTESTATION] = ""
    if said[CALLER_NAME] == payload.get("from"):
        said[CALLER_NAME] = ""
    said[ATTESTATION] = said[ATTESTATION].upper()
    return {name: text for name, text in said.items() if text}


def _text(value: object) -> str:
    return re.sub(_UNPRINTABLE, " ", value).strip()[:MAX_CHARACTERS] if isinstance(value, str) else ""
