"""The bars of the hop, as ratios measured in one run (`make bench`)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.benchmarks import results
from tests.benchmarks.hop import BARS, missed
from tests.support.kafka import require_kafka


@pytest.mark.bench
@pytest.mark.slow
def test_the_hop_keeps_its_bars() -> None:
    """In a process of its own: the interpreter's settings are part of what is measured."""
    require_kafka()
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.hop"], check=False)
    figures = json.loads(results.FILE.read_text())
    assert not missed(figures), {name: (figures[name], BARS[name]) for name in missed(figures)}
    assert done.returncode == 0


def test_a_slower_hop_is_noticed() -> None:
    assert missed({**BARS, "hop.ratio_to_raw": 0.59}) == ["hop.ratio_to_raw"]
    assert not missed(dict(BARS))
