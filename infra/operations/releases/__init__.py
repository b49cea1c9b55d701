"""Versions of a stack's code: deployed, judged, taken back, uninstalled."""
