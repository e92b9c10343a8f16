"""Requests that nobody means well with, over real sockets: each is answered in JSON, and none does harm."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from server.listening import Answer, closed, read_answer
from server.serving import Served, serving

from restart_engine.server.limits import Limits
from restart_engine.server.tokens import ISSUER, SigningKey, issue_token

MEDIA_TYPE = "the body's media type is not application/json: send it as the header content-type"

ROOT: Final = "/incorta/api/v2/acme/load-plan"
RESTART: Final = f"{ROOT}/restart"
STATUS: Final = f"{ROOT}/status/12"
NOTHING: Final = "there is nothing at this path"
WORKS: Final = b'{"loadPlanName": "Nightly", "groupSequence": 1, "recentLoadPlanExecution": 12}'
"""What a good token restarts."""
UNKNOWN: Final = b'{"loadPlanName": "Unknown", "groupSequence": 1}'
NO_PLAN: Final = "INC_05290503: The [Unknown] LOAD_PLAN cannot be found."

_FAILED: Final = {
    "status": "Failed",
    "groups": [{"sequence": 1, "status": "Failed", "steps": {"Sales.Orders": "Failed"}}],
}
_GROUPS: Final = [{"sequence": 1, "steps": ["Sales.Orders"]}]


def _tenant(name: str, execution_id: int, **more: Any) -> dict[str, Any]:
    past = [{"id": execution_id, **_FAILED}]
    return {
        "name": name,
        "schemas": [{"id": 1, "name": "Sales"}],
        "users": [{"name": "admin", "superUser": True, "everySchema": "edit"}],
        "loadPlans": [{"name": "Nightly", "groups": _GROUPS, "executions": past}],
        **more,
    }


_OTHER: Final = {"name": "Caf\u00e9", "groups": _GROUPS}
WORLD: Final[Any] = {
    "tenants": [_tenant("acme", 12), _tenant("beta", 20), _tenant("closed", 30, enabled=False)],
}
WORLD["tenants"][0]["loadPlans"].append(_OTHER)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server; after all that its tests did to it nothing secret was logged, and it has not grown."""
    with serving(tmp_path_factory.mktemp("hostile"), WORLD) as here:
        _ask(here, body=UNKNOWN)
        memory, threads = _peak(), threading.active_count()
        yield here
        assert _peak() - memory < 300_000
        assert threading.active_count() - threads <= 40  # as many as the pools hold, however much was asked
        log = here.log.getvalue()
        assert [line for line in log.splitlines() if '"level": "error"' in line] == []
        assert [secret for secret in here.secrets if secret[:-4] in log] == []
        assert here.undocumented() == []


@pytest.fixture(autouse=True)
def _unharmed(server: Served) -> Iterator[None]:
    """After each test no execution is there that was not before, and a decent request is answered."""
    before = server.executions()
    yield
    assert server.executions() == before
    assert _ask(server, body=UNKNOWN).message == NO_PLAN


def _peak() -> int:
    """Kibibytes of memory that this process, the server's too, has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _head(target: str = RESTART, *headers: str, method: str = "POST", version: str = "1.1") -> bytes:
    lines = [f"{method} {target} HTTP/{version}", "host: here", *headers, "", ""]
    return "\r\n".join(lines).encode()


def _request(  # what a request is made of
    target: str = RESTART,
    *headers: str,
    token: str | None = None,
    body: bytes = b"",
    method: str = "POST",
    media_type: str | None = "application/json",
) -> bytes:
    own = [f"content-length: {len(body)}"]
    own += [] if token is None else [f"authorization: Bearer {token}"]
    own += [] if media_type is None else [f"content-type: {media_type}"]
    return _head(target, *own, *headers, method=method) + body


def _ask(server: Served, target: str = RESTART, *headers: str, user: str = "admin", **more: Any) -> Answer:
    """What a caller is answered whose token is good."""
    return server.ask(_request(target, *headers, token=server.token("acme", user), **more))


def _b64(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "admin",
        "tenant": "acme",
        "use": "api",
        "iat": now,
        "exp": now + 600,
        "jti": "1",
    }
    return {name: value for name, value in (claims | changed).items() if value is not ...}


def _made(server: Served, header: Any = None, payload: Any = None, digest: str = "sha256") -> str:
    """A token made by hand, signed with the server's own key."""
    header = {"alg": "HS256", "typ": "JWT"} if header is None else header
    text = f"{_b64(header)}.{_b64(_claims() if payload is None else payload)}"
    signature = hmac.new(server.key.secret, text.encode(), digest).digest()
    server.secrets.append(made := f"{text}.{_b64(signature)}")
    return made


def _other_key(_server: Served) -> str:
    key = SigningKey(hashlib.sha512(b"another").digest())
    return issue_token(key, tenant="acme", user="admin", now=time.time(), lifetime=600)


def _forged(server: Served) -> str:
    head, claims, signature = server.token("acme", "admin").split(".")
    return f"{head}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def _claims_swapped(server: Served) -> str:
    """The signature of one token under the claims of another."""
    head, _, signature = server.token("beta", "admin").split(".")
    return f"{head}.{_b64(_claims())}.{signature}"


def _unsigned(alg: str) -> Callable[[Served], str]:
    return lambda _server: f"{_b64({'alg': alg, 'typ': 'JWT'})}.{_b64(_claims())}."


def _with(**changed: Any) -> Callable[[Served], str]:
    return lambda server: _made(server, payload=_claims(**changed))


