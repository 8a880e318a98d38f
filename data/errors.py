"""Errors about data."""

from __future__ import annotations

from annscope.core.errors import AnnscopeError


class DataError(AnnscopeError):
    """A data set that cannot be found, downloaded or trusted: the message names it, where it is and what to do."""
