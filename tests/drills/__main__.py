"""`python -m tests.drills`: see program.py, whose functions other processes must find by its name."""

import sys

from tests.drills.program import main

if __name__ == "__main__":
    sys.exit(main())
