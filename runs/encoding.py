"""Serialisation of snapshots: their arrays in a safetensors file, their scalars in a line of JSON."""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import ndarray

    from annscope.core.snapshot import LayerParameters, Normalized, Snapshot

_HISTOGRAMS = ("weight_histogram", "gradient_histogram", "activation_histogram", "update_histogram")
_NORMALIZED = ("weight", "scale", "shift", "mean", "variance")
_FIGURES = (
    "weight_norm", "gradient_norm", "update_ratio", "activation_mean", "activation_std", "dead_fraction",
    "saturated_fraction",
)  # fmt: skip


def snapshot_tensors(snapshot: Snapshot) -> dict[str, ndarray]:
    """Everything in a snapshot that is an array: counts as int32, the rest in the run's own precision.

    For a layer with batch normalisation, `weight` and `bias` are those used for inference, with the normalisation
    folded in; they follow from `normalized.weight` and its scale, shift, running mean and running variance.
    """
    import numpy as np

    tensors: dict[str, ndarray] = {"confusion": np.ascontiguousarray(snapshot.confusion, dtype=np.int32)}
    for i, (parameters, statistics, activation) in enumerate(
        zip(snapshot.parameters, snapshot.layers, snapshot.probe_activations, strict=True)
    ):
        tensors[f"layer{i}.weight"] = np.ascontiguousarray(parameters.weight)
        if parameters.bias is not None:
            tensors[f"layer{i}.bias"] = np.ascontiguousarray(parameters.bias)
        if parameters.normalized is not None:
            for name in _NORMALIZED:
                tensors[f"layer{i}.normalized.{name}"] = np.ascontiguousarray(getattr(parameters.normalized, name))
        tensors[f"layer{i}.activation"] = np.ascontiguousarray(activation)
        for name in _HISTOGRAMS:
            tensors[f"layer{i}.{name}"] = np.ascontiguousarray(getattr(statistics, name), dtype=np.int32)
    return tensors


def snapshot_line(number: int, snapshot: Snapshot) -> dict[str, Any]:
    """Everything in a snapshot that is a scalar."""
    return {
        "type": "snapshot",
        "number": number,
        "step": int(snapshot.step),
        "epoch": int(snapshot.epoch),
        "samples_seen": int(snapshot.samples_seen),
        "train_seconds": float(snapshot.train_seconds),
        "learning_rate": float(snapshot.learning_rate),
        "train": {"loss": float(snapshot.train.loss), "accuracy": float(snapshot.train.accuracy)},
        "heldout": {"loss": float(snapshot.heldout.loss), "accuracy": float(snapshot.heldout.accuracy)},
        "layers": [{name: _figure(getattr(layer, name)) for name in _FIGURES} for layer in snapshot.layers],
        "judged": bool(snapshot.judged),
        "batch_losses": [[int(step), _short(loss)] for step, loss in snapshot.batch_losses],
    }


def snapshot_from(line: Mapping[str, Any], tensors: Mapping[str, ndarray]) -> Snapshot:
    """The snapshot of a line and its tensors. Raises KeyError or TypeError, naming what is missing or invalid."""
    from annscope.core.snapshot import LayerStatistics, Metrics, Snapshot

    n_layers = len(line["layers"])
    return Snapshot(
        step=line["step"],
        epoch=line["epoch"],
        samples_seen=line["samples_seen"],
        train_seconds=line["train_seconds"],
        learning_rate=line["learning_rate"],
        train=Metrics(_number(line["train"]["loss"]), _number(line["train"]["accuracy"])),
        heldout=Metrics(_number(line["heldout"]["loss"]), _number(line["heldout"]["accuracy"])),
        confusion=tensors["confusion"],
        parameters=parameters_from(tensors, n_layers),
        layers=tuple(
            LayerStatistics(**{**line["layers"][i], **{name: tensors[f"layer{i}.{name}"] for name in _HISTOGRAMS}})
            for i in range(n_layers)
        ),
        probe_activations=tuple(tensors[f"layer{i}.activation"] for i in range(n_layers)),
        judged=line.get("judged", True),
        batch_losses=tuple((step, _number(loss)) for step, loss in line.get("batch_losses", ())),
    )


def parameters_from(tensors: Mapping[str, ndarray], n_layers: int) -> tuple[LayerParameters, ...]:
    """The parameters among the tensors of a snapshot. Raises KeyError, naming the first that is missing."""
    from annscope.core.snapshot import LayerParameters

    return tuple(
        LayerParameters(tensors[f"layer{i}.weight"], tensors.get(f"layer{i}.bias"), _normalized(tensors, i))
        for i in range(n_layers)
    )


def _normalized(tensors: Mapping[str, ndarray], i: int) -> Normalized | None:
    from annscope.core.snapshot import Normalized

    if (
        f"layer{i}.normalized.weight" not in tensors
    ):  # a layer without normalisation, or a record written before it was kept
        return None
    return Normalized(**{name: tensors[f"layer{i}.normalized.{name}"] for name in _NORMALIZED})


def tensor_bytes(tensors: Mapping[str, ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    """A safetensors file of these arrays, with a checksum for each and one for the metadata."""
    from safetensors.numpy import save

    metadata = dict(metadata or {})
    return bytes(save(dict(tensors), metadata | {_CHECKSUMS: json.dumps(_checksums(tensors, metadata))}))


def read_tensors(content: bytes) -> tuple[dict[str, ndarray], dict[str, str]]:
    """The arrays of a safetensors file and its metadata.

    Raises ValueError for an invalid file, and for an array whose checksum does not match; files of
    versions that wrote no checksums are trusted.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = dict(load(content))
        metadata = _metadata(content)
        written = json.loads(metadata.pop(_CHECKSUMS, "null"))
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    if written is None and metadata.keys() - {STATE}:
        raise ValueError("its checksums are missing")
    if written is not None and written != (found := _checksums(tensors, metadata)):
        altered = [name for name, checksum in found.items() if written.get(name) != checksum] or sorted(written)
        raise ValueError(f"{', '.join(altered[:3])} altered since it was written")
    return tensors, metadata


STATE = "annscope"
"""Key of a checkpoint's state other than arrays, as JSON: the only metadata of a file besides checksums."""
_CHECKSUMS = "crc32"
_METADATA = "__metadata__"


def _checksums(tensors: Mapping[str, ndarray], metadata: Mapping[str, str]) -> dict[str, int]:
    # With name, type and shape, so that an altered header is noticed as well.
    sums = {
        name: zlib.crc32(array.data, zlib.crc32(f"{name} {array.dtype.str} {array.shape}".encode()))
        for name, array in tensors.items()
    }
    return sums | {_METADATA: zlib.crc32(json.dumps(dict(metadata), sort_keys=True).encode())}


def _metadata(content: bytes) -> dict[str, str]:
    # The safetensors format: the length of the header in 8 bytes, then the header as JSON.
    length = int.from_bytes(content[:8], "little")
    return dict(json.loads(content[8 : 8 + length]).get(_METADATA) or {})


def parameters_sha256(parameters: Iterable[LayerParameters]) -> str:
    """SHA-256 over every layer's weight and bias in order, each in C order and little-endian."""
    import numpy as np

    digest = hashlib.sha256()
    for layer in parameters:
        for array in (layer.weight, layer.bias):
            if array is not None:
                digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _short(loss: float) -> float | None:
    """A loss of a batch, which differs more from the next one's than by its sixth digit; None if it is not finite."""
    return float(f"{loss:.6g}") if math.isfinite(loss) else None


def _figure(value: float | None) -> float | None:
    return None if value is None else float(value)
