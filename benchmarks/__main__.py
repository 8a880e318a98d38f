"""Command line of the benchmarks: `python -m benchmarks [NAME ...]` runs those named, or all of them."""

import argparse
import importlib
import sys

from annscope.core.errors import one_of
from benchmarks import threads

BENCHMARKS = {
    "training": "training samples per second, compared with other frameworks",
    "inference": "images classified per second, compared with other frameworks",
    "calls": "NumPy calls of a small network's step, beside the step: its floor",
    "time-to-accuracy": "wall time to 97 % on MNIST test, compared with PyTorch and scikit-learn",
    "telemetry": "overhead of recording: snapshot, held-out evaluation and record as a share of an epoch",
    "reading": "time and memory of reading a large table, compared with Python's csv module",
    "pure-python": "training samples per second with neurons in plain Python, compared with NumPy",
    "scaling": "cost of a training sample against width, depth and batch size",
    "viewing": "frame times and scrubbing, many viewers, and the slowdown of training by a viewer",
    "watching": "click to first picture, and snapshots painted of those recorded, in Chromium",
    "inspecting": "click in the confusion matrix to the images drawn, with 10,000 and 54,000 examples, in Chromium",
    "many-runs": "2,000 runs: the list on the command line, and the Runs page in Chromium",
    "sweeps": "steps of TPE with pruning beside random search, how busy the workers are, what each part costs",
    "dashboard": "load times, latency from Start and from snapshot to screen, server CPU and memory, in Chromium",
}
OWN = {"benchmarks", "core", "data", "runs", "scripts"}


def main() -> None:
    """Run the named benchmarks one after another, in this process, on a fixed number of cores."""
    listed = "\n".join(f"  {name:<18}{about}" for name, about in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        usage="%(prog)s [NAME ...] [--threads N] [--json] [options of the benchmark]",
        epilog=f"benchmarks (`python -m benchmarks NAME --help` lists the options of one):\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run (default: all)")
    n_names = next((i for i, word in enumerate(sys.argv[1:]) if word.startswith("-")), len(sys.argv) - 1)
    names, rest = sys.argv[1 : 1 + n_names], sys.argv[1 + n_names :]
    if not names and {"-h", "--help"} & set(rest):
        parser.print_help()
        return
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(one_of("benchmark", unknown[0], list(BENCHMARKS)))
    threads.pin(threads.wanted(rest))
    for name in names or BENCHMARKS:
        # On standard error: the results may be JSON.
        print(f"\n== {name}: {BENCHMARKS[name]}\n", file=sys.stderr, flush=True)
        try:
            benchmark = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in OWN:
                raise
            sys.exit(f"{name} needs {error.name}, which is not installed: pip install -r requirements-bench.txt")
        benchmark.main(rest)


if __name__ == "__main__":
    main()
