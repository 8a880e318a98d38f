"""The three splits of a data set, by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annscope.core.dataset import SPLITS, Dataset
from annscope.core.errors import ConfigError


def test_splits_are_found_by_name(dataset: Dataset) -> None:
    """Each name gives its own features and labels."""
    assert dataset.split("train") == (dataset.x_train, dataset.y_train)
    assert dataset.split("validation") == (dataset.x_val, dataset.y_val)
    assert dataset.split("test") == (dataset.x_test, dataset.y_test)
    assert [len(dataset.split(name)[1]) for name in SPLITS] == [50, 20, 10]


def test_a_misspelt_split_gets_the_nearest(dataset: Dataset) -> None:
    """The sentence lists the splits and names the nearest one."""
    with pytest.raises(ConfigError, match=r"split must be one of .*, got 'valid' \(did you mean 'validation'\?\)"):
        dataset.split("valid")


def test_the_test_examples_judge_where_validation_is_empty(dataset: Dataset) -> None:
    """Some split is always named as the judge."""
    assert dataset.heldout == "validation"
    assert replace(dataset, x_val=dataset.x_val[:0], y_val=dataset.y_val[:0]).heldout == "test"


def test_sizes_follow_from_the_arrays(dataset: Dataset) -> None:
    """Features are counted in the arrays, classes in their names, of which one may have no example."""
    assert (dataset.n_features, dataset.n_classes) == (6, 3)
    assert replace(dataset, class_names=("a", "b", "c", "d")).n_classes == 4
