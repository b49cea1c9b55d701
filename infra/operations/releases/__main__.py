"""What `make deploy` does around `sam deploy`, or if that fails.

`python -m infra.operations.releases before|after|why STACK`
"""

import argparse
import sys
import time

from dialtone.domain.errors import DialtoneError
from infra.checkout import DEPLOYED_FLOWS
from infra.operations.releases.deployment import problem_before, refusal, settle


def main() -> int:
    """Exit status 1 if a deployment must not start, or a step after it failed."""
    parser = argparse.ArgumentParser(prog="python -m infra.operations.releases", description=__doc__)
    parser.add_argument("when", choices=["before", "after", "why"])
    parser.add_argument("stack")
    parser.add_argument("--protect", action="store_true", help="protect the stack from deletion")
    given = parser.parse_args()
    try:
        if given.when == "before":
            if problem := problem_before(given.stack):
                print(problem, file=sys.stderr)
                return 1
            return 0
        if given.when == "why":
            if found := refusal(given.stack, time.time()):
                print(found, file=sys.stderr)
            return 0
        for line in settle(given.stack, DEPLOYED_FLOWS, protect=given.protect):
            print(line)
    except DialtoneError as error:
        print(f"{given.stack}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