_TWICE: Final = json.dumps(_claims())[:-1].encode() + b', "tenant": "beta"}'
_ENDLESS: Final = json.dumps(_claims(exp=0)).replace(" 0,", " 1e400,").encode()
TOKENS: Final[dict[str, Callable[[Served], str]]] = {
    "no token": lambda _: "",
    "one word": lambda _: "secret-word",
    "the source's example": lambda _: "abcde12345",
    "forged": _forged,
    "of another key": _other_key,
    "claims of another token": _claims_swapped,
    "expired": lambda server: server.token("acme", "admin", issued=time.time() - 7200, lifetime=3600),
    "of tomorrow": lambda server: server.token("acme", "admin", issued=time.time() + 86_400),
    "unsigned": _unsigned("none"),
    "unsigned in capitals": _unsigned("NONE"),
    "unsigned as HS256": _unsigned("HS256"),
    "HS384": lambda server: _made(server, {"alg": "HS384", "typ": "JWT"}, digest="sha384"),
    "HS512": lambda server: _made(server, {"alg": "HS512", "typ": "JWT"}, digest="sha512"),
    "RS256 signed with the shared key": lambda server: _made(server, {"alg": "RS256", "typ": "JWT"}),
    "ES256 signed with the shared key": lambda server: _made(server, {"alg": "ES256", "typ": "JWT"}),
    "an algorithm in small letters": lambda server: _made(server, {"alg": "hs256", "typ": "JWT"}),
    "a key of its own": lambda s: _made(s, {"alg": "HS256", "typ": "JWT", "jwk": {"kty": "oct", "k": "AA"}}),
    "a key's path": lambda s: _made(s, {"alg": "HS256", "typ": "JWT", "kid": "../../dev/null"}),
    "critical extensions": lambda s: _made(s, {"alg": "HS256", "typ": "JWT", "crit": ["exp"]}),
    "a header that is a list": lambda server: _made(server, ["HS256"]),
    "a payload that is a list": lambda server: _made(server, payload=[1]),
    "a payload that is no JSON": lambda server: _made(server, payload=b"{"),
    "a payload that is nested deeply": lambda server: _made(server, payload=b"[" * 4000),
    "a payload with a member twice": lambda server: _made(server, payload=_TWICE),
    "of another tenant": lambda server: server.token("beta", "admin"),
    "of a tenant in other letters": lambda server: server.token("ACME", "admin"),
    "of the control API": lambda server: server.token("acme", "admin", use="control"),
    "of a user who is gone": lambda server: server.token("acme", "gone"),
    "of a user in other letters": lambda server: server.token("acme", "Admin"),
    "never expiring": _with(exp=...),
    "expiring as text": _with(exp="9999999999"),
    "expiring as true": _with(exp=True),
    "expiring at infinity": lambda server: _made(server, payload=_ENDLESS),
    "expiring after 400 digits": _with(exp=10**400),
    "of another issuer": _with(iss="other"),
    "of no use": _with(use=...),
    "with more claims": _with(admin=True),
    "tenants as a list": _with(tenant=["acme"]),
    "nobody's": _with(sub=None),
    "a number's": _with(sub=0),
    "in five parts": lambda server: server.token("acme", "admin") + ".x.y",
    "padded": lambda server: server.token("acme", "admin") + "=",
    "in quotes": lambda server: f'"{server.token("acme", "admin")}"',
    "two at once": lambda server: f"{server.token('acme', 'admin')}, {server.token('acme', 'admin')}",
    "of nine thousand characters": lambda _: "a.b." + "c" * 9000,
    "in other bytes": lambda _: "\u00ff\u00fe",
}  # fmt: skip


class TestTokens:
    """Who is nobody learns nothing, and is shown four characters of what was sent."""

    @pytest.mark.parametrize("name", TOKENS)
    @pytest.mark.parametrize("call", ["restart", "execute", "status/12"])
    def test_a_bad_token(self, server: Served, name: str, call: str) -> None:
        """It is 401 for every call, whatever the body and the media type are."""
        method = "GET" if call.startswith("status") else "POST"
        token = TOKENS[name](server)
        answer = server.ask(_request(f"{ROOT}/{call}", token=token, body=WORKS, method=method))
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        shown = re.fullmatch(
            r"INC_09030108: Invalid authentication header\. Invalid Token \[\**(.{0,4})\]", answer.message
        )
        assert shown is not None
        assert token.encode().decode("latin-1").endswith(shown[1])

    @pytest.mark.parametrize(
        "header", ["", "Basic YTpi", "Bearer", "Token {}", "{}", "Bearer\t{}", "Bearer, {}"]
    )
    def test_a_header_that_is_no_bearer(self, server: Served, header: str) -> None:
        """A good token under another scheme is none, and is not shown at all."""
        header = header.format(server.token("acme", "admin"))
        answer = server.ask(_request(RESTART, f"authorization: {header}", body=WORKS))
        assert answer.status == 401
        assert answer.message.endswith(" Invalid Token []")

    def test_two_headers(self, server: Served) -> None:
        """Two tokens are none, though each were good: who reads the other one would see another caller."""
        token = server.token("acme", "admin")
        answer = server.ask(_request(RESTART, f"authorization: Bearer {token}", token=token, body=WORKS))
        assert answer.status == 401

    def test_a_token_elsewhere(self, server: Served) -> None:
        """A token in the query, a cookie or the body is none."""
        token = server.token("acme", "admin")
        target = f"{RESTART}?access_token={token}"
        body = json.dumps({**json.loads(WORKS), "access_token": token}).encode()
        assert server.ask(_request(target, f"cookie: token={token}", body=body)).status == 401

    @pytest.mark.parametrize("path", ["world", "tenants/acme/load-plans/Nightly"])
    def test_the_control_api_wants_its_own(self, server: Served, path: str) -> None:
        """An access token does not open the control API, nor does none or a forged one."""
        for token in (server.token("acme", "admin"), _forged(server), None):
            answer = server.ask(_request(f"/control/{path}", token=token, method="GET"))
            assert (answer.status, answer.message) == (401, "the control API asks for a control token")


