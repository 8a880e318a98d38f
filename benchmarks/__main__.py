"""`python -m benchmarks [NAME ...]`: run the benchmarks named, or all of them."""

import argparse
import importlib
import sys

BENCHMARKS = {
    "training": "samples per second of the core beside other frameworks",
    "telemetry": "what watching costs: snapshot, held-out evaluation and record as a share of an epoch",
    "dashboard": "page load, Start to first picture, written to drawn, server CPU and memory, in headless Chromium",
}


def main() -> None:
    """Run each named benchmark in turn, in this process."""
    listed = "\n".join(f"  {name:<18}{about}" for name, about in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        epilog=f"benchmarks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run (default: all)")
    arguments, rest = parser.parse_known_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"benchmark must be one of {list(BENCHMARKS)}, got {unknown[0]!r}")
    for name in arguments.names or BENCHMARKS:
        print(f"\n== {name}: {BENCHMARKS[name]}\n", flush=True)
        importlib.import_module(f"benchmarks.{name}").main(rest)


if __name__ == "__main__":
    main()
