"""What this service costs, measured: `python -m benchmarks [NAME …]` (docs/benchmarks.md)."""
