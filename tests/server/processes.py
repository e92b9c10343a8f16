"""Server processes as an operator runs them: `restart-engine serve`, killed, stopped and started again."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from restart_engine import server
from restart_engine.server import SigningKey, issue_token

DEMO: Final = Path(server.__file__).parent / "demo.yaml"
"""The world of `serve --dev`, as it is installed."""
PROGRAM: Final = (sys.executable, "-m", "restart_engine")
_PATIENCE: Final = 30.0
_ADDRESS: Final = re.compile(r"serving (http://\S+?)/incorta")


def new_key_file(folder: Path) -> Path:
    """A key in a file that only its owner reads."""
    file = folder / "key"
    file.touch(mode=0o600)
    file.write_text(secrets.token_urlsafe(48))
    return file


def token_of(key_file: Path, tenant: str, user: str, **more: Any) -> str:
    """An access token of this key, for a day."""
    key = SigningKey(key_file.read_bytes().strip())
    return issue_token(key, tenant=tenant, user=user, now=time.time(), lifetime=86_400, **more)


class ServerProcess:
    """One `restart-engine serve`, at a port of its own; its log goes to a file."""

    def __init__(
        self,
        database: str,
        key_file: Path,
        log: Path,
        *options: str,
        program: tuple[str, ...] = PROGRAM,
        environment: dict[str, str] | None = None,
    ) -> None:
        command = [*program, "serve", "--database", database]
        command += ["--key-file", str(key_file), "--port", "0", *options]
        self.log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(  # noqa: S603  # the list is ours
                command,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        self.address = self._address()
        self.client = httpx.Client(base_url=self.address, timeout=_PATIENCE)
        self._await_ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def stop(self) -> int:
        """Stop in good order, and give the exit status."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(_PATIENCE)
        self._close()
        return status

    def kill(self) -> None:
        """Send SIGKILL to all that belongs to it."""
        self.client.close()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(_PATIENCE)
        self._close()

    def _close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _address(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = _ADDRESS.match(line)
        if found is None:
            self.kill_silently()
            raise RuntimeError(f"the server did not start: {line!r} {self.log.read_text()[-2000:]}")
        return found[1]

    def kill_silently(self) -> None:
        """The same, before there is a client."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_PATIENCE)
        self._close()

    def _await_ready(self) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            try:
                if self.client.get("/health/ready").status_code == 200:  # HTTP's OK
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"the server is not ready: {self.log.read_text()[-2000:]}")