NAMES: Final = [
    "' OR '1'='1",
    "'; DROP TABLE load_plans; --",
    'Nightly" --',
    "Nightly%",
    "N_ghtly",
    "%s%s%n%x",
    "{0.__class__.__mro__}",
    "{{7*7}}",
    "${jndi:ldap://localhost/a}",
    "$(id)",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "..\\..\\boot.ini",
    "Nightly\r\nSet-Cookie: a=b",
    "Nightly\x00",
    "\x00",
    "\x1b[2J",
    "NIGHTLY",
    "Nightly ",
    "\u202eylthgiN",
    "Nightl\u0443",
    "Nightly\u200b",
    "Cafe\u0301",
    "\ufeffNightly",
    "\U0001f319",
    "\uffff",
    "a" * 60_000,
]
_DEEP: Final = 30_000
BODIES: Final[list[tuple[bytes, int, str]]] = [
    (b"", 400, "the body is empty, and has to be a JSON object"),
    (b" \r\n\t", 400, "the body is empty, and has to be a JSON object"),
    (b"[]", 400, "the body is JSON, but not an object"),
    (b"null", 400, "the body is JSON, but not an object"),
    (b'"Nightly"', 400, "the body is JSON, but not an object"),
    (b"0" * 100, 400, "the body is not JSON: .*"),
    (WORKS[:-1], 400, "the body is not JSON: .*"),
    (WORKS + WORKS, 400, "the body is not JSON: extra data at line 1 column 79"),
    (b"\xef\xbb\xbf" + WORKS, 400, "the body is not JSON: .*"),
    (WORKS.decode().encode("utf-16"), 400, "the body is not UTF-8: byte 0xff at offset 0"),
    (WORKS.replace(b"Nightly", b"\xc3\x28"), 400, "the body is not UTF-8: byte 0xc3 at offset 18"),
    (WORKS.replace(b"Nightly", b"\xed\xa0\x80"), 400, "the body is not UTF-8: byte 0xed at offset 18"),
    (WORKS.replace(b"Nightly", b"\xc0\xaf"), 400, "the body is not UTF-8: byte 0xc0 at offset 18"),
    (WORKS.replace(b"Nightly", b"Night\nly"), 400, "the body is not JSON: invalid control character at .*"),
    (WORKS.replace(b"12", b"012"), 400, "the body is not JSON: .*"),
    (WORKS.replace(b"12", b"NaN"), 400, "the body is not JSON: it holds NaN"),
    (WORKS.replace(b"12", b"-Infinity"), 400, "the body is not JSON: it holds -Infinity"),
    (WORKS[:-1] + b', "groupSequence": 1}', 400, "the body has `(x.a|groupSequence)` more than once"),
    (WORKS[:-1] + b', "x": {"a": 1, "a": 1}}', 400, "the body has `(x.a|groupSequence)` more than once"),
    (b"[" * _DEEP, 400, "the body is nested too deeply"),
    (b'{"":' * 13_000 + b"1" + b"}" * 13_000, 400, "the body is nested too deeply"),  # as deep as 64 KiB go
    (WORKS.replace(b"12", b"[" * _DEEP + b"]" * _DEEP), 400, "the body is nested too deeply"),
    (b"loadPlanName=Nightly&groupSequence=1", 400, "the body is not JSON: .*"),
    (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>", 400, "the body is not JSON: .*"),
    (b"{}", 422, "INC_01210000: loadPlanName may not be null"),
    (WORKS.replace(b'"Nightly"', b'["Nightly"]'), 422, "INC_01210000: loadPlanName must be a string"),
    (WORKS.replace(b'"Nightly"', b'{"$ne": null}'), 422, "INC_01210000: loadPlanName must be a string"),
    (WORKS.replace(b"Nightly", b""), 422, "INC_01210000: loadPlanName may not be blank"),
    (WORKS.replace(b"Nightly", rb"\u2003\t"), 422, "INC_01210000: loadPlanName may not be blank"),
    (WORKS.replace(b"Nightly", rb"\ud800"), 422, "INC_01210000: loadPlanName may not hold a lone surrogate"),
    (WORKS.replace(b"Nightly", rb"a\udfff"), 422, "INC_01210000: loadPlanName may not hold a lone surrogate"),
    (WORKS.replace(b" 1,", b" true,"), 422, "INC_01210000: groupSequence must be an integer"),
    (WORKS.replace(b" 1,", b" 1.0,"), 422, "INC_01210000: groupSequence must be an integer"),
    (WORKS.replace(b" 1,", b' "1",'), 422, "INC_01210000: groupSequence must be an integer"),
    (WORKS.replace(b" 1,", b" 1e400,"), 422, "INC_01210000: groupSequence must be an integer"),
    (WORKS.replace(b" 1,", b" null,"), 422, "INC_01210000: groupSequence may not be null"),
    (WORKS.replace(b"12", b"1e2"), 422, "INC_01210000: recentLoadPlanExecution must be an integer"),
    (WORKS.replace(b"12", b"[12]"), 422, "INC_01210000: recentLoadPlanExecution must be an integer"),
    (WORKS.replace(b" 1,", b" %s," % (b"9" * 400)), 400, "R4: .*"),
    (WORKS.replace(b" 1,", b" %s," % (b"9" * 5000)), 400, "R4: .*"),
    (WORKS.replace(b"12", b"1" * 400), 400, "R2: .*"),
    (WORKS.replace(b"12", b"1" * 5000), 400, "R2: .*"),
    (WORKS.replace(b"12", b"-" + b"1" * 60_000), 400, "R2: .*"),
    (WORKS.replace(b"12", b"-0"), 400, "R2: .*"),
    (WORKS.replace(b"Nightly", b"Unknown")[:-1] + b', "__proto__": {"a": 1}}', 404, re.escape(NO_PLAN)),
]


class TestBodies:
    """What no client of good will sends, from a caller who may start everything."""

    @pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:30]))
    @pytest.mark.parametrize("call", ["restart", "execute"])
    def test_a_strange_name(self, server: Served, name: str, call: str) -> None:
        """It is looked for as it is, and not found; the answer is one line of ASCII that says it back."""
        body = json.dumps({"loadPlanName": name, "groupSequence": 0}, ensure_ascii="\x00" in name).encode()
        answer = _ask(server, f"{ROOT}/{call}", body=body)
        assert (answer.status, answer.message) == (
            404,
            f"INC_05290503: The [{name}] LOAD_PLAN cannot be found.",
        )
        assert answer.body.isascii()
        assert b"\n" not in answer.body
        assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize(("body", "status", "message"), BODIES, ids=lambda value: ascii(value)[:40])
    def test_a_bad_body(self, server: Served, body: bytes, status: int, message: str) -> None:
        """The first gate that it does not pass says what is wrong with it."""
        answer = _ask(server, body=body)
        assert answer.status == status
        assert re.fullmatch(message, answer.message), answer.message[:300]

    @pytest.mark.parametrize(
        "media_type",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/xml",
            "json",
            "",
            "*/*",
            "application/json\u00ff",
        ],
    )
    def test_another_media_type(self, server: Served, media_type: str) -> None:
        """A body that says it is something else is not read."""
        answer = _ask(server, media_type=media_type, body=WORKS)
        assert (answer.status, answer.message) == (415, MEDIA_TYPE)

    @pytest.mark.parametrize("media_type", [None, "APPLICATION/JSON", 'application/json ; charset="utf-8"'])
    def test_an_absent_media_type(self, server: Served, media_type: str | None) -> None:
        """A body that says nothing, or says it in other letters, is JSON."""
        assert _ask(server, media_type=media_type, body=UNKNOWN).message == NO_PLAN


