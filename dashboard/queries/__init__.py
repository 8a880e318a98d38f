"""Queries about runs, cached: evaluations, examples, selections, live runs, tables."""
