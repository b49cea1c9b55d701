"""Publishes flows without a deployment: what changes, and the versions that there are."""