_SERVICES: Final = b'{"tenants": [{"name": "a", "loaderServices": %s}]}'
CONTROL: Final[list[tuple[str, str, bytes, int, str]]] = [
    ("POST", "world", b"", 422, "the text is `null`, accepted is an object"),
    ("POST", "world", b"[" * _DEEP, 422, "the text is no YAML: exceeded maximum nesting depth .*"),
    ("POST", "world", b'{"tenants": ' + b"[" * _DEEP, 422, "the text is nested too deeply.*"),
    ("POST", "world", b"a: &a [1]\nb: &b [*a, *a]\nc: [*b, *b]", 422, ".*"),
    ("POST", "world", b"!!python/object/apply:os.system [id]", 422, ".*"),
    ("POST", "world", b'{"tenants": [], "tenants": []}', 422, "`tenants` is there more than once.*"),
    (
        "POST",
        "world",
        b'{"tenants": [{"name": "a", "loaderServices": %s}]}' % (b"9" * 5000),
        422,
        ".*digits.*",
    ),
    ("POST", "world", b'{"tenants": [{"name": "a", "loaderServices": %s}]}' % (b"9" * 400), 422, ".*"),
    ("POST", "world", b'{"tenants": [{"name": "acme"}]}', 409, ".* it is there already"),
    ("POST", "world", b"\xff", 422, "the text is not UTF-8.*"),
    ("PUT", "world", b'{"tenants": ' + b"[" * _DEEP, 422, "the text is nested too deeply.*"),
    ("PUT", "faults", b"[" * _DEEP, 422, "the text is nested too deeply.*"),
    ("PUT", "faults", b'[{"status": %s}]' % (b"9" * 400), 422, r"`\[0\].status` is .*"),
    ("PUT", "faults", b'[{"delaySeconds": NaN}]', 422, "the text is not JSON: it holds NaN.*"),
    ("PUT", "faults", b'[{"tenant": "\\ud800"}]', 422, r"`\[0\].tenant` is .* text without lone surrogates"),
    ("PUT", "tenants/acme/loading", b"null", 422, "the text is `null`, accepted is an object"),
    ("PUT", "tenants/acme/users/eve", b"null", 422, "the text is `null`, accepted is an object"),
    ("PUT", "tenants/acme/loading", b"[" * _DEEP, 422, "the text is nested too deeply.*"),
    ("PUT", "tenants/acme/loading", b'{"seconds": 1, "seconds": 1}', 422, "`seconds` is there more .*"),
    ("PUT", "tenants/acme/loading", b'{"seconds": 1e400}', 422, ".*"),
    ("PUT", "tenants/acme/loading", b'{"seconds": 1}, "users": [{"name": "eve"}]', 422, "the text is not .*"),
    ("PUT", "tenants/acme%27--/loading", b"{}", 404, "there is no tenant `acme'--`"),
    ("PUT", "tenants/acme/users/%20", b"{}", 422, "`name` is .*"),
    ("PUT", "tenants/acme/users/eve", b'{"roles": ["\\ud800"]}', 422, ".* text without lone surrogates"),
    ("PUT", "tenants/acme/users/eve", b'{"superUser": %s}' % (b"9" * 4000), 422, "`superUser` is .*"),
    ("POST", "advance", b'{"seconds": -1}', 422, "`seconds` is `-1`, accepted is a number from 0 to .*"),
    ("POST", "advance", b'{"seconds": 1e400}', 422, "`seconds` is `Infinity`, accepted is a number .*"),
    ("POST", "advance", b'{"seconds": %s}' % (b"9" * 400), 422, "`seconds` is .*"),
    ("POST", "advance", b'{"seconds": NaN}', 422, "the text is not JSON: it holds NaN.*"),
    ("GET", "tenants/acme/load-plans/%00", b"", 404, "the tenant `acme` has no load plan `\x00`"),
    ("GET", "tenants/acme/load-plans/a%2Fb", b"", 404, "the tenant `acme` has no load plan `a/b`"),
    ("GET", "tenants/acme%2Fload-plans/a", b"", 404, NOTHING),
    ("GET", "tenants/acme%27--/load-plans/Nightly", b"", 404, "the tenant .* has no load plan `Nightly`"),
    ("PUT", "tenants/none/load-plans/x", b'{"groups": []}', 404, "there is no tenant `none`"),
    ("PUT", "tenants/acme/load-plans/%20", b'{"groups": []}', 422, "`name` is .*"),
    ("PUT", "tenants/acme/load-plans/x", b'{"groups": [{"sequence": 1.0, "steps": []}]}', 422, ".*"),
    ("POST", "tenants/acme/load-plans/Nightly/cut-off", b"", 409, "cannot cut off .*"),
    ("POST", "tenants/acme/load-plans/Caf%C3%A9/cut-off", b"", 409, ".* the plan never ran"),
    (
        "POST",
        "tenants/acme/load-plans/Nightly/end-step",
        b'{"sequence": %s, "step": "Sales.Orders", "status": "Failed"}' % (b"9" * 400),
        409,
        "cannot .*",
    ),
    (
        "POST",
        "tenants/acme/load-plans/Nightly/end-step",
        b'{"sequence": 1, "step": "nodot", "status": "Failed"}',
        422,
        "`step` is .*",
    ),
]


