"""The scikit-learn estimator: its conformance, and what it adds."""

from __future__ import annotations

import inspect
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest
from numpy import ndarray
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, make_blobs
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from annscope import AnnscopeClassifier
from annscope.core.errors import ConfigError, DivergedError
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.functions.initializers import INITIALIZERS
from annscope.core.functions.optimizers import OPTIMIZERS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def clouds(n: int = 60, n_features: int = 5, seed: int = 3) -> tuple[ndarray, ndarray]:
    """Points of three classes that overlap."""
    x, y = make_blobs(n, n_features, centers=3, cluster_std=6.0, random_state=seed)
    return StandardScaler().fit_transform(x), y


def classifier(**parameters: Any) -> AnnscopeClassifier:
    """A small classifier that never stops early."""
    settings = {"hidden_layer_sizes": (7,), "max_iter": 8, "n_iter_no_change": 1000, "random_state": 0}
    return AnnscopeClassifier(**settings | parameters)


def test_its_documentation_follows_the_registries() -> None:
    """The docstring names no entry of a registry but as a default, so a new one makes none of it wrong."""
    text = re.sub(r'default="\w+"', "", AnnscopeClassifier.__doc__ or "")
    names = {*ACTIVATIONS, *OPTIMIZERS, *INITIALIZERS} - set(inspect.signature(AnnscopeClassifier).parameters)
    assert names & set(re.findall(r"\w+", text)) == set()


@parametrize_with_checks([AnnscopeClassifier()])
def test_scikit_learn_finds_nothing_amiss(estimator: Any, check: Any) -> None:
    """The estimator passes all of scikit-learn's checks, with no expected failures."""
    check(estimator)


def test_it_learns_digits_as_well_as_scikit_learns_own() -> None:
    """With the same settings its test accuracy on handwritten digits is MLPClassifier's, to within 1.5 %."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    scores = [
        kind(random_state=0, max_iter=60).fit(x[:1300], y[:1300]).score(x[1300:], y[1300:])
        for kind in (AnnscopeClassifier, MLPClassifier)
    ]
    assert scores[0] == pytest.approx(scores[1], abs=0.015)


def test_it_works_in_a_pipeline_and_a_grid_search() -> None:
    """A search over a pipeline may set any parameter, also with NumPy's numbers, and finds a good one."""
    x, y = load_iris(return_X_y=True)
    names = load_iris().target_names[y]
    pipeline = make_pipeline(StandardScaler(), AnnscopeClassifier(max_iter=100, random_state=0))
    grid = {
        "annscopeclassifier__learning_rate": np.logspace(-5, -2, 2),
        "annscopeclassifier__hidden_layer_sizes": [(np.int64(8), 4), 16],
        "annscopeclassifier__l2": [np.float32(0.001)],
    }
    search = GridSearchCV(pipeline, grid, cv=3, scoring="neg_log_loss", error_score="raise").fit(x, names)
    assert search.best_params_["annscopeclassifier__learning_rate"] == 0.01
    assert set(search.predict(x)) == {"setosa", "versicolor", "virginica"}
    assert cross_val_score(search.best_estimator_, x, names, cv=3).mean() > 0.93


def test_no_hidden_layer_is_logistic_regression() -> None:
    """Without a hidden layer, l2 leads to scikit-learn's logistic regression of C = 1 / (l2 n)."""
    x, y = clouds()
    model = classifier(hidden_layer_sizes=(), l2=0.02, learning_rate=0.03, batch_size="full", max_iter=3000).fit(x, y)
    other = LogisticRegression(C=1 / (0.02 * len(x)), tol=1e-10, max_iter=1000).fit(x, y)
    np.testing.assert_allclose(model.predict_proba(x), other.predict_proba(x), atol=1e-5)
    np.testing.assert_allclose(model.coefs_[0].T, other.coef_, atol=1e-4)


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 3.0, 2: 0.5}])
def test_a_weight_is_so_many_examples(class_weight: Any) -> None:
    """Sample weights do what repeating and leaving out examples does, under class weights too."""
    x, y = clouds()
    weights = np.arange(len(x)) % 4
    weighted = classifier(class_weight=class_weight).fit(x, y, sample_weight=weights)
    repeated = classifier(class_weight=class_weight).fit(x.repeat(weights, axis=0), y.repeat(weights))
    np.testing.assert_allclose(weighted.predict_proba(x), repeated.predict_proba(x), rtol=1e-9)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


