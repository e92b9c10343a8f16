"""The server's commands, as a shell starts them: one line for what is wrong, and nothing secret in it."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import struct
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from cli.processes import COMMAND, assert_refused, environment, run
from server.processes import DEMO, ServerProcess, new_key_file
from simulate.files import without

from restart_engine.server.tokens import Claims, TokenFault, TokenReader, read_key


def refused(*arguments: str | Path) -> str:
    """What a command says that ends with 2, in its one line."""
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    return line.removeprefix("restart-engine: ")


def in_folder(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A command run to its end in this folder."""
    return subprocess.run(  # noqa: S603  # the command is the project's own
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        timeout=300,
        check=False,
    )


def greeting(folder: Path, *options: str) -> list[str]:
    """What a server says that is started in this folder, until it is ended; its address is left out."""
    with subprocess.Popen(  # noqa: S603  # likewise
        [*COMMAND, "serve", "--port", "0", *options],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        first = server.stdout.readline()
        assert first.startswith("serving http://127.0.0.1:")
        server.terminate()  # all of it is written at once
        return server.stdout.read().splitlines()


@pytest.mark.parametrize(
    "command",
    [
        ("world", "dump"),
        ("world", "load", str(DEMO)),
        ("serve", "--dev", "--port", "0"),
        ("serve", "--dev", "--port", "0", "--workers", "2"),
        ("simulate", "nights.json"),
    ],
)
def test_a_database_of_another_program_is_refused_in_one_line(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """By every command that takes one; it stays byte for byte what it was, and nothing is beside it."""
    file = tmp_path / "restart-engine.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE songs (name)")
    past = {"database": "sqlite:///restart-engine.db", "tenant": "demo", "loadPlan": "MyLoadPlan"}
    (tmp_path / "nights.json").write_text(json.dumps(without("plan") | {"past": past}))
    before = file.read_bytes()
    done = in_folder(tmp_path, *command)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert "the database is another program's: it has a table `songs`" in line
    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.glob("*.db*")] == [file.name]


class TestToken:
    """`token` issues an access token, and says what it cannot."""

    def test_it_prints_one_token_for_the_user(self, tmp_path: Path) -> None:
        """The key of the file signs it; it is for the API."""
        key = new_key_file(tmp_path)
        done = run("token", "--key-file", key, "--tenant", "demo", "--user", "ada", "--hours", "1")
        assert done.returncode == 0
        token = done.stdout.decode().removesuffix("\n")
        payload = TokenReader(read_key(key)).read(token, now=key.stat().st_mtime + 60)
        assert isinstance(payload, Claims)
        assert (payload.tenant, payload.user) == ("demo", "ada")

    def test_a_control_token_is_none_for_the_api(self, tmp_path: Path) -> None:
        """It opens the control API alone."""
        key = new_key_file(tmp_path)
        done = run("token", "--key-file", key, "--tenant", "demo", "--user", "ada", "--control")
        token, now = done.stdout.decode().strip(), key.stat().st_mtime + 60
        reader = TokenReader(read_key(key))
        assert reader.read(token, now=now) is TokenFault.OTHER_USE
        assert isinstance(reader.read(token, now=now, use="control"), Claims)

    def test_there_is_no_default_key(self) -> None:
        """Without a key there is no token."""
        said = refused("token", "--tenant", "demo", "--user", "ada")
        assert said.startswith("give --key-file or RESTART_ENGINE_KEY, or --dev")

    def test_two_keys_are_none(self, tmp_path: Path) -> None:
        """Which one is meant nobody knows; neither is told."""
        given = ("--key-file", new_key_file(tmp_path), "--tenant", "demo", "--user", "ada")
        done = run("token", *given, RESTART_ENGINE_KEY="another-key-of-thirty-two-bytes-or-more")
        assert_refused(done, "there are two keys, --key-file and RESTART_ENGINE_KEY: keep one")

    def test_a_short_key_of_the_environment_is_refused(self) -> None:
        """The line names the variable."""
        done = run("token", "--tenant", "demo", "--user", "ada", RESTART_ENGINE_KEY="hidden")
        why = "a signing key has 32 bytes or more, this one has 6"
        assert_refused(done, f"RESTART_ENGINE_KEY holds no key: {why}")

    def test_only_a_server_makes_the_key_of_development(self, tmp_path: Path) -> None:
        """A token of a key that no server has would be of no use."""
        done = in_folder(tmp_path, "token", "--dev", "--tenant", "demo", "--user", "ada")
        assert_refused(
            done,
            "there is no restart-engine.key here: `restart-engine serve --dev` makes it where it is started",
        )
        assert list(tmp_path.iterdir()) == []

    def test_its_help_says_that_users_are_asked_for_later(self) -> None:
        """A token for a user who does not exist is issued as any other."""
        said = " ".join(run("token", "--help").stdout.decode().split())
        assert "Whether there is such a user in such a tenant is asked at each call" in said

    def test_a_key_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        """The line names the file and its mode, not what is in it."""
        key = new_key_file(tmp_path)
        key.chmod(0o644)
        said = refused("token", "--key-file", key, "--tenant", "demo", "--user", "ada")
        assert "0644" in said
        assert key.read_text() not in said

    def test_a_time_that_is_none_is_refused(self, tmp_path: Path) -> None:
        """A token that never was valid is not issued."""
        said = refused(
            "token", "--key-file", new_key_file(tmp_path), "--tenant", "d", "--user", "a", "--hours", "nan"
        )
        assert "lifetime" in said


