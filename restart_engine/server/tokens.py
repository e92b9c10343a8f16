"""Access tokens: who asks, in which tenant and until when, signed so that nobody else can say it.

A token is a JSON Web Token of exactly one kind: three parts, HS256, the claims of `_CLAIMS` and no other.
`TokenReader` is total: whatever is no such token, or is not valid at the time passed in, is a `TokenFault`.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import stat
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import Any, Final, Literal, TypeAlias, final, get_args

import jwt
from attrs import field, frozen
from jwt.algorithms import HMACAlgorithm
from jwt.exceptions import InvalidKeyError, InvalidSignatureError, PyJWTError

from restart_engine.core.checks import Sealed, check_text, is_unicode
from restart_engine.core.errors import InvalidValue
from restart_engine.wire.cache import BoundedCache

KEY_VARIABLE: Final = "RESTART_ENGINE_KEY"
"""The environment's variable that holds a key, where no file does."""
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
_MOUNTED_FOR_ALL: Final = 0o444
_REMEMBERED: Final = 1024 * 1024
"""Characters of tokens whose signature has been checked: some thousands of tokens."""


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
    """What a token says that a key has signed; times are in seconds since 1970."""

    tenant: str
    user: str
    use: str
    issued: float
    expires: float


class TokenFault(StrEnum):
    """Why a token is refused: for the log, and never for the client."""

    MISSING = "no token"
    MALFORMED = "malformed"
    OTHER_KEY = "signed by another key"
    OTHER_USE = "for another use"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"


class _Faulty(Exception):
    def __init__(self, fault: TokenFault) -> None:
        super().__init__(fault)
        self.fault = fault


@final
class TokenReader:
    """Reads the tokens of one key, in one thread.

    A signature is checked once: what a token says is remembered by its text, which is no more secret than the
    key beside it. Whether it is valid is asked each time.
    """

    def __init__(self, key: SigningKey) -> None:
        self._signed: BoundedCache[str, Claims] = BoundedCache(partial(_signed, key), len, _REMEMBERED)

    def read(self, text: object, *, now: float, use: Use = "api") -> Claims | TokenFault:
        """What the token says, where it is one of this key and this use, and valid now."""
        if text == "":
            return TokenFault.MISSING
        if type(text) is not str or len(text) > MAX_TOKEN or _COMPACT.fullmatch(text) is None:
            return TokenFault.MALFORMED
        try:
            claims = self._signed.get(text)
        except _Faulty as error:
            return error.fault
        if claims.use != use:
            return TokenFault.OTHER_USE
        # written so that a clock that says NaN makes nothing valid
        if not now < claims.expires:
            return TokenFault.EXPIRED
        if not claims.issued - LEEWAY <= now:
            return TokenFault.NOT_YET_VALID
        return claims


def find_key(file: Path | None) -> SigningKey:
    """The key of this file, or without one that of the environment."""
    if file is not None:
        return read_key(file)
    try:
        return SigningKey(os.fsencode(os.environ[KEY_VARIABLE]).strip())
    except WeakKey as error:
        raise WeakKey(f"{KEY_VARIABLE} holds no key: {error}") from None


def read_key(path: Path) -> SigningKey:
    """The key that a file holds, without blanks around it; others may not read the file (`_check_access`)."""
    try:
        # a named pipe would keep the server waiting
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            # the mode asked for is that of the very file that is read
            _check_access(path, os.fstat(descriptor))
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


def _signed(key: SigningKey, text: str) -> Claims:
    """What the token says, where this key signed it and it is one of ours; raises `_Faulty`."""
    # the library asks the machine's clock, so the times are checked elsewhere
    try:
        read = jwt.decode_complete(  # pyright: ignore[reportUnknownMemberType]  # likewise
            text,
            key.secret,
            algorithms=[_ALGORITHM],
            issuer=ISSUER,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except InvalidSignatureError:
        raise _Faulty(TokenFault.OTHER_KEY) from None
    except PyJWTError:
        raise _Faulty(TokenFault.MALFORMED) from None
    claims: dict[str, Any] = read["payload"]
    if read["header"] != {"alg": _ALGORITHM, "typ": "JWT"} or claims.keys() != _CLAIMS or not claims["jti"]:
        raise _Faulty(TokenFault.MALFORMED)
    tenant, user, use = claims["tenant"], claims["sub"], claims["use"]
    issued, expires = claims["iat"], claims["exp"]
    names = _is_name(tenant) and _is_name(user) and type(use) is str
    times = _is_time(issued) and _is_time(expires) and issued < expires
    if not (names and times):
        raise _Faulty(TokenFault.MALFORMED)
    return Claims(tenant=tenant, user=user, use=use, issued=issued, expires=float(expires))


def _check_access(path: Path, file: os.stat_result) -> None:
    """A key is its owner's alone, but root's may be mounted for us, as PostgreSQL takes its own keys.

    Kubernetes hands a secret to a group (0440), Compose to everybody (0444): to whoever is in the container.
    What root has made so that not even root may write it was mounted, and not left open by mistake.
    """
    if not stat.S_ISREG(file.st_mode):
        raise UnsafeKeyFile(path, "is no regular file")
    mode = stat.S_IMODE(file.st_mode)
    of_root = file.st_uid == 0 and (mode & 0o137 == 0 or mode == _MOUNTED_FOR_ALL)
    if mode & 0o077 and not of_root:
        accepted = "0600 or 0400, and of a file of root's 0640, 0440 or 0444 too"
        raise UnsafeKeyFile(path, f"is open to others: its mode is {mode:04o}, accepted is {accepted}")


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
