"""`python -m benchmarks [NAME ...]`: run the benchmarks named, or all of them."""

import argparse
import importlib
import sys

from annscope.core.errors import one_of
from benchmarks import threads

BENCHMARKS = {
    "training": "samples trained on per second, beside other frameworks",
    "inference": "images told apart per second, beside other frameworks",
    "time-to-accuracy": "wall time to 97 % on MNIST test, beside PyTorch and scikit-learn",
    "telemetry": "what watching costs: snapshot, held-out evaluation and record as a share of an epoch",
    "pure-python": "samples trained on per second by neurons in plain Python, beside NumPy",
    "scaling": "cost of a training sample against width, depth and batch size",
    "viewing": "frames and scrubbing, many viewers, and what training loses to a viewer",
    "dashboard": "load of every page, Start to first picture, written to drawn, server CPU and memory, in Chromium",
}
OWN = {"benchmarks", "core", "data", "runs", "scripts"}


def main() -> None:
    """Run each named benchmark in turn, in this process, on a fixed number of cores."""
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
        # Not with the figures: those may be JSON.
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
