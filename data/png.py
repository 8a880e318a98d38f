"""Small pictures as data URLs, for HTML."""

from __future__ import annotations

import base64
import io

from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image


def png_url(ink: UInt8[ndarray, "height width"], *, dark: bool) -> str:
    """An image, 0 for no ink and 255 for full ink, as a PNG: ink is dark on a light page, light on a dark one."""
    file = io.BytesIO()
    Image.fromarray(ink if dark else 255 - ink).save(file, "PNG")
    return data_url("image/png", file.getvalue())


def data_url(kind: str, content: bytes) -> str:
    """The address that holds this content, of a MIME type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
