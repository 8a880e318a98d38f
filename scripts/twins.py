"""PyTorch twins of annscope's networks, trained by `python -m scripts.twins` for `tests/core/test_twins.py`.

Needs PyTorch (`requirements-bench.txt`) and uses no code of annscope, so that the two share no mistake. Both
start from the same parameters and train on the same examples in the same order, in float64. The result
is one JSON file with everything needed to repeat it: the examples, and for each twin its settings
by option name, the initial parameters, the loss (without penalties) over all examples before
the first step and after each one, and the final parameters. Parameters are in annscope's order:
all weights [n_in, n_out], all biases, then the scales of batch normalisation.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

FILE = Path(__file__).parents[1] / "tests" / "core" / "twins.json"
N_CLASSES = 3
EPOCHS = 30
DEFAULTS = {
    "hidden": [5], "activation": "tanh", "output": "softmax", "bias": True, "batch-norm": False,
    "loss": "cross_entropy", "optimizer": "sgd", "learning-rate": 0.1, "momentum": 0.9, "weight-decay": 0.01,
    "batch-size": "full", "epochs": EPOCHS, "shuffle": False, "l1": 0.0, "l2": 0.0, "label-smoothing": 0.0,
    "clip-norm": 0.0, "class-weight": "none", "schedule": "constant", "schedule-factor": 0.5,
    "schedule-epochs": 5.0, "schedule-decay": 0.001, "warmup-epochs": 0.0,
}  # fmt: skip
"""Default settings of a twin; the file holds all settings for each twin."""

TWINS: dict[str, dict[str, Any]] = {
    "spiral": {
        "hidden": [64], "activation": "relu", "optimizer": "adam", "learning-rate": 0.05, "epochs": 100,
        "schedule": "inverse_time", "schedule-decay": 5e-7,
    },
    **{f"activation {name}": {"activation": name} for name in
       ("relu", "leaky_relu", "sigmoid", "tanh", "elu", "silu", "gelu", "softplus")},
    **{f"{loss}, {output}": {"loss": loss, "output": output, "learning-rate": 0.5}
       for loss in ("cross_entropy", "squared_error") for output in ("softmax", "sigmoid")},
    "sgd": {},
    "momentum": {"optimizer": "momentum", "momentum": 0.8, "learning-rate": 0.05},
    "nesterov": {"optimizer": "nesterov", "momentum": 0.8, "learning-rate": 0.05},
    "rmsprop": {"optimizer": "rmsprop", "learning-rate": 0.01},
    "adam": {"optimizer": "adam", "learning-rate": 0.02},
    "adamw": {"optimizer": "adamw", "learning-rate": 0.02, "weight-decay": 0.3},
    "l1": {"l1": 0.01},
    "l2": {"l2": 0.05},
    "l1 and l2, adam": {"l1": 0.01, "l2": 0.05, "optimizer": "adam", "learning-rate": 0.02},
    "l2, adamw": {"l2": 0.05, "optimizer": "adamw", "learning-rate": 0.02},
    "step": {"schedule": "step", "schedule-factor": 0.3, "schedule-epochs": 7.0},
    "exponential": {"schedule": "exponential", "schedule-factor": 0.5, "schedule-epochs": 8.0},
    "inverse time": {"schedule": "inverse_time", "schedule-decay": 0.1},
    "cosine": {"schedule": "cosine"},
    "warm-up": {"warmup-epochs": 5.0},
    "warm-up and cosine": {"schedule": "cosine", "warmup-epochs": 5.0, "optimizer": "adam"},
    "without biases": {"bias": False},
    "without hidden layers": {"hidden": []},
    "three layers": {"hidden": [5, 4, 3], "activation": ["relu", "tanh", "silu"]},
    "batches of five": {"batch-size": 5, "optimizer": "adam", "learning-rate": 0.02, "epochs": 10},
    "one by one": {"batch-size": 1, "activation": "relu", "epochs": 3},
    "batch normalisation": {"batch-norm": True, "hidden": [5, 4]},
    "label smoothing": {"label-smoothing": 0.1},
    "clipping": {"clip-norm": 0.2, "learning-rate": 0.5},
    "class weights": {"class-weight": "balanced", "batch-size": 5, "epochs": 10},
    **{f"{loss}, binary": {"loss": loss, "output": "binary", "learning-rate": 0.5}
       for loss in ("cross_entropy", "squared_error")},
    "binary, label smoothing": {"output": "binary", "label-smoothing": 0.2},
    "binary, class weights": {"output": "binary", "class-weight": "balanced", "batch-size": 5, "epochs": 10},
    "binary, one by one": {"output": "binary", "batch-size": 1, "epochs": 3},
    **{f"{loss}, labels": {"loss": loss, "output": "sigmoid", "learning-rate": 0.5}
       for loss in ("cross_entropy", "squared_error")},
    "labels, label smoothing": {"output": "sigmoid", "label-smoothing": 0.2, "batch-size": 5, "epochs": 10},
    "labels, one by one": {"output": "sigmoid", "batch-size": 1, "epochs": 3},
}  # fmt: skip

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "elu": nn.ELU,
    "silu": nn.SiLU, "gelu": lambda: nn.GELU(approximate="tanh"), "softplus": nn.Softplus,
}  # fmt: skip


def spiral() -> tuple[np.ndarray, np.ndarray]:
    """Three arms of a hundred points, rounded so that the file stays small."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % N_CLASSES
    radius = rng.random(300)
    angle = 4 * (labels + radius) + 0.2 * rng.standard_normal(300)
    return np.round(np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), 4), labels


