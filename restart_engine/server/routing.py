"""Routes that see a path as it was sent: `%2F` within a name is part of the name."""

from __future__ import annotations

from urllib.parse import quote, unquote

from starlette.routing import Match, Route
from starlette.types import Scope


class SegmentRoute(Route):
    """A route that is compared segment by segment, each decoded after the path was split.

    `{name}` takes any segment but an empty one. Nothing is normalized until it fits, `..` or Unicode.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As Starlette asks, of a request."""
        if "segments" not in scope:  # every route is asked of the same request
            scope["segments"] = _segments(scope)
        segments: list[str] = scope["segments"]
        wanted = self.path.split("/")
        if len(segments) != len(wanted):
            return Match.NONE, {}
        params: dict[str, str] = {}
        for segment, template in zip(segments, wanted, strict=True):
            if template.startswith("{") and segment:
                params[template[1:-1]] = segment
            elif segment != template:
                return Match.NONE, {}
        match = Match.FULL if scope["method"] in (self.methods or ()) else Match.PARTIAL
        return match, {"endpoint": self.endpoint, "path_params": params}


def _segments(scope: Scope) -> list[str]:
    """The path without the root path: ASGI puts that before it, and a proxy may have left it there."""
    root = scope.get("root_path", "").encode()
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    raw = raw.removeprefix(root)
    if raw.startswith(root + b"/"):
        raw = raw.removeprefix(root)
    return [unquote(segment) for segment in raw.decode("latin-1").split("/")]
