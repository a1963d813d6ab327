"""Speed and accuracy against named peers, measured in one run: `python -m benchmarks.NAME [--quick] --json FILE`."""