class TestWorld:
    """`world` checks, loads and dumps."""

    @pytest.mark.slow
    def test_loaded_and_dumped_it_is_the_same(self, tmp_path: Path) -> None:
        """Twice the same file, in either form."""
        database = f"sqlite:///{tmp_path / 'a.db'}"
        assert run("world", "load", DEMO, "--database", database).returncode == 0
        dumped = run("world", "dump", "--database", database).stdout
        (tmp_path / "dumped.yaml").write_bytes(dumped)
        again = f"sqlite:///{tmp_path / 'b.db'}"
        assert run("world", "load", tmp_path / "dumped.yaml", "--database", again).returncode == 0
        assert run("world", "dump", "--database", again).stdout == dumped
        assert json.loads(run("world", "dump", "--json", "--database", again).stdout)["tenants"]

    @pytest.mark.slow
    def test_a_tenant_that_is_there_is_not_loaded_over(self, tmp_path: Path) -> None:
        """Nothing of the file is loaded then, unless it is to be replaced."""
        database = f"sqlite:///{tmp_path / 'a.db'}"
        run("world", "load", DEMO, "--database", database)
        before = run("world", "dump", "--database", database).stdout
        assert "there already" in refused("world", "load", DEMO, "--database", database)
        assert run("world", "load", DEMO, "--replace", "--database", database).returncode == 0
        assert run("world", "dump", "--database", database).stdout == before

    def test_an_error_names_its_place(self, tmp_path: Path) -> None:
        """The path in the file, what stands there, what is accepted."""
        file = tmp_path / "world.yaml"
        file.write_text("tenants: [{name: a, loadPlans: [{name: p, groups: [{sequence: 0, steps: []}]}]}]")
        said = refused("world", "check", file)
        place = "tenants[0].loadPlans[0].groups[0].sequence"
        assert said == f"`{file}`: `{place}` (line 1) is `0`, accepted is an integer of 1 or more"

    def test_check_says_what_is_in_it(self) -> None:
        """A line for each tenant."""
        lines = run("world", "check", DEMO).stdout.decode().splitlines()
        assert lines[0] == "tenant demo: 7 load plans, 5 users"

    @pytest.mark.slow
    def test_a_missing_file_is_one_line(self, tmp_path: Path) -> None:
        """As for any other command."""
        file = tmp_path / "none.yaml"
        assert refused("world", "check", file) == f"cannot read `{file}`: no such file or directory"
        key = new_key_file(tmp_path)
        said = refused("serve", "--key-file", key, "--world", tmp_path)
        assert said == f"cannot read `{tmp_path}`: is a directory"

    def test_what_is_not_there_is_not_dumped(self, tmp_path: Path) -> None:
        """A name mistyped makes no database."""
        file = tmp_path / "typo.db"
        said = refused("world", "dump", "--database", f"sqlite:///{file}")
        assert said == f"there is no database `{file}`"
        assert not file.exists()

    def test_the_schema_is_json(self) -> None:
        """It is the published one."""
        assert json.loads(run("world", "schema").stdout)["title"]


