"""The IDX reader takes what the format allows and names every fault."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from annscope.data.errors import DataError
from annscope.data.idx import parse_idx, unpack

GOOD = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)))
def test_an_array_comes_back(array: np.ndarray) -> None:
    """What was written as IDX is read as it was."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    np.testing.assert_array_equal(parse_idx(header + array.tobytes(), array.ndim, "file"), array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"\0\0\x08\x03" + GOOD[4:],
            "labels has the magic number 0x00000803, where an IDX file of bytes in 1 dimension has 0x00000801",
        ),
        (b"PNG!", "labels has the magic number 0x504e4721"),
        (b"", "labels is truncated: its header takes 8 bytes and it has 0"),
        (GOOD[:6], "labels is truncated: its header takes 8 bytes and it has 6"),
        (GOOD[:-1], "labels is truncated: its header promises 3 values and 2 are there"),
        (GOOD + b"!!", "labels has 2 bytes too many after the 3 values its header promises"),
    ],
)  # fmt: skip
def test_each_fault_has_its_sentence(content: bytes, message: str) -> None:
    """Wrong magic, truncation and trailing bytes are told apart, with numbers."""
    with pytest.raises(DataError) as caught:
        parse_idx(content, 1, "labels")
    assert message in str(caught.value)


@given(st.binary(max_size=64))
def test_no_bytes_cause_anything_but_a_data_error(content: bytes) -> None:
    """Any content gives an array or a one-sentence error."""
    problem = ""
    try:
        parse_idx(unpack(content, "file"), 1, "file")
    except DataError as error:
        problem = str(error)
    well_formed = content[:4] == GOOD[:4] and int.from_bytes(content[4:8], "big") == len(content) - 8
    assert (problem == "") == well_formed


def test_plain_and_gzipped_content_are_the_same() -> None:
    """A file may be gzipped or not."""
    assert unpack(GOOD, "file") == unpack(gzip.compress(GOOD), "file") == GOOD


ARCHIVE = gzip.compress(GOOD * 50, mtime=0)


@pytest.mark.parametrize(
    "damaged",
    [ARCHIVE[:-6], ARCHIVE[:12] + b"\xff\xff\xff" + ARCHIVE[15:], ARCHIVE[:-8] + b"12345678"],
    ids=["cut short", "altered", "wrong checksum"],
)
def test_a_damaged_archive_is_named(damaged: bytes) -> None:
    """A gzip file that is cut short or altered is reported as damaged."""
    with pytest.raises(DataError, match="file is a damaged gzip file: "):
        unpack(damaged, "file")


def test_an_archive_that_unpacks_without_end_is_rejected() -> None:
    """A small file of zeros upon zeros is unpacked as far as any file of MNIST reaches."""
    bomb = gzip.compress(bytes(1 << 20)) * 2000
    with pytest.raises(DataError, match="file unpacks to more than the 67,108,864 bytes that are read"):
        unpack(bomb, "file")
