"""Checks whether a stack can take calls: examines AWS and Telnyx, and judges the results."""
