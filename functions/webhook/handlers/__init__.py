"""One file per event type, named after it."""
