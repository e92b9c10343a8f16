"""The log: one line an event, whoever logs it, and no secret in it."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from server.listening import events, logged
from sqlalchemy import create_engine, text

from restart_engine.core.errors import InvalidValue
from restart_engine.server.logs import bind_request, logger, set_up_logging, without_secrets

TOKEN = jwt.encode({"sub": "ann", "tenant": "acme", "exp": 1_700_000_000}, b"k" * 32)
END = TOKEN[-4:]
SECRET = "s3cret-of-the-database"  # noqa: S105  # the one that has to stay out
URL = f"postgresql+psycopg://ann:{SECRET}@host:5432/db"


def fail(error: Exception) -> None:
    """Raise it."""
    raise error


class TestLines:
    """What a line holds."""

    def test_an_event(self) -> None:
        """Time, level and event come first, the fields as they were given."""
        with logged() as stream:
            logger().info("started", plan="Nightly", groups=[1, 2], share=0.5, last=None, on=True)
        line = stream.getvalue()
        assert line.startswith('{"time": "')
        assert line.endswith("\n")
        event = json.loads(line)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", event.pop("time"))
        assert event == {
            "level": "info",
            "event": "started",
            "plan": "Nightly",
            "groups": [1, 2],
            "share": 0.5,
            "last": None,
            "on": True,
        }
        assert list(event)[:2] == ["level", "event"]

    @given(st.text(), st.recursive(st.text() | st.floats() | st.integers() | st.binary(), st.lists))
    def test_any_field(self, event: str, value: object) -> None:
        """Whatever is logged is one line of ASCII, and strict JSON."""
        with logged() as stream:
            logger().info(event, field=value, nested={"a": (value,), 7: event})
        line = stream.getvalue()
        assert line.isascii()
        assert line.count("\n") == 1
        json.loads(line, parse_constant=pytest.fail)

    def test_strange_values(self) -> None:
        """What is no JSON is shown in short, and what cannot be shown stops nobody."""

        class Shy:
            def __repr__(self) -> str:
                raise RuntimeError(SECRET)

        endless: list[Any] = []
        endless.append(endless)
        with logged() as stream:
            logger().info("strange", shy=Shy(), endless=endless, large=10**6000, long=b"x" * 5000)
        (event,) = events(stream)
        assert event["shy"] == "<Shy that cannot be shown>"
        assert event["large"] == "<int that cannot be shown>"
        assert len(event["long"]) == 1003
        assert SECRET not in stream.getvalue()

    def test_levels(self) -> None:
        """What is below the level is not written, of ours or of others."""
        with logged("warning") as stream:
            logger().info("low")
            logger().warning("high")
            logging.getLogger("uvicorn.error").info("low")
            logging.getLogger("somebody").error("high")
        assert [event["event"] for event in events(stream)] == ["high", "high"]

    def test_errors(self) -> None:
        """An exception is a field, on the one line."""
        with logged() as stream:
            try:
                fail(RuntimeError("two\nlines"))
            except RuntimeError:
                logger().exception("failed")
                logging.getLogger("uvicorn.error").exception("failed too")
        for event in events(stream):
            assert event["level"] == "error"
            assert event["exception"].endswith("RuntimeError: two\nlines")
            assert "exc_info" not in event

    def test_for_people(self) -> None:
        """The form for people has one line an event too, and an exception's lines under it."""
        with logged(form="text") as stream:
            logger().info("a\nb", tenant="acme", path="/x y\n\ud800", token=TOKEN)
            logger().error("failed", exc_info=RuntimeError(URL))
        first, second, *rest = stream.getvalue().splitlines()
        assert re.fullmatch(
            r"\S+Z \[info     \] a\\nb +path='/x y\\n\\ud800' tenant='acme' token='\*\*\*'", first
        )
        assert re.fullmatch(r"\S+Z \[error    \] failed *", second)
        assert rest == ["  | RuntimeError: postgresql+psycopg://ann:***@host:5432/db"]

    @pytest.mark.parametrize("wrong", [{"level": "loud"}, {"form": "xml"}])
    def test_no_such_setting(self, wrong: dict[str, Any]) -> None:
        """The error names what is accepted."""
        with pytest.raises(InvalidValue, match="one of "):
            set_up_logging(io.StringIO(), **wrong)

    def test_set_up_again(self) -> None:
        """The last setting counts, and each line is written once."""
        with logged() as first, logged() as second:
            logger().info("ours")
            logging.getLogger("somebody").warning("theirs")
        assert first.getvalue() == ""
        assert len(events(second)) == 2

    def test_a_stream_that_fails(self) -> None:
        """A closed or full stream loses lines, and stops nobody."""

        class Full(io.StringIO):
            def write(self, _text: str, /) -> int:
                raise OSError(28, "no space left on device")

        with logged() as stream:
            stream.close()
            logger().info("lost")
            logging.getLogger("somebody").warning("lost")
            set_up_logging(Full())
            logger().info("lost")

    def test_threads(self) -> None:
        """Lines of several threads do not mix."""
        with logged() as stream:
            threads = [
                threading.Thread(target=lambda: [logger().info("x" * 200) for _ in range(100)])
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(events(stream)) == 400


class TestLibraries:
    """What others log."""

    def test_they_are_events(self) -> None:
        """A library's record has the library's name, and the request it was about."""
        with logged() as stream, bind_request("r1"):
            logging.getLogger("uvicorn.error").warning("Invalid %s", "HTTP", extra={"color_message": "x"})
        (event,) = events(stream)
        event.pop("time")
        assert event == {
            "level": "warning",
            "event": "Invalid HTTP",
            "request": "r1",
            "logger": "uvicorn.error",
        }

    def test_records_that_do_not_fit(self) -> None:
        """A record whose arguments do not fit its message is written without them."""
        with logged() as stream:
            record = logging.LogRecord("somebody", 40, __file__, 1, "a number: %d", (SECRET,), None)
            logging.getLogger().handlers[-1].handle(record)
        assert events(stream)[0]["event"] == "a number: %d"
        assert SECRET not in stream.getvalue()

    def test_their_own_settings_end(self) -> None:
        """What uvicorn set up for itself is taken down: no line twice, and none for each access."""
        theirs = io.StringIO()
        with logged():
            for name in ("uvicorn", "uvicorn.access"):
                logging.getLogger(name).addHandler(logging.StreamHandler(theirs))
                logging.getLogger(name).propagate = False
            with logged() as stream:
                logging.getLogger("uvicorn.error").info("up")
                logging.getLogger("uvicorn.access").info("GET /")
                assert not logging.getLogger("uvicorn.access").hasHandlers()
        assert [event["event"] for event in events(stream)] == ["up"]
        assert theirs.getvalue() == ""

    @pytest.mark.parametrize("level", ["info", "debug"])
    def test_statements_are_not_logged(self, level: Any) -> None:
        """SQLAlchemy's statements and their values stay out of the log."""
        with logged(level) as stream:
            engine = create_engine("sqlite://")
            with engine.connect() as connection:
                connection.execute(text("select :value"), {"value": SECRET})
            engine.dispose()
        assert SECRET not in stream.getvalue()

    def test_odd_levels(self) -> None:
        """A level of a library's own has its number as its name."""
        with logged("debug") as stream:
            logging.getLogger("somebody").log(35, "between")
        assert events(stream)[0]["level"] == "level 35"


class TestRequests:
    """Events of a request."""

    def test_bound_and_no_longer(self) -> None:
        """Events inside name the request, those after it do not, also where requests are nested."""
        with logged() as stream:
            with bind_request("r1"):
                logger().info("one")
                with bind_request("r2"):
                    logger().info("two")
                logger().info("three")
            logger().info("four")
        assert [event.get("request") for event in events(stream)] == ["r1", "r2", "r1", None]


class TestSecrets:
    """What is taken out of every text."""

    @pytest.mark.parametrize(
        ("text_", "expected"),
        [
            (TOKEN, f"***{END}"),
            (f"a {TOKEN}, b", f"a ***{END}, b"),
            (f"Bearer {TOKEN}", f"Bearer ***{END}"),
            (f"authorization: bearer  {TOKEN}", f"authorization: bearer  ***{END}"),
            (f"{TOKEN[:40]}", f"***{TOKEN[36:40]}"),
            (f"x{TOKEN}", f"x***{END}"),
            (f".{TOKEN}", f".***{END}"),
            (f"a.b.{TOKEN}", f"a.b.***{END}"),
            (f"[{TOKEN}] [{TOKEN}]", f"[***{END}] [***{END}]"),
            (f"{TOKEN}.more.parts", "***arts"),
            ("Bearer opaque-token-1234", "Bearer ***1234"),
            ("BEARER%20opaque-token-1234", "BEARER%20***1234"),
            ("Bearer abc", "Bearer ***"),
            ('Bearer "opaque-token-1234"', 'Bearer "***1234"'),
            ("b'Bearer opaque-token-1234'", "b'Bearer ***1234'"),
            (URL, "postgresql+psycopg://ann:***@host:5432/db"),
            ("postgresql://:only@host", "postgresql://:***@host"),
            ("postgresql://a:b@c:d@host/x", "postgresql://a:***@host/x"),
            ("postgresql://a:b/c@host/x", "postgresql://a:***@host/x"),
            ("host=h user=u password=hidden", "host=h user=u password=***"),
            ("/x?token=hidden&a=b", "/x?token=***&a=b"),
            ("{'access_token': 'hidden', 'a': 1}", "{'access_token': '***', 'a': 1}"),
            ('{"Key": "hidden"}', '{"Key": "***"}'),
            ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
            ("ann@example.org runs restart_engine.server.logs", None),
            ("eyJ alone, and a.b.c", None),
            ("a bearer", None),
        ],
    )
    def test_texts(self, text_: str, expected: str | None) -> None:
        """Of tokens the last four characters stay, of passwords nothing, of all else everything."""
        assert without_secrets(text_) == (expected or text_)

    @given(st.text(max_size=20), st.text(max_size=20))
    def test_wherever_it_stands(self, before: str, after: str) -> None:
        """Nothing around a token keeps it in."""
        assert TOKEN.rsplit(".", 1)[1] not in without_secrets(f"{before}{TOKEN}{after}")
        assert TOKEN.split(".")[1] not in without_secrets(f"{before}{TOKEN}{after}")

    def test_whatever_field(self) -> None:
        """A secret does not get out through the event, a field, a field's name, an object or an error."""

        class Holder:
            def __repr__(self) -> str:
                return f"<{'x' * 990} {URL} {TOKEN}>"

        with logged() as stream:
            log = logger()
            log.info(f"with {TOKEN} to {URL}")  # noqa: G004  # as somebody may
            log.info(
                "e", a=TOKEN, b=[URL], c={"d": (TOKEN, {URL: TOKEN})}, e=Holder(), f={TOKEN}, g=TOKEN.encode()
            )
            log.info("e", **{TOKEN: 1})
            log.info("e", error=RuntimeError(URL), exc_info=RuntimeError(f"no {TOKEN}"))
            log.info("e", password=SECRET, Authorization=SECRET, inner={"token": SECRET, "key": SECRET})
            logging.getLogger("sqlalchemy.pool").error("cannot connect to %s with %s", URL, TOKEN)
            try:
                try:
                    fail(ValueError(URL))
                except ValueError:
                    fail(RuntimeError(TOKEN))
            except RuntimeError:
                logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
            with bind_request(TOKEN):
                log.info("e")
        assert len(events(stream)) == 8
        assert SECRET not in stream.getvalue()
        for part in TOKEN.split("."):
            assert part not in stream.getvalue()

    @given(
        st.lists(
            st.sampled_from(
                [
                    f" {TOKEN}",
                    f"Bearer {SECRET}",
                    f"BEARER%20{SECRET}",
                    URL,
                    f"Password={SECRET}",
                    '"\\\n\t\ud800',
                    "x",
                ]
            )
        ).map("".join),
        st.sampled_from(["a", "Key", "token"]),
    )
    def test_however_it_is_rendered(self, text_: str, name: str) -> None:
        """An event is looked at once it is JSON; no character before a secret hides it there."""
        with logged() as stream:
            logger().info(text_, **{name: text_})
        (event,) = events(stream)
        assert event["event"] == without_secrets(text_)
        assert event[name] == (without_secrets(text_) if name == "a" else "***")

    def test_long_texts_take_no_time(self) -> None:
        """A text made to keep the search busy is read once."""
        for part in ("eyJ", "eyJ.", "://a:", "@ ://a:", "bearer ", "bearer%20", "token=", "Bearer eyJ"):
            without_secrets(part * 20_000)
