"""Benchmark of vectorisation: neurons in plain Python against the NumPy engine, on the same network and examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from annscope.core.config import RunConfig
from annscope.core.training import Trainer
from benchmarks import options, tables, threads
from benchmarks.measurements import Measurement, interleaved, ratio
from benchmarks.peers.annscope import config_of, dataset_of
from benchmarks.tables import Table, counted, times
from benchmarks.tasks import Task, examples

MIN_SECONDS = 0.3
ENGINES = {"numpy": "annscope, NumPy", "pure_python": "annscope, neurons in plain Python"}
TASKS = (
    Task("P1", (784, 10, 10), 1, "sgd", 1e-2, 256),
    Task("P2", (784, 10, 10), 32, "sgd", 1e-2, 256),
    Task("P3", (2, 4, 2), 1, "sgd", 1e-2, 256),
)


def main(argv: Sequence[str]) -> None:
    """Time epochs of both engines, interleaved, in float64, on every task."""
    about = "Training samples per second with neurons in plain Python and with NumPy, both in float64."
    given = options.parser("pure-python", about, rounds=7).parse_args(argv)
    measured = {task: _measure(task, given.rounds) for task in TASKS}
    rows = [
        [label, *(f"{found[engine].median:,.0f}" for found in measured.values())] for engine, label in ENGINES.items()
    ]
    ratios = {task: ratio(found["numpy"], found["pure_python"]) for task, found in measured.items()}
    rows.append(["NumPy / plain Python", *(times(value) for value in ratios.values())])
    machine = threads.machine(given.threads)
    note = f"{machine['processor']}, Python {machine['python']}, NumPy {machine['numpy']}"
    table = Table(
        "Training samples per second",
        ["", *(task.name for task in TASKS)],
        rows,
        [*(f"{task.label}." for task in TASKS), f"{note}; medians of {counted(given.rounds, 'interleaved round')}."],
    )
    figures = {
        "machine": machine,
        "rounds": given.rounds,
        "tasks": [
            {
                "task": task.name,
                "label": task.label,
                "samples_per_second": {engine: found[engine].median for engine in ENGINES},
                "ratio": ratios[task],
            }
            for task, found in measured.items()
        ],
    }
    tables.show("pure-python", [table], figures, as_json=given.json, as_markdown=given.markdown, page=given.page)


def _measure(task: Task, rounds: int) -> dict[str, Measurement]:
    passes = {engine: _epoch_of(task, engine) for engine in ENGINES}
    return interleaved(passes, task.n_examples, rounds=rounds, least_seconds=MIN_SECONDS)


def _epoch_of(task: Task, engine: str) -> Callable[[], object]:
    x, y = examples(task)
    trainer = Trainer(dataset_of(task, x, y), _config(task, engine))

    def train() -> None:
        left = trainer.steps_per_epoch
        while left:
            left -= trainer.advance(left)

    return train


def _config(task: Task, engine: str) -> RunConfig:
    config = config_of(task)
    network = replace(config.network, activation="tanh", initializer="glorot")
    return replace(config, network=network, training=replace(config.training, engine=engine, dtype="float64"))
