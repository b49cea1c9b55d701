"""How far a leg has come: ringing, answered, bridged, ended."""

RINGING, ANSWERED, BRIDGED, ENDED = "ringing", "answered", "bridged", "ended"
_PROGRESS = {"": 0, RINGING: 1, ANSWERED: 2, BRIDGED: 3, ENDED: 4}


def later_status(status: str, reported: str) -> str:
    """The later of two statuses, since events overtake one another. If one is unknown, only the end counts as later."""
    return reported if _PROGRESS[reported] > _PROGRESS.get(status, _PROGRESS[BRIDGED]) else status
