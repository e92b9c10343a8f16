"""How Hypothesis and pytest-xdist run here."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# how long an example takes says more about the machine than about the code
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")

# mutmut runs the tests in several ways within one process, thousands of times
settings.register_profile(
    "mutation",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=60,
    suppress_health_check=list(HealthCheck),
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means: many tests wait for servers and other processes, so twice as many as cores."""
    return 2 * (os.cpu_count() or 1)
