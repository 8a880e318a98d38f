"""Strict parser of the IDX format of MNIST's files.

Big-endian: two zero bytes, the type of the values (0x08: unsigned byte), the number of dimensions,
one 32-bit size for each dimension, then the values in row-major order and nothing after them.
Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section on file formats.
"""

from __future__ import annotations

import math
import struct
import zlib

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from annscope.data.errors import DataError

MAX_BYTES = 1 << 26
"""Maximum size of a file, compressed or not: the largest of MNIST has 47,040,016 bytes."""
GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08


def unpack(raw: bytes, shown: str, most: int = MAX_BYTES) -> bytes:
    """The content of a file that may be gzipped, at most `most` bytes; `shown` is its name in errors."""
    if not raw.startswith(GZIP_MAGIC):
        return raw
    content, rest = b"", raw
    while rest:  # the members of the file; zeros may fill it up
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            content += member.decompress(rest, most + 1 - len(content))
        except zlib.error as error:
            raise DataError(f"{shown} is a damaged gzip file: {error}") from error
        if len(content) > most:
            raise DataError(f"{shown} unpacks to more than the {most:,} bytes that are read")
        if not member.eof:
            raise DataError(f"{shown} is a damaged gzip file: it ends too early")
        rest = member.unused_data.lstrip(b"\0")
    return content


def parse_idx(content: bytes, n_dimensions: int, shown: str) -> UInt8[ndarray, ...]:
    """Parse an IDX file of unsigned bytes in `n_dimensions` dimensions into an array, a read-only view.

    Raises DataError if the magic number, the header or the length is not exactly what the format requires.
    """
    magic = struct.pack(">BBBB", 0, 0, _UNSIGNED_BYTE, n_dimensions)
    header = len(magic) + 4 * n_dimensions
    if content[: len(magic)] != magic[: len(content)]:
        raise DataError(
            f"{shown} has the magic number 0x{content[:4].hex()}, "
            f"where an IDX file of bytes in {n_dimensions} dimension{'s' * (n_dimensions > 1)} has 0x{magic.hex()}"
        )
    if len(content) < header:
        raise DataError(f"{shown} is truncated: its header takes {header} bytes and it has {len(content)}")
    shape = struct.unpack_from(f">{n_dimensions}I", content, len(magic))
    promised, present = math.prod(shape), len(content) - header
    if present < promised:
        raise DataError(f"{shown} is truncated: its header promises {promised:,} values and {present:,} are there")
    if present > promised:
        raise DataError(
            f"{shown} has {present - promised:,} bytes too many after the {promised:,} values its header promises"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