class TestControl:
    """The control API, with its own token."""

    @pytest.mark.parametrize(("method", "path", "body", "status", "message"), CONTROL)
    def test_a_bad_call(  # noqa: PLR0913, PLR0917  # a row of the table
        self, server: Served, method: str, path: str, body: bytes, status: int, message: str
    ) -> None:
        """It is refused in one line that says what stands against it."""
        token = server.token("acme", "kit", use="control")
        answer = server.ask(_request(f"/control/{path}", token=token, body=body, method=method))
        assert re.fullmatch(message, answer.message, re.DOTALL), answer.message[:300]
        assert answer.status == status


TENANTS: Final = [
    "ACME",
    "acme%00",
    "acme%20",
    "%20acme",
    "acme%0A",
    "acme%0D%0AX-Injected:1",
    "acm%C3%A9",
    "%FF%FE",
    "%ZZ",
    "%",
    "..",
    "%2e%2e",
    "%27%20OR%201=1--",
    "%25s",
    "{tenant}",
    "%24%7B7*7%7D",
    "a" * 1900,
    "acme;x=1",
    "ac%2Fme",
    "acme%2F..%2Fbeta",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "beta",
    "closed",
    "default",
]
PATHS: Final = [
    "/",
    "//",
    f"/{RESTART}",
    f"{RESTART}/",
    f"{RESTART}%0A",
    f"{RESTART}%00",
    f"{RESTART};x=1",
    f"{RESTART}.json",
    RESTART.replace("/restart", "/Restart"),
    RESTART.replace("/restart", "/%2572estart"),
    RESTART.replace("/acme/", "//"),
    RESTART.replace("/acme/", "/acme/../beta/"),
    RESTART.replace("/load-plan/", "%2Fload-plan/"),
    RESTART.replace("/v2/", "/v1/"),
    "/incorta/../../etc/passwd",
    "/.env",
    "/.git/config",
    "/static/../app.py",
    "/control",
    "/control/world/",
    "/openapi.json%0A",
    "/docs/",
    "http://127.0.0.1/docs",
    "http://evil.example/incorta/api/v2/acme/load-plan/restart",
    "*",
]


class TestPaths:
    """Paths that lead nowhere, or to somebody else."""

    @pytest.mark.parametrize("tenant", TENANTS, ids=lambda name: name[:30])
    def test_a_strange_tenant(self, server: Served, tenant: str) -> None:
        """It is not the token's, and that is all that is said, whether it is there or not."""
        answer = _ask(server, RESTART.replace("/acme/", f"/{tenant}/"), body=WORKS)
        assert answer.status == 401
        assert answer.message.startswith("INC_09030108: ")
        assert "x-injected" not in answer.headers

    @pytest.mark.parametrize("name", ["closed", "never", "\u202e", "' OR 1=1--", "%s"])
    def test_a_tenant_that_is_not_there(self, server: Served, name: str) -> None:
        """A good token of a tenant that is disabled, or never was, opens nothing."""
        target = f"/incorta/api/v2/{quote(name, safe='')}/load-plan/restart"
        answer = server.ask(_request(target, token=server.token(name, "admin"), body=WORKS))
        assert (answer.status, answer.message) == (404, f"Invalid [{name}] tenant in resource path")

    @pytest.mark.parametrize("path", PATHS)
    def test_a_path_that_is_none(self, server: Served, path: str) -> None:
        """It is 404, whoever asks; nothing is normalized until it fits."""
        answer = _ask(server, path, body=WORKS)
        assert (answer.status, answer.message) == (404, NOTHING)

    @pytest.mark.parametrize("path", [RESTART + "?" + "x" * 3000, RESTART.replace("acme", "a" * 3000)])
    def test_a_long_path(self, server: Served, path: str) -> None:
        """It is 414."""
        answer = _ask(server, path, body=WORKS)
        assert (answer.status, answer.message) == (414, "the path is longer than 2048 bytes")

    @pytest.mark.parametrize("target", ["/caf\u00e9", "/a b", "/\x00", "/\x7f", "", "/a\tb"], ids=ascii)
    def test_a_target_that_is_none(self, server: Served, target: str) -> None:
        """Bytes that no target has are not HTTP."""
        assert server.hear(_head(target, method="GET")).startswith(b"HTTP/1.1 400 ")


