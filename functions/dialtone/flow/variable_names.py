"""The names of variables, as keys or values of a flow."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from dialtone.flow.templating import VARIABLE

VariableName = Annotated[str, StringConstraints(pattern=rf"^{VARIABLE}$")]
