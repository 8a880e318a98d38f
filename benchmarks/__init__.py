"""Benchmarks: timings relative to other implementations, without pass or fail."""
