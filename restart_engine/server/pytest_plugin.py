"""A pytest plugin, loaded by name: a server to test clients against, in the same state before each test.

pytest_plugins = ["restart_engine.server.pytest_plugin"]
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from restart_engine.server.in_process import AnyWorld, StandIn, running

_MARKER = "restart_world"


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marker means."""
    config.addinivalue_line("markers", f"{_MARKER}(world): the world of `restart_endpoint` in this test")


@pytest.fixture(scope="session")
def restart_world() -> AnyWorld | None:
    """The world of every test that is not marked with another; override it to give yours."""
    return None


@pytest.fixture(scope="session")
def restart_server(restart_world: AnyWorld | None) -> Iterator[StandIn]:
    """A server for the whole session; with pytest-xdist each worker has its own."""
    with running(restart_world) as server:
        yield server


@pytest.fixture
def restart_endpoint(request: pytest.FixtureRequest, restart_server: StandIn) -> StandIn:
    """The server, reset before the test: its world is the same each time, ids too, and nothing runs."""
    marker = request.node.get_closest_marker(_MARKER)
    if marker is None:
        restart_server.reset()
    elif len(marker.args) == 1 and not marker.kwargs:
        restart_server.replace_world(marker.args[0])
    else:
        raise pytest.UsageError(
            f"the marker `{_MARKER}` has one argument, the world: a Path, a text or values"
        )
    return restart_server
