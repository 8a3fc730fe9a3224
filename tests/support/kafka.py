"""Whether this machine can run the real Kafka, and what to do where it cannot."""

from __future__ import annotations

import os

import pytest

from cli.local_kafka import missing_tool


def require_kafka() -> None:
    """Skip the test where Kafka cannot run; in CI that is a failure, not a skip."""
    reason = missing_tool()
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must test against the real Kafka. {reason}", pytrace=False)
    pytest.skip(f"no real Kafka: {reason}")
