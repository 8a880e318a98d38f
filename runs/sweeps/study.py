"""The study of a sweep: what it looks for and its trials, which Optuna keeps in a journal file beside the runs.

What the sweep was asked for is an attribute of the study, so one file holds all of it. A trial has the attributes
`runs`, the ids of its runs in the order of their seeds, and, where it failed, `error`.
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from annscope.core.config import FIELDS, RunConfig
from annscope.core.errors import AnnscopeError, one_of, shortened
from annscope.runs.annotations import MAX_TAG
from annscope.runs.atomic import writing
from annscope.runs.catalogue import RUN_ID
from annscope.runs.command_line import command_line
from annscope.runs.record import Line
from annscope.runs.sweeps.catalogue import JOURNAL, sweep_directory, sweeps_home
from annscope.runs.sweeps.errors import SweepError, require_packages
from annscope.runs.sweeps.space import FORM, Dimension, combinations, n_combinations, parse_space, settings_of

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

FORMAT = 1
_ATTRIBUTE = "annscope"
FEW = 4
"""Trials that finish before any other can be pruned by the median."""
N_TRIALS = 20
"""Trials of a sweep, unless said otherwise."""


@dataclass(frozen=True)
class Metric:
    """A figure that a sweep chooses by, of the held-out examples and of the snapshot that the run keeps."""

    label: str
    key: str
    direction: Literal["maximize", "minimize"]

    def of(self, line: Line) -> float | None:
        """The figure of a snapshot, by its line in the metrics."""
        value = line["heldout"][self.key]
        return None if value is None else float(value)


METRICS = {
    "heldout-accuracy": Metric("held-out accuracy", "accuracy", "maximize"),
    "heldout-loss": Metric("held-out loss", "loss", "minimize"),
}


def _tpe(seed: int, n_done: int) -> BaseSampler:
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed + n_done)


def _random(seed: int, n_done: int) -> BaseSampler:
    from optuna.samplers import RandomSampler

    return RandomSampler(seed=seed + n_done)


def _qmc(seed: int, _: int) -> BaseSampler:
    from optuna.samplers import QMCSampler

    return QMCSampler(scramble=True, seed=seed, warn_independent_sampling=False)


SAMPLERS: dict[str, Callable[[int, int], BaseSampler]] = {"tpe": _tpe, "random": _random, "grid": _random, "qmc": _qmc}
"""By a seed and how many trials there are already. The trials of a grid are all put into the study at its beginning."""


def _median(_: int) -> BasePruner:
    from optuna.pruners import MedianPruner

    return MedianPruner(n_startup_trials=FEW, n_warmup_steps=1)


def _hyperband(n_epochs: int) -> BasePruner:
    from optuna.pruners import HyperbandPruner

    return HyperbandPruner(min_resource=1, max_resource=n_epochs)


def _none(_: int) -> BasePruner:
    from optuna.pruners import NopPruner

    return NopPruner()


PRUNERS: dict[str, Callable[[int], BasePruner]] = {"median": _median, "hyperband": _hyperband, "none": _none}
"""By the number of epochs of a run."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What a sweep was asked for. `budget` is in seconds of a session, None without one.

    Without a space it trains one setting with several seeds.

    Raises SweepError, when made, for what breaks a rule.
    """

    name: str
    config: RunConfig
    space: tuple[Dimension, ...]
    n_trials: int
    n_seeds: int = 1
    metric: str = "heldout-accuracy"
    sampler: str = "tpe"
    pruner: str = "none"
    budget: float | None = None

    def __post_init__(self) -> None:
        if not RUN_ID.fullmatch(self.name) or len(self.name) > MAX_TAG:
            rule = f"letters, digits, - and _, beginning with a letter or a digit, at most {MAX_TAG} of them"
            raise SweepError(f"The name of a sweep has {rule}, not {shortened(self.name)!r}.")
        for what, value, known in (
            ("--metric", self.metric, METRICS), ("--sampler", self.sampler, SAMPLERS), ("--prune", self.pruner, PRUNERS)
        ):  # fmt: skip
            if value not in known:
                raise SweepError(f"{one_of(what, value, known)}.")
        for option, n in (("--trials", self.n_trials), ("--seeds", self.n_seeds)):
            if n < 1:
                raise SweepError(f"{option} must be a whole number at least 1, got {n}.")
        if self.config.data.split == 0:
            raise SweepError(
                "A sweep chooses by held-out examples, which with --split 0 are those of the test, to be looked at "
                "last; give a --split above 0."
            )
        if not self.space and self.n_seeds == 1:
            raise SweepError(
                f"A sweep varies something: --vary {FORM}, such as --vary learning-rate=1e-4..1e-1:log; or it has "
                "several --seeds."
            )
        ranged = next((each for each in self.space if n_combinations([each]) is None), None)
        if self.sampler == "grid" and ranged is not None:
            raise SweepError(f"--sampler grid needs choices, and {ranged} is a range; vary it as NAME=A|B|C.")

    @property
    def figure(self) -> Metric:
        """What it chooses by."""
        return METRICS[self.metric]

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` is the inverse."""
        plain = {"n_trials", "n_seeds", "metric", "sampler", "pruner", "budget"}
        about = {name: getattr(self, name) for name in sorted(plain)}
        return about | {"format": FORMAT, "config": self.config.to_dict(), "vary": [str(each) for each in self.space]}

    @staticmethod
    def from_dict(name: str, values: dict[str, Any]) -> Sweep:
        """The sweep of this name, from what `to_dict` gave. Raises SweepError for anything else."""
        try:
            if values["format"] != FORMAT:
                raise ValueError(f"it is in format {values['format']!r:.40}")
            about = {key: value for key, value in values.items() if key not in {"format", "config", "vary"}}
            config, space = RunConfig.from_dict(values["config"]), parse_space(values["vary"])
            return Sweep(name=name, config=config, space=space, **about)
        except (KeyError, TypeError, ValueError, AnnscopeError) as error:
            raise SweepError(f"The sweep {name} cannot be read: {str(error).rstrip('.')}.") from error


