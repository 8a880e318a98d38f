"""A multilayer perceptron as it stands: its parameters, and what it answers.

Training it is `core.engines.backpropagation` and `core.training`; both share the parameters below.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import NetworkConfig
from annscope.core.dataset import Labels
from annscope.core.engines.inference import SLAB, AnsweringLayer
from annscope.core.engines.workers import ALONE, Team, shares, taken_in_turn
from annscope.core.errors import ConfigError
from annscope.core.functions.activations import ACTIVATIONS, Activation
from annscope.core.functions.initializers import INITIALIZERS, generator_for
from annscope.core.functions.losses import LOSSES
from annscope.core.functions.outputs import class_probabilities, n_outputs, predicted
from annscope.core.snapshot import LayerParameters, Normalized

BLOCK = 2048
"""Examples that are answered at once, at most: what the layers make of them stays in the cache."""
LARGEST_BLOCK = 2**21
"""Numbers that the widest layer puts out for a block, at most; but it has a slab of examples at least."""
NORM_EPSILON = 1e-5
"""What keeps batch normalisation from dividing by 0 (Ioffe & Szegedy 2015)."""


def layer_sizes(config: NetworkConfig, n_features: int, n_classes: int) -> tuple[int, ...]:
    """The number of units of every layer, the input first and the output last."""
    return (n_features, *config.hidden_sizes, n_outputs(config.output, n_classes))


def activation_names(config: NetworkConfig) -> tuple[str, ...]:
    """The activation function of each hidden layer."""
    if isinstance(config.activation, str):
        return (config.activation,) * len(config.hidden_sizes)
    return config.activation


class Parameters:
    """All that training changes in a network, in one flat vector with a view for each layer.

    The weights of all layers come first, layer by layer, then the biases, then the scales of batch
    normalisation: what concerns weights alone (penalties, decay) is one pass over `flat_weights`.
    A gradient and an optimizer's moments have the same structure. `biases` are None where a layer
    has none, `scales` where it is not normalised. `running` holds, beside the vector, the mean and
    the variance that a normalised layer has seen, [2, n_out]; training moves them, not the optimizer.
    The vector lies where the members of `team` can write to it, or is one of the caller's, of the right length.
    With `folds` each layer has one input more that is always 1: its weights, the last row, are the biases.
    """

    def __init__(
        self,
        config: NetworkConfig,
        sizes: Sequence[int],
        dtype: str | np.dtype,
        team: Team = ALONE,
        *,
        folds: bool = False,
        flat: Float[ndarray, " n_parameters"] | None = None,
    ) -> None:
        self.folds = folds
        shapes = [(n_in + folds, n_out) for n_in, n_out in pairwise(sizes)]
        self.is_normalized = [config.batch_norm and i < len(shapes) - 1 for i in range(len(shapes))]
        has_bias = [not folds and (config.bias or (config.constant_input and i == 0)) for i in range(len(shapes))]
        n_weights = sum(n_in * n_out for n_in, n_out in shapes)
        n_others = sum(
            n_out * ((bias or normalized) + normalized)
            for (_, n_out), bias, normalized in zip(shapes, has_bias, self.is_normalized, strict=True)
        )
        self.flat: Float[ndarray, " n_parameters"] = (
            team.zeros(n_weights + n_others, np.dtype(dtype)) if flat is None else flat
        )
        self.flat_weights, self.flat_others = self.flat[:n_weights], self.flat[n_weights:]
        self._taken = 0
        self.weights: list[Float[ndarray, "n_in n_out"]] = [self._take(*shape) for shape in shapes]
        self.biases: list[Float[ndarray, " n_out"] | None] = [
            self._take(n_out) if bias or normalized else None
            for (_, n_out), bias, normalized in zip(shapes, has_bias, self.is_normalized, strict=True)
        ]
        self.scales: list[Float[ndarray, " n_out"] | None] = [
            self._take(n_out) if normalized else None
            for (_, n_out), normalized in zip(shapes, self.is_normalized, strict=True)
        ]
        self.running: list[Float[ndarray, "2 n_out"] | None] = [
            np.stack([np.zeros(n_out), np.ones(n_out)]).astype(dtype) if normalized else None
            for (_, n_out), normalized in zip(shapes, self.is_normalized, strict=True)
        ]

    def _take(self, *shape: int) -> ndarray:
        start, self._taken = self._taken, self._taken + math.prod(shape)
        return self.flat[start : self._taken].reshape(shape)

    def rows(self, i: int, size: int) -> list[slice]:
        """The inputs of layer `i`, which are rows of its weight, that each member of a team of `size` looks after.

        All that is too small to be shared is the first member's; a first layer that is shared makes up for it.
        """
        n_in, n_out = self.weights[i].shape
        return shares(n_in, n_out, size, 0 if i else self._n_unshared(size))

    def _n_unshared(self, size: int) -> int:
        shared = [w.size for w in self.weights if len(shares(w.shape[0], w.shape[1], size)) > 1]
        return len(self.flat) - sum(shared)

    def shares(self, size: int) -> list[list[slice]]:
        """The parts of the flat vector that each member of a team looks after; what is not shared is the first's."""
        members: list[list[slice]] = [[] for _ in range(size)]
        start = 0
        for i, weight in enumerate(self.weights):
            n_out = weight.shape[1]
            for member, rows in zip(members, self.rows(i, size), strict=False):
                member.append(slice(start + rows.start * n_out, start + rows.stop * n_out))
            start += weight.size
        members[0].append(slice(start, len(self.flat)))
        return [_joined(member) for member in members]

    @property
    def layers(self) -> tuple[LayerParameters, ...]:
        """Each layer as an answering network uses it: views, but of a normalised layer the weights it amounts to."""
        return tuple(self._layer(i) for i in range(len(self.weights)))

    def _layer(self, i: int) -> LayerParameters:
        weight, bias, scale, running = self.weights[i], self.biases[i], self.scales[i], self.running[i]
        if scale is None or running is None or bias is None:
            return LayerParameters(weight=weight, bias=bias)
        return folded(Normalized(weight=weight, scale=scale, shift=bias, mean=running[0], variance=running[1]))

    def copy_layers(self) -> tuple[LayerParameters, ...]:
        """The same as copies that later training leaves alone."""
        return tuple(_copy(layer) for layer in self.layers)


