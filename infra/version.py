"""The version of Dialtone."""

VERSION = "0.1.0"
