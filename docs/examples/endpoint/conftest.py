"""What a project adds to test its client: the plugin, and a world of its own."""

from pathlib import Path

import pytest

pytest_plugins = ["restart_engine.server.pytest_plugin"]


@pytest.fixture(scope="session")
def restart_world() -> Path:
    """What each test begins with; without this fixture it is the world of `restart-engine serve --dev`."""
    return Path(__file__).with_name("world.yaml")