def small() -> tuple[np.ndarray, np.ndarray]:
    """Twelve examples of four features, half of them of the first class."""
    rng = np.random.default_rng(1)
    return np.round(rng.normal(size=(12, 4)), 2), np.array([0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 2])


def two() -> tuple[np.ndarray, np.ndarray]:
    """The same examples, with the second and the third class merged."""
    x, labels = small()
    return x, np.minimum(labels, 1)


def several() -> tuple[np.ndarray, np.ndarray]:
    """The same examples, multi-label with three labels."""
    x, labels = small()
    return x, np.stack([labels > 0, x[:, 0] > 0, x[:, 1] + x[:, 2] > 0], axis=1).astype(int)


DATA = {"spiral": spiral, "small": small, "two": two, "several": several}


def data_of(name: str) -> str:
    """The data of a twin."""
    of = {"spiral": "spiral", "binary": "two", "labels": "several"}
    return next((data for word, data in of.items() if word in name), "small")


class Twin:
    """A network of torch.nn with its parameters in annscope's order."""

    def __init__(self, options: dict[str, Any], n_features: int, seed: int) -> None:
        sizes = [n_features, *options["hidden"], 1 if options["output"] == "binary" else N_CLASSES]
        names = options["activation"]
        names = [names] * len(options["hidden"]) if isinstance(names, str) else names
        bias, normalized = options["bias"], options["batch-norm"]
        self.linear = [nn.Linear(a, b, bias and not normalized) for a, b in pairwise(sizes[:-1])]
        self.linear.append(nn.Linear(*sizes[-2:], bias))
        self.norms = [nn.BatchNorm1d(n) for n in options["hidden"]] if normalized else []
        modules: list[nn.Module] = []
        for i, name in enumerate(names):
            modules += [self.linear[i], *self.norms[i : i + 1], ACTIVATIONS[name]()]
        self.network = nn.Sequential(*modules, self.linear[-1])
        self.weights = [layer.weight for layer in self.linear]
        shifts = [norm.bias for norm in self.norms] or [layer.bias for layer in self.linear[:-1]]
        biases = [bias for bias in (*shifts, self.linear[-1].bias) if bias is not None]
        self.others = [*biases, *(norm.weight for norm in self.norms)]
        rng = np.random.default_rng(seed)
        with torch.no_grad():
            for weight in self.weights:
                drawn = np.round(rng.normal(0, 1 / math.sqrt(weight.shape[1]), weight.T.shape), 2)
                weight.copy_(torch.from_numpy(drawn.T))
            for other in self.others:
                other.copy_(torch.from_numpy(np.round(rng.normal(0, 0.1, other.shape), 2)))
            for norm in self.norms:
                norm.weight += 1

    def flat(self) -> list[float]:
        """All parameters, in annscope's order."""
        parts = [*(weight.detach().T for weight in self.weights), *(other.detach() for other in self.others)]
        return [float(number) for part in parts for number in part.flatten()]


