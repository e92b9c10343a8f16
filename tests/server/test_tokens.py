"""Tokens: one that was issued is read, and whatever else is sent is none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import pickle
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import jwt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from restart_engine.core.errors import InvalidValue
from restart_engine.server.tokens import (
    LEEWAY,
    MAX_TOKEN,
    Claims,
    SigningKey,
    TokenFault,
    TokenReader,
    UnsafeKeyFile,
    Use,
    WeakKey,
    find_key,
    issue_token,
    make_key_file,
    read_key,
)

SECRET = b"a secret of these tests, and of nothing else"
KEY = SigningKey(SECRET)
NOW = 1_700_000_000.0
CLAIMS: dict[str, Any] = {
    "iss": "restart-engine",
    "sub": "ann",
    "tenant": "acme",
    "use": "api",
    "iat": int(NOW),
    "exp": int(NOW) + 60,
    "jti": "1",
}
TOKEN = issue_token(KEY, tenant="acme", user="ann", now=NOW, lifetime=60)
names = st.text(min_size=1, max_size=80).filter(lambda name: not name.isspace() and "\0" not in name)


def read_token(key: SigningKey, text: object, *, now: float, use: Use = "api") -> Claims | None:
    """What a reader that never saw the token says of it, none for a fault."""
    read = TokenReader(key).read(text, now=now, use=use)
    return None if isinstance(read, TokenFault) else read


def signed(payload: object, header: object = None, secret: bytes = SECRET, digest: str = "sha256") -> str:
    """Any payload under any header, rightly signed; texts are taken as they are."""
    parts = [{"alg": "HS256", "typ": "JWT"} if header is None else header, payload]
    texts = [part if isinstance(part, str) else json.dumps(part) for part in parts]
    signing = ".".join(base64url(text.encode("utf-8", "surrogatepass")) for text in texts)
    return f"{signing}.{base64url(hmac.digest(secret, signing.encode(), digest))}"


def base64url(data: bytes) -> str:
    """As in a token."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TestReading:
    """What a token says, and when."""

    @given(names, names, st.floats(0, 1e11), st.floats(1e-3, 1e9), st.sampled_from(["api", "control"]))
    def test_what_was_issued_is_read(
        self, tenant: str, user: str, now: float, lifetime: float, use: Use
    ) -> None:
        """A token says what it was issued for, from its issue to the end of its life, and not after."""
        token = issue_token(KEY, tenant=tenant, user=user, now=now, lifetime=lifetime, use=use)
        claims = read_token(KEY, token, now=now, use=use)
        assert claims is not None
        assert (claims.tenant, claims.user) == (tenant, user)
        assert now + lifetime <= claims.expires < now + lifetime + 1.001
        assert read_token(KEY, token, now=claims.expires - 0.5, use=use) in {claims, None}
        assert read_token(KEY, token, now=claims.expires, use=use) is None

    def test_expiry(self) -> None:
        """A token is valid up to the second it expires at."""
        valid = Claims(tenant="acme", user="ann", use="api", issued=NOW, expires=NOW + 60)
        assert read_token(KEY, TOKEN, now=NOW + 59.999) == valid
        assert read_token(KEY, TOKEN, now=NOW + 60) is None
        assert read_token(KEY, TOKEN, now=float("inf")) is None

    def test_clocks_that_differ(self) -> None:
        """A token from a machine whose clock is a minute ahead is valid; one from later is not."""
        assert read_token(KEY, TOKEN, now=NOW - LEEWAY) is not None
        assert read_token(KEY, TOKEN, now=NOW - LEEWAY - 0.001) is None
        assert read_token(KEY, TOKEN, now=float("nan")) is None

    def test_uses(self) -> None:
        """A token of the endpoint opens no control API, and the other way round."""
        control = issue_token(KEY, tenant="acme", user="ann", now=NOW, lifetime=60, use="control")
        assert read_token(KEY, control, now=NOW, use="control") is not None
        assert read_token(KEY, control, now=NOW) is None
        assert read_token(KEY, TOKEN, now=NOW, use="control") is None

    def test_each_is_another(self) -> None:
        """Two tokens issued alike are not the same text."""
        assert issue_token(KEY, tenant="acme", user="ann", now=NOW, lifetime=60) != TOKEN

    def test_a_library_reads_it(self) -> None:
        """A token is an ordinary JSON Web Token."""
        options: Any = {"verify_exp": False}
        claims = jwt.decode(TOKEN, SECRET, algorithms=["HS256"], options=options)
        assert claims | {"jti": "1"} == CLAIMS
        assert jwt.get_unverified_header(TOKEN) == {"alg": "HS256", "typ": "JWT"}


