"""JAX on the CPU: one jitted step called from Python, or a whole pass compiled as one `lax.scan`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy import ndarray

from benchmarks.tasks import Task

State = tuple[list[Any], list[Any], list[Any], Any]


def build(task: Task, x: ndarray, y: ndarray, *, scan: bool = False) -> Callable[[], None] | None:
    """One pass over batches, with the state donated to each step."""
    generator = np.random.default_rng(0)
    parameters: list[Any] = []
    for n_in, n_out in zip(task.sizes, task.sizes[1:], strict=False):
        weight = generator.standard_normal((n_in, n_out), dtype=np.float32) * np.float32(np.sqrt(2 / n_in))
        parameters += [jnp.asarray(weight), jnp.zeros(n_out, jnp.float32)]

    def logits_of(parameters: list[Any], batch: Any) -> Any:
        for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            batch = jax.nn.relu(batch @ weight + bias)
        return batch @ parameters[-2] + parameters[-1]

    def loss_of(parameters: list[Any], batch: Any, labels: Any) -> Any:
        log_probabilities = jax.nn.log_softmax(logits_of(parameters, batch))
        return -jnp.take_along_axis(log_probabilities, labels[:, None], axis=1).mean()

    def step(state: State, batch: Any, labels: Any) -> State:
        parameters, first, second, count = state
        gradients = jax.grad(loss_of)(parameters, batch, labels)
        count = count + 1
        if task.optimizer == "sgd":
            return (
                [p - task.learning_rate * g for p, g in zip(parameters, gradients, strict=True)],
                first,
                second,
                count,
            )
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradients, strict=True)]
        second = [0.999 * v + 0.001 * g * g for v, g in zip(second, gradients, strict=True)]
        rate, scale = task.learning_rate / (1 - 0.9**count), 1 - 0.999**count
        moved = [p - rate * m / (jnp.sqrt(v / scale) + 1e-8) for p, m, v in zip(parameters, first, second, strict=True)]
        return moved, first, second, count

    zeros = [jnp.zeros_like(p) for p in parameters]
    state: State = (parameters, zeros, [jnp.zeros_like(p) for p in parameters], jnp.float32(0))
    n_steps = len(x) // task.batch
    examples, classes = jnp.asarray(x), jnp.asarray(y.astype(np.int32))
    inputs = examples[: n_steps * task.batch].reshape(n_steps, task.batch, -1)
    labels = classes[: n_steps * task.batch].reshape(n_steps, task.batch)

    def order() -> ndarray:
        return generator.permutation(len(x))[: n_steps * task.batch].astype(np.int32).reshape(n_steps, task.batch)

    if task.inference:
        predict = jax.jit(lambda parameters, batch: jnp.argmax(jax.nn.softmax(logits_of(parameters, batch)), axis=1))
        return None if scan else lambda: predict(parameters, inputs[0]).block_until_ready()

    if scan:

        def epoch(state: State, rows: Any) -> State:
            # All gathered first: quicker than batch by batch in the loop, on the largest network as quick.
            batches = (inputs, labels) if rows is None else (examples[rows], classes[rows])
            return jax.lax.scan(lambda s, batch: (step(s, *batch), None), state, batches)[0]

        whole = jax.jit(epoch, donate_argnums=0)

        def run_scan() -> None:
            nonlocal state
            state = whole(state, order() if task.shuffles else None)
            jax.block_until_ready(state)

        return run_scan

    one = jax.jit(step, donate_argnums=0)
    one_of_rows = jax.jit(lambda state, rows: step(state, examples[rows], classes[rows]), donate_argnums=0)
    batches = [(inputs[i], labels[i]) for i in range(n_steps)]

    def run() -> None:
        nonlocal state
        if task.shuffles:
            for rows in order():
                state = one_of_rows(state, rows)
        else:
            for batch, target in batches:
                state = one(state, batch, target)
        jax.block_until_ready(state)

    return run


def build_scan(task: Task, x: ndarray, y: ndarray) -> Callable[[], None] | None:
    """The same with the whole pass compiled as one loop."""
    return build(task, x, y, scan=True)
