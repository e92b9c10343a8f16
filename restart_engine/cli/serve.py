"""The commands of the server. What they need is loaded only when one of them runs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from restart_engine.cli.ending import cause, complain, outlive_readers
from restart_engine.cli.extras import needing
from restart_engine.cli.page import Page
from restart_engine.core.errors import InvalidValue
from restart_engine.wire import WireError

if TYPE_CHECKING:
    from restart_engine.server.serving import Started
    from restart_engine.server.world import World

_DATABASE: Final = "sqlite:///restart-engine.db"
_DEV_KEY: Final = "restart-engine.key"
_DEV_SPEED: Final = 10.0
database_option = click.option(
    "--database",
    metavar="URL",
    default=_DATABASE,
    envvar="RESTART_ENGINE_DATABASE",
    show_default=True,
    help="sqlite:///FILE or postgresql://USER@HOST/NAME (or from RESTART_ENGINE_DATABASE).",
)
key_option = click.option(
    "--key-file",
    metavar="FILE",
    envvar="RESTART_ENGINE_KEY_FILE",
    help="Signs the tokens: 32 bytes or more that only you can read (or from RESTART_ENGINE_KEY_FILE). "
    "Or the key itself is in RESTART_ENGINE_KEY.",
)


@click.command(short_help="Serve the restart endpoint, on a database of its own.")
@database_option
@key_option
@click.option(
    "--dev",
    is_flag=True,
    help=f"Development: a key of its own in {_DEV_KEY}, made where it is missing.",
)
@click.option("--world", metavar="FILE", help="Load this world if the database has no tenant; --dev has one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 is any free one."
)
@click.option("--root-path", metavar="PATH", default="", help="What a proxy puts before our paths.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--speed", type=float, help="Simulated seconds of loading a second: 1, with --dev 10.")
@click.option("--by-hand", is_flag=True, help="Loading takes no time until /control/advance lets it pass.")
@click.option("--control", is_flag=True, help="Offer the control API, which changes the world from outside.")
@click.option("--dead-after", default=10.0, show_default=True, help="Seconds until a silent process is dead.")
@click.option(
    "--log", type=click.Choice(["json", "text"]), default="json", show_default=True, help="On stderr."
)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
def serve(**options: Any) -> int:
    """Serve the restart endpoint until it is stopped: restart, execute and status (docs/endpoint.md).

    Says on standard output where it listens, once it answers; with --dev also with which token, and what to
    try.
    """
    needing("server", "restart_engine.server.serving")
    from restart_engine.server import serving  # noqa: PLC0415  # an extra

    outlive_readers()
    context = click.get_current_context()
    if options["by_hand"] and (options["speed"] is not None or options["workers"] > 1):
        raise click.UsageError("--by-hand goes with neither --speed nor --workers", context)
    dev = options["dev"]
    speed = options["speed"]
    if speed is None and not options["by_hand"]:
        speed = _DEV_SPEED if dev else 1.0
    with _in_one_line():
        file = _key_file(options, made=True)
        asked = serving.Serving(
            database=options["database"],
            key_file=None if file is None else str(file),
            host=options["host"],
            port=options["port"],
            root_path=options["root_path"],
            workers=options["workers"],
            speed=speed,
            control=options["control"],
            dead_after=options["dead_after"],
            log_form=options["log"],
            log_level=options["log_level"],
        )
        found = _world(options["world"], dev=dev)
        serving.serve(asked, found, lambda started: _greet(started, options))
    return 0


@click.command(short_help="Issue an access token for the server.")
@key_option
@click.option("--dev", is_flag=True, help=f"Development: the key that `serve --dev` has made in {_DEV_KEY}.")
@click.option("--tenant", required=True, help="The tenant's name, which goes into the token.")
@click.option("--user", required=True, help="The user's name.")
@click.option("--hours", default=24.0, show_default=True, help="Until it expires.")
@click.option("--control", is_flag=True, help="A token for the control API, and for nothing else.")
def token(**options: Any) -> int:
    """Issue an access token: it is printed, and kept nowhere.

    Whether there is such a user in such a tenant is asked at each call that comes with it, not here.
    """
    needing("server", "restart_engine.server.tokens")
    with _in_one_line():
        use = "control" if options["control"] else "api"
        key_file = _key_file(options, made=False)
        made = _token(key_file, options["tenant"], options["user"], options["hours"], use)
    sys.stdout.write(f"{made}\n")
    return 0


@click.group(short_help="Check, load and dump world files: tenants, users, plans, executions.")
def world() -> None:
    """Check, load and dump world files: tenants, users, load plans and past executions (docs/endpoint.md)."""
    needing("server", "restart_engine.server.serving")


@world.command(short_help="Check a world file.")
@click.argument("file")
def check(file: str) -> int:
    """Check a world file, and say what is in it."""
    with _in_one_line():
        read = _world(file, dev=False)
    assert read is not None
    for tenant in read.tenants:
        sys.stdout.write(
            f"tenant {tenant.name}: {len(tenant.load_plans)} load plans, {len(tenant.users)} users\n"
        )
    return 0


@world.command(short_help="Load a world file into a database, beside what is there.")
@click.argument("file")
@database_option
@click.option(
    "--replace", is_flag=True, help="Replace tenants that are there already, with all that is theirs."
)
def load(file: str, database: str, *, replace: bool) -> int:
    """Load a world file into a database, whole or not at all."""
    from restart_engine.server.migration import opened  # noqa: PLC0415  # an extra
    from restart_engine.server.world_load import load_world  # noqa: PLC0415  # an extra

    with _in_one_line():
        read = _world(file, dev=False)
        assert read is not None
        with opened(database) as target, target.writing() as connection:
            load_world(connection, read, replace=replace)
    return 0


@world.command(short_help="Dump what a database holds as a world file.")
@database_option
@click.option("--json", "as_json", is_flag=True, help="JSON instead of YAML.")
def dump(database: str, *, as_json: bool) -> int:
    """Dump what a database holds as a world file, from which it can be loaded again without loss."""
    from restart_engine.server.migration import opened  # noqa: PLC0415  # an extra
    from restart_engine.server.world import world_text  # noqa: PLC0415  # an extra
    from restart_engine.server.world_dump import dump_world  # noqa: PLC0415  # an extra

    with _in_one_line(), opened(database, reads_only=True) as source, source.reading() as connection:
        text = world_text(dump_world(connection), "json" if as_json else "yaml")
    sys.stdout.buffer.write(text)
    return 0


@world.command(name="schema", short_help="Print the JSON Schema of a world file.")
def world_schema_command() -> int:
    """Print the JSON Schema of a world file."""
    from restart_engine.server.world import world_schema  # noqa: PLC0415  # an extra

    sys.stdout.write(world_schema())
    return 0


def _key_file(options: dict[str, Any], *, made: bool) -> Path | None:
    """The file of the key, none where the environment holds one; development's is `made` or refused."""
    from restart_engine.server.tokens import KEY_VARIABLE, find_key, make_key_file  # noqa: PLC0415  # an extra

    file: Path | None
    if os.environ.get(KEY_VARIABLE):
        if options["key_file"] is not None:
            raise click.ClickException(f"there are two keys, --key-file and {KEY_VARIABLE}: keep one")
        file = None
        find_key(file)
    elif options["key_file"] is not None:
        file = Path(options["key_file"])
        find_key(file)
    elif options["dev"]:
        file = Path(_DEV_KEY)
        if not made and not file.exists():
            raise click.ClickException(
                f"there is no {_DEV_KEY} here: `restart-engine serve --dev` makes it where it is started"
            )
        make_key_file(file)
    else:
        raise click.UsageError(
            f"give --key-file or {KEY_VARIABLE}, or --dev for a key that is made here",
            click.get_current_context(),
        )
    return file


