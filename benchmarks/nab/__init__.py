"""Novelty and burst on the shared part of the Numenta Anomaly Benchmark: `python -m benchmarks.nab`."""