LEVELS: Final = ["5", "0", "-1", "01", "1.0", "+1", "%201", "1%00", "%EF%BC%91", "", "all", "1'--", "9" * 400]
IDS: Final = [
    "0",
    "-1",
    "20",
    "30",
    "12.0",
    "1e1",
    "0x0c",
    "12 ",
    "12\x00",
    "12\n",
    "\uff11\uff12",
    "\u0661\u0662",
    "12 OR 1=1",
    "12;DROP TABLE executions",
    "None",
    "[12]",
    "9" * 400,
    "-" + "9" * 400,
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551628",
]


class TestStatus:
    """Questions after what is not there."""

    @pytest.mark.parametrize("level", LEVELS)
    def test_a_strange_level(self, server: Served, level: str) -> None:
        """It is 422, and no execution is looked for."""
        for execution_id in (12, 99):
            answer = _ask(server, f"{ROOT}/status/{execution_id}?level={level}", method="GET")
            assert answer.status == 422
            assert re.fullmatch(r"The level \[.*\] is none of 1, 2, 3 and 4\.", answer.message)

    @pytest.mark.parametrize("query", ["level=1&level=1", "level=1&level=4", "level&level=1"])
    def test_level_twice(self, server: Served, query: str) -> None:
        """Two levels are none."""
        assert _ask(server, f"{STATUS}?{query}", method="GET").status == 422

    @pytest.mark.parametrize("query", ["", "?Level=5", "?level[]=5", "?x=%00", "?level=1#&level=5"])
    def test_other_members_of_the_query(self, server: Served, query: str) -> None:
        """They are nobody's business."""
        answer = _ask(server, f"{STATUS}{query}", method="GET")
        assert answer.status in ({422} if "#" in query else {200})

    @pytest.mark.parametrize("execution_id", IDS, ids=lambda text: ascii(text)[:30])
    def test_a_strange_id(self, server: Served, execution_id: str) -> None:
        """What is no execution of the tenant is not found, another tenant's too."""
        answer = _ask(server, f"{ROOT}/status/{quote(execution_id, safe='')}", method="GET")
        said = f"The [{execution_id}] load plan execution cannot be found."
        assert (answer.status, answer.message) == (404, said)


class TestMethods:
    """Methods that a path does not have."""

    @pytest.mark.parametrize(
        "method",
        ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "post", "X" * 400],
    )
    def test_another_method(self, server: Served, method: str) -> None:
        """It is 405 and says which are there; the token is not asked for, and nothing comes back of it."""
        answer = _ask(server, method=method, body=WORKS)
        assert (answer.status, answer.message) == (405, f"{method} is not allowed here, only POST")
        assert answer.headers["allow"] == "POST"

    def test_all_methods_of_a_path(self, server: Served) -> None:
        """Where several calls share a path, all their methods are named."""
        assert _ask(server, "/control/world", method="DELETE").headers["allow"] == "GET, HEAD, POST, PUT"

    @pytest.mark.parametrize(("path", "status"), [("/health/live", 200), (RESTART, 405), ("/none", 404)])
    def test_head(self, server: Served, path: str, status: int) -> None:
        """HEAD is answered as GET is, without the body."""
        heard = server.hear(_request(path, "connection: close", method="HEAD"))
        assert heard.startswith(b"HTTP/1.1 %d " % status)
        assert heard.endswith(b"\r\n\r\n")
        assert re.search(rb"content-length: [1-9]", heard)

    @pytest.mark.parametrize("target", ["here:443", "/", RESTART])
    def test_connect(self, server: Served, target: str) -> None:
        """No tunnel is opened."""
        answer = server.ask(_head(target, "connection: close", method="CONNECT"))
        assert answer.status in {404, 405}
        assert answer.message


def _framed(*headers: str, body: bytes = b"") -> bytes:
    return _head(RESTART, "content-type: application/json", *headers) + body