def _token(key_file: Path | None, tenant: str, user: str, hours: float, use: Any) -> str:
    from restart_engine.server.tokens import find_key, issue_token  # noqa: PLC0415  # an extra

    return issue_token(
        find_key(key_file), tenant=tenant, user=user, now=time.time(), lifetime=hours * 3600, use=use
    )


def _world(file: str | None, *, dev: bool) -> World | None:
    """The world of a file; where none is named, in development the demonstration."""
    from restart_engine.server.serving import demo_world  # noqa: PLC0415  # an extra
    from restart_engine.server.world import read_world  # noqa: PLC0415  # an extra

    if file is None:
        return demo_world() if dev else None
    try:
        return read_world(Path(file).read_bytes(), name=file)
    except OSError as error:
        raise click.ClickException(f"cannot read `{file}`: {cause(error)}") from error
    except WireError as error:
        raise click.ClickException(f"`{file}`: {error}") from error


def _greet(started: Started, options: dict[str, Any]) -> None:
    """Where it listens, and whether with the world asked for; in development also what is needed first."""
    address, loaded = started.address, started.loaded
    lines = [f"serving {address}/incorta/api/v2 (documentation at {address}/docs)"]
    file = options["world"]
    if file is not None and not loaded:
        lines.append(_not_loaded(Page().plain(file)))
    if options["dev"]:
        lines += _demo(address, options, loaded=loaded) if file is None else _tokens(options["key_file"])
        if started.exposed:
            complain(
                f"--dev is for this machine alone, and {options['host']} is open to others: "
                "tokens and all else travel in the clear"
            )
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _not_loaded(file: str) -> str:
    """The URL of the database is not repeated: a password may be in it."""
    source = click.get_current_context().get_parameter_source("database")
    where = " --database ..." if source is ParameterSource.COMMANDLINE else ""
    command = f"restart-engine world load --replace {file}{where}"
    return f"`{file}` is not loaded, the database has tenants already: `{command}`"


def _tokens(key_file: str | None) -> list[str]:
    """How users of somebody's own world get their tokens."""
    from restart_engine.server.tokens import KEY_VARIABLE  # noqa: PLC0415  # an extra

    key = "--dev " if key_file is None else f"--key-file {Page().plain(key_file)} "
    if os.environ.get(KEY_VARIABLE):
        key = ""
    return [
        "for development only; a token of a user, for a day:",
        f"restart-engine token {key}--tenant ... --user ...",
    ]


def _demo(address: str, options: dict[str, Any], *, loaded: bool) -> list[str]:
    """A token for the demonstration's world, and where that is as new what to do in it."""
    made = _token(_key_file(options, made=False), "demo", "ada", 24.0, "api")
    lines = ["for development only; a token of ada in the tenant demo, for a day:", f"export TOKEN={made}"]
    if loaded:
        lines += [
            "MyLoadPlan failed in its execution 12; restart it:",
            f"curl {address}/incorta/api/v2/demo/load-plan/restart \\",
            '  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\',
            """  -d '{"loadPlanName": "MyLoadPlan", "groupSequence": 1, "recentLoadPlanExecution": 12}'""",
        ]
    return lines


@contextmanager
def _in_one_line() -> Generator[None]:
    """What is wrong with a file, a key, a URL or the database, as one line."""
    from restart_engine.server import errors  # noqa: PLC0415  # an extra

    try:
        yield
    except OSError as error:
        raise click.ClickException(cause(error)) from error
    except (InvalidValue, *errors.TOLD) as error:
        raise click.ClickException(str(error)) from error