def seeds_of(sweep: Sweep) -> range:
    """The seeds that each setting is trained with."""
    first = sweep.config.training.seed
    return range(first, first + sweep.n_seeds)


def config_of_trial(sweep: Sweep, settings: dict[str, Any], seed: int) -> RunConfig:
    """The config of one run. Raises ConfigError for settings that do not go together."""
    return sweep.config.with_values(settings | {"seed": FIELDS["seed"].check(seed)})


def new_name(config: RunConfig) -> str:
    """A name for a sweep that begins now: the data set and the time."""
    data = re.sub(r"[^a-z0-9]+", "-", config.data.name.rsplit("/", 1)[-1].lower()).strip("-")[:20] or "data"
    return f"{data}-{datetime.now(UTC):%Y-%m-%d-%H%M%S}"


def create_study(sweep: Sweep) -> Study:
    """The study of a new sweep. Raises SweepError if its name is taken, StorageError if it cannot be written."""
    require_packages()
    import optuna

    directory = sweeps_home() / sweep.name
    with writing(directory):
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            raise SweepError(
                f"There is a sweep {sweep.name!r} already; continue it (annscope sweep --resume {sweep.name}) or give "
                "another --name."
            ) from None
        try:
            study = optuna.create_study(
                storage=_storage(directory), study_name=sweep.name, direction=sweep.figure.direction, **_ways(sweep, 0)
            )
            if sweep.sampler == "grid":
                for k, parameters in enumerate(combinations(sweep.space)):
                    if k < sweep.n_trials:
                        study.enqueue_trial(parameters)
            study.set_user_attr(_ATTRIBUTE, sweep.to_dict())
        except OSError:
            shutil.rmtree(directory, ignore_errors=True)  # half a journal is no sweep, and would keep its name
            raise
    return study


def open_study(name: str) -> tuple[Sweep, Study]:
    """A sweep and its study. Raises SweepError if there is none, or if its journal is damaged."""
    require_packages()
    import optuna

    directory = sweep_directory(name)
    try:
        study = optuna.load_study(storage=_storage(directory), study_name=name)
        sweep = Sweep.from_dict(name, dict(study.user_attrs.get(_ATTRIBUTE, {})))
    except OSError as error:
        raise SweepError(f"The sweep {name} cannot be read: {error.strerror or error}.") from error
    except (KeyError, ValueError, TypeError) as error:
        raise SweepError(f"The journal of the sweep {name} is damaged: {error}.") from error
    for part, value in _ways(sweep, len(study.get_trials(deepcopy=False))).items():
        setattr(study, part, value)
    return sweep, study


@dataclass(frozen=True)
class Best:
    """The best trial of a sweep so far, its settings among the others, and the command that trains them."""

    number: int
    value: float
    config: RunConfig

    @property
    def command(self) -> str:
        """The command line that trains it once."""
        return command_line(self.config)


def best_trial(sweep: Sweep, study: Study) -> Best | None:
    """The complete trial with the best figure, the first of equals; None without any."""
    complete = [each for each in study.get_trials(deepcopy=False) if each.state.name == "COMPLETE"]
    sign = -1 if sweep.figure.direction == "maximize" else 1
    best = min(complete, key=lambda each: sign * (each.value or 0.0), default=None)
    if best is None:
        return None
    return Best(best.number, best.value or 0.0, sweep.config.with_values(settings_of(best.params)))


def _storage(directory: Path) -> Any:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal = str(directory / JOURNAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a part of it is experimental
        # A symbolic link as a lock, Optuna's default, needs rights on Windows that people do not have.
        lock = JournalFileOpenLock(journal) if os.name == "nt" else None
        return JournalStorage(JournalFileBackend(journal, lock_obj=lock))


def _ways(sweep: Sweep, n_done: int) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a sampler is experimental
        seed = sweep.config.training.seed
        return {
            "sampler": SAMPLERS[sweep.sampler](seed, n_done),
            "pruner": PRUNERS[sweep.pruner](sweep.config.training.n_epochs),
        }
