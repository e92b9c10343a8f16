"""A local Spark of two cores, to which this package was shipped as an archive, as a user would ship it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import restart_engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXTRA: Final = "the extra `spark` is not installed"
PARTITIONS: Final = 3


def skip_without_spark() -> None:
    """Skip the module that asks, and say why, where Spark cannot run."""
    for name in ("pyspark", "pandas"):
        pytest.importorskip(name, reason=EXTRA)
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=None if home is None else str(Path(home) / "bin")) is None:
        pytest.skip("Java is not here; .ci/run installs it", allow_module_level=True)


def archive(folder: Path) -> Path:
    """The package as a file for `--py-files`."""
    package = Path(restart_engine.__file__).parent
    made = shutil.make_archive(str(folder / "restart_engine"), "zip", package.parent, package.name)
    return Path(made)


def environment(folder: Path) -> dict[str, str]:
    """What a Spark needs that runs here and leaves nothing behind: its own folders, and this Python."""
    return {
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONSAFEPATH": "1",  # or workers find the package in the folder where the tests run
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_SUBMIT_ARGS": " ".join(
            f"--conf {setting}"
            for setting in (
                "spark.ui.enabled=false",
                "spark.ui.showConsoleProgress=false",
                "spark.log.level=ERROR",
                f"spark.sql.warehouse.dir={folder / 'warehouse'}",
            )
        )
        + " pyspark-shell",
    }


@contextmanager
def setting(spark: SparkSession, name: str, value: str | int | bool) -> Iterator[None]:
    """The session with this setting of its configuration, for a while."""
    spark.conf.set(name, value)
    try:
        yield
    finally:
        spark.conf.unset(name)


@contextmanager
def session(folder: Path, package: Path) -> Iterator[SparkSession]:
    """A session that has this archive, and whose processes and sockets are gone afterwards."""
    from pyspark import SparkContext  # noqa: PLC0415  # where Spark is not installed, these tests are skipped
    from pyspark.sql import SparkSession  # noqa: PLC0415  # likewise

    before = os.environ.copy()
    os.environ.update(environment(folder))
    paths = list(sys.path)
    try:
        opened = (
            SparkSession.builder.master("local[2]")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", PARTITIONS)
            .config("spark.submit.pyFiles", str(package))
            .getOrCreate()
        )
        try:
            yield opened
        finally:
            opened.stop()
            gateway: Any = SparkContext._gateway  # noqa: SLF001  # Spark leaves its JVM to the end of this process
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait()
            SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001  # so that it can start another
    finally:
        sys.path[:] = paths
        os.environ.clear()
        os.environ.update(before)
