"""How deep the tests go, and how Hypothesis runs here.

There are two depths. The quick one leaves out what is marked `slow`; `--full` takes that too, and draws three
times as many examples. A test that draws more than others says how many times `settings().max_examples`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# how long an example takes says more about the machine than about the code
settings.register_profile("full", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("full"), max_examples=30)

# mutmut runs the tests in several ways within one process, thousands of times; what fails need not shrink
settings.register_profile(
    "mutation",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=30,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

NEED_DEV = {
    "endpoint/test_examples.py",
    "fleet/test_duckdb.py",
    "fleet/test_polars.py",
    "fleet/test_spark.py",
    "server/test_schemathesis.py",
}
"""Written with libraries that only the extra `dev` brings, and so not of the quick depth."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one knob."""
    parser.addoption(
        "--full", action="store_true", help="slow tests too, and more examples; needs extra `dev`"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose the examples and the tests of this depth, unless the command line chooses for itself."""
    full = config.getoption("full")
    if not config.getoption("hypothesis_profile"):
        settings.load_profile("full" if full else "quick")
    if not full and not config.option.markexpr:
        config.option.markexpr = "not slow"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: a third of the time tests wait for processes and sockets."""
    return 1 + len(os.sched_getaffinity(0))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """At the quick depth the libraries of `dev` need not be there; at the full one their lack is an error."""
    relative = collection_path.relative_to(Path(__file__).parent).as_posix()
    return True if relative in NEED_DEV and not config.getoption("full") else None
