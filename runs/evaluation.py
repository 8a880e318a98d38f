"""Evaluation of a run's network on a split: loss, accuracy and metrics of each class, as values and as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annscope.core.errors import AnnscopeError
from annscope.runs.reader import RunReader
from annscope.runs.record import RecordError

if TYPE_CHECKING:
    from numpy import ndarray
    from rich.console import RenderableType

    from annscope.core.dataset import Dataset
    from annscope.core.evaluation.metrics import Evaluation
    from annscope.data.download import Progress


class EvaluationError(AnnscopeError):
    """An evaluation that is not possible: the message gives the reason."""


def evaluate_run(
    reader: RunReader, *, split: str | None = None, step: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Loss, accuracy, confusion matrix (rows the true class) and the metrics of each class, as plain values.

    For multi-label data, `accuracy` is the subset accuracy, `confusion_matrix`
    holds one matrix [[tn, fp], [fn, tp]] for each label, and `hamming_loss` and `averages` come with them
    (precision, recall and F1 by micro, macro, weighted and samples).

    `split` is one of `core.dataset.SPLITS`, or None for the one the network was evaluated on while it
    trained. `step` chooses a snapshot, None takes the one that the run keeps. A precision,
    recall or F1 that is undefined is NaN.

    Raises EvaluationError if there is no such snapshot, if the split is empty and if the data
    has changed since; RecordError and DataError for what cannot be read.
    """
    from annscope.core.evaluation.metrics import class_metrics, evaluate, evaluated_logits

    number, dataset, split = _judged(reader, split, step, progress)
    line, config = reader.snapshot_line(number), reader.config
    x, y = dataset.split(split)
    network = reader.network(number)
    logits = evaluated_logits(network, x)
    result = evaluate(network, x, y, config.training.loss, first_logits=logits)
    classes = class_metrics(result.confusion)
    several = _of_labels(result, y, network.predictions(logits, is_multilabel=True)) if y.ndim == 2 else {}
    return {
        "run": reader.run,
        "split": split,
        "step": line["step"],
        "epoch": line["epoch"],
        "loss": float(result.loss),
        "accuracy": float(result.accuracy),
        "confusion_matrix": result.confusion.tolist(),
        "per_class": [
            {
                "label": label,
                "precision": float(classes.precision[i]),
                "recall": float(classes.recall[i]),
                "f1": float(classes.f1[i]),
                "support": int(classes.support[i]),
            }
            for i, label in enumerate(dataset.class_names)
        ],
        **several,
    }


def report(reader: RunReader, *, split: str | None = None, step: int | None = None) -> str:
    """The page of `runs.report` about a run's network, as HTML; parameters and errors as of `evaluate_run`."""
    from annscope.core.evaluation.predictions import Predictions, predict
    from annscope.runs.report import report_html

    number, dataset, split = _judged(reader, split, step)
    x, y = dataset.split(split)
    predicted, probabilities = predict(reader.network(number), x, is_multilabel=dataset.is_multilabel)
    predictions = Predictions(reader.run, number, split, dataset.class_names, y, predicted, probabilities)
    return report_html(predictions, dataset, reader)


def _judged(
    reader: RunReader, split: str | None, step: int | None, progress: Progress | None = None
) -> tuple[int, Dataset, str]:
    """The snapshot's number, the data, checked, and the split that is not empty."""
    from annscope.data.datasets import load_run_dataset

    number = reader.kept_number() if step is None else number_of(reader, step)
    dataset = load_run_dataset(reader.config, progress)
    if dataset.fingerprint != reader.description["dataset"]["fingerprint"]:
        raise EvaluationError(f"The data set {dataset.name} has changed since run {reader.run} was trained.")
    split = split or dataset.heldout
    if not len(dataset.split(split)[1]):
        raise EvaluationError(f"The {split} split of run {reader.run} is empty.")
    return number, dataset, split


def _of_labels(result: Evaluation, y: ndarray, predictions: ndarray) -> dict[str, Any]:
    from annscope.core.evaluation.curves import averages, hamming_loss, sample_averages

    found, of_samples = averages(result.confusion), sample_averages(y, predictions)
    return {
        "hamming_loss": hamming_loss(result.confusion),
        "averages": {
            name: {how: float(getattr(found[name], how)) for how in ("micro", "macro", "weighted")}
            | {"samples": of_samples[name]}
            for name in of_samples
        },
    }


def number_of(reader: RunReader, step: int) -> int:
    """The number of the snapshot of a step. Raises EvaluationError, with the nearest step, if there is none."""
    numbers = {line["step"]: int(line["number"]) for line in reader.snapshot_lines()}
    if not numbers:
        raise RecordError(f"Run {reader.run} has no snapshot yet.")
    if step not in numbers:
        nearest = min(numbers, key=lambda other: abs(other - step))
        raise EvaluationError(f"Run {reader.run} has no snapshot of step {step:,}; the nearest is of step {nearest:,}.")
    return numbers[step]


def _figure(value: float) -> str:
    return "-" if value != value else f"{value:.4f}"


def table_of(result: dict[str, Any]) -> list[RenderableType]:
    """The result of `evaluate_run` as text."""
    from rich.table import Table

    of_labels = "hamming_loss" in result
    right = f"{'subset accuracy' if of_labels else 'accuracy'} {result['accuracy']:.2%}"
    right += f", Hamming loss {result['hamming_loss']:.4f}" if of_labels else ""
    head = (
        f"Run {result['run']}, epoch {result['epoch']}, step {result['step']:,}, on the {result['split']} split: "
        f"{right}, loss {result['loss']:.4f}\n"
    )
    classes = Table("Label" if of_labels else "Class", box=None, pad_edge=False)
    for name in ("Precision", "Recall", "F1", "Support"):
        classes.add_column(name, justify="right")
    for row in result["per_class"]:
        figures = (row[name] for name in ("precision", "recall", "f1"))
        classes.add_row(row["label"], *(_figure(figure) for figure in figures), str(row["support"]))
    if of_labels:
        for how in ("micro", "macro", "weighted", "samples"):
            means = (result["averages"][name][how] for name in ("precision", "recall", "f1"))
            classes.add_row(f"{how} average", *(_figure(mean) for mean in means), "")
        counts = Table("Label", box=None, pad_edge=False)
        for name in ("True negatives", "False positives", "False negatives", "True positives"):
            counts.add_column(name, justify="right")
        for row, ((tn, fp), (fn, tp)) in zip(result["per_class"], result["confusion_matrix"], strict=True):
            counts.add_row(row["label"], *(f"{count:,}" for count in (tn, fp, fn, tp)))
        return [head, classes, "\nConfusion matrix of each label\n", counts]
    confusion = Table("", box=None, pad_edge=False)
    for row in result["per_class"]:
        confusion.add_column(row["label"], justify="right")
    for row, counts in zip(result["per_class"], result["confusion_matrix"], strict=True):
        confusion.add_row(row["label"], *(str(count) if count else "." for count in counts))
    return [head, classes, "\nConfusion matrix (rows: true class, columns: predicted)\n", confusion]