def folded(normalized: Normalized) -> LayerParameters:
    """The weight and the bias that a normalised layer amounts to in an answering network.

    With the running mean m and variance v, scale (w^T x - m) / sqrt(v + eps) + shift is itself a
    weighted sum.
    """
    factor = normalized.scale / np.sqrt(normalized.variance + NORM_EPSILON)
    return LayerParameters(normalized.weight * factor, normalized.shift - normalized.mean * factor, normalized)


def _copy(layer: LayerParameters) -> LayerParameters:
    normalized = layer.normalized
    if normalized is not None:
        normalized = Normalized(**{part.name: getattr(normalized, part.name).copy() for part in fields(normalized)})
    return LayerParameters(layer.weight.copy(), None if layer.bias is None else layer.bias.copy(), normalized)


def _joined(slices: Sequence[slice]) -> list[slice]:
    """The same places, with what lies next to each other as one."""
    joined: list[slice] = []
    for part in slices:
        if joined and joined[-1].stop == part.start:
            joined[-1] = slice(joined[-1].start, part.stop)
        else:
            joined.append(part)
    return joined


def initial_parameters(
    config: NetworkConfig, sizes: Sequence[int], dtype: str | np.dtype, seed: int, team: Team = ALONE
) -> Parameters:
    """Weights drawn by the config's initialiser, layer by layer, each followed by its biases unless they are 0."""
    parameters = Parameters(config, sizes, dtype, team)
    draw, generator = INITIALIZERS[config.initializer], generator_for(config.initializer, seed)
    for i, (weight, bias, scale) in enumerate(
        zip(parameters.weights, parameters.biases, parameters.scales, strict=True)
    ):
        n_in, n_out = weight.shape
        drawn_as_input = config.constant_input and i == 0
        rows = draw(generator, n_in + drawn_as_input, n_out, config.initializer_scale)
        weight[...] = rows[:n_in]
        if bias is not None and drawn_as_input:
            bias[...] = rows[n_in]
        elif bias is not None and config.bias_initializer == "same":
            bias[...] = draw(generator, n_in, n_out, config.initializer_scale)[0]
        if scale is not None:
            scale[...] = 1
    return parameters


