"""Classifier with scikit-learn's estimator API, trained by the engines of the core."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy import ndarray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from annscope.core.config import FIELDS, Field, RunConfig, check_fits
from annscope.core.dataset import Dataset
from annscope.core.engines.choice import engine_for
from annscope.core.engines.engine import Engine, NotFiniteError
from annscope.core.engines.examples import batch_size_of
from annscope.core.engines.inference import Inference
from annscope.core.errors import ConfigError, DivergedError
from annscope.core.evaluation.metrics import is_right
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.functions.losses import fused_loss
from annscope.core.functions.optimizers import penalties
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.network import Network
from annscope.core.snapshot import LayerParameters

MOST_MEASURED = 10_000
"""Number of training examples on which an epoch's loss is computed: a fixed sample if there are more."""
AUTO_BATCH = 200

OPTIONS = {
    "hidden_layer_sizes": "hidden",
    "activation": "activation",
    "initializer": "initializer",
    "optimizer": "optimizer",
    "learning_rate": "learning-rate",
    "batch_size": "batch-size",
    "max_iter": "epochs",
    "l1": "l1",
    "l2": "l2",
    "weight_decay": "weight-decay",
    "momentum": "momentum",
    "dropout": "dropout",
    "batch_norm": "batch-norm",
    "dtype": "dtype",
}
"""The option of `core.config` behind each parameter, whose rule applies."""

STOPPING = {
    "validation_fraction": replace(FIELDS["split"], name="validation_fraction", minimum_open=True),
    "n_iter_no_change": replace(FIELDS["patience"], name="n_iter_no_change", minimum=1),
    "tol": Field(
        section="training", name="tol", option="tol", kind="number", default=1e-4, minimum=0.0,
        label="Tolerance", help="How much the loss must fall to count as progress.",
    ),
}  # fmt: skip
"""The rules of the parameters for early stopping."""


@dataclass(frozen=True)
class _TrainingState:
    """State from which an engine can continue training, on other examples too: plain data, so it can be pickled."""

    config: RunConfig
    arrays: dict[str, ndarray]
    state: dict[str, Any]

    @staticmethod
    def of(engine: Engine) -> _TrainingState:
        engine.parameters  # noqa: B018  # an engine may bring its arrays up to date only when asked
        kept = {
            name: array.copy()
            for name, array in engine.arrays().items()
            if name == "parameters" or name.startswith(("running.", "moment."))
        }
        return _TrainingState(engine.config, kept, dict(engine.state()))

    def restore_into(self, engine: Engine, step: int) -> None:
        """Restore the state in `engine`; after a change of optimizer, its moments start at 0."""
        arrays, state = dict(self.arrays), self.state
        if engine.config.training.optimizer != self.config.training.optimizer:
            arrays = {name: array for name, array in arrays.items() if not name.startswith("moment.")}
            state = {}
        arrays["base"] = arrays["parameters"]
        engine.restore(
            step,
            {name: arrays.get(name, mine) for name, mine in engine.arrays().items()},
            engine.state() | state,
        )


class AnnscopeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A multilayer perceptron with cross-entropy loss, for scikit-learn: multi-class or multi-label.

    The parameters are named as in `sklearn.neural_network.MLPClassifier` where they mean the same.
    What differs: `optimizer` is its `solver`, `learning_rate` is its `learning_rate_init`, `l2`
    counts in full (its `alpha` is divided by the number of examples), and early stopping watches
    the validation loss instead of the accuracy, which moves in steps.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int or int, default=(100,)
        The width of each hidden layer; () is logistic regression.
    activation : str or sequence of str, default="relu"
        Names in `annscope.core.functions.activations.ACTIVATIONS`; one for all hidden layers or one for each.
    optimizer : str, default="adam"
        A name in `annscope.core.functions.optimizers.OPTIMIZERS`.
    learning_rate : float, default=0.001
        The step size of the optimizer.
    batch_size : int, "auto" or "full", default="auto"
        Examples per step; "auto" is min(200, n_samples).
    max_iter : int, default=200
        Maximum number of epochs of one call of `fit`.
    l1, l2 : float, default=0.0
        The penalty l1 sum |w| + l2 / 2 sum w^2, added to the mean loss.
    weight_decay : float, default=0.01
        Decoupled weight decay, for an optimizer that decays weights.
    momentum : float, default=0.9
        Momentum coefficient, for an optimizer that has one.
    dropout : float, default=0.0
        Probability of setting a hidden activation to zero in each step.
    batch_norm : bool, default=False
        Whether the pre-activations of hidden neurons are normalised over the batch.
    initializer : str, default="auto"
        A name in `annscope.core.functions.initializers.INITIALIZERS`, or "auto": the one that suits the activation.
    output : {"softmax", "binary"}, default="softmax"
        One unit per class, or a single one for two classes. If y is multi-label, rows of 0 and 1, there is always
        one unit per label, and the loss is the sum of their cross-entropies.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes; "balanced" gives every class the same total weight. A class that is missing in
        a dict has weight 1; a key that is not a class is an error, unless every class has its weight.
    early_stopping : bool, default=False
        Whether a part of the examples is held out to decide when to stop; the parameters with the
        lowest validation loss are then kept. `partial_fit` ignores it.
    validation_fraction : float, default=0.1
        The share held out, stratified by class if there are enough examples.
    n_iter_no_change : int, default=10
        Epochs without progress after which training stops.
    tol : float, default=1e-4
        Minimum decrease of the loss (with early stopping the validation loss) that counts as progress.
    warm_start : bool, default=False
        Whether `fit` continues from the last one, with the moments of the optimizer.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the examples, the dropout and what is held out.
    dtype : {"auto", "float32", "float64"}, default="auto"
        Floating-point type; "auto" is float32 for float32 features, else float64.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, or the indices of the labels.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,), if the features have names
    coefs_, intercepts_ : list of ndarray
        Weights (n_in, n_out) and biases of each layer, batch normalisation folded in.
    n_iter_ : int
        Number of epochs so far.
    loss_curve_ : list of float
        Training loss after each epoch, weighted, penalties included; on 10,000 examples if there are more.
    best_loss_ : float
        The lowest of `loss_curve_`.
    validation_scores_, validation_loss_curve_ : list of float, or None without early stopping
        Accuracy (for multi-label data the subset accuracy) and loss on the held-out examples, after each epoch.
    best_validation_score_ : float, or None without early stopping
        The accuracy of the parameters that were kept.

    A sample weight of w counts as w equal examples: exactly if a batch holds all examples
    (the default up to 200), otherwise within each batch. `fit` raises
    `core.errors.ConfigError`, a ValueError, for an invalid parameter, and
    `core.errors.DivergedError` if a value becomes non-finite.
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (100,),
        activation: str | Sequence[str] = "relu",
        *,
        optimizer: str = "adam",
        learning_rate: float = 0.001,
        batch_size: int | str = "auto",
        max_iter: int = 200,
        l1: float = 0.0,
        l2: float = 0.0,
        weight_decay: float = 0.01,
        momentum: float = 0.9,
        dropout: float = 0.0,
        batch_norm: bool = False,
        initializer: str = "auto",
        output: str = "softmax",
        class_weight: Mapping[Any, float] | str | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        dtype: str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.l1 = l1
        self.l2 = l2
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.initializer = initializer
        self.output = output
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.dtype = dtype

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train until the loss stops falling, or for `max_iter` epochs with a ConvergenceWarning."""
        goes_on = self.warm_start and hasattr(self, "_learned")
        X, y, weights = self._examples(X, y, sample_weight, reset=not goes_on)
        classes = np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)
        if not goes_on:
            self._begin(classes, X.dtype, is_multilabel=y.ndim == 2)
        elif self._is_multilabel != (y.ndim == 2) or not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"with warm_start y must have the classes of the first fit, {self.classes_.tolist()}, "
                f"got {classes.tolist()}"
            )
        X, labels, weights = self._weighted(X, self._labels(y), weights)
        self._train(X, labels, weights)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on these examples, from the current state; the first call needs all `classes`."""
        is_first = not hasattr(self, "_learned")
        X, y, weights = self._examples(X, y, sample_weight, reset=is_first)
        if is_first and classes is None and y.ndim == 1:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        classes = np.arange(y.shape[1]) if y.ndim == 2 else classes
        if is_first:
            self._begin(np.unique(classes), X.dtype, is_multilabel=y.ndim == 2)
        elif self._is_multilabel != (y.ndim == 2):
            raise ValueError(
                "y must be of the same kind as in the first call: one class per example, or rows of 0 and 1"
            )
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes must be those of the first call, {self.classes_.tolist()}, got {np.unique(classes).tolist()}"
            )
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown) and not self._is_multilabel:
            raise ValueError(f"y must hold only the classes {self.classes_.tolist()}, got {unknown.tolist()}")
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight {self.class_weight!r} needs all examples at once, which partial_fit does not have: "
                "pass a dict, for example from sklearn.utils.class_weight.compute_class_weight"
            )
        X, labels, weights = self._weighted(X, self._labels(y), weights)
        self._train(X, labels, weights, once=True)
        return self

    def predict(self, X: Any) -> ndarray:
        """The most probable class of each example; for labels a row of 0 and 1, with 1 from a probability of 0.5 on."""
        network, logits = self._logits(X)
        predictions: ndarray = network.predictions(logits, is_multilabel=self._is_multilabel)
        return predictions if self._is_multilabel else self.classes_[predictions]

    def predict_proba(self, X: Any) -> ndarray:
        """The probability of each class or label, in the order of `classes_`; [n_samples, n_classes]."""
        network, logits = self._logits(X)
        return network.probabilities(logits)

    def predict_log_proba(self, X: Any) -> ndarray:
        """The logarithm of `predict_proba`, exact even if a probability underflows."""
        network, logits = self._logits(X)
        if self._is_multilabel:
            of_labels: ndarray = -np.logaddexp(0, -logits)
            return of_labels
        if network.output.is_binary:
            # ln p = -ln(1 + e^-z), and ln(1 - p) = -ln(1 + e^z)
            both: ndarray = -np.logaddexp(0, np.concatenate([logits, -logits], axis=1))
            return both
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return logits

    def _logits(self, X: Any) -> tuple[Network, ndarray]:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        X = X.astype(self.coefs_[0].dtype, copy=False)
        layers = [LayerParameters(*pair) for pair in zip(self.coefs_, self.intercepts_, strict=True)]
        network = Network(self._learned.config.network, X.shape[1], len(self.classes_), layers)
        return network, Inference(network).logits(X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_learned")

    # Training

    def _examples(self, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> tuple[ndarray, ndarray, ndarray | None]:
        """The examples as validated arrays, with sample weights; None if all are equal."""
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], reset=reset, multi_output=True)
        y = y.toarray() if hasattr(y, "toarray") else y
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if y.ndim == 2 and not np.isin(y, (0, 1)).all():
            raise ValueError("y must have one class per example, or a row of 0 and 1 with a column for each label")
        if sample_weight is None:
            return X, y, None
        weights = np.asarray(sample_weight, dtype=np.float64)
        if weights.ndim == 0:
            weights = np.full(len(y), float(weights))
        if weights.shape != (len(y),):
            raise ValueError(f"sample_weight must have the shape {(len(y),)}, got {weights.shape}")
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise ValueError("sample_weight must be finite and not below 0")
        if not weights.any():
            raise ValueError("sample_weight must not be zero for every example")
        return X, y, weights

    def _labels(self, y: ndarray) -> ndarray:
        """Encoded labels for the network: class indices, or rows of 0 and 1."""
        labels: ndarray = y.astype(np.int64) if self._is_multilabel else np.searchsorted(self.classes_, y)
        return labels

    def _begin(self, classes: ndarray, dtype: np.dtype, *, is_multilabel: bool) -> None:
        """Forget everything."""
        self.__dict__.pop("_learned", None)
        self._is_multilabel = is_multilabel
        self.classes_ = classes
        self._seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self._dtype = dtype.name if isinstance(self.dtype, str) and self.dtype == "auto" else self.dtype
        self.n_iter_ = 0
        self.loss_curve_: list[float] = []
        self.best_loss_ = math.inf
        self.validation_scores_: list[float] | None = None
        self.validation_loss_curve_: list[float] | None = None
        self.best_validation_score_: float | None = None

    def _config(self) -> RunConfig:
        """The parameters as a run's config. Raises ConfigError for an invalid one, by its name here."""
        given = {name: _plain(getattr(self, name)) for name in OPTIONS} | {"dtype": self._dtype}
        if isinstance(given["hidden_layer_sizes"], int):
            given["hidden_layer_sizes"] = [given["hidden_layer_sizes"]]
        if given["batch_size"] == "auto":
            given["batch_size"] = AUTO_BATCH
        if given["initializer"] == "auto":
            names = given["activation"]
            fitting = {
                ACTIVATIONS[name].initializer
                for name in ([names] if isinstance(names, str) else names)
                if name in ACTIVATIONS
            }
            given["initializer"] = fitting.pop() if len(fitting) == 1 else "he"
        values = {option: replace(FIELDS[option], name=name).check(given[name]) for name, option in OPTIONS.items()}
        outputs = replace(
            FIELDS["output"], choices=tuple(name for name, each in OUTPUTS.items() if not each.takes_labels)
        )
        output = outputs.check(_plain(self.output))
        values |= {"seed": self._seed, "output": "sigmoid" if self._is_multilabel else output}
        config = RunConfig().with_values(values)
        check_fits(config, len(self.classes_), "y", is_multilabel=self._is_multilabel)
        return config

    def _weighted(
        self, X: ndarray, labels: ndarray, weights: ndarray | None
    ) -> tuple[ndarray, ndarray, ndarray | None]:
        """The examples of non-zero weight, with sample weights times class weights."""
        if self.class_weight is not None and self._is_multilabel:
            raise ConfigError(f"class_weight must be None for multi-label y, got {self.class_weight!r}")
        if self.class_weight is not None:
            weights = np.ones(len(labels)) if weights is None else weights
            weights = weights * self._class_weights(labels, weights)[labels]
        if weights is None:
            return X, labels, None
        counts = weights > 0
        if not counts.any():
            raise ValueError("the product of class_weight and sample_weight must not be zero for every example")
        if not counts.all():
            X, labels, weights = X[counts], labels[counts], weights[counts]
        return X, labels, weights if (weights != weights[0]).any() else None

    def _class_weights(self, labels: ndarray, weights: ndarray) -> ndarray:
        n_classes = len(self.classes_)
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            totals = np.bincount(labels, weights, n_classes)
            return np.where(totals > 0, totals.sum() / (n_classes * np.maximum(totals, np.finfo(float).tiny)), 0.0)
        if not isinstance(self.class_weight, Mapping):
            raise ConfigError(f"class_weight must be 'balanced', a dict or None, got {self.class_weight!r}")
        classes = self.classes_.tolist()
        unknown = [key for key in self.class_weight if key not in classes]
        unweighted = [label for label in classes if label not in self.class_weight]
        if unknown and unweighted:  # as in scikit-learn: a cross-validation fold may lack a class that has a weight
            raise ConfigError(
                f"class_weight must have the classes of y as its keys, got {unknown[0]!r} and nothing for {unweighted}"
            )
        of_class = np.array([self.class_weight.get(label, 1.0) for label in classes], np.float64)
        if not np.isfinite(of_class).all() or (of_class < 0).any():
            raise ConfigError(f"class_weight must be finite and not below 0, got {self.class_weight!r}")
        return of_class

    def _train(self, X: ndarray, labels: ndarray, weights: ndarray | None, *, once: bool = False) -> None:
        """Train until a stopping rule applies, or for one epoch, and store the result."""
        config = self._config()
        rules = {name: rule.check(_plain(getattr(self, name))) for name, rule in STOPPING.items()}
        n_classes, output = len(self.classes_), config.network.output
        heldout = None
        if self.early_stopping and not once:
            learn, hold = self._split(labels, rules["validation_fraction"])
            x_hold = X[hold].astype(config.training.dtype)
            heldout = _Measure(x_hold, labels[hold], _rows(weights, hold), n_classes, output)
            X, labels, weights = X[learn], labels[learn], _rows(weights, learn)
        X = X.astype(config.training.dtype, copy=False)
        dataset = _dataset(X, labels, weights, n_classes)
        engine = engine_for(dataset, config, X)
        per_epoch = -(-len(X) // batch_size_of(dataset, config.training))
        if hasattr(self, "_learned"):
            self._resume(engine, self.n_iter_ * per_epoch)
        shown = _shown(len(X), self._seed)
        measure = _Measure(X[shown], labels[shown], _rows(weights, shown), n_classes, output)
        losses, scores = self.validation_loss_curve_ or [], self.validation_scores_ or []

        best, best_loss, idle = None, math.inf, 0
        n_epochs = 1 if once else config.training.n_epochs
        for _ in range(n_epochs):
            self._advance(engine, per_epoch)
            network = Network(config.network, X.shape[1], n_classes, engine.parameters.layers)
            with np.errstate(over="ignore", invalid="ignore"):
                loss, _ = measure.of(network)
                loss += penalties(engine.parameters.weights, l1=config.training.l1, l2=config.training.l2)
            self.loss_curve_.append(loss)
            self.best_loss_ = min(self.best_loss_, loss)
            if heldout is not None:
                loss, score = heldout.of(network)
                losses.append(loss)
                scores.append(score)
                if loss < best_loss:
                    best, self.best_validation_score_ = _TrainingState.of(engine), score
            idle = 0 if loss < best_loss - rules["tol"] else idle + 1
            best_loss = min(best_loss, loss)
            if idle >= rules["n_iter_no_change"]:
                break
        else:
            if not once:
                warnings.warn(
                    f"Training took all {n_epochs} epochs of max_iter and the loss was still falling.",
                    ConvergenceWarning,
                    stacklevel=3,
                )
        if best is not None:
            best.restore_into(engine, self.n_iter_ * per_epoch)
        if heldout is not None:
            self.validation_loss_curve_, self.validation_scores_ = losses, scores
        self._learned = _TrainingState.of(engine)
        layers = engine.parameters.copy_layers()
        self.coefs_ = [layer.weight for layer in layers]
        self.intercepts_ = [layer.bias for layer in layers]

    def _split(self, labels: ndarray, fraction: float) -> tuple[ndarray, ndarray]:
        """Indices of the training and of the held-out examples, both in order."""
        n = len(labels)
        n_heldout = math.ceil(fraction * n)
        if n_heldout >= n:
            raise ValueError(f"early_stopping needs at least 2 examples of non-zero weight, got n_samples = {n}")
        counts = np.zeros(1) if labels.ndim == 2 else np.bincount(labels)
        held = counts[counts > 0]
        can_stratify = len(held) > 0 and held.min() > 1 and min(n_heldout, n - n_heldout) >= len(held)
        learn, hold = train_test_split(
            np.arange(n), test_size=n_heldout, random_state=self._seed, stratify=labels if can_stratify else None
        )
        return np.sort(learn), np.sort(hold)

    def _resume(self, engine: Engine, step: int) -> None:
        try:
            self._learned.restore_into(engine, step)
        except ValueError as error:
            raise ConfigError(
                "hidden_layer_sizes, batch_norm and dtype must not change between calls that continue training"
            ) from error

    def _advance(self, engine: Engine, per_epoch: int) -> None:
        start = self.n_iter_ * per_epoch
        rate = engine.config.training.learning_rate
        try:
            with np.errstate(all="ignore"):  # overflows are detected and reported
                engine.advance(start, start + per_epoch, lambda _step: rate)
        except NotFiniteError as error:
            raise DivergedError(
                step=error.step,
                layer=error.layer,
                quantity=error.quantity,
                advice=f"Try a learning_rate below {rate:g}, for example {rate / 10:g}, or scaled features.",
            ) from None
        self.n_iter_ += 1


class _Measure:
    """Weighted loss and accuracy on fixed examples."""

    def __init__(self, x: ndarray, labels: ndarray, weights: ndarray | None, n_classes: int, output: str) -> None:
        self._x, self._labels, self._weights = x, labels, weights
        self._targets = OUTPUTS[output].targets(labels, n_classes, x.dtype)

    def of(self, network: Network) -> tuple[float, float]:
        logits = Inference(network).logits(self._x)
        losses = fused_loss("cross_entropy", network.config.output).values(logits, self._targets)
        right = is_right(self._labels, network.predictions(logits, is_multilabel=self._labels.ndim == 2))
        return float(np.average(losses, weights=self._weights)), float(np.average(right, weights=self._weights))


def _dataset(x: ndarray, labels: ndarray, weights: ndarray | None, n_classes: int) -> Dataset:
    none = slice(0)
    return Dataset(
        name="examples",
        x_train=x,
        y_train=labels,
        weights_train=weights,
        x_val=x[none],
        y_val=labels[none],
        x_test=x[none],
        y_test=labels[none],
        class_names=tuple(map(str, range(n_classes))),
    )


def _shown(n: int, seed: int) -> ndarray | slice:
    """The rows on which the training loss is computed."""
    if n <= MOST_MEASURED:
        return slice(None)
    return np.sort(np.random.default_rng([seed, 2]).choice(n, MOST_MEASURED, replace=False))


def _rows(weights: ndarray | None, rows: ndarray | slice) -> ndarray | None:
    return None if weights is None else weights[rows]


def _plain(value: Any) -> Any:
    """A parameter as plain Python values: a search may give NumPy numbers and arrays."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
