"""Mint the shipped files anew: `python -m restart_engine.conformance.vectors [--retire ID ...]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from restart_engine.conformance.vectors import FOLDER, minted


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; an id that was shipped is lost only if it is named."""
    parser = argparse.ArgumentParser(prog="python -m restart_engine.conformance.vectors", description=__doc__)
    parser.add_argument("--retire", nargs="*", default=[], metavar="ID", help="ids that are meant to go")
    retired = set(parser.parse_args(arguments).retire)
    texts = minted()
    shipped = {
        path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json") if path.name in texts
    }
    before, after = _ids(shipped), _ids(texts)
    lost = before - after - retired
    if lost:
        sys.stderr.write(f"ids that were shipped would be lost: {', '.join(sorted(lost))}\n")
        return 1
    for name, text in texts.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(after)} cases, {len(after - before)} new, {len(before - after)} retired\n")
    return 0


def _ids(texts: dict[str, str]) -> set[str]:
    return {case["id"] for text in texts.values() for case in json.loads(text)["cases"]}


if __name__ == "__main__":
    sys.exit(main())
