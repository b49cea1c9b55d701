"""How many of a smaller unit make a larger one."""

MILLIS_PER_SECOND = 1_000
SECONDS_A_DAY = 86_400
