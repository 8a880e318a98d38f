"""Floor of a small network's step: what the NumPy calls that it consists of take by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from annscope.runs.threads import limit_blas
from benchmarks import options, tables, threads
from benchmarks.measurements import interleaved, ratio
from benchmarks.peers import annscope
from benchmarks.tables import Table, counted, percent
from benchmarks.tasks import TASKS, Task, examples

SMALL = ("W5", "T7")
MIN_SECONDS = 0.3

Operation = Callable[[], object]


def main(argv: Sequence[str]) -> None:
    """Time a step of each small network beside its calls alone."""
    parser = options.parser("calls", "What the NumPy calls of a small network's step take by themselves.", rounds=7)
    given = parser.parse_args(argv)
    limit_blas(1)
    rows, figures = [], []
    for task in (TASKS[name] for name in SMALL):
        operations = calls_of(task)
        n_steps = task.n_examples // task.batch
        passes: dict[str, Operation] = {
            "calls": partial(_run, operations * n_steps),
            "annscope": annscope.build(task, *examples(task)),
        }
        measured = interleaved(passes, n_steps, rounds=given.rounds, least_seconds=MIN_SECONDS)
        alone, step = (1e6 / measured[name].median for name in ("calls", "annscope"))
        share = ratio(measured["annscope"], measured["calls"])
        label, each = task.label, f"{alone / len(operations):.2f} µs"
        rows.append([label, str(len(operations)), each, f"{alone:.1f} µs", f"{step:.1f} µs", percent(share)])
        figures.append(
            {"task": task.name, "calls": len(operations), "alone_us": alone, "step_us": step, "share": share}
        )
    machine = threads.machine(given.threads)
    note = f"{machine['processor']}, NumPy {machine['numpy']}; medians of {counted(given.rounds, 'interleaved round')}."
    columns = ["", "calls a step", "each", "these alone", "a step of annscope", "share"]
    table = Table("A step of a small network, and its NumPy calls alone", columns, rows, [note])
    record = {"machine": machine, "rounds": given.rounds, "tasks": figures}
    tables.show("calls", [table], record, as_json=given.json, as_markdown=given.markdown, page=given.page)


def calls_of(task: Task) -> list[Operation]:
    """The calls of one step with the bias trick, on arrays of the same shapes: as few as are known to do."""
    batch, n_classes = task.batch, task.sizes[-1]
    calls: list[Operation] = []
    for i, (n_in, n_out) in enumerate(pairwise(task.sizes)):
        calls.append(_product(n_out, n_in + 1, batch))  # the sums
        calls.append(_product(n_in + 1, batch, n_out))  # the gradient
        if i:  # the errors of the layer below, and its activations
            calls += [_product(n_in, n_out, batch), *_elementwise(n_in * batch, np.maximum, np.minimum, np.multiply)]
    softmax = (np.exp, np.reciprocal, np.multiply, np.subtract)
    calls += [_product(batch, n_classes, n_classes), *_elementwise(batch * n_classes, *softmax)]
    n_parameters = sum((n_in + 1) * n_out for n_in, n_out in pairwise(task.sizes))
    calls.append(_product(1, n_parameters, 1))  # whether all is finite
    adam = (*[np.multiply] * 4, *[np.add] * 3, np.sqrt, np.divide, np.subtract)
    sgd = (np.multiply, np.subtract)
    return calls + _elementwise(n_parameters, *(adam if task.optimizer == "adam" else sgd))


def _product(n: int, n_between: int, n_columns: int) -> Operation:
    a, b = np.ones((n, n_between), np.float32), np.ones((n_between, n_columns), np.float32)
    return partial(a.dot, b, np.empty((n, n_columns), np.float32))


def _elementwise(size: int, *functions: np.ufunc) -> list[Operation]:
    x, out = np.ones(size, np.float32), np.empty(size, np.float32)
    return [partial(function, *[x] * function.nin, out=out) for function in functions]


def _run(operations: Sequence[Operation]) -> None:
    for operation in operations:
        operation()
