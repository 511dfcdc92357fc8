"""Benchmarks, as ratios against baselines of the same run: ``python -m bench [login] [devices]``. See README.md."""
