"""Configuration of a run: frozen settings, validated once when they are made, and the one table that describes them.

Each setting is declared once, with its default, its rule, its label and its help. From that one
declaration come the check when a config is made, the command-line option, the dashboard's control
and the URL parameter (`FIELDS`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias

from annscope.core.errors import ConfigError, did_you_mean, one_of
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.functions.initializers import INITIALIZERS
from annscope.core.functions.losses import LOSSES, SOFTMAX_DERIVATIVES
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.functions.schedules import SCHEDULES, schedule_factor

BIAS_INITIALIZERS = ("zero", "same")
SCALINGS = ("auto", "none", "unit", "div256", "standard")
EXTRA_INPUTS = ("x1^2", "x2^2", "x1x2", "sinx1", "sinx2")
"""Further inputs of the network that are computed from the two coordinates of 2-D data (`data.inputs`)."""
CLASS_SOURCES = ("folders", "names")
"""What the class of an image in a folder is taken from: the name of its folder, or of its file."""
SPLITTINGS = ("stratified", "order")
"""How splits are drawn: by chance with the classes in proportion, or in file order, with the last examples held out."""
DTYPES = ("float32", "float64")
DELTA_WEIGHTS = ("current", "updated")
CLASS_WEIGHTS = ("none", "balanced")
ENGINES = ("numpy", "textbook", "pure_python")
AUGMENTATIONS = ("shift", "rotate", "zoom", "shear", "elastic")
"""The augmentations of training images, by the names of their settings; 0 turns each off."""

Section: TypeAlias = Literal["data", "network", "training"]
Kind: TypeAlias = Literal[
    "integer", "number", "choice", "choices", "subset", "names", "switch", "sizes", "text", "count"
]
"""How a setting is written: `choices` is one name or one a layer, `subset` any number of known names, each once,
`names` any names, `sizes` a list of widths, `count` a whole number or one of its `words` (a batch size of "full");
a `switch` may have words too."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One setting: its rule, its label and help, and its control.

    `minimum` and `maximum` bound what is valid (`minimum_open`: the minimum itself is not).
    `low` and `high` bound what a slider offers, in steps of `step`, or evenly in the logarithm
    when `scale` is "log". `option` is its name on the command line (`--option`) and in the URL.
    """

    section: Section
    name: str
    option: str
    kind: Kind
    default: Any
    label: str
    help: str
    choices: tuple[str, ...] = ()
    minimum: int | float | None = None
    maximum: int | float | None = None
    minimum_open: bool = False
    low: int | float | None = None
    high: int | float | None = None
    step: int | float | None = None
    scale: Literal["linear", "log"] = "linear"
    words: tuple[str, ...] = ()
    advanced: bool = False

    def check(self, value: object) -> Any:
        """Validate a value and return it in its own type (an int for a whole float, a tuple for a list).

        Raises ConfigError, with the setting's name, its rule and the value, if it is invalid.
        """
        if self.kind == "switch":
            if isinstance(value, bool) or value in self.words:
                return value
            raise ConfigError(f"{self.name} must be true or false{self._range()}, got {value!r}")
        if self.kind == "text":
            if isinstance(value, str):
                return value
            raise ConfigError(f"{self.name} must be a text, got {value!r}")
        if self.kind == "choice":
            if isinstance(value, str) and value in self.choices:
                return value
            raise ConfigError(one_of(self.name, value, self.choices))
        if self.kind == "choices":
            names = [value] if isinstance(value, str) else value
            if not isinstance(names, list | tuple) or not names:
                raise ConfigError(one_of(self.name, value, self.choices))
            for name in names:
                if name not in self.choices:
                    raise ConfigError(one_of(self.name, name, self.choices))
            return names[0] if len(set(names)) == 1 else tuple(names)
        if self.kind == "subset":
            if not isinstance(value, list | tuple):
                raise ConfigError(f"{self.name} must be a list of names such as {self.choices[0]}, got {value!r}")
            for name in value:
                if name not in self.choices:
                    raise ConfigError(one_of(self.name, name, self.choices))
            return tuple(name for name in self.choices if name in value)
        if self.kind == "names":
            if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name.strip() for name in value):
                raise ConfigError(f"{self.name} must be a list of names such as age,height, got {value!r}")
            return tuple(dict.fromkeys(value))
        if self.kind == "sizes":
            if not isinstance(value, list | tuple):
                raise ConfigError(f"{self.name} must be a list of layer widths such as 64,32, got {value!r}")
            return tuple(int(self._number(width)) for width in value)
        if self.kind == "count" and value in self.words:
            return value
        number = self._number(value)
        return number if self.kind == "number" else int(number)

    def _number(self, value: object) -> int | float:
        whole = self.kind != "number"
        rule = f"{self.name} must be {'a whole number' if whole else 'a number'}{self._range()}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"{rule}, got {value!r}")
        if isinstance(value, float) and (not math.isfinite(value) or (whole and value != int(value))):
            raise ConfigError(f"{rule}, got {value!r}")
        too_small = self.minimum is not None and (value <= self.minimum if self.minimum_open else value < self.minimum)
        if too_small or (self.maximum is not None and value > self.maximum):
            raise ConfigError(f"{rule}, got {value!r}")
        return int(value) if whole else float(value)

    def _range(self) -> str:
        words = "".join(f", or {word!r}" for word in self.words)
        if self.minimum is None:
            return words
        low = f"{'above' if self.minimum_open else 'at least'} {self.minimum:g}"
        high = "" if self.maximum is None else f" and at most {self.maximum:g}"
        return f" {low}{high}{words}"

    def parse(self, text: str) -> Any:
        """Parse the value from a command line or a URL; the inverse of `format`."""
        if self.kind == "text":
            return self.check(text)
        text = text.strip()
        if text in self.words:
            return text
        if self.kind == "switch":
            if text.lower() in {"true", "yes", "on", "1"}:
                return True
            if text.lower() in {"false", "no", "off", "0"}:
                return False
            raise ConfigError(f"{self.name} must be true or false{self._range()}, got {text!r}")
        if self.kind == "choice":
            return self.check(text)
        if self.kind in {"choices", "subset"}:
            return self.check([name.strip() for name in text.split(",")] if text or self.kind == "choices" else [])
        if self.kind == "names":
            # A comma inside a name has a backslash before it.
            parts = [part.replace("\0", ",").strip() for part in text.replace("\\,", "\0").split(",")]
            return self.check([part for part in parts if part])
        if self.kind == "sizes":
            return self.check([_number_in(width) for width in text.split(",")] if text else [])
        return self.check(_number_in(text))

    def format(self, value: Any) -> str:
        """Format the value for a command line or a URL."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if self.kind == "names":
            return ",".join(name.replace(",", "\\,") for name in value)
        if isinstance(value, tuple | list):
            return ",".join(str(part) for part in value)
        return repr(value) if isinstance(value, float) else str(value)


