"""The command line: each command has a file with its options, and beside it `…_run.py` with what it does."""