class TestRefusing:
    """Whatever is no token of ours gives none, and raises nothing."""

    @given(st.one_of(st.text(), st.from_regex(r"[\w=.-]*\.[\w=.-]*\.[\w=.-]*"), st.binary(), st.none()))
    def test_any_text(self, text: object) -> None:
        """A text that nobody signed is none."""
        assert read_token(KEY, text, now=NOW) is None

    @given(st.data())
    def test_any_mutation(self, data: st.DataObject) -> None:
        """A token with any part of it changed, cut out or added to is none."""
        start = data.draw(st.integers(0, len(TOKEN)))
        end = data.draw(st.integers(start, min(start + 8, len(TOKEN))))
        between = data.draw(st.one_of(st.text(max_size=4), st.text("abcXYZ019-_.=+/ ", max_size=4)))
        mutated = f"{TOKEN[:start]}{between}{TOKEN[end:]}"
        assume(mutated != TOKEN)
        assert read_token(KEY, mutated, now=NOW) is None

    @pytest.mark.parametrize("index", range(len(TOKEN)))
    def test_each_character(self, index: int) -> None:
        """No character of a token may be another, the last one included, of which few bits count."""
        for other in "AQgwBCabyz0189-_=.":
            mutated = f"{TOKEN[:index]}{other}{TOKEN[index + 1 :]}"
            assert mutated == TOKEN or read_token(KEY, mutated, now=NOW) is None

    @given(
        st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists), st.data()
    )
    def test_any_claim(self, value: object, data: st.DataObject) -> None:
        """A claim of any value, rightly signed, raises nothing; what is read is of the right types."""
        name = data.draw(st.sampled_from(sorted(CLAIMS)))
        claims = read_token(KEY, signed(CLAIMS | {name: value}), now=NOW)
        if claims is not None:
            assert isinstance(value, str) or name in {"iat", "exp"}
            assert NOW < claims.expires < 1e12

    @pytest.mark.parametrize("claim", sorted(CLAIMS))
    def test_a_claim_that_is_missing(self, claim: str) -> None:
        """Each claim is required."""
        assert read_token(KEY, signed(CLAIMS), now=NOW) is not None
        rest = {name: value for name, value in CLAIMS.items() if name != claim}
        assert read_token(KEY, signed(rest), now=NOW) is None
        assert read_token(KEY, signed(rest | {claim: None}), now=NOW) is None

    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "somebody"},
            {"iss": ["restart-engine"]},
            {"tenant": 7},
            {"tenant": True},
            {"tenant": ""},
            {"tenant": " "},
            {"tenant": ["acme"]},
            {"tenant": "\ud800"},
            {"tenant": "a\0b"},
            {"sub": 7},
            {"sub": {"a": "b"}},
            {"sub": "\udfff"},
            {"exp": NOW},
            {"exp": NOW - 1},
            {"exp": str(NOW + 60)},
            {"exp": True},
            {"exp": float("nan")},
            {"exp": float("inf")},
            {"exp": 10**400},
            {"exp": 1e300},
            {"exp": 253_402_300_800},
            {"exp": -1},
            {"iat": NOW + 61},
            {"iat": float("nan")},
            {"iat": float("-inf")},
            {"iat": -1},
            {"iat": "now"},
            {"iat": False},
            {"iat": NOW + 50, "exp": NOW + 40},
            {"jti": ""},
            {"jti": 1},
            {"use": "control"},
            {"use": ["api"]},
            {"use": "API"},
            {"nbf": NOW + 1000},
            {"nbf": 0},
            {"aud": "somebody"},
            {"scope": "everything"},
        ],
    )
    def test_claims_that_are_signed_and_wrong(self, claims: dict[str, object]) -> None:
        """A wrong claim is none, whoever signed it."""
        assert read_token(KEY, signed(CLAIMS | claims), now=NOW) is None

    @pytest.mark.parametrize(
        "payload", ["", "null", "7", '"acme"', "[]", "{", "[" * 3000, "7" * 5000, "\ud800"]
    )
    def test_payloads_that_are_no_claims(self, payload: str) -> None:
        """A payload that is no JSON object is none."""
        assert read_token(KEY, signed(payload), now=NOW) is None

    @pytest.mark.parametrize(
        "header",
        [
            {"typ": "JWT"},
            {"alg": "none", "typ": "JWT"},
            {"alg": "None", "typ": "JWT"},
            {"alg": "", "typ": "JWT"},
            {"alg": "hs256", "typ": "JWT"},
            {"alg": ["HS256"], "typ": "JWT"},
            {"alg": {"HS256": 1}, "typ": "JWT"},
            {"alg": None, "typ": "JWT"},
            {"alg": "HS384", "typ": "JWT"},
            {"alg": "RS256", "typ": "JWT"},
            {"alg": "HS256"},
            {"alg": "HS256", "typ": "JWE"},
            {"alg": "HS256", "typ": "JWT", "cty": "JWT"},
            {"alg": "HS256", "typ": "JWT", "kid": "../../dev/null"},
            {"alg": "HS256", "typ": "JWT", "kid": 7},
            {"alg": "HS256", "typ": "JWT", "jwk": {"kty": "oct", "k": ""}},
            {"alg": "HS256", "typ": "JWT", "b64": False, "crit": ["b64"]},
            {"alg": "HS256", "typ": "JWT", "b64": True, "crit": ["b64"]},
            {"alg": "HS256", "typ": "JWT", "crit": ["exp"]},
            [],
            "",
            "null",
            "[" * 3000,
            "\ud800",
        ],
    )
    def test_other_headers(self, header: object) -> None:
        """Under any other header, whatever it says of the algorithm, it is none."""
        assert read_token(KEY, signed(CLAIMS, header), now=NOW) is None

    def test_other_algorithms(self) -> None:
        """Neither a token without signature nor one of another algorithm or key is one."""
        for digest, name in (("sha384", "HS384"), ("sha512", "HS512"), ("sha1", "HS256")):
            assert (
                read_token(KEY, signed(CLAIMS, {"alg": name, "typ": "JWT"}, digest=digest), now=NOW) is None
            )
        unsigned = ".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "none"}, CLAIMS))
        for text in (unsigned, f"{unsigned}.", f"{unsigned}.{base64url(b'x')}"):
            assert read_token(KEY, text, now=NOW) is None
        assert read_token(KEY, signed(CLAIMS, secret=b"x" * 32), now=NOW) is None
        assert read_token(KEY, signed(CLAIMS, secret=hashlib.sha256(SECRET).digest()), now=NOW) is None

    def test_other_forms(self) -> None:
        """Padding, blanks, a scheme, five parts or a token within a token make it another text, and none."""
        others = [f"{TOKEN}=", f"{TOKEN}\n", f" {TOKEN}", f"Bearer {TOKEN}", f"{TOKEN}.", f"{TOKEN}.a.b"]
        others += [f"a.b.c.d.{TOKEN}", TOKEN.replace(".", ".."), base64url(TOKEN.encode()), signed(TOKEN)]
        others += [TOKEN.replace("e", "\uff45"), json.dumps({"payload": TOKEN.split(".")[1]})]
        for text in others:
            assert read_token(KEY, text, now=NOW) is None
        assert read_token(KEY, TOKEN.encode(), now=NOW) is None

    def test_long_tokens(self) -> None:
        """A token longer than 8 KiB is none, and none is issued."""
        long = signed(CLAIMS | {"sub": "x" * MAX_TOKEN})
        assert read_token(KEY, long, now=NOW) is None
        with pytest.raises(InvalidValue, match="`tenant and user`"):
            issue_token(KEY, tenant="acme", user="x" * MAX_TOKEN, now=NOW, lifetime=60)

    def test_repeated_claims(self) -> None:
        """Of a claim that stands twice one is read, the last: what is signed is one text."""
        text = json.dumps(CLAIMS)[:-1] + ', "tenant": 7}'
        assert read_token(KEY, signed(text), now=NOW) is None