def test_partial_fit_counts_weights_too() -> None:
    """A weighted batch of partial_fit is one of repeated examples."""
    x, y = clouds()
    weights = np.arange(len(x)) % 3
    weighted, repeated = classifier(), classifier()
    for _ in range(3):
        weighted.partial_fit(x, y, classes=[0, 1, 2], sample_weight=weights)
        repeated.partial_fit(x.repeat(weights, axis=0), y.repeat(weights), classes=[0, 1, 2])
    np.testing.assert_allclose(weighted.predict_proba(x), repeated.predict_proba(x), rtol=1e-9)


def test_balanced_classes_weigh_the_same() -> None:
    """With balanced class weights a rare class is found more often."""
    x, y = make_blobs([300, 15], 2, centers=[[0, 0], [1.5, 1.5]], random_state=0)
    plain = classifier(max_iter=100, learning_rate=0.01).fit(x, y)
    balanced = clone(plain).set_params(class_weight="balanced").fit(x, y)
    assert (balanced.predict(x[y == 1]) == 1).mean() > (plain.predict(x[y == 1]) == 1).mean() + 0.2


@pytest.mark.parametrize("parameters", [{}, {"l1": 0.01, "l2": 0.1}, {"batch_norm": True}, {"batch_size": 7}])
def test_the_loss_curve_is_the_training_loss(parameters: dict[str, Any]) -> None:
    """The last point of the curve is the loss of what was learned, on all training examples, penalties included."""
    x, y = clouds()
    model = classifier(**parameters).fit(x, y)
    w = np.concatenate([coef.ravel() for coef in model.coefs_])
    penalty = model.l1 * np.abs(w).sum() + model.l2 / 2 * np.square(w).sum()
    assert len(model.loss_curve_) == model.n_iter_ == 8
    assert model.loss_curve_[-1] == pytest.approx(log_loss(y, model.predict_proba(x)) + penalty, rel=1e-9)
    assert model.best_loss_ == min(model.loss_curve_)
    assert (model.validation_scores_, model.best_validation_score_) == (None, None)


