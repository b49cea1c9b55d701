"""The stack's parameters, checked before minutes are spent on packing: CloudFormation would refuse them at the end."""

import re
from collections.abc import Mapping
from typing import Any

from dialtone.domain.errors import DialtoneError
from infra.flowkit.linting.rules.unknown_step import near

ALL_OF_THEM = "docs/running.md says what there is"


def check_parameters(where: str, given: Mapping[str, str], known: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises DialtoneError for a parameter that the template does not have, or a value that it does not take."""
    for name, value in given.items():
        if name not in known:
            raise DialtoneError(f"{where}: {name} is not a parameter of the stack; {near(name, known, ALL_OF_THEM)}")
        if what := _refused(value, known[name]):
            raise DialtoneError(f"{where}: {name} is {value!r}; it {what}")


def _refused(value: str, parameter: Mapping[str, Any]) -> str:
    """What the value should be; '' if it is."""
    allowed = [str(each) for each in parameter.get("AllowedValues", ())]
    if allowed and value not in allowed:
        return f"must be one of {', '.join(allowed)}"
    if not re.fullmatch(parameter.get("AllowedPattern", ".*"), value, re.DOTALL):
        return str(parameter.get("ConstraintDescription", f"must match {parameter['AllowedPattern']}"))
    if parameter["Type"] == "Number" and not _in_range(value, parameter):
        least, most = parameter.get("MinValue", "any"), parameter.get("MaxValue", "any")
        return f"must be a number from {least} to {most}"
    return ""


def _in_range(value: str, parameter: Mapping[str, Any]) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return float(parameter.get("MinValue", number)) <= number <= float(parameter.get("MaxValue", number))