def _number_in(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _names(names: Iterable[str]) -> str:
    return " or ".join(names)


def _using(registry: Mapping[str, Any], setting: str) -> str:
    """The entries of a registry that use a setting."""
    return " and ".join(name for name, entry in registry.items() if setting in entry.settings)


def _suitable_initializers() -> str:
    """The initialisers that suit some activations, each with their names."""
    suits: dict[str, list[str]] = {}
    for activation in ACTIVATIONS.values():
        suits.setdefault(activation.initializer, []).append(activation.name)
    return "; ".join(f"{initializer} suits {', '.join(names)}" for initializer, names in suits.items())


def setting(default: Any, *, kind: Kind, option: str = "", **description: Any) -> Any:
    """Declare a setting: a dataclass field with its description."""
    return field(default=default, metadata={"kind": kind, "option": option, **description})


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """The data of a run, and how it is split and scaled."""

    name: str = setting("mnist-5k", kind="text", option="data", label="Data set", help="The data set to train on.")
    split: float = setting(
        0.1, kind="number", label="Held-out share", minimum=0.0, maximum=0.9, low=0.0, high=0.5, step=0.05,
        help="Share of the training examples held out for validation; with 0 the test examples are used instead.",
    )  # fmt: skip
    n_train: int = setting(
        0, kind="integer", option="train-examples", label="Training examples", advanced=True,
        minimum=0, maximum=10_000_000, low=0, high=60_000, step=1000,
        help="Train on exactly the first N examples, and hold out from the others; 0 takes all.",
    )  # fmt: skip
    scaling: str = setting(
        "auto", kind="choice", choices=SCALINGS, label="Scaling", advanced=True,
        help="Feature scaling: pixels to 0..1, or / 256, standardised on the training split, or none.",
    )  # fmt: skip
    image_size: int = setting(
        0, kind="integer", option="image-size", label="Image size", minimum=0, maximum=256, low=0, high=64, step=4,
        help="Side, in pixels, of the square that all images of a folder are resized to; 0 keeps their size.",
    )  # fmt: skip
    classes_from: str = setting(
        "folders", kind="choice", option="classes-from", choices=CLASS_SOURCES, label="Classes from", advanced=True,
        help="Take the class of an image from its folder, or from what its file's name begins with (cat.0.png: cat).",
    )  # fmt: skip
    transpose: bool = setting(
        False, kind="switch", label="Transpose images", advanced=True,
        help="Swap rows and columns of your images, which EMNIST stores column by column.",
    )  # fmt: skip
    n_samples: int = setting(
        600, kind="integer", option="samples", label="Points", minimum=10, maximum=1_000_000,
        low=100, high=5000, step=100, help="Number of points of a 2-D data set.",
    )  # fmt: skip
    seed: int | str = setting(
        "auto", kind="count", words=("auto",), option="data-seed", label="Data seed", minimum=0, maximum=2**32 - 1,
        help="Seed of the points of a 2-D data set; 'auto' takes the seed of the run.",
    )  # fmt: skip
    noise: float = setting(
        0.1, kind="number", label="Noise", minimum=0.0, maximum=10.0, low=0.0, high=1.0, step=0.05,
        help="Standard deviation of the noise of a 2-D data set.",
    )  # fmt: skip
    inputs: tuple[str, ...] = setting(
        (), kind="subset", option="extra-inputs", choices=EXTRA_INPUTS, label="Extra inputs",
        help="Inputs of the network beside the two coordinates of 2-D data: squares, their product, sines "
        "(of pi times a coordinate).",
    )  # fmt: skip
    label: str = setting(
        "", kind="text", label="Label", advanced=True,
        help="Column of the class in your table, by its name or its number from 1; empty to find it.",
    )  # fmt: skip
    header: bool | str = setting(
        "auto", kind="switch", words=("auto",), label="Column names", advanced=True,
        help="Whether the first line of your table has the names of the columns; 'auto' finds out.",
    )  # fmt: skip
    keep: tuple[str, ...] = setting(
        (), kind="names", label="Keep columns", advanced=True,
        help="Columns of your table to use although they would be left out, by name or number.",
    )  # fmt: skip
    drop: tuple[str, ...] = setting(
        (), kind="names", label="Drop columns", advanced=True,
        help="Columns of your table to leave out, by name or number.",
    )  # fmt: skip
    as_number: tuple[str, ...] = setting(
        (), kind="names", label="Columns as numbers", advanced=True,
        help="Columns of your table to take as numbers: dates as days since the first; what is no number is missing.",
    )  # fmt: skip
    as_category: tuple[str, ...] = setting(
        (), kind="names", label="Columns as categories", advanced=True,
        help="Columns of your table to take as categories, each value an input of its own.",
    )  # fmt: skip
    group: str = setting(
        "", kind="text", label="Group", advanced=True,
        help="Column of your table whose equal values stay in one split, such as the patient of each image.",
    )  # fmt: skip
    split_by: str = setting(
        "stratified", kind="choice", choices=SPLITTINGS, label="Split by", advanced=True,
        help="Hold out examples by chance, with the classes in proportion, or the last ones in file order.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        _check_all(self)


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Architecture and initialisation of a multilayer perceptron."""

    hidden_sizes: tuple[int, ...] = setting(
        (64, 32), kind="sizes", option="hidden", label="Hidden layers", minimum=1, maximum=16_384,
        low=1, high=512, help="Number of neurons in each hidden layer, from the input to the output.",
    )  # fmt: skip
    activation: str | tuple[str, ...] = setting(
        "relu", kind="choices", choices=tuple(ACTIVATIONS), label="Activation",
        help="Activation function of the hidden layers; one for all or one for each.",
    )  # fmt: skip
    output: str = setting(
        "softmax", kind="choice", choices=tuple(OUTPUTS), label="Output", advanced=True,
        help=f"Output function: {'; '.join(f'{name} gives {each.gives}' for name, each in OUTPUTS.items())}.",
    )  # fmt: skip
    initializer: str = setting(
        "he", kind="choice", choices=tuple(INITIALIZERS), label="Initialiser",
        help=f"Distribution of the initial weights: {_suitable_initializers()}.",
    )  # fmt: skip
    initializer_scale: float = setting(
        1.0, kind="number", option="initializer-scale", label="Initialiser scale", advanced=True,
        minimum=0.0, maximum=100.0, low=0.0, high=3.0, step=0.1,
        help="Factor of the bound, or of the standard deviation, of the initial weights.",
    )  # fmt: skip
    bias_initializer: str = setting(
        "zero", kind="choice", choices=BIAS_INITIALIZERS, option="bias-initializer", label="Bias initialiser",
        advanced=True,
        help="Initial biases: zero, or drawn from the same distribution as the weights of their layer.",
    )  # fmt: skip
    constant_input: bool = setting(
        False, kind="switch", option="constant-input", label="Constant input", advanced=True,
        help="An extra input that is always 1: a bias for the first layer in a network without biases.",
    )  # fmt: skip
    dropout: float = setting(
        0.0, kind="number", label="Dropout", advanced=True, minimum=0.0, maximum=0.95, low=0.0, high=0.8, step=0.05,
        help="Probability of setting a hidden activation to zero in each training step.",
    )  # fmt: skip
    batch_norm: bool = setting(
        False, kind="switch", option="batch-norm", label="Batch normalisation", advanced=True,
        help="Normalise each hidden neuron's pre-activations over the batch.",
    )  # fmt: skip
    bias: bool = setting(True, kind="switch", label="Biases", advanced=True, help="Whether each neuron has a bias.")

    @property
    def takes_labels(self) -> bool:
        """Whether the output takes any number of labels an example."""
        return OUTPUTS[self.output].takes_labels

    def __post_init__(self) -> None:
        _check_all(self)
        if isinstance(self.activation, tuple) and len(self.activation) != len(self.hidden_sizes):
            raise ConfigError(
                f"activation must name one function, or one for each of the {len(self.hidden_sizes)} "
                f"hidden layers, got {len(self.activation)}"
            )


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Optimisation of the parameters: loss, optimizer, regularisation, stopping, and how often snapshots are taken."""

    loss: str = setting(
        "cross_entropy", kind="choice", choices=tuple(LOSSES), label="Loss",
        help="Loss function to minimise: cross-entropy, or half the squared error.",
    )  # fmt: skip
    optimizer: str = setting(
        "adam", kind="choice", choices=tuple(OPTIMIZERS), label="Optimizer", help="Optimizer of the parameters."
    )
    learning_rate: float = setting(
        0.001, kind="number", option="learning-rate", label="Learning rate",
        minimum=0.0, minimum_open=True, maximum=1000.0, low=1e-5, high=10.0, scale="log",
        help="Step size of the optimizer. Too small a rate learns slowly, too large a rate diverges.",
    )  # fmt: skip
    momentum: float = setting(
        0.9, kind="number", label="Momentum", advanced=True, minimum=0.0, maximum=0.9999, low=0.0, high=0.99, step=0.01,
        help=f"Momentum coefficient ({_using(OPTIMIZERS, 'momentum')}).",
    )  # fmt: skip
    batch_size: int | str = setting(
        64, kind="count", words=("full",), option="batch-size", label="Batch size", minimum=1, maximum=1_000_000,
        low=1, high=1024, scale="log", help="Number of training examples per step; 'full' takes all of them.",
    )  # fmt: skip
    n_epochs: int = setting(
        10, kind="integer", option="epochs", label="Epochs", minimum=1, maximum=1_000_000,
        low=1, high=10_000, scale="log", help="Number of passes over the training examples.",
    )  # fmt: skip
    l1: float = setting(
        0.0, kind="number", label="L1", minimum=0.0, maximum=100.0, low=1e-6, high=0.1, scale="log",
        help="Penalty l1 * sum |w|: pushes weights to exactly zero.",
    )  # fmt: skip
    l2: float = setting(
        0.0, kind="number", label="L2", minimum=0.0, maximum=100.0, low=1e-6, high=0.1, scale="log",
        help="Penalty l2 / 2 * sum w^2: keeps weights small.",
    )  # fmt: skip
    weight_decay: float = setting(
        0.01, kind="number", option="weight-decay", label="Weight decay", advanced=True,
        minimum=0.0, maximum=10.0, low=1e-5, high=1.0, scale="log",
        help=f"Decoupled weight decay, used by {_using(OPTIMIZERS, 'weight_decay')} only.",
    )  # fmt: skip
    label_smoothing: float = setting(
        0.0, kind="number", option="label-smoothing", label="Label smoothing", advanced=True,
        minimum=0.0, maximum=0.95, low=0.0, high=0.5, step=0.01,
        help="Share of each target spread evenly over all classes; keeps the network from becoming overconfident.",
    )  # fmt: skip
    clip_norm: float = setting(
        0.0, kind="number", option="clip-norm", label="Clip norm", advanced=True,
        minimum=0.0, maximum=1e6, low=0.01, high=100.0, scale="log",
        help="Maximum norm of the gradient: a larger one is scaled down to it; 0 never clips.",
    )  # fmt: skip
    class_weight: str = setting(
        "none", kind="choice", choices=CLASS_WEIGHTS, option="class-weight", label="Class weights", advanced=True,
        help="Balanced weights the examples by inverse class frequency, so that each class has the same total weight.",
    )  # fmt: skip
    shuffle: bool = setting(
        True, kind="switch", label="Shuffle", advanced=True,
        help="Shuffle the training examples in each epoch, instead of keeping file order.",
    )  # fmt: skip
    shift: int = setting(
        0, kind="integer", label="Shift", advanced=True, minimum=0, maximum=1000, low=0, high=8, step=1,
        help="Shift each training image by up to this many pixels down and across, drawn again in every epoch.",
    )  # fmt: skip
    rotate: float = setting(
        0.0, kind="number", label="Rotate", advanced=True, minimum=0.0, maximum=180.0, low=0, high=45, step=1,
        help="Rotate each training image by up to this many degrees either way, drawn again in every epoch.",
    )  # fmt: skip
    zoom: float = setting(
        0.0, kind="number", label="Zoom", advanced=True, minimum=0.0, maximum=0.9, low=0.0, high=0.5, step=0.05,
        help="Scale height and width of each training image by up to this share, drawn again in every epoch.",
    )  # fmt: skip
    shear: float = setting(
        0.0, kind="number", label="Shear", advanced=True, minimum=0.0, maximum=80.0, low=0, high=45, step=1,
        help="Shear each training image by up to this many degrees either way, drawn again in every epoch.",
    )  # fmt: skip
    elastic: float = setting(
        0.0, kind="number", label="Elastic", advanced=True, minimum=0.0, maximum=100.0, low=0.0, high=4.0, step=0.2,
        help="Distort each training image elastically, drawn again in every epoch: the standard deviation of the "
        "displacement of a pixel, in pixels.",
    )  # fmt: skip
    elastic_smoothing: float = setting(
        4.0, kind="number", option="elastic-smoothing", label="Smoothing", advanced=True,
        minimum=0.1, maximum=100.0, low=1.0, high=10.0, step=0.5,
        help="Smoothness of elastic distortion: the standard deviation, in pixels, of the Gaussian that smooths the "
        "displacements. A small one crumples an image, a large one bends it as a whole.",
    )  # fmt: skip
    softmax_derivative: str = setting(
        "exact", kind="choice", choices=SOFTMAX_DERIVATIVES, option="softmax-derivative", label="Softmax derivative",
        advanced=True,
        help="With squared error: the full softmax Jacobian, or (a common mistake) its diagonal s * (1 - s) alone.",
    )  # fmt: skip
    delta_weights: str = setting(
        "current", kind="choice", choices=DELTA_WEIGHTS, option="delta-weights", label="Backpropagate through",
        advanced=True,
        help="The current weights, or (a common mistake, with "
        f"{_using(OPTIMIZERS, 'delta_weights')} only) those already updated in the same step.",
    )  # fmt: skip
    schedule: str = setting(
        "constant", kind="choice", choices=tuple(SCHEDULES), label="Schedule",
        help="Schedule of the learning rate.",
    )  # fmt: skip
    schedule_factor: float = setting(
        0.5, kind="number", option="schedule-factor", label="Schedule factor", advanced=True,
        minimum=0.0, minimum_open=True, maximum=1.0, low=0.05, high=1.0, step=0.05,
        help=f"Factor by which the learning rate is multiplied ({_using(SCHEDULES, 'schedule_factor')}).",
    )  # fmt: skip
    schedule_epochs: float = setting(
        5.0, kind="number", option="schedule-epochs", label="Schedule epochs", advanced=True,
        minimum=0.0, minimum_open=True, maximum=1_000_000, low=1, high=50, step=1,
        help="Number of epochs between two multiplications by the factor, or over which one is spread "
        f"({_using(SCHEDULES, 'schedule_epochs')}).",
    )  # fmt: skip
    schedule_decay: float = setting(
        0.001, kind="number", option="schedule-decay", label="Schedule decay", advanced=True,
        minimum=0.0, maximum=1000.0, low=1e-7, high=1.0, scale="log",
        help=f"The learning rate is divided by 1 + decay * step ({_using(SCHEDULES, 'schedule_decay')}).",
    )  # fmt: skip
    warmup_epochs: float = setting(
        0.0, kind="number", option="warmup-epochs", label="Warm-up epochs", advanced=True,
        minimum=0.0, maximum=1_000_000, low=0, high=10, step=0.5,
        help="Number of epochs over which the learning rate first rises linearly from 0.",
    )  # fmt: skip
    patience: int = setting(
        0, kind="integer", label="Patience", advanced=True, minimum=0, maximum=1_000_000, low=0, high=50, step=1,
        help="Stop after this many epochs without a lower held-out loss, and keep the best network; 0 turns it off.",
    )  # fmt: skip
    target_accuracy: float = setting(
        0.0, kind="number", option="target-accuracy", label="Target accuracy", advanced=True,
        minimum=0.0, maximum=1.0, low=0.0, high=1.0, step=0.01,
        help="Stop as soon as the held-out accuracy reaches this value; 0 turns it off.",
    )  # fmt: skip
    stop_when_all_right: bool = setting(
        False, kind="switch", option="stop-when-all-right", label="Stop when all right", advanced=True,
        help="Stop as soon as every training example is classified correctly.",
    )  # fmt: skip
    seed: int = setting(
        0, kind="integer", label="Seed", minimum=0, maximum=2**32 - 1, low=0, high=100, step=1,
        help="Seed of the random numbers: the same seed gives the same run, bit for bit.",
    )  # fmt: skip
    dtype: str = setting(
        "float32", kind="choice", choices=DTYPES, label="Precision", advanced=True,
        help="Floating-point type: float32 is faster; float64 is for checking the mathematics.",
    )  # fmt: skip
    engine: str = setting(
        "numpy", kind="choice", choices=ENGINES, label="Engine", advanced=True,
        help="Implementation: fast NumPy, textbook NumPy (slower), or neurons in plain Python loops (far "
        "slower).",
    )  # fmt: skip
    snapshot_every: int | str = setting(
        "epoch", kind="count", words=("epoch", "auto"), option="snapshot-every", label="Snapshot every",
        advanced=True, minimum=1, maximum=1_000_000_000, low=1, high=1000, scale="log",
        help="Steps between two snapshots; 'epoch' for one at the end of each epoch; 'auto' for more in between, "
        "most of them in the first epoch.",
    )  # fmt: skip
    megabytes: int | str = setting(
        "auto", kind="count", words=("auto",), label="Megabytes", advanced=True,
        minimum=1, maximum=100_000_000, low=100, high=10_000, scale="log",
        help="Disk budget for the arrays of a run's snapshots, in megabytes; those of older snapshots are thinned out "
        "to stay within it, their metrics stay. 'auto' takes a tenth of the free space, 100 to 2,000.",
    )  # fmt: skip
    train_sample: int = setting(
        1000, kind="integer", option="train-sample", label="Train sample", advanced=True,
        minimum=0, maximum=10_000_000, low=0, high=10_000, step=500,
        help="Number of training examples (a fixed sample) that training metrics are computed on; 0 takes all.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        _check_all(self)
        is_plain = OPTIMIZERS[self.optimizer].is_gradient_descent and not self.shapes_gradient
        if self.delta_weights == "updated" and not is_plain:
            plain = _names(name for name, optimizer in OPTIMIZERS.items() if optimizer.is_gradient_descent)
            raise ConfigError(f"delta_weights 'updated' needs the optimizer {plain}, without l1, l2 and clip_norm")

    @property
    def decays(self) -> bool:
        """Whether weights, but not biases, are regularised by a penalty or by weight decay."""
        return bool(self.l1 or self.l2 or (OPTIMIZERS[self.optimizer].decays_weights and self.weight_decay))

    def rate_factor(self, step: int, steps_per_epoch: int) -> float:
        """The factor of the learning rate at step `step` (from 0)."""
        hyperparameters = {name: getattr(self, name) for name in SCHEDULES[self.schedule].hyperparameters}
        return schedule_factor(
            self.schedule, step, steps_per_epoch,
            n_epochs=self.n_epochs, warmup_epochs=self.warmup_epochs, **hyperparameters,
        )  # fmt: skip

    @property
    def shapes_gradient(self) -> bool:
        """Whether the gradient of the loss is changed before the optimizer uses it."""
        return bool(self.l1 or self.l2 or self.clip_norm)

    def steps_per_epoch(self, n_train: int) -> int:
        """Number of steps per epoch with this many training examples; the last batch may be smaller."""
        return 1 if self.batch_size == "full" else max(1, -(-n_train // int(self.batch_size)))

    @property
    def is_augmented(self) -> bool:
        """Whether training images are augmented."""
        return any(getattr(self, name) for name in AUGMENTATIONS)


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Configuration of a run: with the data set's content, it determines every bit."""

    data: DataConfig = field(default_factory=DataConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        if self.training.engine == "pure_python":
            _reject_unsupported("engine 'pure_python'", self, PURE_PYTHON_CAN)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Plain values by section and name, ready for JSON; `from_dict` is its inverse."""
        return {
            section: {item.name: _plain(getattr(getattr(self, section), item.name)) for item in fields(kind)}
            for section, kind in SECTIONS.items()
        }

    @staticmethod
    def from_dict(values: Mapping[str, Mapping[str, Any]]) -> RunConfig:
        """Make a config from plain values; what is missing takes its default.

        Raises ConfigError for an unknown section or setting, by name, and for an invalid value.
        """
        if not isinstance(values, Mapping):
            raise ConfigError(f"a run config must be an object of sections, got {values!r}")
        _reject_unknown("config section", values, SECTIONS)
        parts: dict[str, Any] = {}
        for section, kind in SECTIONS.items():
            given = values.get(section, {})
            if not isinstance(given, Mapping):
                raise ConfigError(f"config section {section} must be an object, got {given!r}")
            _reject_unknown(f"{section} setting", given, [item.name for item in fields(kind)])
            parts[section] = kind(**{name: _BY_NAME[kind, name].check(value) for name, value in given.items()})
        return RunConfig(**parts)

    def get(self, item: Field) -> Any:
        """The value of one setting."""
        return getattr(getattr(self, item.section), item.name)

    def with_values(self, values: Mapping[str, Any]) -> RunConfig:
        """A copy with some settings changed, by option name (as in `--learning-rate`)."""
        _reject_unknown("option", values, FIELDS)
        changed: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
        for option, value in values.items():
            item = FIELDS[option]
            changed[item.section][item.name] = item.check(value)
        return replace(
            self, **{section: replace(getattr(self, section), **part) for section, part in changed.items() if part}
        )


SECTIONS: dict[Section, type[DataConfig] | type[NetworkConfig] | type[TrainingConfig]] = {
    "data": DataConfig,
    "network": NetworkConfig,
    "training": TrainingConfig,
}


def _describe(section: Section, kind: type) -> Iterable[Field]:
    for item in fields(kind):
        about = dict(item.metadata)
        option = about.pop("option") or item.name.replace("_", "-")
        if item.default is MISSING:
            raise TypeError(f"setting {item.name} has no default")
        yield Field(section=section, name=item.name, option=option, default=item.default, **about)


FIELDS: dict[str, Field] = {
    item.option: item for section, kind in SECTIONS.items() for item in _describe(section, kind)
}
"""Every setting by its option name: the one table behind the sliders, the command line and the URL."""

PURE_PYTHON_CAN: dict[str, tuple[Any, ...]] = {
    "activation": ("relu", "leaky_relu", "sigmoid", "tanh"),
    "dropout": (0.0,),
    "batch-norm": (False,),
    "optimizer": ("sgd",),
    "l1": (0.0,),
    "l2": (0.0,),
    "clip-norm": (0.0,),
    "class-weight": ("none",),
    "softmax-derivative": ("exact",),
    "delta-weights": ("current",),
    "dtype": ("float64",),
}
"""The values that the pure Python engine supports, by option name; it supports all values of every other option."""

_BY_NAME: dict[tuple[type, str], Field] = {(SECTIONS[item.section], item.name): item for item in FIELDS.values()}


def _check_all(config: Any) -> None:
    for item in fields(config):
        about = _BY_NAME.get((type(config), item.name))
        if about is not None:
            object.__setattr__(config, item.name, about.check(getattr(config, item.name)))


def _reject_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            raise ConfigError(f"unknown {what} {name!r}{did_you_mean(str(name), names)}; known are {names}")


def check_fits(config: RunConfig, n_classes: int, data: str, *, is_multilabel: bool = False) -> None:
    """Raise ConfigError if the output or the class weights do not suit the data set called `data`."""
    output, weights = OUTPUTS[config.network.output], config.training.class_weight
    if is_multilabel and not output.takes_labels:
        fitting = _names(repr(name) for name, each in OUTPUTS.items() if each.takes_labels)
        raise ConfigError(f"{data} is multi-label: output must be {fitting}, one unit per label, got {output.name!r}")
    if output.is_binary and n_classes != 2:
        raise ConfigError(
            f"output {output.name!r} is one unit for two classes, and {data} has {n_classes}; use softmax"
        )
    if is_multilabel and weights != "none":
        raise ConfigError(f"class_weight must be 'none' for multi-label data, got {weights!r}")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _reject_unsupported(what: str, config: RunConfig, can: Mapping[str, tuple[Any, ...]]) -> None:
    wanted, got = [], []
    for option, choices in can.items():
        item, value = FIELDS[option], config.get(FIELDS[option])
        if not set(value if isinstance(value, tuple) else [value]) <= set(choices):
            wanted.append(f"{item.name} {' or '.join(item.format(choice) for choice in choices)}")
            got.append(f"{item.name} {item.format(value)}")
    if wanted:
        raise ConfigError(f"{what} needs {', '.join(wanted)}; got {', '.join(got)}")
