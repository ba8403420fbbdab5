"""Benchmarks: each module is a command that prints a table with ratios against a baseline of the same run."""
