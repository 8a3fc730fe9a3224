"""`python -m tests.benchmarks`: measure everything there is a bar for, into build/bench.json."""

from __future__ import annotations

import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-m", "bench", "-q", "-s", "tests/benchmarks", *sys.argv[1:]]))
