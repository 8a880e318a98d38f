"""Intervals and the paired test equal those of scipy and scikit-learn, and hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap
from sklearn import metrics as sklearn_metrics

from annscope.core.evaluation.curves import N_BINS, averages, calibration
from annscope.core.evaluation.intervals import (
    MAX_RESAMPLES,
    MAX_SCORES,
    MIN_RESAMPLES,
    Paired,
    areas_of_counts,
    f1_interval,
    n_resamples_of,
    paired,
    percentile_interval,
    resampled_areas,
    resampled_areas_of_classes,
    resampled_calibration_errors,
    resampled_counts,
    wilson,
)
from annscope.core.evaluation.metrics import confusion_matrix

EXACT = {"rel": 0, "abs": 1e-10}
RNG = np.random.default_rng(3)
LABELS = RNG.integers(0, 3, 80)
GUESSES = np.where(RNG.random(80) < 0.7, LABELS, RNG.integers(0, 3, 80))
SCORES = RNG.dirichlet([1, 1, 1], 80).round(2)
"""Rounded, so that there are ties."""


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(deadline=None)
def test_the_interval_of_a_proportion_is_scipys(counts: tuple[int, int]) -> None:
    """Wilson's interval of a recall, precision or accuracy."""
    found = binomtest(*counts).proportion_ci(method="wilson")
    assert wilson(*counts) == pytest.approx([found.low, found.high], **EXACT)


def test_without_examples_there_is_no_interval() -> None:
    """Nothing is known of a class without examples: NaN, beside classes that have some."""
    found = wilson(np.array([0, 3]), np.array([0, 4]))
    assert np.isnan(found[0]).all()
    assert 0 < found[1, 0] < 0.75 < found[1, 1] < 1
    empty = paired(np.zeros(0, bool), np.zeros(0, bool))
    assert np.isnan([empty.difference, *empty.interval]).all()
    assert empty.p_value == 1.0


@given(st.integers(0, 400), st.integers(0, 400))
@settings(deadline=None)
def test_mcnemars_test_is_the_binomial_one(only_first: int, only_second: int) -> None:
    """The exact p value of the discordant examples, as scipy has it."""
    found = Paired(10, only_first, only_second, 5).p_value
    n = only_first + only_second
    assert found == pytest.approx(binomtest(only_first, n).pvalue if n else 1.0, **EXACT)


def test_a_paired_difference_by_hand() -> None:
    """(4 - 1) / 20, and Bonett and Price's interval of (2 + 5 of 22)."""
    first = np.array([True] * 11 + [False] * 4 + [True] + [False] * 4)
    second = np.array([True] * 11 + [True] * 4 + [False] + [False] * 4)
    found = paired(first, second)
    assert (found.both_right, found.only_first, found.only_second, found.both_wrong) == (11, 1, 4, 4)
    assert found.difference == pytest.approx(0.15)
    half = 1.959963984540054 * np.sqrt((7 / 22 - (3 / 22) ** 2) / 22)
    assert found.interval == pytest.approx([3 / 22 - half, 3 / 22 + half], **EXACT)
    assert Paired(0, 0, 5, 0).interval[1] == 1  # no difference is larger
    assert Paired(0, 5, 0, 0).interval[0] == -1


def test_the_percentiles_are_those_of_the_samples_in_which_a_figure_is_defined() -> None:
    """NumPy's, without those that are NaN; NaN where all of them are."""
    figures = np.array([[1.0, np.nan, np.nan], [2.0, 5.0, np.nan], [4.0, 7.0, np.nan]])
    expected = [np.percentile(each, [2.5, 97.5]) for each in ([1, 2, 4], [5, 7])]
    np.testing.assert_allclose(percentile_interval(figures), [*expected, [np.nan] * 2])
    np.testing.assert_allclose(percentile_interval(figures[:, 0]), expected[0])


def test_examples_that_move_the_curves_together_are_drawn_together() -> None:
    """A kind is what has one score, or stands between two scores without a positive between them."""
    scores = np.array([0.9, 0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.4, 0.3, 0.3, 0.2, 0.1])
    positive = np.array([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0], bool)
    kinds = [(0, 3), (1, 0), (1, 0), (1, 1), (0, 3), (1, 0), (0, 1)]  # positives and negatives of each
    cells = np.array(kinds).T.ravel()
    draws = np.random.default_rng(20_20).multinomial(12, cells / 12, size=MAX_RESAMPLES).astype(float)
    expected = areas_of_counts(draws[:, :7], draws[:, 7:])
    for found, each in zip(resampled_areas(positive, scores), expected, strict=True):
        np.testing.assert_array_equal(found, each)