class TestFaults:
    """Why a token is refused."""

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("", TokenFault.MISSING),
            ("abcde12345", TokenFault.MALFORMED),
            ("a.b.c", TokenFault.MALFORMED),
            (f"{TOKEN}, {TOKEN}", TokenFault.MALFORMED),
            (signed(CLAIMS | {"scope": "all"}), TokenFault.MALFORMED),
            (signed(CLAIMS | {"iss": "somebody"}), TokenFault.MALFORMED),
            (signed(CLAIMS | {"iat": NOW + 50, "exp": NOW + 40}), TokenFault.MALFORMED),
            (signed(CLAIMS, secret=b"x" * 32), TokenFault.OTHER_KEY),
            (signed(CLAIMS | {"use": "control"}), TokenFault.OTHER_USE),
            (signed(CLAIMS | {"iat": NOW - 60, "exp": NOW}), TokenFault.EXPIRED),
            (signed(CLAIMS | {"iat": NOW + 61, "exp": NOW + 100}), TokenFault.NOT_YET_VALID),
        ],
    )
    def test_each(self, text: str, fault: TokenFault) -> None:
        """The same one, however often it is asked."""
        reader = TokenReader(KEY)
        assert [reader.read(text, now=NOW) for _ in range(2)] == [fault, fault]


