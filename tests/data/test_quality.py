"""Duplicates, contradictions and imbalance are counted as a person would count them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy import ndarray

from annscope.core.dataset import Dataset
from annscope.data.quality import MAX_GROUPS, class_counts, find_repeats, imbalance


def made(train: list[float], y_train: list[int], validation: list[float], test: list[float], y: int = 0) -> Dataset:
    """A data set with one feature; held-out examples are all of one class."""

    def x(values: list[float]) -> ndarray:
        return np.array(values, np.float32).reshape(-1, 1)

    return Dataset(
        name="made",
        x_train=x(train),
        y_train=np.array(y_train),
        x_val=x(validation),
        y_val=np.full(len(validation), y),
        x_test=x(test),
        y_test=np.full(len(test), y),
        class_names=("no", "yes"),
    )


def test_copies_are_counted_within_and_between_splits() -> None:
    """A copy counts once in its split; a held-out example that is in another split counts for each two splits."""
    found = find_repeats(made([1, 1, 1, 2], [0, 0, 0, 1], [1, 5], [2, 5, 5], y=0))
    assert found.n_within == {"train": 2, "test": 1}
    assert found.n_between == {("train", "validation"): 1, ("train", "test"): 1, ("validation", "test"): 2}
    assert (found.n_checked, found.n_examples, found.is_sample) == (9, 9, False)


def test_contradictions_come_first_with_an_example_of_each_label() -> None:
    """All examples with the same features and not one label are counted, and shown before mere copies."""
    found = find_repeats(made([3, 3, 3, *[7] * 40], [0, 0, 1, *[0] * 40], [], [7]))
    assert found.n_conflicting == 3
    first, second = found.groups
    assert (first.places, first.n_examples, first.n_labels) == ((("train", 0), ("train", 1), ("train", 2)), 3, 2)
    assert (second.n_examples, second.n_labels, second.n_splits) == (41, 1, 2)
    assert ("test", 0) in second.places, "the split that it leaks into is shown, however many copies there are"


def test_minus_zero_is_zero() -> None:
    """Two numbers that are equal are equal, whatever their bits."""
    assert find_repeats(made([0.0, -0.0], [0, 1], [], [])).n_conflicting == 2


def test_different_examples_are_no_duplicates() -> None:
    """A data set without duplicates has none."""
    found = find_repeats(made([1, 2, 3], [0, 1, 0], [4], [5]))
    assert (found.n_within, found.n_between, found.n_conflicting, found.groups) == ({}, {}, 0, ())


def test_of_many_examples_an_even_sample_is_compared_and_said() -> None:
    """The number of examples that were compared stands beside the number of all."""
    found = find_repeats(made([float(i // 2) for i in range(1000)], [0, 1] * 500, [], []), most=100)
    assert (found.n_checked, found.n_examples, found.is_sample) == (100, 1000, True)


def test_only_the_most_telling_groups_are_kept() -> None:
    """Memory stays bounded if everything is there twice; the counts are of all."""
    n = 4 * MAX_GROUPS
    found = find_repeats(made([float(i // 2) for i in range(n)], [0] * n, [], []))
    assert len(found.groups) == MAX_GROUPS
    assert found.n_within == {"train": n // 2}


def test_labels_that_differ_in_one_of_several_contradict() -> None:
    """In multi-label data the whole row of labels must be the same."""
    data = replace(made([1, 1], [0, 0], [], []), y_train=np.array([[0, 1], [1, 1]]), y_val=np.zeros((0, 2), int),
                   y_test=np.zeros((0, 2), int))  # fmt: skip
    assert find_repeats(data).n_conflicting == 2
    assert class_counts(data).tolist() == [[1, 2], [0, 0], [0, 0]]


def test_classes_are_counted_by_split() -> None:
    """A row for each split, a column for each class."""
    data = made([1, 2, 3], [0, 1, 1], [4], [5, 6], y=1)
    assert class_counts(data).tolist() == [[1, 2], [0, 1], [0, 2]]


@pytest.mark.parametrize(("counts", "ratio"), [([5, 5], 1.0), ([3, 30], 10.0), ([0, 4], float("inf"))])
def test_imbalance_is_the_ratio_of_largest_to_smallest(counts: list[int], ratio: float) -> None:
    """An empty class makes it infinite."""
    assert imbalance(np.array(counts)) == ratio
