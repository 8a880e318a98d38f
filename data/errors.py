"""What can be wrong with data, said in one sentence."""

from __future__ import annotations

from annscope.core.errors import AnnscopeError


class DataError(AnnscopeError):
    """A data set that cannot be found, fetched or believed: the text says which, where and what to do."""
