"""Telnyx's HTTP API over the exchange: a file for each part of it, and what requests are checked by."""
