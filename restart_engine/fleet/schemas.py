"""The columns, each stated once: scenarios in either form, and decisions.

Names are those of the JSON where it has one. A scenario's columns may have any width of integer and any
layout of text or list; the schemas here name the plain ones.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

_SEQUENCES: Final = pa.list_(pa.int64())
_NAMES: Final = pa.list_(pa.string())

SCENARIO_TEXT: Final = pa.schema([pa.field("scenario", pa.string())])
"""One column: a scenario's JSON, as text or as bytes."""

_PLAN: Final = pa.struct(
    [
        pa.field("name", pa.string()),
        pa.field(
            "groups", pa.list_(pa.struct([pa.field("sequence", pa.int64()), pa.field("steps", _NAMES)]))
        ),
    ]
)
_OUTCOME: Final = pa.struct(
    [
        pa.field("sequence", pa.int64()),
        pa.field("status", pa.string()),
        pa.field("steps", pa.map_(pa.string(), pa.string())),
    ]
)
_LATEST: Final = pa.struct(
    [
        pa.field("id", pa.int64()),
        pa.field("status", pa.string()),
        pa.field("groups", pa.list_(_OUTCOME)),
    ]
)
_REQUEST: Final = pa.struct(
    [
        pa.field("loadPlanName", pa.string()),
        pa.field("groupSequence", pa.int64()),
        pa.field("recentLoadPlanExecution", pa.int64()),
    ]
)
SCENARIO_COLUMNS: Final = pa.schema(
    [pa.field("plan", _PLAN), pa.field("latest", _LATEST), pa.field("request", _REQUEST)]
)
"""The same as nested columns; the steps of an outcome are a map, or a list of `key` and `value`."""

DECISIONS: Final = pa.schema(
    [
        pa.field("decision", pa.string(), nullable=False),
        pa.field("rule", pa.string()),
        pa.field("rules", _NAMES),
        pa.field("basedOn", pa.int64()),
        pa.field("start", pa.int64()),
        pa.field("run", _NAMES),
        pa.field("skip", _NAMES),
        pa.field("before", _SEQUENCES),
        pa.field("after", _SEQUENCES),
        pa.field("stepsInPlan", pa.int64()),
        pa.field("stepsToRun", pa.int64()),
        pa.field("notes", _NAMES),
        pa.field("latestId", pa.int64()),
        pa.field("latestStatus", pa.string()),
        pa.field("planDigest", pa.string()),
        pa.field("message", pa.string()),
        pa.field("remedy", pa.string()),
        pa.field("remedyKind", pa.string()),
        pa.field("sendGroupSequence", pa.int64()),
        pa.field("sendExecution", pa.int64()),
        pa.field("path", pa.string()),
    ]
)
"""A decision a row. `decision` is `planned`, `rejected` or `error`; what does not apply is null.

`planned`: `rule`, `basedOn`, `start`, `run`, `skip`, `before`, `after` and the kinds of `notes` are the
JSON's; `stepsToRun` counts the steps of the start group and of all after it that run. The precondition is
`latestId`, `latestStatus` and `planDigest`. `rejected`: `rule`, `rules`, `message` and `remedy` are the
JSON's; `remedyKind` is one of `HELPS`, and where that is a request to send, the request is
`sendGroupSequence` and `sendExecution`. `error`:
`message` says what is wrong with the row, and `path` where. `stepsInPlan` and the latest execution are
given in both of the first.
"""

ANSWERS: Final = pa.schema([pa.field("answer", pa.string(), nullable=False)])
"""One column: what `restart-engine oracle` answers to the scenario's text, without its newline."""