class TestRemembering:
    """A signature is checked once, and all else each time."""

    def test_a_signature_is_checked_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was read is there without the library that reads."""
        reader = TokenReader(KEY)
        claims = reader.read(TOKEN, now=NOW)
        monkeypatch.delattr(jwt, "decode_complete")
        assert reader.read(TOKEN, now=NOW + 1) == claims

    def test_what_is_remembered_expires(self) -> None:
        """Time and use are asked of a token that is known, too."""
        reader = TokenReader(KEY)
        assert isinstance(reader.read(TOKEN, now=NOW), Claims)
        assert reader.read(TOKEN, now=NOW + 60) is TokenFault.EXPIRED
        assert reader.read(TOKEN, now=NOW - 61) is TokenFault.NOT_YET_VALID
        assert reader.read(TOKEN, now=NOW, use="control") is TokenFault.OTHER_USE
        assert isinstance(reader.read(TOKEN, now=NOW), Claims)

    def test_readers_know_their_own_key(self) -> None:
        """What one reader has accepted is nothing to one of another key."""
        assert isinstance(TokenReader(KEY).read(TOKEN, now=NOW), Claims)
        assert TokenReader(SigningKey(b"x" * 32)).read(TOKEN, now=NOW) is TokenFault.OTHER_KEY


class TestIssuing:
    """No token is issued that would not be read."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("tenant", ""),
            ("tenant", " "),
            ("tenant", "\ud800"),
            ("tenant", "a\0b"),
            ("tenant", 7),
            ("user", None),
            ("user", "\t"),
            ("now", float("nan")),
            ("now", -1),
            ("now", True),
            ("now", "now"),
            ("lifetime", 0),
            ("lifetime", -1),
            ("lifetime", float("nan")),
            ("lifetime", float("inf")),
            ("lifetime", 1e12),
            ("lifetime", 253_402_300_799 - NOW + 1),
            ("use", "admin"),
        ],
    )
    def test_what_no_token_says(self, name: str, value: Any) -> None:
        """The error names the argument and its value."""
        arguments: dict[str, Any] = {"tenant": "acme", "user": "ann", "now": NOW, "lifetime": 60}
        with pytest.raises(InvalidValue) as caught:
            issue_token(KEY, **(arguments | {name: value}))
        assert caught.value.field == name

    def test_the_last_second(self) -> None:
        """The latest expiry is the end of the year 9999."""
        token = issue_token(KEY, tenant="acme", user="ann", now=NOW, lifetime=253_402_300_799 - NOW)
        assert read_token(KEY, token, now=NOW) is not None


class TestKeys:
    """Signing keys are long, and not to be seen."""

    @pytest.mark.parametrize("secret", [b"", b"too short", b"x" * 31])
    def test_short_keys(self, secret: bytes) -> None:
        """Fewer than 32 bytes are no key, and the error does not hold them."""
        with pytest.raises(WeakKey) as caught:
            SigningKey(secret)
        assert str(caught.value) == f"a signing key has 32 bytes or more, this one has {len(secret)}"

    @pytest.mark.parametrize("secret", ["x" * 40, bytearray(40), None, 40])
    def test_no_bytes(self, secret: Any) -> None:
        """Only bytes are a key, and what was given instead is not shown."""
        with pytest.raises(WeakKey, match="made of bytes, not of"):
            SigningKey(secret)

    @pytest.mark.parametrize(
        "secret",
        [
            b"-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ\n-----END PUBLIC KEY-----",
            b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 somebody",
            b'{"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
        ],
    )
    def test_keys_of_another_kind(self, secret: bytes) -> None:
        """What everybody may know, or is no key but a description of one, signs nothing."""
        with pytest.raises(WeakKey, match="no public key, certificate or JSON Web Key"):
            SigningKey(secret)

    def test_nothing_shows_it(self) -> None:
        """Neither the key's text nor a token's claims hold the secret."""
        for shown in (repr(KEY), str(KEY), f"{KEY}", repr([KEY])):
            assert SECRET.decode() not in shown
        assert repr(KEY) == "SigningKey()"