_CHUNKED: Final = "transfer-encoding: chunked"
NO_HTTP: Final[dict[str, bytes]] = {
    "no host": b"GET /docs HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /docs HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "a blank before the colon": b"GET /docs HTTP/1.1\r\nhost : a\r\n\r\n",
    "no colon": b"GET /docs HTTP/1.1\r\nhost: a\r\nnonsense\r\n\r\n",
    "a nul in a header": _framed("x: a\x00b"),
    "a line feed in a header": _framed("x: a\nb"),
    "a header without a name": _framed(": a"),
    "two lengths": _framed("content-length: 5", "content-length: 6", body=b"hello"),
    "a length with a sign": _framed("content-length: +5", body=b"hello"),
    "a length below 0": _framed("content-length: -5", body=b"hello"),
    "a length in hexadecimal": _framed("content-length: 0x5", body=b"hello"),
    "a length in other digits": _framed("content-length: \u0665", body=b"hello"),
    "an encoding that is none": _framed("transfer-encoding: xchunked"),
    "two encodings": _framed("transfer-encoding: gzip, chunked"),
    "chunked twice": _framed("transfer-encoding: chunked, chunked"),
    "an encoding and a length": _framed(_CHUNKED, "content-length: 5", body=b"0\r\n\r\nhello"),
    "a length and an encoding": _framed("content-length: 5", _CHUNKED, body=b"0\r\n\r\nhello"),
    "a chunk that is no number": _framed(_CHUNKED, body=b"zz\r\nhello\r\n"),
    "a chunk below 0": _framed(_CHUNKED, body=b"-5\r\nhello\r\n"),
    "a chunk longer than it says": _framed(_CHUNKED, body=b"1\r\nhello\r\n0\r\n\r\n"),
    "a chunk of a length beyond all": _framed(_CHUNKED, body=b"f" * 30 + b"\r\nhello\r\n"),
    "no version": b"GET /docs\r\n\r\n",
    "a version that is none": b"GET /docs HTTP/9\r\nhost: here\r\n\r\n",
    "a word": b"hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "noise": bytes(range(256)) * 4,
    "one long line": b"A" * 40_000 + b"\r\n\r\n",
    "a long header": _framed(f"x: {'a' * 30_000}"),
    "many headers": _framed(*(f"x{number}: " for number in range(3000))),
    "a cookie of 17,000 bytes": _framed(f"cookie: {'a' * 17_000}"),
}


class TestHttp:
    """What is no HTTP, or HTTP that means two things."""

    @pytest.mark.parametrize("name", NO_HTTP)
    def test_no_valid_http(self, server: Served, name: str) -> None:
        """It is refused, and the connection is closed: what follows on it is not believed."""
        heard = server.hear(
            NO_HTTP[name] + _request(RESTART, token=server.token("acme", "admin"), body=WORKS)
        )
        assert re.findall(rb"HTTP/1.1 (\d+)", heard) in ([b"400"], [b"431"])

    def test_an_encoding_of_a_version_that_has_none(self, server: Served) -> None:
        """It is refused: a proxy before us may have seen the body end elsewhere."""
        asked = b"POST /docs HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        assert server.ask(asked).message == "the request says twice how long its body is"

    @pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "\u00ff"])
    def test_a_body_that_is_encoded(self, server: Served, coding: str) -> None:
        """It is 415, and says why."""
        answer = _ask(server, RESTART, f"content-encoding: {coding}", body=WORKS)
        assert answer.status == 415
        assert answer.message == "no content encoding is accepted: send the body as it is"

    def test_the_encoding_that_is_none(self, server: Served) -> None:
        """`identity` says that the body is as it is; a request without a body encodes nothing."""
        assert _ask(server, RESTART, "content-encoding: Identity", body=UNKNOWN).message == NO_PLAN
        assert _ask(server, STATUS, "content-encoding: gzip", method="GET").status == 200

    def test_a_request_within_a_body(self, server: Served) -> None:
        """What a body holds is never taken for a request, wherever its end is said to be."""
        token = server.token("acme", "admin")
        inner = _request(RESTART, token=token, body=WORKS)
        for headers in ([_CHUNKED, f"content-length: {len(inner) + 5}"], ["content-length: 0", _CHUNKED]):
            heard = server.hear(_framed(*headers, body=b"0\r\n\r\n" + inner))
            assert heard.count(b"HTTP/1.1 ") == 1
            assert b"loadPlanExecutionId" not in heard

    def test_a_length_shorter_than_the_body(self, server: Served) -> None:
        """The body is what the length says; what follows is no request, and ends the connection."""
        own = f"authorization: Bearer {server.token('acme', 'admin')}"
        heard = server.hear(_framed(own, "content-length: 2", body=b"{}" + WORKS + b"\r\n\r\n"))
        assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"422", b"400"]

    def test_a_length_longer_than_the_body(self, server: Served) -> None:
        """Half a body starts nothing, whole though it looks."""
        own = f"authorization: Bearer {server.token('acme', 'admin')}"
        with server.connect() as client:
            client.sendall(_framed(own, "content-length: 1000", body=WORKS))
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""

    @pytest.mark.parametrize("length", [65_537, 10_000_000])
    def test_a_long_body(self, server: Served, length: int) -> None:
        """It is 413, said before or found out; the client reads that though it goes on sending."""
        own = f"authorization: Bearer {server.token('acme', 'admin')}"
        body = WORKS + b" " * (length - len(WORKS))
        answer = server.ask(_framed(own, f"content-length: {length}"), body)
        assert (answer.status, answer.message) == (413, "the body is longer than 65536 bytes")
        answer = server.ask(_framed(own, _CHUNKED), b"%x\r\n%b\r\n0\r\n\r\n" % (length, body))
        assert (answer.status, answer.message) == (413, "the body is longer than 65536 bytes")

    def test_a_body_that_is_not_awaited(self, server: Served) -> None:
        """A client that asks before it sends is told to go on, and then answered."""
        own = f"authorization: Bearer {server.token('acme', 'admin')}"
        with server.connect() as client:
            client.sendall(_framed(own, f"content-length: {len(UNKNOWN)}", "expect: 100-continue"))
            assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 100"
            client.sendall(UNKNOWN)
            while not client.recv(1, socket.MSG_PEEK).startswith(b"H"):
                client.recv(1)
            assert read_answer(client).message == NO_PLAN

    @pytest.mark.parametrize("expected", ["200-ok", "100-continue, x"])
    def test_another_expectation(self, server: Served, expected: str) -> None:
        """What else a client expects is left to it."""
        assert _ask(server, RESTART, f"expect: {expected}", body=UNKNOWN).status == 404

    def test_pipelining(self, server: Served) -> None:
        """Requests sent at once are answered one after the other, in order."""
        token = server.token("acme", "admin")
        asked = [
            _request(RESTART, token=token, body=UNKNOWN),
            _request("/none", method="GET"),
            _request(STATUS, token=token, method="GET"),
            _request(RESTART, body=WORKS),
        ]
        with server.connect() as client:
            client.sendall(b"".join(asked * 10))
            assert [read_answer(client).status for _ in range(40)] == [404, 404, 200, 401] * 10

    def test_http_2(self, server: Served) -> None:
        """The preface of a version that is not spoken here is a request for nothing, and then no HTTP."""
        heard = server.hear(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"404", b"400"]

    def test_http_1_0(self, server: Served) -> None:
        """The old version is answered, and its connection closed."""
        heard = server.hear(b"GET /health/live HTTP/1.0\r\n\r\n")
        assert heard.startswith(b"HTTP/1.1 200 ")
        assert heard.endswith(b'{"status":"live"}')

    @pytest.mark.parametrize("protocol", ["websocket", "h2c", "TLS/1.0"])
    def test_an_upgrade(self, server: Served, protocol: str) -> None:
        """No other protocol is spoken here."""
        headers = [
            "connection: upgrade",
            f"upgrade: {protocol}",
            "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
        ]
        answer = _ask(server, RESTART, *headers, "sec-websocket-version: 13", body=UNKNOWN)
        assert answer.message == NO_PLAN

    @pytest.mark.parametrize(
        "header",
        [
            "x-http-method-override: DELETE",
            "x-forwarded-for: 127.0.0.1",
            "x-original-url: /control/world",
            "forwarded: for=127.0.0.1;host=evil",
            "accept: text/html",
            "accept-encoding: gzip",
            "origin: http://evil.example",
            "range: bytes=0-1",
            "if-match: *",
            "host: evil.example:99",
        ],
    )
    def test_a_header_that_means_nothing_here(self, server: Served, header: str) -> None:
        """It changes nothing, and nobody else is allowed to read the answer."""
        asked = _request(RESTART, header, token=server.token("acme", "admin"), body=UNKNOWN)
        if header.startswith("host"):
            asked = asked.replace(b"host: here\r\n", b"")
        answer = server.ask(asked)
        assert answer.message == NO_PLAN
        assert "access-control-allow-origin" not in answer.headers
        assert b"evil" not in b"".join(value.encode() for value in answer.headers.values())

    @pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>", "a\u00ff", "../x", ""])
    def test_a_request_id_that_is_none(self, server: Served, given: str) -> None:
        """It is not said back, nor logged."""
        answer = _ask(server, RESTART, f"x-request-id: {given}", body=UNKNOWN)
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])

    def test_answers_leave_at_once(self, server: Served) -> None:
        """The body of an answer does not wait for the client to acknowledge its head."""
        with server.connect() as client:
            client.sendall(_request("/health/live", method="GET"))
            read_answer(client)
            (connection,) = server.state.connections
            connected: Any = connection.transport.get_extra_info("socket")
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


