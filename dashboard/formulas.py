"""Formulas with their own numbers put in, as Markdown."""

from __future__ import annotations

from jaxtyping import Int
from numpy import ndarray

from core.curves import averages, specificity
from core.metrics import class_metrics

Counts = Int[ndarray, "n_classes n_classes"]


def formulas(confusion: Counts, label: int) -> str:
    """Precision, recall, F1 and specificity of one class, each with the counts it comes from."""
    tp = int(confusion[label, label])
    fp, fn = int(confusion[:, label].sum()) - tp, int(confusion[label].sum()) - tp
    tn = int(confusion.sum()) - tp - fp - fn
    found = class_metrics(confusion)
    lines = (
        ("precision", "tp", "tp + fp", f"{tp}", f"{tp} + {fp}", found.precision[label]),
        ("recall", "tp", "tp + fn", f"{tp}", f"{tp} + {fn}", found.recall[label]),
        ("F_1", "2\\,tp", "2\\,tp + fp + fn", f"2 \\cdot {tp}", f"2 \\cdot {tp} + {fp} + {fn}", found.f1[label]),
        ("specificity", "tn", "tn + fp", f"{tn}", f"{tn} + {fp}", specificity(confusion)[label]),
    )
    rows = [
        f"\\text{{{name}}} &= \\frac{{{above}}}{{{below}}} = \\frac{{{numbers}}}{{{all_numbers}}} = {_value(value)}"
        if name != "F_1"
        else f"F_1 &= \\frac{{{above}}}{{{below}}} = \\frac{{{numbers}}}{{{all_numbers}}} = {_value(value)}"
        for name, above, below, numbers, all_numbers, value in lines
    ]
    counts = (
        f"True positives **{tp:,}**, false positives **{fp:,}**, false negatives **{fn:,}**, true negatives **{tn:,}**."
    )
    body = " \\\\[6pt] ".join(rows)
    return f"{counts}\n\n$$\\begin{{aligned}}{body}\\end{{aligned}}$$"


def averages_in_words(confusion: Counts) -> str:
    """The three averages of the F1 of all classes, explained by their numbers."""
    found, mean = class_metrics(confusion), averages(confusion)["f1"]
    known = [(float(value), int(n)) for value, n in zip(found.f1, found.support, strict=True) if value == value]
    left_out = len(found.f1) - len(known)
    right, n = int(confusion.trace()), int(confusion.sum())
    total = sum(weight for _, weight in known)
    note = f" {left_out} classes for which it is undefined are left out." if left_out else ""
    return (
        f"- **Macro** is the plain mean over the {len(known)} classes, each counting the same however rare it is; "
        f"for F1 ({' + '.join(f'{value:.3f}' for value, _ in known[:3])}{' + …' if len(known) > 3 else ''}) / "
        f"{len(known)} = **{_value(mean.macro)}**.{note}\n"
        f"- **Weighted** is the mean weighted by support, each example counting the same; for F1 "
        f"({' + '.join(f'{weight:,} · {value:.3f}' for value, weight in known[:2])}{' + …' if len(known) > 2 else ''})"
        f" / {total:,} = **{_value(mean.weighted)}**.\n"
        f"- **Micro** pools the counts of all classes before dividing. With one answer for each example, every "
        f"mistake is a false positive of one class and a false negative of another, so micro precision, recall and "
        f"F1 are all the accuracy: {right:,} / {n:,} = **{_value(mean.micro)}**."
    )


def _value(value: float) -> str:
    return "n/a" if value != value else f"{value:.4f}"
