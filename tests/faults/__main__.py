"""Every fault, in the order of the modules' names, and one table."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import tests.faults
from tests.faults.tally import run

if __name__ == "__main__":
    names = sorted(item.name for item in pkgutil.iter_modules(tests.faults.__path__))
    modules = {name: importlib.import_module(f"tests.faults.{name}") for name in names if name != "__main__"}
    sys.exit(run({name: (module.check, module.RUNS) for name, module in modules.items() if hasattr(module, "check")}))
