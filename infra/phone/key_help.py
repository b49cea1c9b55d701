"""What the help of `dialtone call` lists: here, so that asking for help starts no telephone."""

KEYS = """\
  0-9 * #  press a key       "  say something, up to Enter
  h        hang up           r  call again, with the flows as saved
  q        quit              a  be the agent who was rung, and back
  ?        these keys"""

KIND_NAMES = ("person", "busy", "no-answer", "nobody", "rejects", "machine", "unknown")
"""What `--agent` accepts about the people whom a flow rings."""
