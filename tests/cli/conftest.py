"""How deep the tests of the command line go."""

from __future__ import annotations

from pathlib import Path

import pytest

ROWS = 2
HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every row of a table starts a process here: all but the first are slow."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if item.path.parent == HERE and callspec is not None and max(callspec.indices.values()) >= ROWS:
            item.add_marker(pytest.mark.slow)
