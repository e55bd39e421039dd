"""Benchmarks of what users wait for, each beside a reference in the same run."""
