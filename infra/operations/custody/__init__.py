"""Recordings in the hands of operators: verified, exported, held, queued again, erased."""
