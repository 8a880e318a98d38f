"""Errors about data."""

from __future__ import annotations

from annscope.core.errors import AnnscopeError


class DataError(AnnscopeError):
    """A data set that cannot be found, downloaded or trusted: the message says which, where and what to do."""
