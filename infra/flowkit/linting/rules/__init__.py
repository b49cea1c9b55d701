"""One file per rule that is asked; the linter knows those that lie here, since to import a rule is to register it."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
