"""A part of a large folder of images: evenly spaced files of each of its folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from annscope.data.image_tree import MAX_BYTES_IN_A_FILE, Found, Tree

MAX_FILES = 1500
MAX_BYTES = 60_000_000
MIN_OF_A_FOLDER = 10


class SampledTree(Tree):
    """A tree in which a search finds no more than some of the files, in proportion, and a few of each folder at least.

    `n_found` counts the files there are, `n_kept` those of the sample.
    """

    def __init__(self, tree: Tree, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES) -> None:
        self.root = tree.root
        self.n_found = self.n_kept = 0
        self._tree, self._max_files, self._max_bytes = tree, max_files, max_bytes

    def folders(self, at: Path) -> list[Path]:
        return self._tree.folders(at)

    def files(self, at: Path) -> list[Path]:
        return self._tree.files(at)

    def search(self, tops: Sequence[Path], *, deep: bool = True) -> Found:
        found = self._tree.search(tops, deep=deep)
        n_files = sum(map(len, found.files))
        n_bytes = sum(size for files in found.files for _, size in files)
        share = min(1.0, self._max_files / max(1, n_files), self._max_bytes / max(1, n_bytes))
        kept = [_evenly(files, share) for files in found.files]
        self.n_found += n_files
        self.n_kept += sum(map(len, kept))
        return Found(kept, found.left_out)

    def open(self, path: Path, most: int = MAX_BYTES_IN_A_FILE) -> BinaryIO:
        return self._tree.open(path, most)


def _evenly(files: list[tuple[Path, int]], share: float) -> list[tuple[Path, int]]:
    n = min(len(files), max(MIN_OF_A_FOLDER, round(share * len(files))))
    return [files[i] for i in np.linspace(0, len(files) - 1, n).astype(int)] if n else []
