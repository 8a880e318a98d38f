"""PyTorch on the CPU, eager, with its fused optimizers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from numpy import ndarray

from benchmarks import threads
from benchmarks.tasks import Task


def build(task: Task, x: ndarray, y: ndarray) -> Callable[[], None] | None:
    """One pass over batches that are views of one tensor, gathered in a new order for each pass."""
    torch.manual_seed(0)
    torch.set_num_threads(threads.from_environment())
    layers: list[torch.nn.Module] = []
    for n_in, n_out in pairwise(task.sizes):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    kind = torch.optim.Adam if task.optimizer == "adam" else torch.optim.SGD
    optimizer = kind(network.parameters(), lr=task.learning_rate, fused=True)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
    loss_of = torch.nn.CrossEntropyLoss()

    def train() -> None:
        order = torch.randperm(len(inputs)) if task.shuffles else slice(None)
        examples, targets = inputs[order], labels[order]
        for start in range(0, len(inputs), task.batch):
            stop = start + task.batch
            optimizer.zero_grad(set_to_none=True)
            loss_of(network(examples[start:stop]), targets[start:stop]).backward()
            optimizer.step()

    def predict() -> None:
        with torch.inference_mode():
            torch.softmax(network(inputs), dim=1).argmax(dim=1)

    return predict if task.inference else train
