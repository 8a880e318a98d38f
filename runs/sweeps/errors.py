"""The error of sweeps, and the packages that they need."""

from __future__ import annotations

from importlib.util import find_spec

from annscope.core.errors import AnnscopeError

NEEDED = ("optuna", "distributed", "cryptography")


class SweepError(AnnscopeError):
    """A sweep that cannot be started or resumed: the message gives the reason, and what to do instead."""


def require_packages() -> None:
    """Raise SweepError if a package of the extra `sweep` is missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SweepError(f"A sweep needs {', '.join(missing)}: pip install 'annscope[sweep]'.")