class TestKeyFiles:
    """Where keys are kept."""

    def test_made_and_read(self, tmp_path: Path) -> None:
        """A new key is random and its owner's alone; asked for again, it is the same."""
        path = tmp_path / "key"
        made = make_key_file(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert make_key_file(path).secret == read_key(path).secret == made.secret
        assert len(made.secret) == 64
        assert make_key_file(tmp_path / "other").secret != made.secret
        assert sorted(file.name for file in tmp_path.iterdir()) == ["key", "other"]

    def test_made_at_the_same_moment(self, tmp_path: Path) -> None:
        """Processes that start together agree on one key."""
        for round_ in range(20):
            with ThreadPoolExecutor(4) as threads:
                made = list(threads.map(make_key_file, [tmp_path / f"key{round_}"] * 4))
            assert len({key.secret for key in made}) == 1

    def test_blanks_around_it(self, tmp_path: Path) -> None:
        """A line's end, as editors write it, is no part of the key."""
        path = tmp_path / "key"
        path.write_bytes(b" \n" + b"x" * 32 + b"\r\n")
        path.chmod(0o400)
        assert read_key(path).secret == b"x" * 32

    @pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o601, 0o666, 0o610, 0o404, 0o554, 0o460])
    def test_files_of_everybody(self, tmp_path: Path, mode: int) -> None:
        """A file that others may read, write or run is not read; the error names path and mode."""
        path = tmp_path / "key"
        path.write_bytes(SECRET)
        path.chmod(mode)
        with pytest.raises(UnsafeKeyFile) as caught:
            read_key(path)
        accepted = "0600 or 0400, and of a file of root's 0640, 0440 or 0444 too"
        found = f"is open to others: its mode is {mode:04o}, accepted is {accepted}"
        assert str(caught.value) == f"the key file `{path}` {found}"
        with pytest.raises(UnsafeKeyFile):
            make_key_file(path)
        assert pickle.loads(pickle.dumps(caught.value)).why == found  # noqa: S301  # our own error

    @pytest.mark.parametrize("mode", [0o640, 0o440, 0o444])
    def test_files_that_root_mounts(self, tmp_path: Path, mode: int) -> None:
        """Of root's a group may read it, or everybody where nobody may write; of anybody else's only we."""
        path = tmp_path / "key"
        path.write_bytes(SECRET)
        path.chmod(mode)
        if os.geteuid() != 0:
            with pytest.raises(UnsafeKeyFile):
                read_key(path)
            return
        assert read_key(path).secret == SECRET
        os.chown(path, 12345, 0)
        with pytest.raises(UnsafeKeyFile):
            read_key(path)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "holds no key: a signing key has 32 bytes or more, this one has 0"),
            (b"hidden\n", "holds no key: a signing key has 32 bytes or more, this one has 6"),
            (b"x" * 4097, "is longer than 4096 bytes"),
        ],
    )
    def test_files_without_a_key(self, tmp_path: Path, content: bytes, why: str) -> None:
        """The error says why, and nothing of the content."""
        path = tmp_path / "key"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(UnsafeKeyFile) as caught:
            read_key(path)
        assert caught.value.why == why

    def test_no_file(self, tmp_path: Path) -> None:
        """What is no file, or not there, is not read, and nobody waits for it."""
        os.mkfifo(tmp_path / "pipe", 0o600)
        (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
        for name, why in {
            "missing": "cannot be read: No such file or directory",
            "nowhere": "cannot be read: No such file or directory",
            "pipe": "is no regular file",
            ".": "is no regular file",
        }.items():
            with pytest.raises(UnsafeKeyFile) as caught:
                read_key(tmp_path / name)
            assert caught.value.why == why
        with pytest.raises(UnsafeKeyFile, match="cannot be read"):
            make_key_file(tmp_path / "nowhere")
        with pytest.raises(UnsafeKeyFile, match="cannot be written: No such file or directory"):
            make_key_file(tmp_path / "no folder" / "key")


class TestKeysOfTheEnvironment:
    """A key without a file."""

    def test_it_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without blanks around it, as a file is."""
        monkeypatch.setenv("RESTART_ENGINE_KEY", f" {SECRET.decode()}\n")
        assert find_key(None).secret == SECRET

    def test_a_short_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The error names the variable, and nothing of what is in it."""
        monkeypatch.setenv("RESTART_ENGINE_KEY", "hidden")
        with pytest.raises(WeakKey) as caught:
            find_key(None)
        why = "a signing key has 32 bytes or more, this one has 6"
        assert str(caught.value) == f"RESTART_ENGINE_KEY holds no key: {why}"


def test_claims_are_a_value() -> None:
    """What a token says does not change."""
    claims = Claims(tenant="acme", user="ann", use="api", issued=NOW, expires=NOW)
    with pytest.raises(AttributeError):
        cast("Any", claims).tenant = "other"