class Network:
    """A network that answers: it holds its parameters and never changes them.

    Once they have changed, by a step of training, it takes a new one: this one has copies of some. A team shares the
    examples; the bits of an answer do not depend on its size. Raises ConfigError when the parameters do not have the
    shapes that the config asks for.
    """

    def __init__(
        self,
        config: NetworkConfig,
        n_features: int,
        n_classes: int,
        parameters: Sequence[LayerParameters],
        *,
        team: Team = ALONE,
    ) -> None:
        self.config, self.n_features, self.n_classes = config, n_features, n_classes
        self.parameters = tuple(parameters)
        self._team = team
        sizes = layer_sizes(config, n_features, n_classes)
        expected = list(pairwise(sizes))
        found = [layer.weight.shape for layer in self.parameters]
        if found != expected:
            raise ConfigError(f"weights must have the shapes {expected}, got {found}")
        self.activations_of: tuple[Activation, ...] = tuple(ACTIVATIONS[name] for name in activation_names(config))
        functions = (*self.activations_of, None)
        self._layers = [AnsweringLayer(*each) for each in zip(self.parameters, functions, strict=True)]
        self._block = min(BLOCK, max(SLAB, LARGEST_BLOCK // max(sizes[1:])))

    def pre_activations(self, x: Float[ndarray, "n n_features"]) -> tuple[Float[ndarray, "n _"], ...]:
        """The weighted sums of every layer, before its activation function; the logits last."""
        return self._pass(x)[0]

    def activations(self, x: Float[ndarray, "n n_features"]) -> tuple[Float[ndarray, "n _"], ...]:
        """What every layer puts out; the probabilities that the output units give last."""
        return self.with_probabilities(self.outputs_and_logits(x))

    def outputs_and_logits(self, x: Float[ndarray, "n n_features"]) -> tuple[Float[ndarray, "n _"], ...]:
        """What every hidden layer puts out, and the weighted sums of the output layer last."""
        layers = self._room(x, len(x))

        def answer(rows: slice) -> None:
            self._write(x[rows], [layer[rows] for layer in layers])

        blocks = self._blocks(len(x))
        taken_in_turn(self._team, blocks, [answer] * min(self._team.size, len(blocks)))()
        return tuple(layers)

    def with_probabilities(self, layers: tuple[Float[ndarray, "n _"], ...]) -> tuple[Float[ndarray, "n _"], ...]:
        """From `outputs_and_logits` to `activations`."""
        return (*layers[:-1], self._output(layers[-1]))

    def logits(self, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_outputs"]:
        """The weighted sums of the output layer."""
        logits = np.empty((len(x), self.parameters[-1].weight.shape[1]), self._dtype(x))
        self._in_blocks(x, lambda rows, found: np.copyto(logits[rows], found))
        return logits

    def _in_blocks(self, x: Float[ndarray, "n n_features"], take: Callable[[slice, ndarray], None]) -> None:
        """Has the logits taken, block by block, while they are in the cache.

        Members of the team `take` side by side, each what belongs to the rows of its block.
        """
        blocks = self._blocks(len(x))
        n = max(rows.stop - rows.start for rows in blocks)

        def answer(room: Sequence[ndarray], rows: slice) -> None:
            layers = [layer[: rows.stop - rows.start] for layer in room]
            self._write(x[rows], layers)
            take(rows, layers[-1])

        # All room is made by one thread, which gets back what it gave up before; to another one the system gives new
        # pages each time.
        n_members = min(self._team.size, len(blocks))
        taken_in_turn(self._team, blocks, [partial(answer, self._room(x, n)) for _ in range(n_members)])()

    def _blocks(self, n: int) -> list[slice]:
        """The examples that are answered at once; of none one block that is empty.

        From three blocks on the first and the last are half as long as the others: so two members of a team begin and
        end theirs at different times, and do not wait for each other with Python's lock between two products.
        """
        if n <= self._block // 4:
            return [slice(0, n)]
        n_slabs, n_blocks = -(-n // SLAB), -(-n // self._block)
        bounds = [n_slabs * (2 * i + 1) // (2 * n_blocks) * SLAB for i in range(n_blocks)]
        return [slice(start, stop) for start, stop in pairwise([0, *bounds, n]) if start < stop]

    def _room(self, x: ndarray, n: int) -> list[ndarray]:
        """Arrays for what each layer makes of `n` examples."""
        return [np.empty((n, layer.weight.shape[1]), self._dtype(x)) for layer in self.parameters]

    def _dtype(self, x: ndarray) -> np.dtype:
        return np.result_type(x, self.parameters[-1].weight)

    def _write(self, x: ndarray, layers: Sequence[ndarray]) -> None:
        """What each layer puts out for some examples, and the logits last, into arrays that are there."""
        for layer, out in zip(self._layers, layers, strict=True):
            layer.write(x, out)
            x = out

    def answer(
        self, x: Float[ndarray, "n n_features"], *, is_multilabel: bool = False
    ) -> tuple[Labels, Float[ndarray, "n n_classes"]]:
        """The `predictions` and the `probabilities`."""
        probabilities = np.empty((len(x), self.n_classes), self._dtype(x))
        predictions = np.empty(probabilities.shape if is_multilabel else len(x), np.int64)

        def take(rows: slice, logits: ndarray) -> None:
            predictions[rows] = self.predictions(logits, is_multilabel=is_multilabel)
            self._write_probabilities(logits, probabilities[rows])

        self._in_blocks(x, take)
        return predictions, probabilities

    def predict_proba(self, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_classes"]:
        """The probability of each class; with a sigmoid output each stands for itself and they need not sum to 1."""
        probabilities = np.empty((len(x), self.n_classes), self._dtype(x))
        self._in_blocks(x, lambda rows, logits: self._write_probabilities(logits, probabilities[rows]))
        return probabilities

    def _write_probabilities(
        self, logits: Float[ndarray, "n n_outputs"], probabilities: Float[ndarray, "n n_classes"]
    ) -> None:
        if self.config.output == "binary":
            probabilities[...] = self.probabilities(logits)
        else:
            self._output(logits, probabilities)

    def probabilities(self, logits: Float[ndarray, "n n_outputs"]) -> Float[ndarray, "n n_classes"]:
        """The same from logits that are there already."""
        return class_probabilities(self._output(logits), self.config.output)

    def predictions(self, logits: Float[ndarray, "n n_outputs"], *, is_multilabel: bool = False) -> Labels:
        """The class that is predicted, or of multi-label data the labels."""
        return predicted(logits, self.config.output, is_multilabel=is_multilabel)

    def _pass(self, x: ndarray) -> tuple[tuple[ndarray, ...], tuple[ndarray, ...]]:
        a, sums, outputs = x, [], []
        for layer, activation in zip(self.parameters, self.activations_of, strict=False):
            sums.append(_affine(a, layer))
            a = activation(sums[-1])
            outputs.append(a)
        sums.append(_affine(a, self.parameters[-1]))
        return tuple(sums), tuple(outputs)

    def _output(self, logits: ndarray, out: ndarray | None = None) -> ndarray:
        return LOSSES["cross_entropy", self.config.output].output(logits, out)


def _affine(x: Float[ndarray, "n n_in"], layer: LayerParameters) -> Float[ndarray, "n n_out"]:
    z: ndarray = x @ layer.weight
    if layer.bias is not None:
        z += layer.bias
    return z