class TestServe:
    """`serve` serves, or says in one line why not."""

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("mysql://me:geheim@host/db", "`mysql` is no database that this server knows"),
            ("sqlite://", "has to be in a file"),
            ("sqlite:///:memory:", "has to be in a file"),
            ("sqlite:///file::memory:?uri=true", "has to be in a file"),
            ("sqlite://host/a.db", "has to be in a file"),
            ("nonsense", "no database URL"),
            ("postgresql://me:geheim@127.0.0.1:1/db?foo=x", "`foo` is no parameter of PostgreSQL"),
            (
                "postgresql://me:a@127.0.0.1:1/db?password=geheim&password=geheim",
                "the parameter `password` is given more than once",
            ),
            ("postgresql://me:geheim@/db?host=a&host=b&port=1,2,3", "do not name servers of PostgreSQL"),
            ("postgresql://me:a@geheim@127.0.0.1:1/db", "more than one `@`"),
            ("postgresql://me:geheim@127.0.0.1:1/db", "the database is not available"),
        ],
    )
    def test_a_database_that_is_none_is_refused(self, tmp_path: Path, url: str, said: str) -> None:
        """The password in its URL is not told."""
        line = refused("serve", "--database", url, "--key-file", new_key_file(tmp_path))
        assert said in line
        assert "geheim" not in line

    def test_time_by_hand_is_of_one_process(self, tmp_path: Path) -> None:
        """Two processes would each have a time of their own."""
        key = new_key_file(tmp_path)
        assert "--by-hand" in refused("serve", "--key-file", key, "--by-hand", "--workers", "2")

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--dead-after", "1", "--workers", "2"), "`dead_after` is `1.0`, accepted is 2 seconds or more"),
            (("--speed", "0"), "`speed` is `0.0`, accepted is simulated seconds a second, more than 0"),
            (("--speed", "nan"), "`speed` is `nan`, accepted is simulated seconds a second, more than 0"),
            (
                ("--root-path", "runs/"),
                "`root_path` is `'runs/'`, accepted is a path such as `/restarts`, with no slash at its end",
            ),
            (("--host", "ä..b", "--port", "1"), "cannot listen at ä..b:1: this is no host name"),
        ],
    )
    def test_a_bad_setting_is_refused_before_anything_is_made(
        self, tmp_path: Path, options: tuple[str, ...], said: str
    ) -> None:
        """Once, by the process that would start the others."""
        file = tmp_path / "a.db"
        database = ("--database", f"sqlite:///{file}", "--port", "0")
        assert refused("serve", "--key-file", new_key_file(tmp_path), *database, *options) == said
        assert not file.exists()

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_a_port_that_is_taken_is_one_line(self, tmp_path: Path, workers: str) -> None:
        """It names the address, and what the system says of it."""
        database, key = f"sqlite:///{tmp_path / 'a.db'}", new_key_file(tmp_path)
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            options = ("--database", database, "--port", str(port), "--workers", workers)
            said = refused("serve", "--key-file", key, *options)
        assert said == f"cannot listen at 127.0.0.1:{port}: address already in use"

    def test_ctrl_c_ends_it_in_good_order(self, tmp_path: Path) -> None:
        """With 130, as every command."""
        database, key = f"sqlite:///{tmp_path / 'a.db'}", new_key_file(tmp_path)
        with ServerProcess(database, key, tmp_path / "log") as server:
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(30) == 130

    @pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
    def test_clients_that_hang_up_do_not_end_it(self, tmp_path: Path, workers: str) -> None:
        """Hundreds close their connection before they have an answer, and others are answered still."""
        database, key = f"sqlite:///{tmp_path / 'a.db'}", new_key_file(tmp_path)
        with ServerProcess(database, key, tmp_path / "log", "--workers", workers) as server:
            host, _, port = server.address.removeprefix("http://").partition(":")
            for number in range(300):
                with socket.create_connection((host, int(port))) as connection:
                    if number % 2:  # an RST when it is closed, whatever is under way
                        reset = struct.pack("ii", 1, 0)
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                    connection.sendall(b"GET /health/ready HTTP/1.1\r\nhost: a\r\n\r\n" * 3)
                    time.sleep(0.0005 * (number % 7))  # some close before, some between the answers
            assert server.client.get("/health/live").status_code == 200
            assert server.process.poll() is None

    def test_several_processes_serve_one_database(self, tmp_path: Path) -> None:
        """Each registers itself, and all end with the one that started them."""
        database, key = f"sqlite:///{tmp_path / 'a.db'}", new_key_file(tmp_path)
        with ServerProcess(database, key, tmp_path / "log", "--workers", "2", "--world", str(DEMO)) as server:
            assert server.client.get("/health/ready").json() == {"status": "ready"}
            server.stop()
        assert "Traceback" not in (tmp_path / "log").read_text()

    def test_development_makes_a_key_and_a_world(self, tmp_path: Path) -> None:
        """Only where it is told to: two files, of which the key is for its owner alone."""
        lines = greeting(tmp_path, "--dev")
        assert lines[2] == "MyLoadPlan failed in its execution 12; restart it:"
        assert {"restart-engine.db", "restart-engine.key"} <= {file.name for file in tmp_path.iterdir()}
        assert (tmp_path / "restart-engine.key").stat().st_mode & 0o777 == 0o600
        assert len(greeting(tmp_path, "--dev")) == 2  # by now the night may have gone on

    @pytest.mark.slow
    def test_a_world_of_ones_own_is_greeted_without_the_demonstration(self, tmp_path: Path) -> None:
        """Nobody is told of ada; who wants a token is told how to get one, with the key that is used."""
        (tmp_path / "own.yaml").write_text("tenants: [{name: mine}]")
        (tmp_path / "folder").mkdir()
        key = new_key_file(tmp_path / "folder")
        said = "for development only; a token of a user, for a day:"
        own = ("--dev", "--world", "own.yaml")
        assert greeting(tmp_path, *own) == [said, "restart-engine token --dev --tenant ... --user ..."]
        issued = in_folder(tmp_path, "token", "--dev", "--tenant", "mine", "--user", "me")
        assert issued.returncode == 0
        assert greeting(tmp_path, *own, "--database", "sqlite:///b.db", "--key-file", str(key)) == [
            said,
            f"restart-engine token --key-file {key} --tenant ... --user ...",
        ]

    @pytest.mark.slow
    def test_a_world_that_is_not_loaded_is_said_to_be_so(self, tmp_path: Path) -> None:
        """With the command that loads it; the database's URL may hold a password, and is not repeated."""
        key = str(new_key_file(tmp_path))
        (tmp_path / "own.yaml").write_text("tenants: [{name: mine}]")
        given = ("--key-file", key, "--world", "own.yaml")
        assert greeting(tmp_path, *given) == []
        command = "restart-engine world load --replace own.yaml"
        said = "`own.yaml` is not loaded, the database has tenants already:"
        assert greeting(tmp_path, *given) == [f"{said} `{command}`"]
        named = (*given, "--database", "sqlite:///restart-engine.db")
        assert greeting(tmp_path, *named) == [f"{said} `{command} --database ...`"]
