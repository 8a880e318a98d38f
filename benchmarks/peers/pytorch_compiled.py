"""PyTorch on the CPU with the whole step, gradient and update, compiled into one graph.

Compiling an eager step (`loss.backward(); optimizer.step()`) breaks the graph at both calls and is slower than
not compiling at all; `torch.func.grad` keeps it whole.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from numpy import ndarray

from benchmarks import threads
from benchmarks.tasks import Task

Tensors = list[torch.Tensor]


def build(task: Task, x: ndarray, y: ndarray) -> Callable[[], None] | None:
    """One pass over batches that are views of one tensor, gathered in a new order for each pass."""
    torch.compiler.reset()  # of all tasks together, PyTorch would compile the first eight, and run the others eagerly
    torch.manual_seed(0)
    torch.set_num_threads(threads.from_environment())
    parameters: Tensors = []
    for n_in, n_out in pairwise(task.sizes):
        layer = torch.nn.Linear(n_in, n_out)
        parameters += [layer.weight.detach().clone(), layer.bias.detach().clone()]
    first, second = [torch.zeros_like(p) for p in parameters], [torch.zeros_like(p) for p in parameters]
    count = torch.zeros(())
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)

    def logits_of(parameters: Tensors, batch: torch.Tensor) -> torch.Tensor:
        for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            batch = torch.relu(torch.nn.functional.linear(batch, weight, bias))
        return torch.nn.functional.linear(batch, parameters[-2], parameters[-1])

    def loss_of(parameters: Tensors, batch: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(logits_of(parameters, batch), target)

    def step(
        parameters: Tensors, first: Tensors, second: Tensors, count: torch.Tensor, batch: torch.Tensor,
        target: torch.Tensor,
    ) -> None:  # fmt: skip
        gradients = torch.func.grad(loss_of)(parameters, batch, target)
        if task.optimizer == "sgd":
            for p, g in zip(parameters, gradients, strict=True):
                p.sub_(task.learning_rate * g)
            return
        count.add_(1)
        rate, scale = task.learning_rate / (1 - 0.9**count), 1 - 0.999**count
        for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
            m.mul_(0.9).add_(g, alpha=0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            p.sub_(rate * m / (torch.sqrt(v / scale) + 1e-8))

    def classify(parameters: Tensors, batch: torch.Tensor) -> torch.Tensor:
        return torch.softmax(logits_of(parameters, batch), dim=1).argmax(dim=1)

    one_step = torch.compile(step, fullgraph=True, dynamic=False)
    compiled = torch.compile(classify, fullgraph=True, dynamic=False)

    def train() -> None:
        with torch.no_grad():
            order = torch.randperm(len(inputs)) if task.shuffles else slice(None)
            examples, targets = inputs[order], labels[order]
            for start in range(0, len(inputs), task.batch):
                stop = start + task.batch
                one_step(parameters, first, second, count, examples[start:stop], targets[start:stop])

    def predict() -> None:
        with torch.inference_mode():
            compiled(parameters, inputs)

    return predict if task.inference else train
