"""Splits are disjoint, complete, in proportion and always the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annscope.data.errors import DataError
from annscope.data.splits import stratified_split

shares = st.floats(0.01, 0.9)


@st.composite
def labels_of_classes(draw: st.DrawFn) -> np.ndarray:
    """Labels of up to six classes, each with 2 to 60 examples, in any order."""
    counts = draw(st.lists(st.integers(2, 60), min_size=1, max_size=6))
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(draw(st.integers(0, 1000))).permutation(labels)


@given(labels_of_classes(), shares)
def test_every_example_is_on_one_side(labels: np.ndarray, share: float) -> None:
    """Every example is kept or held out, none twice, each side in file order."""
    kept, held = stratified_split(labels, share, seed=0)
    np.testing.assert_array_equal(np.sort(np.concatenate([kept, held])), np.arange(len(labels)))
    assert (np.diff(kept) > 0).all()
    assert (np.diff(held) > 0).all()


@given(labels_of_classes(), shares)
def test_every_class_gives_its_share(labels: np.ndarray, share: float) -> None:
    """A class gives its share to within one example, and is never left without one to learn from."""
    kept, held = stratified_split(labels, share, seed=0)
    counts, given_up = np.bincount(labels), np.bincount(labels[held], minlength=labels.max() + 1)
    assert (np.bincount(labels[kept], minlength=len(counts)) >= 1).all()
    off = np.abs(given_up - counts * share)
    assert ((off <= 1) | (given_up == counts - 1)).all()


def test_the_total_is_the_share_rounded() -> None:
    """A tenth of 5,000 is 500, and of 1,797 it is 180."""
    for n, expected in ((5000, 500), (1797, 180)):
        _, held = stratified_split(np.arange(n) % 10, 0.1, seed=0)
        assert len(held) == expected


def test_a_tiny_share_holds_out_one() -> None:
    """At least one example is always held out."""
    _, held = stratified_split(np.arange(20) % 2, 0.001, seed=0)
    assert len(held) == 1


def test_the_draw_follows_its_seed() -> None:
    """The same seed draws the same examples, another seed others."""
    labels = np.arange(200) % 4
    first, again, other = (stratified_split(labels, 0.2, seed=seed)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_too_few_examples_are_rejected() -> None:
    """Where every class has one example, none can be held out, and the error explains it."""
    with pytest.raises(DataError, match=r"3 examples in 3 classes are too few to split: .* for testing"):
        stratified_split(np.arange(3), 0.1, seed=0, what="testing")
