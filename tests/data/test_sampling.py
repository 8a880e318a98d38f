"""Of a large folder an even part is found, and how much of it is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from annscope.data.image_tree import FolderTree
from annscope.data.sampling import MIN_OF_A_FOLDER, SampledTree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes, of 200 and of 20 files of ten bytes."""
    for name, n in (("many", 200), ("few", 20)):
        (tmp_path / name).mkdir()
        for i in range(n):
            (tmp_path / name / f"{i:03}.png").write_bytes(b"0123456789")
    return tmp_path


def counts(tree: SampledTree, folder: Path) -> list[int]:
    """The number of files that are found of each class."""
    return [len(files) for files in tree.search([folder / "many", folder / "few"]).files]


def test_a_small_folder_is_found_whole(folder: Path) -> None:
    """Nothing is left to chance where it need not be."""
    tree = SampledTree(FolderTree(folder))
    assert counts(tree, folder) == [200, 20]
    assert (tree.n_kept, tree.n_found) == (220, 220)


@pytest.mark.parametrize("limits", [{"max_files": 110}, {"max_bytes": 1100}])
def test_of_a_large_one_each_class_gives_its_share(folder: Path, limits: dict[str, int]) -> None:
    """By the number of files or by their bytes, but never fewer than a few of a class."""
    tree = SampledTree(FolderTree(folder), **limits)
    assert counts(tree, folder) == [100, MIN_OF_A_FOLDER]
    assert (tree.n_kept, tree.n_found) == (110, 220)


def test_the_files_are_evenly_spaced_and_can_be_opened(folder: Path) -> None:
    """From the first to the last, so that an order in time is in the sample as well."""
    tree = SampledTree(FolderTree(folder), max_files=22)
    (files,) = tree.search([folder / "many"]).files
    assert files[0][0].name == "000.png"
    assert files[-1][0].name == "199.png"
    with tree.open(files[3][0]) as file:
        assert file.read() == b"0123456789"
    assert [path.name for path in tree.folders(folder)] == ["few", "many"]
    assert tree.files(folder) == []
