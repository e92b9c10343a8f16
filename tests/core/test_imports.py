"""What importing the package loads."""

from __future__ import annotations

import subprocess
import sys


def loaded(code: str) -> set[str]:
    """The modules loaded after running this code in a fresh interpreter."""
    done = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_attrs_and_core_alone() -> None:
    """No other room of ours, no third party, and no clock, I/O or JSON that attrs did not bring."""
    before = loaded("import attrs, bisect, hashlib, unicodedata")
    ours = loaded("import restart_engine") - before
    assert {name.partition(".")[0] for name in ours} == {"restart_engine"}
    rooms = {".".join(name.split(".")[:2]) for name in ours}
    assert rooms == {"restart_engine", "restart_engine.core"}
