"""Passwords, tokens and sealed secrets; nothing of them is ever stored in the clear."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import secrets
import string
import zlib

_ITERATIONS = 10_000
_SHORT_UID = string.ascii_letters + string.digits + "-_"
_BLOCK = hashlib.sha256().digest_size


class CannotUnsealError(Exception):
    """A sealed secret does not belong to this secret_key, or was tampered with."""


def new_salt() -> str:
    return secrets.token_hex(10)


# Kept in memory, since basic auth pays for it at every single request.
@functools.lru_cache(maxsize=64)
def hash_password(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ITERATIONS, 50).hex()


def same_password(password: str, salt: str, stored: str) -> bool:
    return hmac.compare_digest(hash_password(password, salt), stored)


def new_uid() -> str:
    return "".join(secrets.choice(_SHORT_UID) for _ in range(9))


def new_token() -> str:
    """Make a token of Grafana's form: glsa_, 32 characters, and a checksum of them."""
    body = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32))
    return f"glsa_{body}_{zlib.crc32(body.encode()):08x}"


def is_well_formed(token: str) -> bool:
    """Tell whether the checksum of a token holds; Grafana answers such a token differently when it is unknown."""
    parts = token.split("_")
    return len(parts) == 3 and parts[0] == "glsa" and parts[2] == f"{zlib.crc32(parts[1].encode()):08x}"


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@functools.lru_cache(maxsize=64)
def _keys(secret_key: str, salt: bytes) -> tuple[bytes, bytes]:
    derived = hashlib.pbkdf2_hmac("sha256", secret_key.encode(), salt, _ITERATIONS, 2 * _BLOCK)
    return derived[:_BLOCK], derived[_BLOCK:]


def _stream(key: bytes, data: bytes) -> bytes:
    # HMAC over a counter is a keystream; the salt makes every key, hence every stream, a fresh one.
    blocks = range(-(-len(data) // _BLOCK))
    stream = b"".join(hmac.digest(key, index.to_bytes(8, "big"), "sha256") for index in blocks)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def seal(secret_key: str, plain: str) -> str:
    """Encrypt and authenticate ``plain`` under ``secret_key``."""
    salt = secrets.token_bytes(16)
    encrypt, authenticate = _keys(secret_key, salt)
    sealed = _stream(encrypt, plain.encode())
    tag = hmac.digest(authenticate, salt + sealed, "sha256")
    return base64.b64encode(salt + tag + sealed).decode()


def unseal(secret_key: str, text: str) -> str:
    """Undo seal(); raise CannotUnsealError when the key is another one."""
    blob = base64.b64decode(text)
    salt, tag, sealed = blob[:16], blob[16 : 16 + _BLOCK], blob[16 + _BLOCK :]
    encrypt, authenticate = _keys(secret_key, salt)
    if not hmac.compare_digest(tag, hmac.digest(authenticate, salt + sealed, "sha256")):
        raise CannotUnsealError("The secret was sealed with another secret_key.")
    return _stream(encrypt, sealed).decode()
