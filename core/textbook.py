"""A multilayer perceptron in plain NumPy, as a textbook writes it: start here.

Forward, loss, backward and update for everything that a config can ask for; examples are rows. Any run can be trained
with it (`--engine textbook`), and every faster engine is tested against it. `core.pure_python` is the same without
arrays, neuron by neuron. The functions themselves, each beside its derivative, stand in `core.functions`.

The names, for one layer and n examples:

    x   inputs, [n, n_in]: the features, or what the layer below puts out
    W   weights, [n_in, n_out];  b  biases, [n_out]
    z   weighted sums, [n, n_out];  a = f(z)  what the layer puts out
    L   the loss, its mean over the examples;  dz = dL/dz, dW = dL/dW, and so on
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import NetworkConfig, RunConfig, TrainingConfig
from annscope.core.functions.activations import Activation
from annscope.core.functions.losses import fused_loss
from annscope.core.functions.optimizers import OPTIMIZERS, Moments, add_penalties
from annscope.core.functions.outputs import OUTPUTS, Output
from annscope.core.network import NORM_EPSILON, Parameters, activations_of

RUNNING_SHARE = 0.1
"""How much of a batch's mean and variance goes into the running ones."""


@dataclass(eq=False)
class LayerPass:
    """What the backward pass needs to know of the forward pass through one layer."""

    x: Float[ndarray, "n n_in"]
    z: Float[ndarray, "n n_out"]
    a: Float[ndarray, "n n_out"]
    normalized: Float[ndarray, "n n_out"] | None = None
    deviation: Float[ndarray, " n_out"] | None = None


def forward(
    config: NetworkConfig,
    parameters: Parameters,
    x: Float[ndarray, "n n_features"],
    masks: Sequence[Float[ndarray, "n _"]] | None = None,
    *,
    training: bool = True,
) -> list[LayerPass]:
    """From the features through every layer; the last layer's z are the logits, its a what the output units give.

    `masks` are those of dropout, one for each hidden layer. In training, layers with batch normalisation go by the
    mean and the variance of these examples, and move their running ones; else by the running ones.
    """
    passes: list[LayerPass] = []
    functions: list[Activation | Output] = [*activations_of(config), OUTPUTS[config.output]]
    for i, (f, W, b) in enumerate(zip(functions, parameters.weights, parameters.biases, strict=True)):
        z = x @ W  # z = x W
        layer = LayerPass(x, z, z)
        scale, running = parameters.scales[i], parameters.running[i]
        if scale is not None and running is not None:
            z = normalize(layer, scale, running, training=training)
        if b is not None:
            z = z + b  # z = x W + b, or z = scale (x W - mean) / deviation + b
        layer.z = z
        layer.a = f(z)  # a = f(z)
        passes.append(layer)
        x = layer.a if masks is None or i == len(functions) - 1 else layer.a * masks[i]
    return passes


def normalize(
    layer: LayerPass, scale: Float[ndarray, " n_out"], running: Float[ndarray, "2 n_out"], *, training: bool
) -> Float[ndarray, "n n_out"]:
    """Batch normalisation of a layer's sums (Ioffe & Szegedy 2015, algorithm 1), before the bias."""
    n = len(layer.z)
    mean, variance = (layer.z.mean(axis=0), layer.z.var(axis=0)) if training else running
    if training:  # the running variance takes the unbiased one of the batch, as PyTorch does
        running[0] += RUNNING_SHARE * (mean - running[0])
        running[1] += RUNNING_SHARE * (variance * n / max(1, n - 1) - running[1])
    layer.deviation = np.sqrt(variance + NORM_EPSILON)
    layer.normalized = (layer.z - mean) / layer.deviation
    return scale * layer.normalized


def dropout_masks(
    config: NetworkConfig, n: int, rng: np.random.Generator, dtype: np.dtype
) -> list[Float[ndarray, "n _"]]:
    """Inverted dropout (Srivastava et al. 2014): an output is 0 with probability p, else divided by 1 - p."""
    p = config.dropout
    return [((rng.random((k, n), dtype.type) >= p) / (1 - p)).T.astype(dtype) for k in config.hidden_sizes]