@pytest.mark.parametrize("parameters", [{}, {"batch_norm": True}, {"optimizer": "sgd", "batch_size": 1}])
def test_early_stopping_keeps_the_best(parameters: dict[str, Any]) -> None:
    """What is kept are the parameters of the epoch with the lowest validation loss, exactly."""
    x, y = clouds()
    settings = {"early_stopping": True, "learning_rate": 0.05, "n_iter_no_change": 4, "max_iter": 100} | parameters
    model = classifier(**settings).fit(x, y)
    losses, scores = model.validation_loss_curve_, model.validation_scores_
    assert losses is not None
    assert scores is not None
    best = int(np.argmin(losses))
    assert len(scores) == len(losses) == model.n_iter_ < 100
    assert best < model.n_iter_ - 1
    assert model.best_validation_score_ == scores[best]
    again = classifier(**settings | {"max_iter": best + 1}).fit(x, y)
    for one, other in zip(model.coefs_ + model.intercepts_, again.coefs_ + again.intercepts_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_early_stopping_works_with_a_class_of_one() -> None:
    """A class too small to be in both parts is no obstacle; a single example is, and is named."""
    x, y = clouds()
    y[0] = 7
    assert 7 in classifier(early_stopping=True).fit(x, y).classes_
    with pytest.raises(ValueError, match="at least 2 examples"):
        classifier(early_stopping=True).fit(x, y, sample_weight=np.arange(len(x)) == 4)


def test_training_that_takes_all_epochs_warns() -> None:
    """Training that stops before convergence warns; training that converges does not."""
    x, y = clouds()
    with pytest.warns(ConvergenceWarning, match="all 8 epochs of max_iter"):
        classifier().fit(x, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = classifier(max_iter=500, learning_rate=0.1, n_iter_no_change=5, tol=0.01).fit(x, y)
        classifier().partial_fit(x, y, classes=[0, 1, 2])
    assert done.n_iter_ < 500


@pytest.mark.parametrize(
    "parameters",
    [
        {"batch_size": 16},
        {"batch_size": 16, "dropout": 0.3, "batch_norm": True},
        {"batch_size": 16, "optimizer": "nesterov", "learning_rate": 0.05},
        {"batch_size": 1, "optimizer": "sgd"},
        {"batch_size": 1, "optimizer": "sgd", "hidden_layer_sizes": ()},
    ],
)
def test_a_warm_start_continues_as_if_never_stopped(parameters: dict[str, Any]) -> None:
    """Five epochs and three more are eight, bit for bit, also with a pickle in between."""
    x, y = clouds()
    at_once = classifier(**parameters).fit(x, y)
    model = classifier(**parameters, warm_start=True).set_params(max_iter=5).fit(x, y)
    model = pickle.loads(pickle.dumps(model)).set_params(max_iter=3).fit(x, y)
    assert model.loss_curve_ == at_once.loss_curve_
    np.testing.assert_array_equal(model.predict_proba(x), at_once.predict_proba(x))


def test_a_warm_start_may_change_how_it_learns_but_not_what() -> None:
    """Another optimizer continues from the same weights; another network, other classes or features raise an error."""
    x, y = clouds()
    model = classifier(warm_start=True).fit(x, y)
    before = model.loss_curve_[-1]
    assert model.set_params(optimizer="sgd", learning_rate=1e-9).fit(x, y).loss_curve_[-1] == pytest.approx(before)
    with pytest.raises(ValueError, match="classes of the first fit"):
        model.fit(x, y + 1)
    with pytest.raises(ValueError, match="features"):
        model.fit(x[:, :2], y)
    with pytest.raises(ConfigError, match="hidden_layer_sizes"):
        model.set_params(hidden_layer_sizes=(9,)).fit(x, y)


def test_partial_fit_learns_from_what_comes() -> None:
    """It can be trained on batches of any size, with classes that were not seen before."""
    x, y = clouds(300)
    order = np.argsort(y == 2, kind="stable")  # the last class comes late
    model = classifier(learning_rate=0.01)
    for i in range(10):
        for rows in np.array_split(order, 7 + i):
            model.partial_fit(x[rows], y[rows], classes=[0, 1, 2] if i == 0 else None)
    assert model.score(x, y) > 0.6
    assert model.n_iter_ == len(model.loss_curve_) == sum(7 + i for i in range(10))


def test_partial_fit_rejects_what_cannot_be_right() -> None:
    """The first call needs the classes, and later ones must have the same."""
    x, y = clouds()
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        classifier().partial_fit(x, y)
    with pytest.raises(ValueError, match=r"only the classes \[0, 1\], got \[2\]"):
        classifier().partial_fit(x, y, classes=[0, 1])
    with pytest.raises(ValueError, match="those of the first call"):
        classifier().partial_fit(x, y, classes=[0, 1, 2]).partial_fit(x, y, classes=[0, 1, 2, 3])
    with pytest.raises(ValueError, match="compute_class_weight"):
        classifier(class_weight="balanced").partial_fit(x, y, classes=[0, 1, 2])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"activation": "rleu"}, "activation must be one of .* got 'rleu' .did you mean 'relu'"),
        ({"max_iter": 0}, "max_iter must be a whole number at least 1"),
        ({"batch_size": "all"}, "batch_size"),
        ({"hidden_layer_sizes": (5, -1)}, "hidden_layer_sizes must be .*-1"),
        ({"validation_fraction": 1.0, "early_stopping": True}, "validation_fraction must be"),
        ({"n_iter_no_change": 0}, "n_iter_no_change must be"),
        ({"tol": -1.0}, "tol must be"),
        ({"class_weight": "equal"}, "class_weight must be 'balanced', a dict or None"),
        ({"class_weight": {0: -1}}, "class_weight must be finite"),
        ({"class_weight": {"0": 2, 1: 3}}, r"class_weight must have the classes .* got '0' and nothing for \[0, 2\]"),
        ({"dtype": "int8"}, "dtype must be one of"),
    ],
)
def test_a_wrong_parameter_is_named(parameters: dict[str, Any], message: str) -> None:
    """An invalid parameter raises an error in fit, under its name in the estimator."""
    with pytest.raises(ConfigError, match=message):
        classifier(**parameters).fit(*clouds())


def test_a_weight_for_a_class_that_is_not_there_does_no_harm() -> None:
    """A part of the examples may lack a class, as in a fold; a class left out of the weights counts 1."""
    x, y = clouds()
    one = classifier(class_weight={0: 2.0, 1: 1.0, 2: 1.0, 3: 9.0}).fit(x, y)
    other = classifier(class_weight={0: 2.0}).fit(x, y)
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


