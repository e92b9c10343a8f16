"""Extras that may be missing: asked for by the command that needs one, when it runs."""

from __future__ import annotations

import importlib

import click


def needing(extra: str, module: str) -> None:
    """Load a module of an extra; raises a one-line error where the extra is not installed."""
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        if package == "restart_engine":
            raise
        raise click.ClickException(
            f"`{package}` is missing, install it with `pip install 'restart-engine[{extra}]'`"
        ) from error