def loss_of(
    options: dict[str, Any], logits: Tensor, labels: Tensor, weight: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """The loss that the options name, the mean over the examples."""
    if options["loss"] == "cross_entropy" and options["output"] == "softmax":
        return functional.cross_entropy(logits, labels, weight=weight, label_smoothing=smoothing)
    if options["output"] == "binary" or labels.ndim == 2:
        targets = labels.reshape(len(labels), -1).to(logits.dtype) * (1 - smoothing) + smoothing / 2
    else:
        targets = functional.one_hot(labels, N_CLASSES).to(logits.dtype)
    if options["loss"] == "cross_entropy":
        losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(1)
        return losses.mean() if weight is None else (losses * weight[labels]).sum() / weight[labels].sum()
    outputs = logits.softmax(1) if options["output"] == "softmax" else logits.sigmoid()
    return functional.mse_loss(outputs, targets, reduction="none").sum(1).mean() / 2


def optimizer_of(options: dict[str, Any], twin: Twin) -> torch.optim.Optimizer:
    """The optimizer that the options name; only weights decay."""
    rate, parameters = options["learning-rate"], [*twin.weights, *twin.others]
    match options["optimizer"]:
        case "momentum":
            return torch.optim.SGD(parameters, rate, momentum=options["momentum"])
        case "nesterov":
            return torch.optim.SGD(parameters, rate, momentum=options["momentum"], nesterov=True)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, rate, alpha=0.99)
        case "adam":
            return torch.optim.Adam(parameters, rate)
        case "adamw":
            groups = [{"params": twin.weights, "weight_decay": options["weight-decay"]}, {"params": twin.others}]
            return torch.optim.AdamW(groups, rate, weight_decay=0.0)
        case _:
            return torch.optim.SGD(parameters, rate)


def schedule_of(
    options: dict[str, Any], optimizer: torch.optim.Optimizer, per_epoch: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The scheduler that the options name, stepped after every update."""
    schedulers = torch.optim.lr_scheduler
    length, factor = options["schedule-epochs"] * per_epoch, options["schedule-factor"]
    warmup = round(options["warmup-epochs"] * per_epoch)

    def after_warmup() -> torch.optim.lr_scheduler.LRScheduler:
        match options["schedule"]:
            case "step":
                return schedulers.StepLR(optimizer, round(length), factor)
            case "exponential":
                return schedulers.ExponentialLR(optimizer, factor ** (1 / length))
            case "inverse_time":
                return schedulers.LambdaLR(optimizer, lambda step: 1 / (1 + options["schedule-decay"] * step))
            case "cosine":
                return schedulers.CosineAnnealingLR(optimizer, options["epochs"] * per_epoch - warmup)
            case _:
                return schedulers.ConstantLR(optimizer, 1.0)

    if not warmup:
        return after_warmup()
    rise = schedulers.LinearLR(optimizer, 1 / warmup, 1.0, warmup - 1)
    return schedulers.SequentialLR(optimizer, [rise, after_warmup()], [warmup])


def train(name: str, data: str, options: dict[str, Any], seed: int) -> dict[str, Any]:
    """Train one twin; returns its entry in the file."""
    examples, classes = DATA[data]()
    x, labels = torch.from_numpy(examples), torch.from_numpy(classes)
    twin = Twin(options, x.shape[1], seed)
    n = len(x)
    batch_size = n if options["batch-size"] == "full" else options["batch-size"]
    optimizer = optimizer_of(options, twin)
    scheduler = schedule_of(options, optimizer, math.ceil(n / batch_size))
    weight = None
    if options["class-weight"] == "balanced":
        counts = torch.bincount(labels)
        weight = n / (len(counts) * counts.to(x.dtype))
    start, losses = twin.flat(), []

    def measure() -> None:
        twin.network.eval()
        with torch.no_grad():
            losses.append(float(loss_of(options, twin.network(x), labels)))
        twin.network.train()

    def batches() -> Iterator[slice]:
        for _ in range(options["epochs"]):
            for first in range(0, n, batch_size):
                yield slice(first, first + batch_size)

    measure()
    for batch in batches():
        optimizer.zero_grad()
        loss = loss_of(options, twin.network(x[batch]), labels[batch], weight, options["label-smoothing"])
        loss = loss + options["l1"] * sum(w.abs().sum() for w in twin.weights)
        loss = loss + options["l2"] / 2 * sum(w.square().sum() for w in twin.weights)
        loss.backward()
        if options["clip-norm"]:
            nn.utils.clip_grad_norm_(twin.network.parameters(), options["clip-norm"])
        optimizer.step()
        scheduler.step()
        measure()
    return {"name": name, "data": data, "options": options, "start": start, "losses": losses, "end": twin.flat()}


def main() -> None:
    """Train every twin and write the file, one line for each."""
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    data = {}
    for name, make in DATA.items():
        x, y = make()
        data[name] = {"x": x.tolist(), "y": y.tolist()}
    twins = [
        train(name, data_of(name), DEFAULTS | options, seed=seed) for seed, (name, options) in enumerate(TWINS.items())
    ]
    lines = ",\n".join(json.dumps(twin) for twin in twins)
    about = json.dumps(f"Made by scripts/twins.py with PyTorch {torch.__version__}")
    FILE.write_text(f'{{"about": {about},\n"data": {json.dumps(data)},\n"twins": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
