"""`python -m infra.verify_on_aws STACK`: what `make verify-on-aws` runs."""

import argparse
import sys

from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT
from infra.cli.asking import confirmed
from infra.operations.stack_outputs import deployed, region_of
from infra.verify_on_aws.course import Course
from infra.verify_on_aws.steps import STEPS


def main(arguments: list[str] | None = None) -> int:
    """0 if every step has shown what it is to show; 1 if one has not yet."""
    parser = argparse.ArgumentParser(prog="python -m infra.verify_on_aws", description="See what only AWS can show.")
    parser.add_argument("stack")
    parser.add_argument("--region", default="", help="its AWS region (default: as samconfig.toml has it)")
    parser.add_argument("--list", action="store_true", help="say what each step does, and do nothing")
    parser.add_argument("--only", default="", metavar="NAMES", help="these steps, with commas between")
    parser.add_argument("--again", action="store_true", help="what was shown before, too")
    given = parser.parse_args(arguments)
    try:
        return _run(given)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; run it again to go on from here.\n")
        return 130
    except DialtoneError as error:
        sys.stderr.write(f"{given.stack}: {error}\n")
        return 1


def _run(given: argparse.Namespace) -> int:
    wanted = [each for each in given.only.split(",") if each]
    if unknown := sorted(set(wanted) - {step.name for step in STEPS}):
        raise DialtoneError(f"there is no step {unknown[0]}: --list shows them")
    steps = [step for step in STEPS if not wanted or step.name in wanted]
    if given.list:
        for step in steps:
            asks = " (asks first)" if step.asks else ""
            _say(f"{step.name}{asks}: {step.does}; expects: {step.expects}; costs: {step.costs}")
        return 0
    course = Course(
        ROOT / ".local" / f"verify-on-aws-{given.stack}.json",
        ask=lambda question: confirmed(question, "--only with steps that do not ask"),
        say=_say,
    )
    course.read()
    missing = course.go(steps, deployed(given.stack, region_of(given.stack, given.region)), again=given.again)
    _say(f"\n{len(steps) - missing} of {len(steps)} shown. What was seen lies in {course.file.relative_to(ROOT)}.")
    return 1 if missing else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
