"""Conversations as tests of flows: read, played through the real code, and compared with what they expect."""
