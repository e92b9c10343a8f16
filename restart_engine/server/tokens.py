"""Access tokens: who asks, in which tenant and until when, signed so that nobody else can say it.

A token is a JSON Web Token of exactly one kind: three parts, HS256, the claims of `_CLAIMS` and no other.
`read_token` is total: whatever is no such token, or is not valid at the time passed in, gives none.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import stat
from pathlib import Path
from tempfile import mkstemp
from typing import Any, Final, Literal, TypeAlias, final, get_args

import jwt
from attrs import field, frozen
from jwt.algorithms import HMACAlgorithm
from jwt.exceptions import InvalidKeyError, PyJWTError

from restart_engine.core.checks import Sealed, check_text, is_unicode
from restart_engine.core.errors import InvalidValue

Use: TypeAlias = Literal["api", "control"]
"""What a token opens: the endpoint, or the control API. One is never taken for the other."""
ISSUER: Final = "restart-engine"
MAX_TOKEN: Final = 8 * 1024
"""Characters of a token at most."""
LEEWAY: Final = 60
"""Seconds that the clock of the machine that issued a token may be ahead."""
LEAST_KEY: Final = 32
"""Bytes of a signing key at least: as many as HS256 signs with."""

_ALGORITHM: Final = "HS256"
_HMAC: Final = HMACAlgorithm(HMACAlgorithm.SHA256)
_CLAIMS: Final = frozenset({"iss", "sub", "tenant", "use", "iat", "exp", "jti"})
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LATEST: Final = 253_402_300_799
"""The last second of the year 9999: a token that holds longer says nothing."""
_LARGEST_FILE: Final = 4096


class WeakKey(ValueError):
    """Bytes that no token is signed with; neither the error nor its text holds them."""


class UnsafeKeyFile(Exception):
    """A key file that is not read: `path` names it, `why` says what stands against it."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why

    def __str__(self) -> str:
        return f"the key file `{self.path}` {self.why}"


@final
@frozen(eq=False)
class SigningKey(Sealed):
    """The secret that signs tokens, 32 bytes or more; what it shows never holds it."""

    secret: bytes = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if type(self.secret) is not bytes:
            raise WeakKey(f"a signing key is made of bytes, not of {type(self.secret).__name__}")
        if len(self.secret) < LEAST_KEY:
            raise WeakKey(f"a signing key has {LEAST_KEY} bytes or more, this one has {len(self.secret)}")
        try:
            _HMAC.prepare_key(self.secret)
        except InvalidKeyError:
            raise WeakKey("a signing key is no public key, certificate or JSON Web Key") from None


@final
@frozen(kw_only=True)
class Claims(Sealed):
    """What a valid token says; `expires` is in seconds since 1970."""

    tenant: str
    user: str
    expires: float


def read_key(path: Path) -> SigningKey:
    """The key that a file holds, without blanks around it. Nobody but the file's owner may read the file."""
    try:
        # a named pipe would keep the server waiting
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            # the mode asked for is that of the very file that is read
            _check_mode(path, os.fstat(descriptor).st_mode)
            content = os.read(descriptor, _LARGEST_FILE + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UnsafeKeyFile(path, f"cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST_FILE:
        raise UnsafeKeyFile(path, f"is longer than {_LARGEST_FILE} bytes")
    try:
        return SigningKey(content.strip())
    except WeakKey as error:
        raise UnsafeKeyFile(path, f"holds no key: {error}") from None


def make_key_file(path: Path) -> SigningKey:
    """A new random key, written to a file that only its owner reads; where a file is, the key in that."""
    if not os.path.lexists(path):
        try:
            _write_new(path, secrets.token_urlsafe(48))
        except FileExistsError:
            pass  # another process was faster, and its key is the one
        except OSError as error:
            raise UnsafeKeyFile(path, f"cannot be written: {error.strerror}") from error
    return read_key(path)


def issue_token(  # noqa: PLR0913  # one argument for each thing that a token says
    key: SigningKey, *, tenant: str, user: str, now: float, lifetime: float, use: Use = "api"
) -> str:
    """A token of this user in this tenant, valid from `now` for so many seconds, up to a whole one."""
    _check_name("tenant", tenant)
    _check_name("user", user)
    if use not in get_args(Use):
        raise InvalidValue("use", use, "`api` or `control`")
    if not _is_time(now):
        raise InvalidValue("now", now, "seconds from 1970 to the year 9999")
    if not _is_time(lifetime) or lifetime == 0 or now + lifetime > _LATEST:
        raise InvalidValue("lifetime", lifetime, "more than 0 seconds, to the year 9999 at most")
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": user,
        "tenant": tenant,
        "use": use,
        "iat": math.floor(now),
        "exp": math.ceil(now + lifetime),
        "jti": secrets.token_urlsafe(16),
    }
    token = jwt.encode(claims, key.secret, algorithm=_ALGORITHM)  # pyright: ignore[reportUnknownMemberType]  # the keys of an extra that is not installed
    if len(token) > MAX_TOKEN:
        raise InvalidValue(
            "tenant and user", (tenant, user), f"names that a token of {MAX_TOKEN} characters holds"
        )
    return token


def read_token(key: SigningKey, text: object, *, now: float, use: Use = "api") -> Claims | None:
    """What the token says, where it is one of this key and this use, and valid now."""
    if type(text) is not str or len(text) > MAX_TOKEN or _COMPACT.fullmatch(text) is None:
        return None
    claims = _signed(key, text)
    if claims is None or claims["use"] != use:
        return None
    tenant, user, issued, expires = claims["tenant"], claims["sub"], claims["iat"], claims["exp"]
    if not (_is_name(tenant) and _is_name(user) and _is_time(issued) and _is_time(expires)):
        return None
    # written so that a clock that says NaN makes nothing valid
    if not (issued - LEEWAY <= now < expires and issued < expires):
        return None
    return Claims(tenant=tenant, user=user, expires=float(expires))


def _signed(key: SigningKey, text: str) -> dict[str, Any] | None:
    """The claims, where this key signed them and they are those of our tokens; of any types."""
    # the library asks the machine's clock, so the times are checked here
    try:
        read = jwt.decode_complete(  # pyright: ignore[reportUnknownMemberType]  # likewise
            text,
            key.secret,
            algorithms=[_ALGORITHM],
            issuer=ISSUER,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except PyJWTError:
        return None
    if read["header"] != {"alg": _ALGORITHM, "typ": "JWT"} or read["payload"].keys() != _CLAIMS:
        return None
    claims: dict[str, Any] = read["payload"]
    return claims if claims["jti"] else None


def _check_mode(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise UnsafeKeyFile(path, "is no regular file")
    if mode & 0o077:
        found = f"{stat.S_IMODE(mode):04o}"
        raise UnsafeKeyFile(path, f"is open to others: its mode is {found}, accepted is 0600 or 0400")


def _check_name(name: str, value: object) -> None:
    check_text(name, value)
    if not _is_name(value):
        raise InvalidValue(name, value, "a text without NUL")


def _is_name(value: object) -> bool:
    if type(value) is not str or not value or value.isspace():
        return False
    return "\0" not in value and is_unicode(value)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST


def _write_new(path: Path, text: str) -> None:
    """Create the file whole, or not at all: no reader ever finds a part of it."""
    descriptor, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123  # it is open already, for its owner alone
            file.write(f"{text}\n")
            file.flush()
            os.fsync(descriptor)
        Path(path).hardlink_to(name)
    finally:
        Path(name).unlink()
