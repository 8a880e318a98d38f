"""Paths as people type or paste them."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import url2pathname

_QUOTES = ("'", '"')


def typed_path(text: str) -> str:
    """The path in a text: without the quotes around it, and of a `file://` address. Blanks may be part of a name."""
    if len(text) > 2 and text[0] == text[-1] and text[0] in _QUOTES:
        text = text[1:-1]
    if text.lower().startswith("file://"):
        text = url2pathname(text[len("file://") + len(urlsplit(text).netloc) :])
    return text