def loss(
    config: RunConfig,
    logits: Float[ndarray, "n n_outputs"],
    targets: Float[ndarray, "n n_outputs"],
    weights: Float[ndarray, " n"] | None = None,
) -> float:
    """The mean loss of the examples, weighted where they have weights; penalties are separate."""
    values = fused_loss(config.training.loss, config.network.output).values(logits, targets)
    return float(shares_of(len(logits), weights) @ values)


def shares_of(n: int, weights: Float[ndarray, " n"] | None) -> Float[ndarray, " n"]:
    """How much of the mean each example makes up: 1/n, or w / sum w."""
    if weights is None:
        return np.full(n, 1 / n)
    total = weights.sum()
    return weights / total if total > 0 else weights


def backward(
    config: RunConfig,
    parameters: Parameters,
    passes: list[LayerPass],
    targets: Float[ndarray, "n n_outputs"],
    weights: Float[ndarray, " n"] | None = None,
    masks: Sequence[Float[ndarray, "n _"]] | None = None,
    *,
    rate: float = 0.0,
) -> Parameters:
    """The gradient of the mean loss with respect to every parameter (Rumelhart, Hinton & Williams 1986).

    `rate` is the learning rate of the step, for `delta_weights` "updated".
    """
    training, activations = config.training, activations_of(config.network)
    sizes = (passes[0].x.shape[1], *(layer.z.shape[1] for layer in passes))
    gradient = Parameters(config.network, sizes, parameters.flat.dtype)
    fused = fused_loss(training.loss, config.network.output, training.softmax_derivative)
    share = shares_of(len(targets), weights)[:, None].astype(parameters.flat.dtype)
    dz = fused.gradient(passes[-1].a, targets) * share  # the gradient with respect to the logits
    for i in reversed(range(len(passes))):
        layer, W = passes[i], parameters.weights[i]
        db, scale, dscale = gradient.biases[i], parameters.scales[i], gradient.scales[i]
        if db is not None:
            db[...] = dz.sum(axis=0)  # db = sum over examples of dz
        if scale is not None and dscale is not None and layer.normalized is not None:
            dscale[...] = (dz * layer.normalized).sum(axis=0)  # dscale = sum of dz normalized
            # d(x W) = scale / deviation (dz - mean(dz) - normalized mean(dz normalized))
            mean, along = dz.mean(axis=0), (dz * layer.normalized).mean(axis=0)
            dz = scale / layer.deviation * (dz - mean - layer.normalized * along)
        gradient.weights[i][...] = layer.x.T @ dz  # dW = x^T dz
        if i > 0:
            if training.delta_weights == "updated":  # a common mistake: W has taken its step already
                W = W - rate * gradient.weights[i]
            below = passes[i - 1]
            da = dz @ W.T  # da = dz W^T
            if masks is not None:
                da = da * masks[i - 1]
            dz = da * activations[i - 1].derivative(below.z, below.a)  # dz = da f'(z)
    return gradient


def shape_gradient(config: TrainingConfig, parameters: Parameters, gradient: Parameters) -> None:
    """Add the gradient of the penalties on the weights, then scale a gradient that is longer than `clip_norm`."""
    add_penalties(parameters.flat_weights, gradient.flat_weights, l1=config.l1, l2=config.l2)
    norm = math.sqrt(gradient.flat @ gradient.flat)
    if config.clip_norm and norm > config.clip_norm:
        gradient.flat *= config.clip_norm / (norm + 1e-6)


def update(
    config: TrainingConfig, parameters: Parameters, gradient: Parameters, moments: Moments, t: int, rate: float
) -> None:
    """Take step number t (from 1) along the gradient, at this learning rate."""
    optimizer = OPTIMIZERS[config.optimizer]
    if optimizer.decays_weights:
        parameters.flat_weights *= 1 - rate * config.weight_decay
    hyperparameters = {name: getattr(config, name) for name in optimizer.hyperparameters}
    parameters.flat -= optimizer.update(gradient.flat, moments, t, rate, **hyperparameters)


def initial_moments(config: TrainingConfig, parameters: Parameters) -> Moments:
    """What the optimizer remembers before the first step: nothing."""
    return {name: np.zeros_like(parameters.flat) for name in OPTIMIZERS[config.optimizer].moments}
