"""docs/endpoint.md tells the truth: its night is played with curl, and its tables are asked row by row."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest
from server.processes import DEMO, ServerProcess, new_key_file, token_of

from restart_engine.server.world import read_world

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "endpoint.md").read_text(encoding="utf-8")
ADDRESS: Final = "http://127.0.0.1:8080"
PATIENCE: Final = 60.0


class Said(NamedTuple):
    """A command of the story, and what it prints."""

    command: str
    output: str


def story() -> list[Said]:
    """The commands of the page, in order."""
    blocks = re.findall(r"```shell-session\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL)
    return [Said(command, output) for command, output in blocks]


@pytest.mark.slow
def test_the_night_goes_as_the_page_tells_it(tmp_path: Path) -> None:
    """One line starts the server; restart, follow, fail again, resume, succeed: every output to the byte."""
    if not shutil.which("curl") or not shutil.which("jq"):
        pytest.skip("curl or jq is not here; .ci/run installs them")
    first, *others = story()
    setting_up, _, serve = first.command.rpartition(" && .venv/bin/restart-engine ")
    assert setting_up == "python3 -m venv .venv && .venv/bin/pip install -q '.[server]'"
    arguments = [sys.executable, "-m", "restart_engine", *serve.split(), "--port", "0"]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(  # noqa: S603  # our own documentation
            arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True
        ) as server,
    ):
        try:
            assert server.stdout is not None
            printed = [server.stdout.readline() for _ in first.output.splitlines()]
            address = re.findall(r"http://[\d.:]+", printed[0])[0]
            token = next(line.removeprefix("export TOKEN=").strip() for line in printed if "TOKEN=" in line)
            shown = "".join(printed).replace(token, "...").replace(address, ADDRESS)
            assert shown == first.output
            for said in others:
                await_the_end(address, token, said.command)
                done = subprocess.run(  # noqa: S603  # our own documentation
                    ["/bin/bash", "-o", "pipefail", "-c", said.command.replace(ADDRESS, address)],
                    env=os.environ | {"TOKEN": token},
                    capture_output=True,
                    text=True,
                    check=True,
                )
                assert done.stdout.rstrip("\n") == said.output.rstrip("\n"), said.command
        finally:
            server.terminate()
            server.wait(PATIENCE)


def await_the_end(address: str, token: str, command: str) -> None:
    """What a command asks of, as a reader would do who follows it: whether it is over."""
    asked = re.search(r"status/(\d+)", command) or re.search(r'"recentLoadPlanExecution": (13)', command)
    if asked is None:
        return
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = httpx.get(
            f"{address}/incorta/api/v2/demo/load-plan/status/{asked[1]}",
            headers={"authorization": f"Bearer {token}"},
        )
        if answer.json()["status"] not in {"In Progress", "In Queue"}:
            return
        time.sleep(0.05)
    raise TimeoutError(command)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Path]]:
    """A server of the demonstration's world, and the key of its tokens."""
    folder = tmp_path_factory.mktemp("table")
    key = new_key_file(folder)
    database = f"sqlite:///{folder / 'restart.db'}"
    with ServerProcess(database, key, folder / "log", "--world", str(DEMO), "--speed", "10") as process:
        yield process, key


class Row(NamedTuple):
    """A row of the page's two tables of gates."""

    gate: str
    status: int
    body: str


def rows() -> list[Row]:
    """The rows, in order."""
    found = re.findall(r"^\| ([A-Z]\d+) \| .*? \| (\d{3}) \| `(.*)` \|$", PAGE, re.MULTILINE)
    return [Row(gate, int(status), body) for gate, status, body in found]


MY_PLAN: Final = '{"loadPlanName": "MyLoadPlan", "groupSequence": 1, "recentLoadPlanExecution": 12}'
ASKED: Final[list[dict[str, Any]]] = [
    {"authorization": "Bearer abcde12345"},
    {"tenant": "other"},
    {"tenant": "closed", "of": "closed"},
    {"user": "gone"},
    {"body": "[]"},
    {"body": '{"loadPlanName": null, "groupSequence": 1}'},
    {"body": '{"loadPlanName": "SALES", "groupSequence": 1}'},
    {"user": "vic"},
    {"user": "sam"},
    {"body": '{"loadPlanName": "LiveFeed", "groupSequence": 1}'},
    {"body": '{"loadPlanName": "MyLoadPlan", "groupSequence": 1, "recentLoadPlanExecution": 5}'},
    {
        "tenant": "idle",
        "of": "idle",
        "user": "admin",
        "body": '{"loadPlanName": "MyLoadPlan", "groupSequence": 0}',
    },
    {},
    {"status": "12?level=5"},
    {"status": "99"},
    {"status": "12", "user": "new"},
    {"status": "12"},
]
"""What is asked for each row, where it is not ada's restart of MyLoadPlan in the tenant demo."""


def test_every_row_of_the_tables_is_what_a_server_answers(server: tuple[ServerProcess, Path]) -> None:
    """Each gate is reached over HTTP, and answers to the byte what its row says."""
    process, key = server
    answered = []
    for row, asked in zip(rows(), ASKED, strict=True):
        token = token_of(key, asked.get("of", "demo"), asked.get("user", "ada"))
        authorization = asked.get("authorization", f"Bearer {token}")
        headers = {"authorization": authorization, "content-type": "application/json"}
        path = f"/incorta/api/v2/{asked.get('tenant', 'demo')}/load-plan"
        if "status" in asked:
            answer = process.client.get(f"{path}/status/{asked['status']}", headers=headers)
        else:
            answer = process.client.post(
                f"{path}/restart", content=asked.get("body", MY_PLAN), headers=headers
            )
        shown = answer.text.replace(token[-4:], "2345")
        answered.append(Row(row.gate, answer.status_code, shown))
    assert answered == rows()


def test_the_world_on_the_page_is_one() -> None:
    """It is read as strictly as anybody's."""
    (world,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert [tenant.name for tenant in read_world(world.encode(), name="page.yaml").tenants] == ["demo"]
