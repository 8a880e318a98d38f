"""Attribution: how much each input contributes to a prediction, for one example at a time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.engines.inference import Inference
from annscope.core.errors import ConfigError
from annscope.core.network import Network


def input_gradient(network: Network, x: Float[ndarray, " n_features"], label: int) -> Float[ndarray, " n_features"]:
    """How the logit of a class moves with each input: d logit_label / d x.

    Backwards through the layers: g = W e_label at the output, then g <- W (f'(z) * g) for each hidden
    layer below (Simonyan, Vedaldi & Zisserman 2014). At a kink of ReLU the slope is that of the left.
    Where one unit tells two classes apart, its logit z is that of the second class and -z that of the first.
    """
    _check_label(network, label)
    sums, outputs = network.forward(x[None, :])
    weight = network.parameters[-1].weight
    is_shared = network.output.is_binary
    gradient: ndarray = (weight[:, 0] if label else -weight[:, 0]) if is_shared else weight[:, label]
    hidden = zip(network.parameters[:-1], network.activation_functions, sums[:-1], outputs[:-1], strict=True)
    for layer, activation, z, a in reversed(list(hidden)):
        gradient = layer.weight @ (activation.derivative(z, a)[0] * gradient)
    return gradient.copy()


def occlusion(
    network: Network,
    image: Float[ndarray, "h w"],
    label: int,
    patch: int = 3,
    blank: Float[ndarray, "h w"] | float = 0.0,
) -> Float[ndarray, "h w"]:
    """How much of a class's probability goes when a patch of the image is blanked.

    Pixel (r, c) of the result is p(label | image) - p(label | image with the `patch` x `patch` pixels
    around (r, c) set to `blank`), patches being cut off at the edges: above 0 the patch spoke for the
    class, below 0 against it (Zeiler & Fergus 2014, section 4.2). `blank` is bare paper as the network
    sees it.
    """
    _check_label(network, label)
    if patch < 1 or patch % 2 == 0:
        raise ConfigError(f"patch must be an odd number of pixels, got {patch}")
    height, width = image.shape
    reach = patch // 2
    paper = np.broadcast_to(np.asarray(blank, image.dtype), image.shape)
    blanked = np.repeat(image[None], height * width, axis=0)
    for i, (row, column) in enumerate(np.ndindex(height, width)):
        around = np.s_[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        blanked[i][around] = paper[around]
    inference = Inference(network)
    whole = inference.predict_proba(image.reshape(1, -1))[0, label]
    drop: ndarray = whole - inference.predict_proba(blanked.reshape(height * width, -1))[:, label]
    return drop.reshape(height, width)


def _check_label(network: Network, label: int) -> None:
    if not 0 <= label < network.n_classes:
        raise ConfigError(f"label must be from 0 to {network.n_classes - 1}, got {label}")