def test_resampled_figures_are_scikit_learns() -> None:
    """The figures of all samples have the mean and the spread that scipy's bootstrap of scikit-learn's F1 has."""
    (found,) = resampled_counts(LABELS, [GUESSES], 3)
    assert (found.support.sum(axis=1) == len(LABELS)).all()
    interval = percentile_interval(found.averages("f1")["macro"])
    oracle = bootstrap(
        (LABELS, GUESSES),
        lambda y, p: sklearn_metrics.f1_score(y, p, average="macro"),
        paired=True, vectorized=False, n_resamples=200, method="percentile", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert interval == pytest.approx([oracle.low, oracle.high], abs=0.02)
    # Drawn once more and counted the long way, each sample's figures are those that are computed everywhere.
    for i in range(5):
        matrix = np.zeros((3, 3), int)
        np.fill_diagonal(matrix, found.right[i])
        for k, (name, one) in enumerate([("precision", found.predicted), ("recall", found.support)]):
            assert getattr(found, name)[i] == pytest.approx(np.diag(matrix) / one[i], **EXACT), k
        assert found.f1[i] == pytest.approx(2 * found.right[i] / (found.support[i] + found.predicted[i]), **EXACT)


def test_the_averages_of_a_sample_are_those_of_its_confusion() -> None:
    """Macro, micro and weighted averages, of classes and of labels, by the definitions of `curves`."""
    rows = RNG.integers(0, 2, (60, 3))
    guessed = np.where(RNG.random((60, 3)) < 0.8, rows, 1 - rows)
    for labels, predicted in ((LABELS, GUESSES), (rows, guessed)):
        wide = np.concatenate([labels] * 3), np.concatenate([predicted] * 3)
        (found,) = resampled_counts(wide[0], [wide[1]], 3, n_resamples=400)
        expected = averages(confusion_matrix(labels, predicted, 3))
        for name, figures in expected.items():
            for how, values in found.averages(name).items():
                low, high = percentile_interval(values)
                assert low <= getattr(figures, how) <= high
                assert values.mean() == pytest.approx(getattr(figures, how), abs=0.02)


def test_two_networks_are_judged_by_the_same_samples() -> None:
    """Of the same predictions the difference is 0 in every sample."""
    first, second = resampled_counts(LABELS, [GUESSES, GUESSES], 3, n_resamples=20)
    np.testing.assert_array_equal(first.f1, second.f1)


def test_resampled_areas_are_scikit_learns() -> None:
    """Areas and average precisions of samples, with ties: those of scikit-learn with the draws as weights."""
    levels, places = np.unique(-SCORES[:, 0], return_inverse=True)
    positive = LABELS == 0
    draws = RNG.multinomial(80, np.full(80, 1 / 80), 6).astype(float)
    counts = [
        np.stack([np.bincount(places, drawn * mask, len(levels)) for drawn in draws]) for mask in (positive, ~positive)
    ]
    roc, precision = areas_of_counts(*counts)
    for i, weights in enumerate(draws):
        about = {"y_true": positive, "y_score": SCORES[:, 0], "sample_weight": weights}
        assert roc[i] == pytest.approx(sklearn_metrics.roc_auc_score(**about), **EXACT)
        assert precision[i] == pytest.approx(sklearn_metrics.average_precision_score(**about), **EXACT)
    for found, figure in zip(
        resampled_areas(positive, SCORES[:, 0]),
        (sklearn_metrics.roc_auc_score, sklearn_metrics.average_precision_score), strict=True,
    ):  # fmt: skip
        low, high = percentile_interval(found)
        expected = [figure(positive[d], SCORES[d, 0]) for d in (RNG.integers(0, 80, 80) for _ in range(100))]
        assert [low, high] == pytest.approx(np.percentile(expected, [2.5, 97.5]), abs=0.05)


def test_the_areas_of_classes_and_their_averages_are_scikit_learns_of_the_same_samples() -> None:
    """Those of both networks are of the samples that the seed draws, and their averages scikit-learn's."""
    is_class = LABELS[:, None] == np.arange(3)
    other = (SCORES**2).round(2)
    found = resampled_areas_of_classes(is_class, [SCORES, other])
    rng = np.random.default_rng(20_20)
    for i in range(5):
        drawn = rng.integers(80, size=80)
        for areas, scores in zip(found, (SCORES, other), strict=True):
            of_sample = {"y_true": is_class[drawn], "y_score": scores[drawn]}
            for k, figure in enumerate((sklearn_metrics.roc_auc_score, sklearn_metrics.average_precision_score)):
                each = areas.precision if k else areas.roc
                assert each[i] == pytest.approx(figure(**of_sample, average=None), **EXACT)
                for how, averages_of_both in areas.averages.items():
                    assert averages_of_both[k][i] == pytest.approx(figure(**of_sample, average=how), **EXACT)


def test_the_areas_of_too_many_scores_are_not_resampled() -> None:
    """It would take long: there is no interval then."""
    for is_class in (np.ones((1_000_001, 1), bool), np.ones((0, 3), bool)):
        (found,) = resampled_areas_of_classes(is_class, [is_class.astype(float)])
        assert np.isnan(percentile_interval(found.averages["macro"][0])).all()
        assert not found.support.any()
    (found,) = resampled_areas_of_classes(np.ones((1, 1), bool), [np.ones((1, 1))])
    assert (found.precision == 1).all()


def test_resampled_calibration_errors_are_those_of_the_samples() -> None:
    """Each is the expected calibration error of the examples that were drawn."""
    right, confidence = LABELS == GUESSES, SCORES.max(axis=1)
    curve = calibration(right, confidence)
    bins = np.searchsorted(curve.edges[1:-1], confidence)
    np.testing.assert_array_equal(curve.bin_of(confidence), bins)
    errors = resampled_calibration_errors(right, confidence, bins, N_BINS)
    rng = np.random.default_rng(20_20)
    for i in range(6):
        drawn = rng.integers(80, size=80)
        assert errors[i] == pytest.approx(calibration(right[drawn], confidence[drawn]).expected_error, **EXACT)
    assert errors.shape == (MAX_RESAMPLES,)


def test_samples_of_many_examples_are_drawn_a_part_at_a_time() -> None:
    """There are as many of them, each of examples of its own."""
    n = 15_000
    right = np.arange(n) % 3 > 0
    errors = resampled_calibration_errors(right, np.full(n, 0.5), np.zeros(n, int), 1)
    rng = np.random.default_rng(20_20)
    expected = [abs(right[rng.integers(n, size=n)].mean() - 0.5) for _ in range(MIN_RESAMPLES)]
    np.testing.assert_allclose(errors, expected, atol=1e-12)


def test_an_undefined_figure_has_no_interval() -> None:
    """A class that is neither there nor predicted has no F1 in any sample; the others are not disturbed."""
    (found,) = resampled_counts(np.array([0, 0, 1]), [np.array([0, 1, 1])], 3, n_resamples=50)
    ends = percentile_interval(found.f1)
    assert np.isnan(ends[2]).all()
    assert not np.isnan(ends[:2]).any()
    for name in ("precision", "recall", "f1"):
        each = getattr(found, name)
        with np.errstate(invalid="ignore"):
            n_known = (~np.isnan(each)).sum(axis=1)
            expected = np.where(n_known > 0, np.nansum(each, axis=1) / n_known, np.nan)
        np.testing.assert_allclose(found.averages(name)["macro"], expected)


def test_the_interval_of_one_f1_follows_from_its_counts() -> None:
    """It is the bootstrap's of so many examples of each kind; NaN without any."""
    counts = np.array([[50, 3], [4, 20]])
    labels, guesses = (np.repeat(side.ravel(), counts.ravel()) for side in np.indices((2, 2)))
    oracle = bootstrap(
        (labels, guesses), sklearn_metrics.f1_score,
        paired=True, vectorized=False, n_resamples=400, method="percentile", rng=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    assert list(f1_interval(counts)) == pytest.approx([oracle.low, oracle.high], abs=0.03)
    assert np.isnan(f1_interval(np.zeros((2, 2), int))).all()
    assert f1_interval(np.array([[0, 0], [0, 1]])).tolist() == [1, 1]
    assert f1_interval(np.array([[0, 0], [1, 0]])).tolist() == [0, 0]


def test_many_examples_are_drawn_less_often() -> None:
    """The work is bounded, and there are never too few samples for a percentile."""
    drawn = {n: n_resamples_of(n) for n in (0, 2_000, 2_001, 4_000, 10_000, 10_001, 10**9)}
    assert drawn == {0: 1000, 2_000: 1000, 2_001: 999, 4_000: 500, 10_000: 200, 10_001: 200, 10**9: 200}
    assert (MAX_RESAMPLES, MIN_RESAMPLES, MAX_SCORES) == (1000, 200, 1_000_000)
    assert len(resampled_areas(np.arange(30) % 2 == 0, np.arange(30.0))[0]) == 1000


def test_intervals_hold_the_true_figure_as_often_as_they_say() -> None:
    """Of 400 data sets that are drawn, about 95 % of the intervals hold what is true of all there could be."""
    rng = np.random.default_rng(0)
    n, recall = 60, 0.85
    found = wilson(rng.binomial(n, recall, 4000), np.full(4000, n))
    held = (found[:, 0] <= recall) & (recall <= found[:, 1])
    assert 0.93 < held.mean() < 0.97
    shares = [0.6, 0.1, 0.2, 0.1]  # both right, only the first, only the second, neither
    drawn = [Paired(*counts) for counts in rng.multinomial(80, shares, 600).tolist()]
    held_of_pairs = [low <= 0.1 <= high for low, high in (each.interval for each in drawn)]
    assert 0.93 < np.mean(held_of_pairs) < 0.975
    assert np.mean([each.p_value < 0.05 for each in (Paired(*c) for c in rng.multinomial(80, [0.7, 0.1, 0.1, 0.1], 400)
                                                     .tolist())]) < 0.05  # fmt: skip
    cells = np.array([[0.3, 0.05], [0.1, 0.55]])  # F1 of the second class: 2 * 0.55 / (0.65 + 0.6)
    covered = []
    for _ in range(200):
        places = rng.choice(4, 120, p=cells.ravel())
        (of_sample,) = resampled_counts(places // 2, [places % 2], 2, n_resamples=200)
        low, high = percentile_interval(of_sample.f1)[1]
        covered.append(low <= 1.1 / 1.25 <= high)
    assert 0.91 < np.mean(covered) < 0.98


def test_resampled_areas_have_the_distribution_of_all_samples() -> None:
    """Of five examples every sample can be counted out: mean and spread of the areas are those of all 3,125."""
    positive, scores = np.array([True, False, True, False, False]), np.array([0.9, 0.8, 0.8, 0.3, 0.2])
    draws = np.indices((5,) * 5).reshape(5, -1).T
    weights = np.stack([np.bincount(row, minlength=5) for row in draws]).astype(float)
    levels, places = np.unique(-scores, return_inverse=True)
    counts = [
        np.stack([np.bincount(places, row * mask, len(levels)) for row in weights]) for mask in (positive, ~positive)
    ]
    for found, every in zip(resampled_areas(positive, scores), areas_of_counts(*counts), strict=True):
        assert found.shape == (MAX_RESAMPLES,)
        share, all_share = np.isnan(found).mean(), np.isnan(every).mean()
        assert share == pytest.approx(all_share, abs=0.02)
        error = float(np.nanstd(every)) / np.sqrt(len(found))
        assert np.nanmean(found) == pytest.approx(np.nanmean(every), abs=5 * error)
        assert np.nanstd(found) == pytest.approx(np.nanstd(every), rel=0.1)


def test_a_class_of_one_example_has_figures() -> None:
    """A sample that drew it once has its recall, 0 or 1; one that did not has none."""
    (found,) = resampled_counts(np.array([0, 0, 0, 1]), [np.array([0, 0, 1, 1])], 2, n_resamples=200)
    once, never = found.support[:, 1] == 1, found.support[:, 1] == 0
    assert once.any()
    assert never.any()
    assert (found.recall[once, 1] == 1).all()
    assert np.isnan(found.recall[never, 1]).all()