def test_wrong_weights_are_rejected() -> None:
    """Weights must be there for every example, and neither negative nor all zero."""
    x, y = clouds()
    for weights in ([1.0], np.full(len(x), -1.0), np.full(len(x), np.nan), np.zeros(len(x))):
        with pytest.raises(ValueError, match="sample_weight must"):
            classifier().fit(x, y, sample_weight=weights)
    with pytest.raises(ValueError, match="class_weight and sample_weight"):
        classifier(class_weight={0: 0.0}).fit(x, y, sample_weight=y == 0)


def test_divergence_is_named() -> None:
    """Numbers that stop being finite end the fit with advice, and leave it unfitted."""
    x, y = clouds()
    model = classifier(optimizer="sgd", learning_rate=1000.0, max_iter=200, l2=100.0)
    with pytest.raises(DivergedError, match="Try a learning_rate below 1000"):
        model.fit(x, y)
    with pytest.raises(NotFittedError):
        model.predict(x)


def test_the_precision_is_that_of_the_features_unless_asked() -> None:
    """float32 features are trained on in float32, all others in float64, unless dtype is set."""
    x, y = clouds()
    assert classifier().fit(x, y).coefs_[0].dtype == np.float64
    assert classifier().fit(x.astype(np.float32), y).predict_proba(x).dtype == np.float32
    assert classifier(dtype="float32").fit(x, y).coefs_[0].dtype == np.float32
    assert classifier(dtype="float64").fit(x.astype(np.float32), y).coefs_[0].dtype == np.float64


def test_the_same_random_state_is_the_same_network() -> None:
    """An integer repeats everything bit for bit, a generator continues, and both may hold out examples."""
    x, y = clouds()
    settings = {"early_stopping": True, "dropout": 0.2, "batch_size": 16}
    one, two = (classifier(**settings).fit(x, y).coefs_[0] for _ in range(2))
    np.testing.assert_array_equal(one, two)
    model = classifier(**settings, random_state=np.random.RandomState(0))
    assert (model.fit(x, y).coefs_[0] != model.fit(x, y).coefs_[0]).all()


def test_many_examples_are_predicted_in_batches_and_measured_in_part() -> None:
    """Beyond ten thousand examples nothing changes but that the loss is measured on a part of them."""
    x, y = clouds(12_000)
    model = classifier(max_iter=2, batch_size=512).fit(x, y)
    probabilities = model.predict_proba(x)
    np.testing.assert_allclose(probabilities[5000:5010], model.predict_proba(x[5000:5010]), rtol=1e-12)
    assert model.loss_curve_[-1] == pytest.approx(log_loss(y, probabilities), rel=0.05)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(x)), probabilities, rtol=1e-9, atol=1e-15)


