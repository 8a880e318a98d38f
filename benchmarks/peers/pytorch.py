"""PyTorch on the CPU, eager with its fused optimizers; `build_compiled` compiles the whole step."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from numpy import ndarray

from benchmarks import threads
from benchmarks.tasks import Task


def build(task: Task, x: ndarray, y: ndarray, *, compiled: bool = False) -> Callable[[], None] | None:
    """One pass over batches that are views of one tensor."""
    torch.manual_seed(0)
    torch.set_num_threads(threads.from_environment())
    layers: list[torch.nn.Module] = []
    for n_in, n_out in zip(task.sizes, task.sizes[1:], strict=False):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    if task.optimizer == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(network.parameters(), lr=task.learning_rate, fused=True)
    else:
        optimizer = torch.optim.SGD(network.parameters(), lr=task.learning_rate, fused=True)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
    loss_of = torch.nn.CrossEntropyLoss()

    def step(batch: torch.Tensor, target: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss_of(network(batch), target).backward()
        optimizer.step()

    def answer(batch: torch.Tensor) -> torch.Tensor:
        return torch.softmax(network(batch), dim=1).argmax(dim=1)

    # Dynamo says with a warning that it leaves the optimizer's profiler marks out.
    logging.getLogger("torch._dynamo").setLevel(logging.ERROR)
    one_step = torch.compile(step) if compiled and not task.inference else step
    one_answer = torch.compile(answer) if compiled and task.inference else answer

    def train() -> None:
        for start in range(0, len(inputs), task.batch):
            one_step(inputs[start : start + task.batch], labels[start : start + task.batch])

    def predict() -> None:
        with torch.inference_mode():
            one_answer(inputs)

    return predict if task.inference else train


def build_compiled(task: Task, x: ndarray, y: ndarray) -> Callable[[], None] | None:
    """The same with the whole step under `torch.compile`."""
    return build(task, x, y, compiled=True)
