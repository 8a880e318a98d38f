"""What answering without looking scores, by hand and as the least that a constant answer can lose."""

from __future__ import annotations

import math

import numpy as np
import pytest

from annscope.core.evaluation.chance import chance
from annscope.core.functions.losses import LOSSES, fused_loss
from annscope.core.functions.outputs import OUTPUTS


def counts(*support: int) -> np.ndarray:
    """A matrix with so many examples of each class, all predicted right."""
    return np.diag(support)


def test_of_ten_equal_classes_it_is_the_logarithm_of_ten_and_one_tenth() -> None:
    """As books say it."""
    found = chance(counts(*[50] * 10), "cross_entropy", "softmax")
    assert found.loss == pytest.approx(math.log(10))
    assert found.accuracy == pytest.approx(0.1)


def test_of_classes_of_different_sizes_it_goes_by_their_shares() -> None:
    """The entropy of the shares, and the share of the most frequent class; a class without examples counts nothing."""
    found = chance(counts(90, 10, 0), "cross_entropy", "softmax")
    assert found.loss == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert found.accuracy == pytest.approx(0.9)


def test_of_two_classes_a_binary_unit_has_the_chance_of_a_softmax() -> None:
    """Their cross-entropies are the same number."""
    binary, softmax = (chance(counts(30, 70), "cross_entropy", output) for output in ("binary", "softmax"))
    assert binary.loss == pytest.approx(softmax.loss)
    assert binary.accuracy == softmax.accuracy == 0.7


def test_of_several_labels_an_example_it_is_the_sum_over_the_labels() -> None:
    """Which labels occur together is not known, so that there is no accuracy by chance."""
    found = chance(np.array([[[50, 0], [0, 50]], [[90, 0], [10, 0]]]), "cross_entropy", "sigmoid")
    assert found.loss == pytest.approx(math.log(2) - 0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert math.isnan(found.accuracy)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("output", OUTPUTS)
def test_no_other_constant_answer_loses_less(loss: str, output: str) -> None:
    """By every loss with every output."""
    support = np.array([25, 75]) if OUTPUTS[output].is_binary else np.array([20, 30, 50])
    labels = np.repeat(np.arange(len(support)), support)
    targets = OUTPUTS[output].targets(labels, len(support), "float64")
    least = chance(np.diag(support), loss, output).loss
    generator = np.random.default_rng(0)
    others = [
        fused_loss(loss, output).values(np.tile(z, (len(labels), 1)), targets).mean()
        for z in generator.normal(0, 2, (500, targets.shape[1]))
    ]
    assert least <= min(others)
    assert min(others) < 1.2 * least + 0.05


def test_without_a_matrix_nothing_is_known() -> None:
    """Of a snapshot whose arrays are gone, or without held-out examples."""
    for matrix in (None, counts(0, 0)):
        found = chance(matrix, "cross_entropy", "softmax")
        assert math.isnan(found.loss)
        assert math.isnan(found.accuracy)