def test_what_it_is_given_stays_as_it_was() -> None:
    """Fitting changes neither the examples nor the weights."""
    x, y = clouds()
    weights = np.linspace(0, 1, len(x))
    copies = x.copy(), y.copy(), weights.copy()
    classifier(batch_norm=True, class_weight="balanced").fit(x, y, sample_weight=weights)
    for given, copy in zip((x, y, weights), copies, strict=True):
        np.testing.assert_array_equal(given, copy)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_output_unit_for_two_classes(dtype: str) -> None:
    """With output "binary" it is a logistic output, as MLPClassifier has for two classes, with its probabilities."""
    x, y = clouds(120)
    x, y = x.astype(dtype), np.where(y == 2, "yes", "no")
    model = classifier(output="binary", max_iter=60, learning_rate=0.05).fit(x, y)
    assert model.coefs_[-1].shape == (7, 1)
    probabilities = model.predict_proba(x)
    assert probabilities.shape == (120, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(model.predict(x), model.classes_[(probabilities[:, 1] >= 0.5).astype(int)])
    np.testing.assert_allclose(np.exp(model.predict_log_proba(x)), probabilities, rtol=1e-5, atol=1e-7)
    assert model.loss_curve_[-1] == pytest.approx(log_loss(y, probabilities), rel=1e-5)
    assert model.partial_fit(x, y).score(x, y) > 0.8
    early = classifier(output="binary", max_iter=60, early_stopping=True).fit(x, y)
    assert early.best_validation_score_ is not None
    linear = classifier(output="binary", hidden_layer_sizes=(), max_iter=1000, l2=1 / 120, learning_rate=0.05).fit(x, y)
    sklearns = LogisticRegression(C=1.0, tol=1e-9, max_iter=5000).fit(x, y)
    np.testing.assert_allclose(linear.coefs_[0].T, sklearns.coef_, atol=5e-3)


def test_one_output_unit_is_for_two_classes() -> None:
    """Three classes raise an error, and so does an unknown output."""
    x, y = clouds()
    with pytest.raises(ConfigError, match="y has 3; use softmax"):
        classifier(output="binary").fit(x, y)
    with pytest.raises(ConfigError, match="output must be one of"):
        classifier(output="tanh").fit(x, y)


def several(n: int = 150, seed: int = 0) -> tuple[ndarray, ndarray]:
    """Multi-label points with four labels."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    return x, (x @ rng.normal(size=(6, 4)) > [0, 0.5, -0.5, 1]).astype(int)


@pytest.mark.parametrize("form", [np.asarray, lambda y: y.astype(bool), lambda y: y.tolist(), csr_array])
def test_any_number_of_labels(form: Any) -> None:
    """Rows of 0 and 1 in any form that MLPClassifier takes give a sigmoid unit per label; predictions are such rows."""
    x, y = several()
    model = classifier(max_iter=80, learning_rate=0.03).fit(x, form(y))
    assert model.classes_.tolist() == [0, 1, 2, 3]
    assert model.coefs_[-1].shape == (7, 4)
    probabilities, predictions = model.predict_proba(x), model.predict(x)
    np.testing.assert_array_equal(predictions, (probabilities >= 0.5).astype(int))
    assert predictions.dtype.kind == "i"
    assert model.score(x, y) == accuracy_score(y, predictions) > 0.6
    np.testing.assert_allclose(np.exp(model.predict_log_proba(x)), probabilities, rtol=1e-9, atol=1e-15)
    loss = sum(log_loss(y[:, k], probabilities[:, k]) for k in range(4))
    assert model.loss_curve_[-1] == pytest.approx(loss, rel=1e-9)
    assert f1_score(y, predictions, average="macro") > 0.8


def test_labels_everywhere() -> None:
    """Weights, early stopping, partial_fit, warm starts, pickles and searches work with labels as with classes."""
    x, y = several()
    one, other = classifier().fit(x[:40], y[:40]), classifier(batch_size="full")
    other.fit(x[:40], y[:40], sample_weight=np.full(40, 2.0))
    np.testing.assert_allclose(one.predict_proba(x), other.predict_proba(x), rtol=0, atol=1e-12)
    early = classifier(early_stopping=True, max_iter=30).fit(x, y)
    assert early.best_validation_score_ is not None
    parts = classifier().partial_fit(x, y).partial_fit(x, y)
    whole = classifier(max_iter=2).fit(x, y)
    np.testing.assert_array_equal(parts.coefs_[0], whole.coefs_[0])
    again = pickle.loads(pickle.dumps(whole))
    np.testing.assert_array_equal(again.predict(x), whole.predict(x))
    warm = classifier(max_iter=1, warm_start=True).fit(x, y).fit(x, y)
    np.testing.assert_array_equal(warm.coefs_[0], whole.coefs_[0])
    search = GridSearchCV(classifier(), {"l2": [0, 0.1]}, cv=3, scoring="f1_micro", error_score="raise").fit(x, y)
    assert search.best_score_ > 0


def test_labels_that_are_none_are_rejected() -> None:
    """Each fault has one sentence."""
    x, y = several()
    with pytest.raises(ValueError, match="a row of 0 and 1 with a column for each label"):
        classifier().fit(x, y + 1)
    with pytest.raises(ConfigError, match="class_weight must be None for multi-label y"):
        classifier(class_weight="balanced").fit(x, y)
    with pytest.raises(ValueError, match="y must be of the same kind as in the first call"):
        classifier().partial_fit(x, y).partial_fit(x, y[:, 0])
    with pytest.raises(ValueError, match="with warm_start y must have the classes"):
        classifier(warm_start=True).fit(x, y).fit(x, y[:, 0])
    with pytest.raises(ValueError, match="classes must be those of the first call"):
        classifier().partial_fit(x, y).partial_fit(x, y[:, :3])