class TestSlow:
    """Clients that take their time, while others are answered."""

    @pytest.fixture
    def impatient(self, server: Served, tmp_path: Path) -> Iterator[Served]:
        """A server that waits for nobody."""
        limits = Limits(head_seconds=0.4, body_seconds=0.4)
        with serving(tmp_path, WORLD, limits, server.log) as here:
            yield here

    def test_slow_heads_and_bodies(self, impatient: Served) -> None:
        """Forty connections that stop halfway keep nobody out: bodies are 408, heads closed."""
        token = impatient.token("acme", "admin")
        framed = _framed(f"authorization: Bearer {token}", f"content-length: {len(WORKS)}")
        clients = [impatient.connect() for _ in range(40)]
        for number, client in enumerate(clients):
            client.sendall(framed + WORKS[:10] if number % 2 else framed[:-10])
        assert impatient.ask(_request("/health/live", method="GET")).status == 200
        assert all(closed(client) for client in clients[::2])
        answers = [read_answer(client) for client in clients[1::2]]
        assert {answer.status for answer in answers} == {408}
        assert {answer.message for answer in answers} == {"the body did not arrive within 0.4 seconds"}
        for client in clients:
            client.close()
        assert impatient.executions() == 3

    def test_clients_that_leave(self, impatient: Served) -> None:
        """Forty that leave in the middle are no error, and leave nothing behind."""
        for number in range(40):
            with impatient.connect() as client:
                client.sendall(_request(RESTART, body=WORKS)[: 20 + 5 * number])
        assert impatient.ask(_request("/health/live", method="GET")).status == 200
        assert '"level": "error"' not in impatient.log.getvalue()


def test_a_decent_request_starts_one(server: Served, tmp_path: Path) -> None:
    """What the other tests send with one thing wrong starts an execution when nothing is."""
    with serving(tmp_path, WORLD, log=server.log) as here:
        assert json.loads(_ask(here, body=WORKS).body) == {"loadPlanExecutionId": 31}
        assert here.executions() == server.executions() + 1
